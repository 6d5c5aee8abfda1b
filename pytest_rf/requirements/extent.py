"""Says what ties a tensor to the whole extent of an axis: why it cannot be tiled, has no stride, is not bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: How each kind of tie reads behind the names of the operators that make it.
_DOES = {
    "grid": ("fits its grid to the whole extent", "fit their grids to the whole extent"),
    "window": ("fits its windows to the whole extent", "fit their windows to the whole extent"),
    "circular": ("fetches from the other end", "fetch from the other end"),
}


def untiled(axis_field: Any) -> str:
    """Return which operators keep any tile from seeing what the whole sees; "" where none does so."""
    return _told(axis_field, "grid", "window", "circular")


def unbounded(axis_field: Any) -> str:
    """Return which operators make reads grow with the extent though nothing is mixed; "" where none does so."""
    return _told(axis_field, "window", "circular")


def _told(axis_field: Any, *reasons: str) -> str:
    found = [(axis_field.tied(why), _DOES[why]) for why in reasons]
    return "; ".join(f"{_names(nodes)} {words[len(nodes) > 1]}" for nodes, words in found if nodes)


def unsteady(axis_field: Any) -> str:
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
