"""Where a node comes from: module path and line of source, as exporters record them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.paths import below

SCOPES = "pkg.torch.onnx.name_scopes"
TRACE = "pkg.torch.onnx.stack_trace"
FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARY = re.compile(
    r"^<|[/\\](site|dist)-packages[/\\]|[/\\]lib[/\\]python3|[/\\]torch[/\\]nn[/\\]modules[/\\]"
)
#: What the TorchScript exporter adds to the names of a module's second and later calls: block_1/conv_1.
_CALL = re.compile(r"_\d+(?=\.|$)")
PARAMETERS = ("weight", "bias", "in_proj_weight", "running_mean", "weight_v", "weight_g")


class Owners:
    """The modules that initializers belong to by their names, ``encoder.conv1.weight``; looked up when asked for."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph

    @cached_property
    def _all(self) -> Mapping[str, str]:
        owners: dict[str, str] = {}
        for tensor in self._graph.initializer[:]:
            name = text(tensor.name)
            owner, _, last = name.rpartition(".")
            if owner and last in PARAMETERS:
                owners[name] = owner
        return owners

    @cached_property
    def _readers(self) -> Counter[str]:
        nodes = self._graph.node[:] if self._all else []
        return Counter(name for node in nodes for name in set(node.input[:]) if name in self._all)

    @cached_property
    def sole(self) -> Mapping[str, str]:
        """Initializer that a single node reads -> module path."""
        return {name: owner for name, owner in self._all.items() if self._readers[name] < 2}

    @cached_property
    def shared(self) -> Mapping[str, str]:
        """Initializer that several nodes read -> module path.

        They may be calls of one module, but exporters also keep one copy of parameters that are equal, such as those
        of all fresh norms.
        """
        return {name: owner for name, owner in self._all.items() if self._readers[name] > 1}


def text(name: str | bytes) -> str:
    """Return a name of a file as text: what is not UTF-8 in it, which protobuf gives as bytes, is escaped.

    Every name that leaves a protobuf message for a word, a key or a message comes through here.
    """
    return name if isinstance(name, str) else name.decode("utf-8", "backslashreplace")


def origin_of(node: onnx.NodeProto, owners: Owners, prefix: str = "") -> tuple[str, str, tuple[str, ...]]:
    """Return the dotted path of the module that made the node, "file.py:line" of the code, and what the node reads.

    Each of the first two is "" where nothing tells it. The line is that of the innermost frame of the recorded stack
    that is not a library's.

    The name of an initializer that no other node reads is the best witness (``encoder.conv1.weight``):
    exporters' optimisers name fused nodes after the last of them. Then come the recorded scopes, names like
    ``/encoder/conv1/Conv`` of the TorchScript exporter, and initializers that other nodes read, too.

    Args:
        node: the node.
        owners: the modules of initializers.
        prefix: goes before the names of tensors where the node stands.
    """
    props = getattr(node, "metadata_props", ())
    metadata = {text(entry.key): text(entry.value) for entry in props[:]} if props else {}
    source = _source(metadata[TRACE]) if TRACE in metadata else ""
    module = _owner(node, owners.sole)
    if not module:
        module, owner = _module(text(node.name), metadata.get(SCOPES, "")), _owner(node, owners.shared)
        if not module or _CALL.sub("", module) == _CALL.sub("", owner):
            module = owner
    return module, source, tuple([prefix + text(name) for name in node.input[:] if name])


def _owner(node: onnx.NodeProto, owners: Mapping[str, str]) -> str:
    return next((owners[name] for name in node.input[1:] if name in owners), "") if owners else ""


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


def told(node: onnx.NodeProto) -> str:
    """Return how messages name a node."""
    return f"node {called(node)!r} ({text(node.op_type)})"


def called(node: onnx.NodeProto, outputs: Sequence[str] | None = None) -> str:
    """Return a node's name; that of its first output where it has none; ``outputs``: their names, if at hand."""
    name = node.name
    if not name:
        named = node.output[:] if outputs is None else outputs
        name = next((output for output in named if output), node.op_type)
    return text(name)
