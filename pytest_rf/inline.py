"""``pytest_rf.snapshot``: the figures of a model as plain text by tensor, for snapshots that tests keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_rf.analyzing import analyzed, nearest
from pytest_rf.locks import figures, lockfile


def snapshot(model: Any, *example: Any, **options: Any) -> dict[str, str]:
    """Return what a lock holds of a model, as tensor -> its figures, in the order of the graph.

    It is plain data, so that any snapshot compares and keeps it: ``assert pytest_rf.snapshot(net, x) == snapshot()``
    with inline-snapshot or syrupy.

    Args:
        model: whatever :func:`pytest_rf.analyze` takes, or an analysis.
        example: for PyTorch, the inputs of one call.
        options: how it is called, as for :func:`pytest_rf.analyze`.

    Raises:
        RFError: the model cannot be analysed.
    """
    name = options.pop("name", None)
    found = figures.of(analyzed(model, example, options, nearest, Path.cwd(), name=name))
    return {tensor.name: lockfile.figures(tensor) for tensor in found.tensors}
