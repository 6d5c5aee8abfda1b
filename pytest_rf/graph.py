"""The program that both front-ends produce and the interpreter runs.

A graph holds *values* (tensors with a shape), *nodes* (the operators that users know, with their
names and places) and a *program*: a list of steps, each of which says what one value reads. A node
lowers to one step or several; intermediate values of a node have no name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf import limits
from pytest_rf.access import Read
from pytest_rf.limits import Limits
from pytest_rf.node import Node
from pytest_rf.value import Deferred, Shape, Value

MASK_BELOW = -100.0
"""In weight-aware mode a constant of this or less that is added before a softmax is a mask (SEMANTICS 7)."""

_MOST = 3
"""So many of these constants are told."""

_KNOWN = ("masked", "zero", "faint")
"""What is known of single elements of a value, by the attributes that hold it."""


class Union(NamedTuple):
    """Each element reads what any of ``reads`` says.

    Attributes:
        reads: what it reads.
        window: the reads are taps of one window and no branches that meet, of which the shortest path takes one.
    """

    reads: tuple[Read, ...]
    window: bool = False


class Join(NamedTuple):
    """The operands one behind the other along ``axis``; ``offsets`` are their first places.

    What lies between them is constant and reads nothing.
    """

    operands: tuple[int, ...]
    offsets: tuple[int, ...]
    axis: int


class Regroup(NamedTuple):
    """The operand's elements in the same row-major order under another shape."""

    operand: int


class Unknown(NamedTuple):
    """Nothing is known about what the value reads.

    Attributes:
        operands: the values that it is computed from.
        reason: why, in words.
        operator: the operator that has no rule, as ``domain::Operator``; empty where that is not why.
    """

    operands: tuple[int, ...]
    reason: str
    operator: str = ""


_CONSTANT = Value(0, (), varies=False)

Action = Union | Join | Regroup | Unknown


class Step(NamedTuple):
    """``value`` is computed by ``action`` on behalf of ``node`` from the values ``operands``."""

    value: Value
    action: Action
    node: Node
    operands: tuple[int, ...]


@dataclass(slots=True)
class Graph:
    """A whole model as values, nodes and the steps between them.

    Attributes:
        inputs: name -> value of each graph input.
        outputs: name -> value of each graph output.
        constants: name -> value of each tensor that depends on no input.
        metadata: the file's own key-value properties.
        modules: module path -> the value that the module returned, where that is known.
        notes: what the figures cannot know, one sentence each.
        limits: what it may take.
        weights: whether weights were read (SEMANTICS 7).
        masks: the constants that were counted as masks though they are finite, by number: where they come in, and the
            largest of their elements that was.
    """

    values: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    program: list[Step] = field(default_factory=list)
    inputs: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    modules: dict[str, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=limits.current)
    weights: bool = False
    masks: dict[int, tuple[str, float]] = field(default_factory=dict)

    @property
    def remarks(self) -> list[str]:
        """The notes, and which constants were counted as masks."""
        return [*self.notes, self.counted] if self.masks else self.notes

    @property
    def counted(self) -> str:
        """Which finite constants were counted as masks; empty where none were."""
        if not self.masks:
            return ""
        names = {value.number: f"{name!r} at " for name, value in self.constants.items()}
        told = [
            f"{figure:g} in {names.get(number, '')}{where}"
            for number, (where, figure) in list(self.masks.items())[:_MOST]
        ]
        more = f" and {len(self.masks) - _MOST:,} more" if len(self.masks) > _MOST else ""
        return f"counted as masks, as mask_below allows: {', '.join(told)}{more}"

    def ancestors(self, number: int) -> set[int]:
        """Return the numbers of all values that value ``number`` is computed from, and itself."""
        found = {number}
        for step in reversed(self.program):
            if step.value.number in found:
                found.update(step.operands)
        return found


