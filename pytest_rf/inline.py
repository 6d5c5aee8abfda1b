"""``pytest_rf.snapshot``: the figures of a model as plain text by tensor, for snapshots that tests keep."""

from __future__ import annotations

from typing import Any

from pytest_rf.asserting import analyze
from pytest_rf.locks import figures, lockfile


def snapshot(model: Any, *example: Any, inputs: Any = None, **options: Any) -> dict[str, str]:
    """Return what a lock holds of a model, as tensor -> its figures, in the order of the graph.

    It is plain data, so that any snapshot compares and keeps it: ``assert pytest_rf.snapshot(net, x) == snapshot()``
    with inline-snapshot or syrupy.

    Args:
        model: an .onnx path, an ONNX model, a PyTorch module, or an analysis.
        example: for PyTorch, the inputs of one call.
        inputs: shapes that the model leaves open.
        options: what else :func:`pytest_rf.analyze` takes.

    Raises:
        RFError: the model cannot be analysed.
    """
    found = figures.of(analyze(model, *example, inputs=inputs, **options))
    return {tensor.name: lockfile.figures(tensor) for tensor in found.tensors}
