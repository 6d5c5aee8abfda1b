"""Where a node comes from: module path and line of source, as exporters record them."""

from __future__ import annotations

import ast
import re

import onnx

from pytest_rf.paths import below

SCOPES = "pkg.torch.onnx.name_scopes"
TRACE = "pkg.torch.onnx.stack_trace"
FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARY = re.compile(
    r"^<|[/\\](site|dist)-packages[/\\]|[/\\]lib[/\\]python3|[/\\]torch[/\\]nn[/\\]modules[/\\]"
)
PARAMETERS = ("weight", "bias", "in_proj_weight", "running_mean", "weight_v", "weight_g")


def origin_of(node: onnx.NodeProto, weights: dict[str, str]) -> tuple[str, str]:
    """Return the dotted path of the module that made the node, and "file.py:line" of the code.

    Each is "" where nothing tells it. The line is that of the innermost frame of the recorded stack
    that is not a library's.

    The initializer's name is the best witness (``encoder.conv1.weight``): exporters' optimisers name
    fused nodes after the last of them. Then come the recorded scopes, and names like
    ``/encoder/conv1/Conv`` of the TorchScript exporter.

    Args:
        node: the node.
        weights: initializer name -> module path, for names that end like a parameter's.
    """
    metadata = {entry.key: entry.value for entry in getattr(node, "metadata_props", ())}
    source = _source(metadata[TRACE]) if TRACE in metadata else ""
    owner = next((weights[name] for name in node.input[1:] if name in weights), None) if weights else None
    return _module(node.name, metadata.get(SCOPES, "")) if owner is None else owner, source


def _source(trace: str) -> str:
    """Return the innermost line of a stack trace that is not a library's; files below the root from there."""
    own = (frame for frame in reversed(FRAME.findall(trace)) if not _LIBRARY.search(frame[0]))
    file, line = next(own, ("", ""))
    return f"{below(file)}:{line}".replace("\\", "/") if file else ""


def _module(name: str, scopes: str) -> str:
    """Return the module path that a node's recorded scopes tell, or its name."""
    if scopes:
        return _innermost_scope(scopes)
    if name.startswith("/"):
        parts = name.strip("/").split("/")[:-1]
        # Exporters repeat the parents in the name of a module in a Sequential: layer1/layer1.0.
        path = ""
        for part in parts:
            path = part if part.startswith(path + ".") or not path else f"{path}.{part}"
        return path
    return ""


def _innermost_scope(text: str) -> str:
    try:
        scopes = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    if not isinstance(scopes, list):
        return ""
    # The last scope is the node itself; the one before it the module that called it.
    named = [scope for scope in scopes[:-1] if isinstance(scope, str) and scope]
    return named[-1] if named else ""


def parameter_owners(names: list[str]) -> dict[str, str]:
    """Return the module path for each initializer whose name is that of a module's parameter."""
    owners: dict[str, str] = {}
    for name in names:
        owner, _, last = name.rpartition(".")
        if owner and last in PARAMETERS:
            owners[name] = owner
    return owners
