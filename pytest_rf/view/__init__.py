"""The use case of ``show``: which tensors of a model are looked at, and as what.

``columns``   what can be said of a tensor, by name
``choosing``  the tensors that are meant, and their order
``tree``      tensors gathered by the modules that they belong to
``model``     tensors with their figures
``unit``      what one unit reads
``growth``    how fields grew, with what is required of them
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.analysis import Analysis
from pytest_rf.errors import ModelError
from pytest_rf.view import choosing, columns, tree
from pytest_rf.view.columns import ABOUT, Column
from pytest_rf.view.model import ModelView
from pytest_rf.view.tree import Entry
from pytest_rf.view.unit import UnitView

__all__ = ["ABOUT", "Column", "Entry", "ModelView", "UnitView", "View", "view"]

View = ModelView | UnitView


def view(
    analysis: Analysis,
    node: str | None = None,
    unit: Sequence[int] | None = None,
    asked: Sequence[str] = (),
    chosen: Sequence[str] = (),
    depth: int | None = None,
    changed: bool = False,
    sort: str | None = None,
) -> View:
    """Return what to show of a model.

    Args:
        analysis: the model.
        node: ``op:NAME``, or a glob over the names of tensors and nodes and over module paths; None for all tensors.
        unit: show what this unit reads, of the tensors that ``node`` selects or of the final ones, of each the
            latest along any axis.
        asked: names of metrics to show beside those that a format shows by itself.
        chosen: names of columns to show instead of the usual ones.
        depth: gather the tensors by module, down to so many parts of its path.
        changed: only tensors whose size or stride is another than that of all that they read.
        sort: the column to sort by, the largest first where a ``-`` stands before it; None for the graph's order.

    Raises:
        ModelError: nothing is selected, there is no such column, or these do not go together.
    """
    wanted = columns.chosen(chosen, depth is not None)
    for name in asked:
        columns.metric(name, "--figure")
    if unit is not None:
        _refuse_beside_unit(
            {
                "--columns": bool(chosen),
                "--depth": depth is not None,
                "--changed": changed,
                "--sort": bool(sort),
            }
        )
        finals = tuple(tensor.at() for tensor in analysis.final)
        return UnitView(analysis, finals if node is None else choosing.select(analysis, node), tuple(unit))
    tensors = tuple(analysis) if node is None else choosing.select(analysis, node)
    if changed:
        tensors = choosing.changed(analysis, tensors)
    if depth is not None:
        if sort is not None:
            raise ModelError("--sort: a tree has the order of the model; leave out --sort or --depth")
        entries = tree.entries(tensors, depth, analysis.path or analysis.name)
    else:
        ordered = tensors if sort is None else choosing.ordered(tensors, sort)
        entries = tuple(Entry.of(tensor) for tensor in ordered)
    return ModelView(
        analysis, entries, wanted, tuple(asked), is_tree=depth is not None, is_whole=node is None
    )


def _refuse_beside_unit(given: dict[str, bool]) -> None:
    """Raise the error of options that choose rows or columns of a table, which a unit has not."""
    for option, is_given in given.items():
        if is_given:
            raise ModelError(f"{option}: --unit shows positions, not a table; leave out {option} or --unit")
