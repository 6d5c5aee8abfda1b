"""Recurrences over a time axis: layers of LSTM, GRU and plain cells, and sequences that are packed for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, Prefix, Read, Relation, Sets
from pytest_rf.graph import Builder
from pytest_rf.operators.reads import ENDS, Ends, all_of, along, indexed
from pytest_rf.value import Value

Numbers = npt.NDArray[np.int64]


class State(NamedTuple):
    """An initial state (batch, hidden).

    Attributes:
        value: the tensor.
        mixes: the number of steps after which every unit has read all of it.
        carried: whether each step hands on what it does not forget of it, unit by unit.
    """

    value: Value
    mixes: int = 0
    carried: bool = False


def states(hidden: Value | None, cell: Value | None = None, *, gated: bool = False) -> list[State]:
    """Return initial states: a GRU's (``gated``) and an LSTM's cell state are carried, and the latter mixes later."""
    found = [] if hidden is None else [State(hidden, carried=gated)]
    return found if cell is None else [*found, State(cell, 1, carried=True)]


class Weights(NamedTuple):
    """Weights that are computed from the input: (gates·hidden, ...).

    Attributes:
        value: the tensor.
        since: the first step at which they matter; one step later all rows do.
        gates: the blocks of rows that a unit reads at once; None for all.
    """

    value: Value
    since: int = 0
    gates: tuple[int, ...] | None = None


class Layer(NamedTuple):
    """One direction of a recurrent layer over ``x`` (time, batch, features).

    Attributes:
        hidden: the number of hidden units.
        reverse: whether it starts at the end.
        lengths: how many steps each sample has; None where all have all.
        states: the initial states, the hidden one first.
        weights: the weights and biases of its gates.
        projection: the matrix (outputs, hidden) that makes the hidden state of what the units give, if any does.
    """

    hidden: int
    reverse: bool = False
    lengths: tuple[int, ...] | None = None
    states: Sequence[State] = ()
    weights: Sequence[Weights] = ()
    projection: Value | None = None

    def turn(self, time: int, batch: int) -> Numbers:
        """Return for each (step, sample) how many steps were made before it; -1: it is not made."""
        step, lengths = np.arange(time)[:, None], self.ends(time, batch)[None, :] + 1
        return np.where(step < lengths, lengths - 1 - step if self.reverse else step, -1)

    def ends(self, time: int, batch: int) -> Numbers:
        """Return for each sample how many steps the recurrence has made before its last one."""
        return np.asarray([time] * batch if self.lengths is None else self.lengths, np.int64)[:batch] - 1


def direction(b: Builder, x: Value, layer: Layer) -> Value:
    """Return what the units of one direction read at each step, as (time, batch, hidden)."""
    turn = layer.turn(*x.extents[:2])
    return b.union((*turn.shape, layer.hidden), *_reads(b, x, layer, turn, (0, Prefix(layer.reverse))))


def last(b: Builder, x: Value, layer: Layer, kept: Value | None = None) -> Value:
    """Return what they read at the end, as (batch, hidden): all steps; a sample of none has ``kept``, if anything."""
    ends = layer.ends(*x.extents[:2])
    reads = _reads(b, x, layer, ends, ENDS)
    if kept is not None and (ends < 0).any():
        reads.append(along(kept, where=_line(ends < 0)))
    return b.union((*ends.shape, layer.hidden), *reads)


def cell(b: Builder, x: Value, layer: Layer) -> Value:
    """Return what units read in a single step, of ``x`` (batch, features), as (batch, hidden)."""
    line = b.reshape(x, [1, *x.extents])
    reads = _reads(b, line, layer, layer.ends(*line.extents[:2]), ENDS)
    # There is no other step, whatever the input's extents.
    now = (read for read in reads if read.where is None or read.where.any())
    return b.union((x.extents[0], layer.hidden), *now)


def _reads(
    b: Builder, x: Value, layer: Layer, turn: Numbers, when: tuple[int, Relation] | Ends
) -> list[Read]:
    """Return what units (..., batch, hidden) read that have made ``turn`` steps (..., batch) before."""
    unit = turn.ndim
    sample = unit - 1
    there = layer.turn(*x.extents[:2]) >= 0
    x = x if there.all() else b.union(x.extents, along(x, where=_line(there)))
    reads = [indexed(x, when, sample, ENDS, channel=2, where=_line(turn >= 0))]
    for value, mixes, carried in layer.states:
        reads += [indexed(value, sample, unit, where=_line(turn >= 0))] if carried else []
        reads.append(indexed(value, sample, ENDS, where=_line(turn >= mixes)))
    for value, since, gates in layer.weights:
        own = np.zeros((layer.hidden, value.extents[0]), np.bool_)
        for gate in range(value.extents[0] // layer.hidden) if gates is None else gates:
            own[np.arange(layer.hidden), gate * layer.hidden + np.arange(layer.hidden)] = True
        columns = [ENDS] * (value.rank - 1)
        reads.append(indexed(value, (unit, Sets(own)), *columns, where=_line(turn >= since)))
        reads.append(indexed(value, ENDS, *columns, where=_line(turn > since)))
    if layer.projection is not None:
        reads.append(indexed(layer.projection, ENDS, ENDS, where=_line(turn > 0)))
    return reads


def projected(b: Builder, y: Value, layer: Layer) -> Value:
    """Return the hidden states (..., batch, outputs) that a direction makes of what its units give."""
    matrix, unit = layer.projection, y.rank - 1
    if matrix is None:
        return y
    shape = (*y.extents[:-1], matrix.extents[0])
    return b.union(shape, along(y, {unit: ENDS}, channel=unit), indexed(matrix, unit, ENDS))


def _line(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_] | None:
    return None if flags.all() else flags[..., None]


def describe(b: Builder, layers: int, directions: str = "") -> None:
    """Say how many layers the node at hand has, and their direction where that is not forward alone."""
    b.node.kind = f"{layers} layer{'s' * (layers > 1)}" + (f", {directions}" if directions else "")


def pack_anywhere(b: Builder, x: Value, lengths: Value, shape: Sequence[int]) -> Value:
    """Return the steps (rows, ...) of samples of which data says how long they are."""
    some = Ends(ANYWHERE)
    return b.union(shape, indexed(x, some, some, *range(1, x.rank - 1)), all_of(lengths, some))


def anywhere(b: Builder, shape: Sequence[int], values: Iterable[Value]) -> Value:
    """Return a tensor of which data says which elements of ``values`` it reads."""
    return b.union(shape, *(all_of(value, Ends(ANYWHERE)) for value in values))
