"""From whatever users hold to an :class:`~pytest_rf.analysis.Analysis`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pytest_rf import garbage
from pytest_rf.analysis import Analysis
from pytest_rf.errors import ModelError


@garbage.kept()
def analyze(
    model: Any,
    *example: Any,
    inputs: Any = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    axes: Mapping[str, Mapping[str, int]] | None = None,
    accept_context: Sequence[str] = (),
    name: str | None = None,
    **options: Any,
) -> Analysis:
    """Analyse a model.

    Args:
        model: the path of an .onnx file, an ``onnx.ModelProto``, or a PyTorch module or program.
        example: for PyTorch, the inputs of one call.
        inputs: input name -> shape. For ONNX, for what the file leaves open.
        values: input name -> array, for inputs that steer the geometry.
        weights: whether taps that are exactly 0 and attention scores masked with -inf do not read.
        axes: input name -> axis name -> axis number, where the roles of axes are not to be guessed.
        accept_context: nodes whose context is accepted by the guarantees (``op:InstanceNormalization``).
        name: what messages call the model; the file's name by default.
        options: for PyTorch, see :func:`pytest_rf.frontends.torch.load`.

    Raises:
        ModelError: the model cannot be read or analysed.
    """
    if isinstance(model, (str, PathLike)):
        from pytest_rf.frontends.onnx import lower, read

        path = fspath(model)
        graph = lower(read(path), path, inputs, values, weights)
        return Analysis(graph, name or Path(path).stem, path, "onnx", axes or {}, accept_context)
    if type(model).__module__.split(".")[0] in ("onnx", "onnx_ml_pb2") or hasattr(model, "opset_import"):
        from pytest_rf.frontends.onnx import lower

        called = name or model.graph.name or "model"
        return Analysis(
            lower(model, called, inputs, values, weights), called, None, "onnx", axes or {}, accept_context
        )
    if _is_torch(model):
        from pytest_rf.frontends.torch import load

        given: Any = None if not example else example[0] if len(example) == 1 else example
        graph, way = load(model, given, inputs, values=values, weights=weights, **options)
        return Analysis(graph, name or type(model).__name__, None, way, axes or {}, accept_context)
    raise ModelError(f"{type(model).__name__} is neither an .onnx path, an ONNX model nor a PyTorch module")


def _is_torch(model: Any) -> bool:
    """Whether the model is PyTorch's; who has one has imported torch."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return isinstance(model, torch.nn.Module) or type(model).__name__ == "ExportedProgram"
