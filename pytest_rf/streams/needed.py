"""How much of a state is needed: which of its positions any output ever reads, also through the states after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.field import Field
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.units import positions
from pytest_rf.domains.domain import Beyond
from pytest_rf.domains.hull import Hull
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import Key
from pytest_rf.domains.maps import Lost, Map
from pytest_rf.domains.positions import Positions, members
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import settled
from pytest_rf.interpreter import Ignorance, Plan, plan, run, run_total
from pytest_rf.streams.calls import Calls
from pytest_rf.streams.growing import growth
from pytest_rf.streams.unrolling import Unrolled, unroll

MOST_CALLS = 4
"""So many times the calls of the stream are unrolled before how much is needed is not known."""


@dataclass(frozen=True, slots=True)
class State:
    """How much of a state is needed.

    Attributes:
        output: the output that is its value in the next call.
        axis: the axis along which it holds positions of the stream; None where it has one for all of the past, as a
            recurrent state has.
        length: how many positions it holds.
        needed: how many of them, from the newest on, any output ever reads; None where that is not known.
        grows: by how many positions it grows in a call.
    """

    output: str
    axis: int | None
    length: int
    needed: int | None
    grows: int = 0


def of(stream: Calls, runs: Runs) -> Mapping[str, State]:
    """Return how much of each state is needed, by the name of its input."""
    found: dict[str, State] = {}
    opened: dict[int, Opened] = {}
    for place, (name, output) in enumerate(stream.states.items()):
        shape = stream.call.inputs[name].extents
        newest = _newest(stream, runs, stream.links[-1][place], shape)
        axis = None if newest is None else newest[0]
        larger = growth(stream.call, name, output)
        if larger is not None:
            found[name] = State(output, larger.axis, shape[larger.axis], None, larger.by)
            continue
        # From the newest to the oldest; of those that are equally new the last ones are the newer.
        order = (
            [] if newest is None else sorted(range(len(newest[1])), key=lambda at: (newest[1][at], at))[::-1]
        )
        rising = order == [*range(len(order))][::-1]
        read = _read(stream, name, axis, opened, Intervals if rising else Positions)
        if read is None:
            needed = None
        elif newest is None:
            needed = int(bool(read))
        else:
            needed = max((order.index(at) + 1 for at in read), default=0)
        found[name] = State(output, axis, 1 if axis is None else shape[axis], needed)
    return found


def _newest(
    stream: Calls, runs: Runs, number: int, shape: tuple[int, ...]
) -> tuple[int, npt.NDArray[np.int64]] | None:
    """Return the axis along which a state holds positions of the stream, and the newest that each place reads."""
    known = runs.structure(runs.graph.values[number])
    if not isinstance(known, Structure):
        return None
    for key in stream.advance:
        known_hulls = run_total(runs.plan, Intervals(Policy(context=True)), frozenset({key}), {number})
        hulls = known_hulls.get(number, {})  # a state that is handed on as it was is a constant
        if key not in hulls:
            continue
        _, newest = positions(Field(known, hulls), key, shape)
        varying = [
            axis for axis, n in enumerate(shape) if n > 1 and (newest.max(axis) != newest.min(axis)).any()
        ]
        if len(varying) == 1:
            others = tuple(axis for axis in range(len(shape)) if axis != varying[0])
            return varying[0], newest.max(axis=others)
    return None


class Opened(NamedTuple):
    """Calls of which the state of the first is an input, and their plan."""

    made: Unrolled
    plan: Plan


Kind = type[Intervals] | type[Positions]
"""What is followed: intervals, of which the ends are told; or all places, where the newest are not the last ones."""


def _read(
    stream: Calls, name: str, axis: int | None, opened: dict[int, Opened], kind: Kind
) -> list[int] | None:
    """Return the places of a state, along an axis, that outputs of any later call read; None where that is not known.

    ``opened`` keeps what has been unrolled, by the number of calls.
    """
    key: Key = (name, 0 if axis is None else axis)
    if not stream.call.inputs[name].extents:
        return None
    for times in range(MOST_CALLS):
        calls = stream.calls << times
        if calls not in opened:
            if stream.growing:
                return None  # no two calls are alike
            graphs = [stream.call] * calls
            made = unroll(graphs, stream.states, stream.inputs, stream.outputs, opened=True)
            opened[calls] = Opened(made, plan(made.graph))
        made, planned = opened[calls]
        outputs = [value.number for value in made.graph.outputs.values() if value.varies]
        last = [value.number for links in made.states[-2:] for value in links]
        domain: Any = kind(Policy(context=True))
        known: Any = run(planned, domain, frozenset({key}), {*outputs, *last})
        if any(isinstance(planned.structures.get(number), Ignorance) for number in outputs):
            return None
        before, after = last[: len(last) // 2], last[len(last) // 2 :]
        try:
            if all(_alike(known, a, b, key) for a, b in zip(before, after, strict=True)):
                return sorted(set().union(*[_members(known, number, key) for number in outputs]))
        except Beyond:
            return None
    return None


def _map(known: Mapping[int, Mapping[Key, Any]], number: int, key: Key) -> Map | None:
    """Return the places that a value reads as a map of sets; of intervals each has its ends in it."""
    found = known.get(number, {}).get(key)
    if isinstance(found, (Lost, Ignorance)):
        raise Beyond(found.reason)
    if isinstance(found, Hull):
        whole = settled(found)
        lo, hi = np.broadcast_arrays(whole.lo, whole.hi)
        reads = lo <= hi
        bits = np.where(reads, 1, 0).astype(object) | (
            np.full(lo.shape, 1, object) << np.where(reads, hi - lo, 0).astype(object)
        ) * reads.astype(object)
        return Map((np.where(reads, lo, 0), np.asarray(bits, object)))
    return None if found is None else Positions(Policy()).settled(found)


def _alike(known: Mapping[int, Mapping[Key, Any]], a: int, b: int, key: Key) -> bool:
    one, other = _map(known, a, key), _map(known, b, key)
    if one is None or other is None:
        return all(found is None or not one_reads(found) for found in (one, other))
    if len(one.shape) != len(other.shape):
        return not one_reads(one) and not one_reads(other)
    return Positions(Policy()).alike(one.arrays, other.arrays)


def one_reads(one: Map) -> bool:
    """Return whether any element reads anything."""
    return bool((one.arrays[1] != 0).any())


def _members(known: Mapping[int, Mapping[Key, Any]], number: int, key: Key) -> set[int]:
    one = _map(known, number, key)
    if one is None:
        return set()
    first, bits = (np.broadcast_to(array, one.shape).ravel() for array in one.arrays)
    pairs = {(int(low), int(mask)) for low, mask in zip(first, bits, strict=True) if mask}
    return {place for low, mask in pairs for place in members(low, mask)}
