"""Constants that are others in a tile than in the whole: tables of absolute positions, masks made for an extent.

A constant that differs only where a tile is wrong anyway is no matter: a mask of the last windows, which a roll has
filled from the tile's other end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Same
from pytest_rf.analysis import Tensor
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.layout import Key
from pytest_rf.domains.rims import Rim, State
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Graph, Join, Step, Union
from pytest_rf.node import Node
from pytest_rf.tiles.obstacle import Obstacle
from pytest_rf.value import Value

Table = npt.NDArray[Any]
"""A constant with a dimension per factor of the tensor that it stands beside."""


class _Found(NamedTuple):
    """What is wrong with a constant, and whether that is known."""

    reason: str
    known: bool = True


class _Whole(NamedTuple):
    """An image of several tiles: its runs, and where another tile begins in it, in positions of the input."""

    runs: Runs
    start: int


def of_constants(
    field: Along,
    output: Tensor,
    states: Mapping[int, Mapping[Key, State]],
    whole: Runs | None,
    start: int,
) -> Obstacle | None:
    """Return the first operator that brings in a constant which is another one in a tile than in the whole.

    Args:
        field: what the output reads, in a tile.
        output: the output.
        states: what a tile gets wrong of each value.
        whole: the runs over an image of several tiles; None where there are none.
        start: where another tile begins in it, in positions of the input.
    """
    graph = field.runs.graph
    wanted = graph.ancestors(output.number)
    steps: dict[int, list[Step]] = {}
    for step in graph.program:
        steps.setdefault(step.node.index, []).append(step)
    twins = whole.graph.nodes if whole is not None and _alike(graph, whole.graph) else None
    for place, node in enumerate(graph.nodes):
        for number, made in enumerate(node.outputs.values()):
            rim = states.get(made.number, {}).get(field.key)
            if made.number not in wanted or not isinstance(rim, Rim):
                continue
            if not _is_beside(node, steps.get(node.index, ())):
                continue
            image = None if whole is None else _Whole(whole, start)
            twin = None if twins is None else twins[place]
            found = _differing(field, node, made, rim, twin, number, image)
            if found is not None:
                remedy = "use relative positions instead"
                axis, known = field.axis_name, found.known
                return Obstacle.of(axis, output.name, node, found.reason, remedy, not known)
    return None


def _alike(a: Graph, b: Graph) -> bool:
    return [node.op for node in a.nodes] == [node.op for node in b.nodes]


def _is_beside(node: Node, steps: Sequence[Step]) -> bool:
    """Whether a node reads its operands place by place: elementwise, one behind the other, a mask of attention."""
    if not steps:
        own = {value.number for value in node.inputs}
        return any(value.number in own for value in node.outputs.values())
    if "attention" in node.op.lower():
        return True
    return all(
        isinstance(step.action, Join)
        or (
            isinstance(step.action, Union)
            and all(isinstance(relation, Same) for read in step.action.reads for _, relation in read.axes)
        )
        for step in steps
    )


def _differing(
    field: Along, node: Node, made: Value, rim: Rim, twin: Node | None, number: int, whole: _Whole | None
) -> _Found | None:
    """Say what is known of a constant beside a tensor that is another one in a tile, where the tile is right.

    Args:
        field: what the output reads, in a tile.
        node: the operator.
        made: the tensor that it makes.
        rim: what a tile gets wrong of that.
        twin: the same operator in an image of several tiles.
        number: which of its outputs the tensor is.
        whole: that image.
    """
    others = [] if twin is None else list(twin.outputs.values())
    whole_made = others[number] if number < len(others) else None
    for place, constant in enumerate(node.inputs):
        if constant.varies or constant.shape is None or _is_by_channel(node, constant):
            continue
        other = None if twin is None else twin.inputs[place]
        factors = _factors(field.runs, made)
        if factors is None:
            continue
        shape = _shape(constant, made, factors)
        if shape is None or shape[rim.dim] not in (1, rim.extent):
            continue  # it does not lie beside the positions
        if constant.data is None and shape[rim.dim] == 1:
            continue
        if constant.data is None:
            return _Found("brings in a table along the axis whose elements are not known", known=False)
        own, there = constant.data.reshape(shape), None
        if whole is not None and other is not None and whole_made is not None:
            there = _table(whole.runs, other, whole_made)
        start = None if whole is None else whole.start * Fraction(rim.extent, field.extent)
        if there is None or start is None:
            if own.shape[rim.dim] > 1 and not _is_uniform(own, rim.dim):
                return _Found("brings in a table that differs from place to place", known=False)
        elif not _moves(own, there, rim, start):
            return _Found("brings in a table that differs from place to place")
    return None


def _is_by_channel(node: Node, constant: Value) -> bool:
    """Whether a vector has an element per channel: those of norms and PReLU do, whatever axis comes last."""
    vector = len(constant.shape or ()) == 1
    return vector and any(word in node.op.lower() for word in ("norm", "prelu"))


def _factors(runs: Runs, made: Value) -> list[tuple[int, ...]] | None:
    """Return the extents of the factors of each axis of a tensor."""
    known = runs.structure(made)
    if not isinstance(known, Structure):
        return None
    return [tuple(factor.extent for factor in axis) for axis in known.layout]


def _table(runs: Runs, constant: Value, made: Value) -> Table | None:
    factors = _factors(runs, made)
    shape = None if factors is None else _shape(constant, made, factors)
    return None if shape is None or constant.data is None else constant.data.reshape(shape)


def _shape(constant: Value, made: Value, factors: Sequence[tuple[int, ...]]) -> list[int] | None:
    """Return a constant's shape with a dimension per factor of the tensor; None where it does not lie beside it."""
    own = constant.shape or ()
    if len(own) > made.rank:
        return None
    own = (*[1] * (made.rank - len(own)), *own)
    found: list[int] = []
    for extent, whole, parts in zip(own, made.extents, factors, strict=True):
        found += parts if extent == whole == prod(parts) else [extent, *[1] * (len(parts) - 1)]
    return found


def _moves(own: Table, there: Table, rim: Rim, start: Fraction) -> bool:
    """Whether a constant is in every tile what it is in the whole, wherever the tile is right."""
    dim = rim.dim
    if own.ndim != there.ndim or [n for d, n in enumerate(own.shape) if d != dim] != [
        n for d, n in enumerate(there.shape) if d != dim
    ]:
        return False
    count, total = own.shape[dim], there.shape[dim]
    if count == 1 or total == 1:
        return np.array_equal(own, there)
    if rim.flipped or count != rim.extent:
        return _is_uniform(own, dim) and _is_uniform(there, dim)
    if start.denominator != 1:
        return False
    parts = prod(rim.inner)
    before, after = int(rim.before.min()) // parts, int(rim.after.min()) // parts
    tiles = ((0, 0, after), (int(start), before, after), (total - count, before, 0))
    return all(
        np.array_equal(_cut(own, dim, first, count - last), _cut(there, dim, at + first, at + count - last))
        for at, first, last in tiles
    )


def _cut(table: Table, dim: int, first: int, last: int) -> Table:
    return table[(slice(None),) * dim + (slice(first, max(first, last)),)]


def _is_uniform(table: Table, dim: int) -> bool:
    return np.array_equal(table, np.broadcast_to(table.take([0], axis=dim), table.shape))
