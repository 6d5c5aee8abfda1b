"""The first operator that no tiling survives, and what would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Same
from pytest_rf.analysis import Tensor
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.rims import Spoilt, State
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Join, Step, Union
from pytest_rf.node import Node
from pytest_rf.value import Value


class Obstacle(NamedTuple):
    """What no tiling along an axis survives.

    Attributes:
        axis: the name of the axis.
        output: the output that it reaches.
        node: the operator's name; empty where it is none.
        op: which operator it is.
        reason: what it does, in words.
        remedy: what would allow one; empty where nothing is known.
        undecidable: whether it may be none: what would tell is not known.
    """

    axis: str
    output: str
    node: str
    op: str
    reason: str
    remedy: str = ""
    undecidable: bool = False

    @property
    def told(self) -> str:
        """What it is and does, without its axis."""
        return f"{self.op} {self.node!r} {self.reason}" if self.node else self.reason

    def __str__(self) -> str:
        return f"{self.axis}: {self.told}" + (f"; {self.remedy}" if self.remedy else "")


_TIES = {
    "grid": (
        "fits its grid to the whole extent",
        "resize by a fixed factor (align_corners=False, half_pixel) instead",
    ),
    "window": ("fits its windows to the whole extent", "pool with a fixed kernel and stride instead"),
    "circular": ("fetches what lies at the other end", "pad with zeros or by reflection instead"),
}


def of_ties(field: Along, output: str, *reasons: str) -> Obstacle | None:
    """Return what ties an output to the whole extent of an axis, for any of these reasons."""
    nodes = {node.name: node for node in field.runs.graph.nodes}
    for why in reasons:
        reason, remedy = _TIES[why]
        names = field.tied(why)
        if names:
            node = nodes[names[0]]
            return Obstacle(field.axis_name, output, node.name, node.op, reason, remedy)
    return None


def of_rims(field: Along, output: Tensor, states: Mapping[int, Mapping[Key, State]]) -> Obstacle:
    """Return the first operator on the way to an output of whose result all is wrong in a tile."""
    wanted = field.runs.graph.ancestors(output.number)
    for step in field.runs.graph.program:
        if step.value.number in wanted and isinstance(
            states.get(step.value.number, {}).get(field.key), Spoilt
        ):
            return _spoiling(field, output.name, step)
    return Obstacle(
        field.axis_name,
        output.name,
        "",
        "",
        f"output {output.name!r} is not the same in a tile as in the whole",
    )


def _spoiling(field: Along, output: str, step: Step) -> Obstacle:
    node, runs, axis = step.node, field.runs, field.axis_name
    known = runs.structure(step.value)
    if isinstance(known, Structure) and node.index in known.context.get(field.key, ()):
        accept = f'accept_context = ["op:{node.op}"] if that is accepted'
        norm = "norm" in node.op.lower()
        instead = "a norm with fixed statistics (BatchNorm)" if norm else "windows of a fixed size"
        reason = "takes statistics over the whole axis"
        return Obstacle(axis, output, node.name, node.op, reason, f"use {instead}, or {accept}")
    ties = known.ties.get(field.key, ()) if isinstance(known, Structure) else ()
    for why in sorted(tie.why for tie in ties if tie.node == node.index and tie.why in _TIES):
        return Obstacle(axis, output, node.name, node.op, *_TIES[why])
    if isinstance(known, Structure) and field.key in known.uncertain:
        return Obstacle(axis, output, node.name, node.op, "reads where data chooses, anywhere along the axis")
    return Obstacle(
        axis, output, node.name, node.op, "reads the whole axis", "use windows of a fixed size instead"
    )


def of_constants(field: Along, output: Tensor, whole: Runs | None, start: int) -> Obstacle | None:
    """Return the first operator that brings in a constant which is another one in a tile than in the whole.

    Args:
        field: what the output reads, in a tile.
        output: the output.
        whole: the runs over an image of several tiles; None where there are none.
        start: where another tile begins in it, in positions of the input.
    """
    graph = field.runs.graph
    wanted = graph.ancestors(output.number)
    steps: dict[int, list[Step]] = {}
    for step in graph.program:
        steps.setdefault(step.node.index, []).append(step)
    others = whole.graph.nodes if whole is not None and len(whole.graph.nodes) == len(graph.nodes) else None
    for place, node in enumerate(graph.nodes):
        made = [value for value in node.outputs.values() if value.number in wanted]
        twin = None if others is None else others[place]
        if made and _beside(node, steps.get(node.index, ())):
            reason, known = _moved(field, node, made[0], twin, start)
            if reason:
                remedy = "use relative positions instead"
                return Obstacle(field.axis_name, output.name, node.name, node.op, reason, remedy, not known)
    return None


def _moved(field: Along, node: Node, made: Value, twin: Node | None, start: int) -> tuple[str, bool]:
    """Say of a constant beside a tensor that it does not move with the tile, and whether that is known."""
    known = field.runs.structure(made)
    if not isinstance(known, Structure):
        return "", True
    rank = len(known.layout)
    for number, axis in enumerate(known.layout):
        extent = made.extents[number]
        if field.key not in carried((axis,)) or extent == 1:
            continue
        for operand, constant in enumerate(node.inputs):
            if constant.varies or constant.shape is None:
                continue
            dim = len(constant.shape) - rank + number
            if dim < 0 or constant.shape[dim] != extent:
                continue
            own = constant.data
            if own is None:
                return "brings in a table along the axis whose elements are not known", False
            other = None if twin is None else twin.inputs[operand]
            there = None if other is None else other.data
            if not _equal(own, there, dim, round(start * Fraction(extent, field.extent))):
                return "brings in a table that differs from place to place", there is not None
    return "", True


def _beside(node: Node, steps: Sequence[Step]) -> bool:
    """Whether a node reads its operands place by place: an elementwise operator, or parts one behind the other."""
    if not steps:
        own = {value.number for value in node.inputs}
        return any(value.number in own for value in node.outputs.values())
    return all(
        isinstance(step.action, Join)
        or (
            isinstance(step.action, Union)
            and all(isinstance(relation, Same) for read in step.action.reads for _, relation in read.axes)
        )
        for step in steps
    )


def _equal(own: npt.NDArray[Any], other: npt.NDArray[Any] | None, dim: int, start: int) -> bool:
    """Whether a constant is the same in a tile as in the whole, at its beginning and from ``start`` on."""
    if _is_uniform(own, dim) and (other is None or _is_uniform(other, dim)):
        return True
    if other is None or other.shape[dim] < start + own.shape[dim]:
        return False
    length = own.shape[dim]
    return all(np.array_equal(own, np.take(other, range(at, at + length), dim)) for at in (0, start))


def _is_uniform(data: npt.NDArray[Any], dim: int) -> bool:
    return np.array_equal(data, np.broadcast_to(np.take(data, [0], dim), data.shape))
