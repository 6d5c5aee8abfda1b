"""Says what ties a tensor to the whole extent of an axis: why it cannot be tiled, has no stride, is not bounded."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.analysis.metrics import AxisField

#: What an operator does that ties what it makes to the whole extent.
DOES = {
    "grid": "fits its grid to the whole extent",
    "window": "fits its windows to the whole extent",
    "circular": "fetches from the other end",
    "uneven": "puts steps of different rates on one axis",
}


def doing(axis_field: AxisField, node: str) -> str:
    """Return what a node does that keeps any tile from seeing what the whole sees, though it mixes nothing."""
    reasons = (why for why in DOES if node in axis_field.tied(why))
    # Where positions of several axes are folded into one there is no map of it, and the actual input tells.
    whole = axis_field.irregular and axis_field.rf == axis_field.extent
    return DOES.get(
        next(reasons, ""), "mixes the whole axis" if whole else "reads what lies at no fixed distance"
    )


def unsteady(axis_field: AxisField) -> str:
    """Say why the units of a tensor have no common stride, and what to do about it."""
    nodes = axis_field.tied("uneven")
    where = f", put together by {_names(nodes)}," if nodes else ""
    return (
        f"steps of different rates lie on one axis{where} and have no common stride; "
        f'say what a step stands for, as in stands_for = {{ {axis_field.axis_name} = "4i" }}'
    )


def _names(nodes: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(nodes[:most])
    return shown if len(nodes) <= most else f"{shown} and {len(nodes) - most} more"
