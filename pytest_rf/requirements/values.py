"""What the value of a comparison comes to at a place: a share, a length, an extent or a declared figure as a number."""

from __future__ import annotations

import re
from fractions import Fraction

from pytest_rf.errors import RequirementError
from pytest_rf.graph import Graph
from pytest_rf.requirements.syntax import Value
from pytest_rf.requirements.units import Quantity, positions
from pytest_rf.requirements.vocabulary import Metric, nearest

_DECLARED = re.compile(r"\s*([+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?)\s*")


def resolved(
    value: Value, metric: Metric, graph: Graph, axis: str, extent: int, spacing: Quantity | None
) -> Fraction:
    """Return the number that a figure is held against.

    Args:
        value: the value as its author wrote it.
        metric: what is compared with it.
        graph: the model's graph, whose metadata may declare figures.
        axis: the axis' name, for errors.
        extent: the input's extent along it.
        spacing: the distance between neighbours on it, if it has one.

    Raises:
        RequirementError: a length has no spacing, or the model does not declare such a figure.
    """
    if value.kind == "input":
        return Fraction(extent)
    if value.kind == "percent":
        share = value.number / 100
        return share if metric.kind == "ratio" else share * extent
    if value.kind == "quantity":
        if spacing is None:
            raise RequirementError(
                f"axis {axis} has no spacing, so {value} means nothing: "
                f'state one for the model, as in spacing = {{ {axis} = "0.5 mm" }}'
            )
        return positions(Quantity(value.number, value.name), spacing, axis)
    if value.kind == "attr":
        raise RequirementError(f"attr:{value.name} is not available for this model: it carries no attributes")
    return _declared(graph, value.name) if value.kind == "meta" else value.number


def _declared(graph: Graph, name: str) -> Fraction:
    """Return a figure that the model's metadata declare."""
    declared = graph.metadata
    if name not in declared:
        raise RequirementError(f"the model declares no meta:{name}{nearest(name, declared)}")
    match = _DECLARED.fullmatch(declared[name][:40])
    if match is None:
        raise RequirementError(f"meta:{name} is not a number")
    return Fraction(match.group(1))
