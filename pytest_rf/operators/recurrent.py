"""Recurrences over a time axis: layers of LSTM, GRU and plain cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import SAME, WHOLE, Prefix, Read, Relation, Sets
from pytest_rf.graph import Builder, Value
from pytest_rf.operators.pointwise import broadcast_read

Flags = npt.NDArray[np.bool_]


class Layer(NamedTuple):
    """One direction of a recurrent layer over ``x`` (time, batch, features).

    Attributes:
        hidden: the number of hidden units.
        reverse: whether it starts at the end.
        lengths: how many steps each sample has; None where all have all.
    """

    hidden: int
    reverse: bool = False
    lengths: tuple[int, ...] | None = None

    def steps(self, time: int, batch: int) -> Flags | None:
        """Return which (step, sample) there are at all; None for all of them."""
        if self.lengths is None or all(n >= time for n in self.lengths):
            return None
        return np.arange(time)[:, None] < np.asarray(self.lengths)[None, :batch]

    def turn(self, time: int, batch: int) -> npt.NDArray[np.int64]:
        """Return for each (step, sample) how many steps the recurrence has made before it."""
        step = np.arange(time)[:, None].repeat(batch, axis=1)
        if not self.reverse:
            return step
        last = np.full(batch, time) if self.lengths is None else np.asarray(self.lengths)
        return np.maximum(last[None, :] - 1 - step, 0)


def direction(
    b: Builder, x: Value, layer: Layer, weights: Sequence[Weights], states: Sequence[State]
) -> Value:
    """Return what the steps of one direction read, as (time, batch, hidden)."""
    time, batch, _ = x.extents
    shape = (time, batch, layer.hidden)
    there = layer.steps(time, batch)
    valid = True if there is None else there
    turn = layer.turn(time, batch)
    x = masked(b, x, there)
    reads = []
    if x.varies:
        axes = ((0, Prefix(layer.reverse)), (1, SAME), (None, WHOLE))
        reads.append(Read(x.number, axes, channel=2, where=_line(there)))
    for state in states:
        if state.own:
            reads.append(Read(state.value.number, ((1, SAME), (2, SAME)), where=_line(there)))
        late = valid & (turn >= state.mixes)
        reads.append(Read(state.value.number, ((1, SAME), (None, WHOLE)), where=_line(late)))
    for one in weights:
        value, rest = one.value, one.value.rank - 1
        own = np.zeros((layer.hidden, value.extents[0]), np.bool_)
        for gate in one.gates:
            own[np.arange(layer.hidden), gate * layer.hidden + np.arange(layer.hidden)] = True
        columns: list[tuple[int | None, Relation]] = [(None, WHOLE)] * rest
        first = valid & (turn >= one.since)
        reads.append(Read(value.number, ((2, Sets(own)), *columns), where=_line(first)))
        later = valid & (turn >= one.since + 1)
        reads.append(Read(value.number, ((None, WHOLE), *columns), where=_line(later)))
    return b.union(shape, *reads)


class State(NamedTuple):
    """An initial state (batch, hidden).

    Attributes:
        value: the tensor.
        mixes: the number of steps after which every unit has read all of it.
        own: whether a unit reads its own element from the start.
    """

    value: Value
    mixes: int = 0
    own: bool = False


class Weights(NamedTuple):
    """Weights that are computed from the input: (gates·hidden, ...).

    Attributes:
        value: the tensor.
        gates: the blocks of rows that a unit reads at once.
        since: the first step at which they matter; one step later all rows do.
    """

    value: Value
    gates: tuple[int, ...]
    since: int = 0


def last(b: Builder, y: Value, layer: Layer) -> Value:
    """Return the final state (batch, hidden) of a direction's steps (time, batch, hidden)."""
    time, batch, hidden = y.extents
    if not time:
        return b.constant((batch, hidden))
    if layer.reverse or layer.steps(time, batch) is None:
        relation: Relation = Sets(np.eye(1, time, 0 if layer.reverse else time - 1, dtype=np.bool_))
        return b.union((batch, hidden), Read(y.number, ((None, relation), (0, SAME), (1, SAME))))
    assert layer.lengths is not None
    # Samples end at different steps: take each from the step at which it ends.
    reads = []
    for end in sorted({n for n in layer.lengths if n > 0}):
        of = np.asarray([n == end for n in layer.lengths])[:, None]
        relation = Sets(np.eye(1, time, end - 1, dtype=np.bool_))
        reads.append(Read(y.number, ((None, relation), (0, SAME), (1, SAME)), where=of))
    return b.union((batch, hidden), *reads)


def masked(b: Builder, x: Value, there: Flags | None) -> Value:
    """Return ``x`` (time, batch, ...) without the steps that a sample does not have."""
    if there is None or not x.varies:
        return x
    read = broadcast_read(x, x.extents)
    return b.union(x.extents, Read(read.operand, read.axes, where=_line(there)))


def _line(flags: Flags | bool | None) -> Flags | None:
    if flags is None or flags is True or (isinstance(flags, np.ndarray) and flags.all()):
        return None
    return np.asarray(flags)[:, :, None]