class Builder:
    """Writes a graph. Operator rules call it; every method returns the value that it made.

    Attributes:
        weights: whether exact zeros in weights and masked scores cut dependence (SEMANTICS 7).
        mask_below: a constant of this or less that is added before a softmax is a mask then.
        adding: number of such a constant -> the node that adds it.
    """

    def __init__(self, weights: bool = False, mask_below: float = MASK_BELOW) -> None:
        self.graph = Graph(weights=weights)
        self.weights = weights
        self.mask_below = mask_below
        self.adding: dict[int, Node] = {}
        self.node = Node("", "")

    def finish(self) -> None:
        """Let go of the graph, which is whole.

        Constants that wait for somebody to ask hold the builder. They go on in a graph of their own, where all that
        there was is a constant, as it is for them: a builder that held the graph that holds them would keep all of it
        in memory until a search of garbage.
        """
        count, held = len(self.graph.values), self.graph.limits
        self.graph = Graph([_CONSTANT] * count, limits=held, weights=self.weights)
        self.adding, self.node = {}, Node("", "")

    def begin(self, node: Node) -> None:
        """Make ``node`` the one on whose behalf the next steps are written."""
        node.index = len(self.graph.nodes)
        if node.index >= self.graph.limits.nodes:
            limits.exceeded(f"node {node.name!r}", "nodes", "nodes", "analyse a smaller model")
        self.graph.nodes.append(node)
        self.node = node

    def input(self, name: str, shape: Shape) -> Value:
        """Declare a graph input.

        Raises:
            ModelError: it is longer than the limit.
        """
        longest = max(shape, default=0)
        if longest > self.graph.limits.extent:
            limits.exceeded(
                f"input {name!r}", "positions along an axis", "extent", "give a smaller input", longest
            )
        value = self._added(Value(len(self.graph.values), tuple(shape)))
        self.graph.inputs[name] = value
        return value

    def hold(self, extent: int) -> None:
        """Hold an extent that an operator is about to make against the limit: before the taps of that many are there.

        Raises:
            ModelError: it is longer.
        """
        if extent > self.graph.limits.extent:
            place = f"node {self.node.name!r} ({self.node.op})"
            limits.exceeded(place, "positions along an axis", "extent", "give a smaller input", extent)

    def constant(
        self,
        shape: Shape | None,
        load: Callable[[], npt.NDArray[Any] | None] | None = None,
        missing: str | None = None,
    ) -> Value:
        """Return a value that depends on no input; ``load`` gives its elements when they are needed."""
        return self._added(Value(len(self.graph.values), shape, False, load, missing))

    def deferred(self, resolve: Callable[[], Value], nesting: int, shape: Shape | None = None) -> Value:
        """Return a constant that is worked out when its elements, or its shape if it is not known, are needed."""
        return self._added(Deferred(len(self.graph.values), resolve, nesting, shape))

    def array(self, data: npt.NDArray[Any]) -> Value:
        """Return a constant with these elements."""
        return self._added(Value(len(self.graph.values), tuple(data.shape), False, _data=data))

    def union(self, shape: Sequence[int], *reads: Read, window: bool = False) -> Value:
        """Return a value whose elements read what any of ``reads`` says (of constants, and of no elements, nothing).

        ``window``: these are the taps of one window.
        """
        values = self.graph.values
        live = tuple([read for read in reads if values[read.operand].is_read])
        if not live or 0 in shape:
            return self.constant(tuple(shape))
        return self.step(tuple(shape), Union(live, window), [read.operand for read in live])

    def join(self, parts: Sequence[Value], axis: int) -> Value:
        """Return the parts one behind the other along ``axis``."""
        total = sum(part.extents[axis] for part in parts)
        shape = tuple(total if place == axis else n for place, n in enumerate(parts[0].extents))
        live: list[int] = []
        offsets: list[int] = []
        offset = 0
        for part in parts:
            if part.extents[axis] == total:
                return part
            if part.varies and part.extents[axis]:
                live.append(part.number)
                offsets.append(offset)
            offset += part.extents[axis]
        if not live or 0 in shape:
            return self.constant(shape)
        y = self.step(shape, Join(tuple(live), tuple(offsets), axis), live)
        for name in _KNOWN:
            masks = [getattr(part, name) for part in parts]
            if any(mask is not None for mask in masks):
                wide = [
                    np.broadcast_to(np.False_ if mask is None else mask, part.extents)
                    for mask, part in zip(masks, parts, strict=True)
                ]
                setattr(y, name, np.concatenate(wide, axis))
        y.faints = tuple(dict.fromkeys(number for part in parts for number in part.faints))
        y.finite, y.low = any(part.finite for part in parts), any(part.low for part in parts)
        return y

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """Return ``x`` under another shape of the same number of elements, in row-major order."""
        new = tuple(shape)
        assert prod(new) == prod(x.extents), f"cannot reshape {x.shape} to {new}"
        if new == x.shape:
            return x
        if not x.varies or 0 in new:
            load = (lambda: None if x.data is None else x.data.reshape(new)) if x.has_data else None
            return self.constant(new, load, x.missing)
        return self.with_constants_of(
            self.step(new, Regroup(x.number), [x.number]), x, lambda mask: mask.reshape(new)
        )

    def with_constants_of(
        self, y: Value, x: Value, move: Callable[[npt.NDArray[np.bool_]], npt.NDArray[np.bool_]]
    ) -> Value:
        """Return ``y``, whose elements are ``x``'s in other places: constant ones among them stay constant."""
        for name in _KNOWN:
            mask = getattr(x, name)
            if mask is not None:
                setattr(y, name, move(np.broadcast_to(mask, x.extents)))
        y.faints, y.finite, y.low = x.faints, x.finite, x.low
        return y

    def count_masks(self, numbers: Sequence[int]) -> None:
        """Note that finite constants were counted as masks."""
        for number in numbers:
            data = self.graph.values[number].data
            if data is not None:
                counted = data[(data <= self.mask_below) & np.isfinite(data)]
                node = self.adding.get(number, self.node)
                if counted.size:
                    self.graph.masks[number] = (f"{node.op} {node.name!r}", float(counted.max()))

    def unknown(
        self, operands: Sequence[Value], reason: str, shape: Shape | None = None, operator: str = ""
    ) -> Value:
        """Return a value of which nothing is known but, perhaps, its shape; ``operator``: the one without a rule."""
        numbers = tuple(value.number for value in operands)
        return self.step(shape, Unknown(numbers, reason, operator), numbers)

    def _added(self, value: Value) -> Value:
        self.graph.values.append(value)
        return value

    def step(self, shape: Shape | None, action: Action, operands: Sequence[int]) -> Value:
        """Return the value that an action over these operands makes."""
        value = self._added(Value(len(self.graph.values), shape))
        self.graph.program.append(Step(value, action, self.node, tuple(operands)))
        return value
