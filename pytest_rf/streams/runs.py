"""The runs over a step model's calls: in theory what the steady ones read, and how far they move from one to the next.

A stream has no end. So its theoretical field is what one steady call reads, which the next repeats ``chunk`` positions
later: a periodic map like any other, of which a call's steps are the period. Tensors within a call are told by the
places of the call: place 0 stands for the first position of its chunk, and what lies before that is the past.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec import structs

from pytest_rf.access import Same
from pytest_rf.analysis.described import Described
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.domains import hull as hulls
from pytest_rf.domains import rims
from pytest_rf.domains.elementwise import Maps, State
from pytest_rf.domains.hull import ENDLESS, LIMIT, Hull
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.layout import Factor, Key, Keys, Layout, carried
from pytest_rf.domains.maps import Irregular, Lost, Map
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import settled
from pytest_rf.errors import UnknownError
from pytest_rf.graph import Join, Union
from pytest_rf.interpreter import Ignorance, Plan, run_total
from pytest_rf.streams.calls import Calls
from pytest_rf.streams.steady import alike_before, first_read, repeats_from
from pytest_rf.value import Value

PAST = Ignorance("its past has no end")
GROWS = Ignorance("it grows from call to call, so that no call is the stream's")


class StreamRuns(Runs):
    """All runs over the calls of a step model."""

    def __init__(
        self,
        about: Described,
        stream: Calls,
        planned: Plan | None = None,
        inputs: Mapping[str, Input] | None = None,
    ) -> None:
        """Make the plan, in which the steps of streams stand for their positions whatever a call made of its axes."""
        self.stream = stream
        super().__init__(about, planned, inputs)
        for number, one in stream.joined.items():
            known = self.plan.structures.get(number)
            if isinstance(known, Structure):
                self.plan.structures[number] = structs.replace(
                    known, layout=self._laid(known, one.axis, one.count), ties=self._untied(known)
                )
        for number in self._named - stream.joined.keys():
            known = self.plan.structures.get(number)
            if isinstance(known, Structure) and not self._is_input(number):
                grows = bool(stream.growing) and self._grows(number)
                self.plan.structures[number] = GROWS if grows else _placeless(known, stream.advance.keys())
        self._checked: dict[tuple[Counting, Key], bool] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what is pickled: what is said of the model; the runs are made again when they are needed."""
        return StreamRuns, (self.about, self.stream, None, self.inputs)

    # ------------------------------------------------------------------ what differs from a model that is called once

    def borderless(self, theory: bool) -> Keys:
        """Return the input axes without borders: that of the stream has some, but its calls do not meet them."""
        return super().borderless(theory) - self.stream.advance.keys()

    def rim(self, value: Value, key: Key, local: bool = False) -> rims.State | None:
        """Return nothing along the stream: what is not there at its beginning is the start-up, which is left out."""
        return None if key in self.stream.advance else super().rim(value, key, local)

    def twins(self, number: int) -> Iterable[int]:
        """Return the numbers of values that are the same tensor in other calls; of a stream those of its parts."""
        stream = self.stream
        if number in stream.joined:
            return stream.joined[number].parts
        own = stream.call_of(number)
        place = number - stream.starts[own]
        return [start + place for start in stream.starts[:-1] if start != stream.starts[own]]

    def states(self, number: int, operand: int) -> Mapping[str, int] | None:
        """Return the states by which an operand of a tensor comes in, if the call itself does not bring it."""
        stream = self.stream
        last = dict(zip(stream.links[-2], stream.states, strict=True)) if stream.calls > 1 else {}
        found: dict[str, int] = {}
        seen = {number}
        waiting = [stream.joined[number].parts[-1] if number in stream.joined else number]
        while waiting:
            transfer = self.plan.transfers.get(waiting.pop())
            for one in (
                () if transfer is None else dict.fromkeys(branch.operand for branch in transfer.branches)
            ):
                if one == operand:
                    return {}
                if one in last:
                    found[last[one]] = one
                elif one not in seen and not self.is_named(one):
                    seen.add(one)
                    waiting.append(one)
        return found or None

    def origin(self, value: Value, key: Key) -> Fraction:
        """Return the position of the chunk that the first step of a value stands for.

        What holds other positions than the call advances by ends where the chunk does; a cache with something of the
        call behind it begins before that, by what the cache holds.
        """
        number = value.number
        if key not in self.stream.advance or number in self.stream.joined or self._is_input(number):
            return super().origin(value, key)
        dims = self._dims(number, key)
        given = self.stream.inputs[key[0]].given
        if dims is None or dims[2] in (given, self.stream.advance[key]):
            return Fraction(0)
        behind = self._behind_state(number, key)
        if behind is not None:
            operand, offset = behind
            return self.origin(self.graph.values[operand], key) - Fraction(offset * dims[2], dims[1])
        return Fraction(given - dims[2])

    def _behind_state(self, number: int, key: Key) -> tuple[int, int] | None:
        """Return the last of what is laid end to end along the stream, and its first place; what moves none is it."""
        step = self.plan.makers.get(number)
        if step is None:
            return None
        action, known = step.action, self.plan.structures.get(number)
        if isinstance(action, Join) and isinstance(known, Structure):
            if key not in carried(known.layout[action.axis : action.axis + 1]):
                return None
            offset, operand = max(zip(action.offsets, action.operands, strict=True))
            return operand, offset
        if isinstance(action, Union):
            for read in action.reads:
                alike = all(isinstance(relation, Same) for _, relation in read.axes)
                if alike and self.graph.values[read.operand].shape == step.value.shape:
                    return read.operand, 0
        return None

    def seen(self, hull: Hull, counting: Counting, theory: bool, key: Key, number: int) -> Hull:
        """Return what a run knows of a value along an input axis: of the stream what all steady calls read."""
        if key not in self.stream.advance or self._is_input(number):
            return hull
        if theory:
            return self._steady(hull, key, number, self._recurs(counting, key))
        return hull if number in self.stream.joined else self._since(settled(hull), key, number)

    def of_element(
        self, kind: type[Maps], value: Value, key: Key, theory: bool, context: bool
    ) -> State | Ignorance | None:
        """Return what a domain of single elements knows of a value along one axis; None where nothing is read."""
        # In theory the last call tells all: what those before it give is not worked out.
        last = self._last(value) if theory and key in self.stream.advance else value
        found = super().of_element(kind, last, key, theory, context)
        if (
            key not in self.stream.advance
            or not isinstance(found, tuple)
            or isinstance(found, (Lost, Ignorance))
        ):
            return found
        if self._is_input(value.number) or (not theory and value.number in self.stream.joined):
            return found
        try:
            one = kind(Policy()).settled(found)
        except Irregular:
            return found
        call = self.stream.call_of(value.number)
        if not theory:
            return (_moved(one, -self.stream.advance[key] * call),)
        field = self.counted("full" if context else "local", value, key, True).hulls.get(key)
        if field is not None and (field.lo == -ENDLESS).any():
            return PAST
        dims = self._dims(value.number, key)
        if dims is None:
            return (_moved(one, -self.stream.advance[key] * call),)
        dim, period, jump = dims
        count = one.shape[dim]
        kept = np.arange(count - period, count) if count >= period else np.zeros(period, np.int64)
        arrays = one.each(lambda array: array.take(kept, axis=dim))
        calls = self.stream.calls - 1 if value.number in self.stream.joined else call
        still = Map(arrays, None)
        return (_moved(Map(still.arrays, still.with_jump(dim, jump)), -self.stream.advance[key] * calls),)

    def _last(self, value: Value) -> Value:
        """Return what the last call gives of a stream, if its axes are those of the stream; else the value itself."""
        one = self.stream.joined.get(value.number)
        known = None if one is None else self.plan.structures.get(one.parts[-1])
        whole = self.plan.structures.get(value.number)
        if one is None or not isinstance(known, Structure) or not isinstance(whole, Structure):
            return value
        alike = [len(axis) for axis in known.layout] == [len(axis) for axis in whole.layout]
        return self.graph.values[one.parts[-1]] if alike else value

    # ------------------------------------------------------------------ one call of many

    def _is_input(self, number: int) -> bool:
        return any(value.number == number for value in self.graph.inputs.values())

    def _grows(self, number: int) -> bool:
        """Return whether a value is larger than the same in the call before, as what comes of growing state is."""
        stream, values = self.stream, self.graph.values
        own = stream.call_of(number)
        before = number - stream.starts[own] + stream.starts[own - 1]
        return values[before].shape != values[number].shape

    def _since(self, hull: Hull, key: Key, number: int) -> Hull:
        """Return what a value within a call reads, by positions from the first of its chunk on."""
        distance = -self.stream.advance[key] * self.stream.call_of(number)
        return replace(hull, lo=hulls.shifted(hull.lo, distance), hi=hulls.shifted(hull.hi, distance))

    def _steady(self, hull: Hull, key: Key, number: int, recurs: bool) -> Hull:
        """Return what a value reads in all calls from some on."""
        stream = self.stream
        if hull.irregular:
            if recurs:
                raise UnknownError(
                    "unknown: it has no map along its other axes, and its past may have no end"
                )
            return hull
        joined = number in stream.joined
        call = stream.calls - 1 if joined else stream.call_of(number)
        lo, hi = hull.lo, hull.hi
        if recurs and call >= stream.steady:  # before that nothing is said to be without end
            lo = np.where(lo < stream.startup(key), -ENDLESS, lo)
        distance = -stream.advance[key] * call
        lo, hi = hulls.shifted(lo, distance), hulls.shifted(hi, distance)
        dims = self._dims(number, key)
        if dims is None:
            return replace(hull, lo=lo, hi=hi)
        dim, period, jump = dims
        count = lo.shape[dim]
        if count > 1 or joined:
            last = tuple([slice(None)] * dim + [slice(max(count - period, 0), count)])
            moving = bool((np.abs(hi[last]) < LIMIT).any() or (np.abs(lo[last]) < LIMIT).any())
            one = Hull(lo[last], hi[last], hull.jump)
            return hulls.shortest_period(replace(one, jump=one.with_jump(dim, jump if moving else 0)), dim)
        return replace(hull, lo=lo, hi=hi)

    def _dims(self, number: int, key: Key) -> tuple[int, int, int] | None:
        """Return the dimension of a value's places along the stream, its places a call, and how far these move on.

        None where its places lie along several dimensions, or do not move by whole positions in a call.
        """
        known = self.plan.structures.get(number)
        if not isinstance(known, Structure):
            return None
        layout = known.layout
        if number in self.stream.joined:
            one = self.stream.joined[number]
            return sum(map(len, layout[: one.axis])), one.count, self.stream.advance[key]
        factors = [factor for axis in layout for factor in axis]
        own = [place for place, factor in enumerate(factors) if key in factor.carries]
        if len(own) != 1:
            return None
        factor = factors[own[0]]
        jump = factor.strides[key] * factor.extent
        return (own[0], factor.extent, int(jump)) if jump and jump.denominator == 1 else None

    def _laid(self, known: Structure, axis: int, count: int) -> Layout:
        (factor,) = known.layout[axis]
        keys = frozenset(key for key in self.stream.advance if key[0] in known.inputs)
        steps = {key: Fraction(self.stream.advance[key], count) for key in keys}
        own = Factor(factor.extent, keys, keys, strides=steps)
        return (*known.layout[:axis], (own,), *known.layout[axis + 1 :])

    def _untied(self, known: Structure) -> dict[Key, frozenset[Any]]:
        """Return what ties a stream to the whole: that its calls lie end to end does not."""
        return {
            key: kept
            for key, ties in known.ties.items()
            if (
                kept := frozenset(
                    tie for tie in ties if key not in self.stream.advance or tie.why != "uneven"
                )
            )
        }

    def _recurs(self, counting: Counting, key: Key) -> bool:
        """Return whether, in one kind of run, anything of the state reads the first positions for ever.

        Raises:
            UnknownError: that is not settled within the calls that there are.
        """
        if (counting, key) not in self._checked:
            stream = self.stream
            wanted = [number for links in stream.links for number in links]
            found = run_total(self.plan, self.domain(counting, True), frozenset({key}), wanted)
            trace = [
                [
                    first_read(found.get(number, {}).get(key), stream.startup(key), place in stream.growing)
                    for place, number in enumerate(links)
                ]
                for links in stream.links
            ]
            at = repeats_from(trace, stream.first, alike_before(self.plan, stream.links, stream.growing))
            if at is None or at > stream.steady:
                raise UnknownError(
                    f"unknown: what the state reads is not the same from call to call within {stream.calls} calls"
                )
            self._checked[counting, key] = any(flags.any() for flags in trace[-1])
        return self._checked[counting, key]


def _placeless(known: Structure, keys: Collection[Key]) -> Structure:
    """Return the structure of a tensor within a call whose axis of one position a reshape has taken for none.

    What it reads of the stream is known as ever, and where along it a step stands is not: no step is its own.
    """
    lost = {key for key in keys if key[0] in known.inputs and not known.context.get(key)} - carried(
        known.layout
    )
    if not lost or not known.layout:
        return known
    number = next((n for n, axis in enumerate(known.layout) if len(axis) == 1 and axis[0].extent == 1), 0)
    first, *rest = known.layout[number]
    strides = {**first.strides, **dict.fromkeys(lost, Fraction(0))}
    own = (first._replace(carries=first.carries | lost, strides=strides), *rest)
    return structs.replace(known, layout=(*known.layout[:number], own, *known.layout[number + 1 :]))


def _moved(one: Map, distance: int) -> Map:
    first, *rest = one.arrays
    return Map((first + distance, *rest), one.jump)
