"""The first operator that no tiling survives, and what would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Same
from pytest_rf.analysis import Tensor
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.rims import Spoilt, State
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Join, Step, Union, Value
from pytest_rf.node import Node


class Obstacle(NamedTuple):
    """What no tiling along an axis survives.

    Attributes:
        axis: the name of the axis.
        output: the output that it reaches.
        node: the operator's name; empty where it is none.
        op: which operator it is.
        reason: what it does, in words.
        remedy: what would allow one; empty where nothing is known.
    """

    axis: str
    output: str
    node: str
    op: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        who = f"{self.op} {self.node!r} " if self.node else ""
        return f"{self.axis}: {who}{self.reason}" + (f"; {self.remedy}" if self.remedy else "")


_TIES = {
    "grid": (
        "fits its grid to the whole extent",
        "resize by a fixed factor (align_corners=False, half_pixel) instead",
    ),
    "window": ("fits its windows to the whole extent", "pool with a fixed kernel and stride instead"),
    "circular": ("fetches what lies at the other end", "pad with zeros or by reflection instead"),
}


def of_ties(field: Along, output: str) -> Obstacle | None:
    """Return what ties an output to the whole extent of an axis."""
    nodes = {node.name: node for node in field.runs.graph.nodes}
    for why, (reason, remedy) in _TIES.items():
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
    context = isinstance(known, Structure) and any(
        node.index in known.context.get(field.key, ()) for node in (node,)
    )
    if context:
        accept = f'accept_context = ["op:{node.op}"] if that is accepted'
        reason = f"takes statistics over the whole of {axis}"
        return Obstacle(
            axis,
            output,
            node.name,
            node.op,
            reason,
            f"use a norm with fixed statistics (BatchNorm), or {accept}",
        )
    if isinstance(known, Structure) and field.key in known.uncertain:
        return Obstacle(axis, output, node.name, node.op, f"reads where data chooses, anywhere along {axis}")
    return Obstacle(
        axis, output, node.name, node.op, f"reads the whole of {axis}", "use windows of a fixed size instead"
    )


def of_constants(field: Along, output: Tensor, whole: Runs | None, start: int) -> Obstacle | None:
    """Return the first operator that brings in a constant which is another one in a tile than in the whole.

    Args:
        field: what the output reads, in a tile.
        output: the output.
        whole: the runs over an image of several tiles; None where there are none.
        start: where another tile begins in it, in positions of the input.
    """
    wanted = field.runs.graph.ancestors(output.number)
    there = {} if whole is None else {step.value.number: step for step in whole.graph.program}
    same = whole is not None and len(whole.graph.program) == len(field.runs.graph.program)
    for place, step in enumerate(field.runs.graph.program):
        if step.value.number not in wanted:
            continue
        other = whole.graph.program[place] if same and whole is not None else there.get(step.value.number)
        if _is_moved(field, step, other, start):
            reason = f"brings in a table that differs from place to place along {field.axis_name}"
            return Obstacle(
                field.axis_name,
                output.name,
                step.node.name,
                step.node.op,
                reason,
                "use relative positions instead",
            )
    return None


def _is_moved(field: Along, step: Step, other: Step | None, start: int) -> bool:
    """Whether a step reads a constant beside the tensor that does not move with the tile."""
    layout = field.runs.structure(step.value)
    if not isinstance(layout, Structure) or not _beside(step):
        return False
    rank = len(layout.layout)
    for number, axis in enumerate(layout.layout):
        if field.key not in carried((axis,)):
            continue
        for operand, constant in enumerate(step.node.inputs):
            if constant.varies or constant.shape is None:
                continue
            dim = len(constant.shape) - rank + number
            extent = step.value.extents[number]
            if dim < 0 or constant.shape[dim] != extent or extent == 1:
                continue
            twin = _operand(other, operand)
            rate = field.extent / extent
            if not _equal(constant.data, None if twin is None else twin.data, dim, round(start / rate)):
                return True
    return False


def _beside(step: Step) -> bool:
    """Whether a step reads its operands place by place: an elementwise operator, or parts one behind the other."""
    if isinstance(step.action, Join):
        return True
    return isinstance(step.action, Union) and all(
        isinstance(relation, Same) for read in step.action.reads for _, relation in read.axes
    )


def _operand(step: Step | None, number: int) -> Value | None:
    node: Node | None = None if step is None else step.node
    return node.inputs[number] if node is not None and number < len(node.inputs) else None


def _equal(
    own: npt.NDArray[np.generic] | None, other: npt.NDArray[np.generic] | None, dim: int, start: int
) -> bool:
    """Whether a constant is the same in a tile as in the whole, at its beginning and from ``start`` on."""
    if own is None:
        return False
    first = np.take(own, [0], dim)
    if bool((own == first).all()) and (other is None or bool((other == first).all())):
        return True
    if other is None or other.shape[dim] < start + own.shape[dim]:
        return False
    length = own.shape[dim]
    return all(np.array_equal(own, np.take(other, range(at, at + length), dim)) for at in (0, start))
