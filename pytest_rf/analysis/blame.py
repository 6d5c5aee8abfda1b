"""Every operator that breaks a promise about an axis: those that look ahead, and those that read without end.

Behind an attention or a norm over time everything reads everything, and tells nothing of what else looks ahead. So
the operators are gone through in order, and one that reads without end is noted and taken to read, from there on, what
its steps stand for and no more than its operands do beyond that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

from pytest_rf.analysis.along import plain
from pytest_rf.analysis.branches import operands
from pytest_rf.analysis.healed import Healed
from pytest_rf.analysis.metrics import METRICS, AxisField, Origin
from pytest_rf.analysis.paths import Growth, lasting, trace
from pytest_rf.domains.hull import has_endless
from pytest_rf.domains.structure import Structure
from pytest_rf.figures import Number

Does = Literal["ahead", "statistics", "data", "mixes", "grid", "window", "circular"]
"""What an operator does: looks ahead by so much, brings in statistics of the whole axis, lets data choose what is read,
mixes the whole axis, or ties what it makes to the whole extent (:mod:`pytest_rf.domains.ties`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An operator that breaks a promise.

    Attributes:
        number: the number of the value that it makes.
        does: what it does.
        ahead: how far its result reads ahead; infinite where it reads without end.
        adds: by how much that is more than its operands do.
        step: the step of the actual input that reads the furthest ahead; None where none does.
        ends: the last position that this step stands for.
        reads: the position that it reads.
    """

    number: int
    does: Does
    ahead: Number = math.inf
    adds: Number = math.inf
    step: int | None = None
    ends: Number | None = None
    reads: int | None = None


def looking_ahead(end: AxisField, origin: Origin = "end") -> list[Cause]:
    """Return the operators on the way to a field's tensor that look ahead for good, in the order of the graph.

    What a later operator takes back (a crop, padding on the left) is none. Where the positions of an operator's result
    lie along several axes, or not evenly, nothing is known of it, and what it does is laid on what comes after it.

    Raises:
        UnknownError: the tensor is unknown.
    """
    shift = METRICS["lookahead"].shift
    assert shift is not None

    def ahead(at: AxisField) -> Number | None:
        found = at.lookahead
        steps = at.steps if found is not None and math.isfinite(found) else None
        return found if found is None or steps is None else plain(Fraction(found) + shift(steps.pace, origin))

    if end.runs.about.stream is not None:
        return _on_path(end, ahead)
    one = _Pass(end, ahead)
    causes = [
        _placed(
            one,
            Cause(number=step.number, does="ahead", ahead=step.total, adds=step.growth),
        )
        for step in one.lasting()
    ]
    return sorted([*one.endless, *causes], key=lambda cause: cause.number)


def unbounded(end: AxisField) -> list[Cause]:
    """Return the operators on the way to a field's tensor whose reads grow with the extent, in the order of the graph.

    Raises:
        UnknownError: the tensor is unknown.
    """

    def grows(at: AxisField) -> Number | None:
        hull = at.counted("guaranteed", True).hulls.get(at.key)
        return 0 if hull is None or not (has_endless(hull) or min(hull.jump or (0,)) < 0) else math.inf

    if end.runs.about.stream is not None:
        return _on_path(end, grows)
    one = _Pass(end, grows)
    known = {cause.number for cause in one.endless}
    structure = end.runs.structure(end.value)
    ties = structure.ties.get(end.key, ()) if isinstance(structure, Structure) else ()
    why = {tie.node: tie.why for tie in ties}
    tied = [
        Cause(number=number, does=does)
        for number in one.operands
        if (does := why.get(end.runs.plan.makers[number].node.index)) in ("window", "circular")
        and number not in known
    ]
    return sorted([*one.endless, *tied], key=lambda cause: cause.number)


def _on_path(end: AxisField, measure: Callable[[AxisField], Number | None]) -> list[Cause]:
    """Return the operators along whose results a figure grew: of a step model, whose calls read each other's state."""
    runs = end.runs
    steps = trace(runs, end.value.number, end.input, end.axis, measure)
    found = []
    for step in (one for one in steps if one.growth > 0 and one.total > 0):
        at = replace(end, value=runs.graph.values[step.number])
        endless: Does = "statistics" if runs.plan.makers[step.number].node.name in at.context else "mixes"
        does: Does = "ahead" if math.isfinite(step.total) else endless
        found.append(Cause(number=step.number, does=does, ahead=step.total, adds=step.growth))
    return found


@dataclass(slots=True)
class _Pass:
    """The way to a tensor, operator by operator.

    Attributes:
        end: the field of the tensor.
        measure: what is looked at.
        healed: the runs.
        operands: named value -> its named operands, in the order of the graph.
        levels: named value -> what was measured there, once it has been healed; None where there is no such figure.
        reached: the same; where there is no such figure, the largest of the value's operands.
        endless: what reads without end.
    """

    end: AxisField
    measure: Callable[[AxisField], Number | None]
    healed: Healed = field(init=False)
    operands: dict[int, list[int]] = field(init=False, default_factory=dict)
    levels: dict[int, Any] = field(init=False, default_factory=dict)
    reached: dict[int, Number] = field(init=False, default_factory=dict)
    endless: list[Cause] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        runs = self.end.runs
        self.healed = Healed(runs, self.end.key)
        needed = {self.end.value.number}
        for number, transfer in reversed(runs.plan.transfers.items()):
            if number in needed:
                needed.update(branch.operand for branch in transfer.branches)
        for number in [one for one in runs.plan.transfers if one in needed]:
            self.healed.make(number)
            if runs.is_named(number):
                self.operands[number] = operands(runs, number)[0]
                self.levels[number] = found = self.looked_at(number)
                before = (self.level(one) for one in self.operands[number])
                self.reached[number] = max(before, default=0) if found is None else found

    def at(self, number: int) -> AxisField:
        """Return the field of a value."""
        return AxisField(self.healed, self.healed.graph.values[number], self.end.input, self.end.axis)

    def looked_at(self, number: int) -> Number | None:
        """Return the figure of a value; what reads without end, though its operands do not, is noted and healed."""
        at = self.at(number)
        found = self.measure(at)
        before = max([-math.inf, *(self.level(operand) for operand in self.operands[number])])
        if found is None or before == math.inf:
            return found
        cause = Cause(number=number, does=self.does(number))
        if found == math.inf:
            ahead = max(math.floor(before), 0) if math.isfinite(before) else 0
            self.endless.append(_placed(self, cause))
            return ahead if self.healed.heal(at.value, at.steps, ahead) else found
        if found > max(before, 0) and self.tie(number, "ahead") == "circular":
            self.endless.append(_placed(self, replace(cause, ahead=found, adds=found - max(before, 0))))
            return self.measure(self.at(number)) if self.healed.without_ends(at.value) else found
        return found

    def level(self, number: int) -> Number:
        """Return the figure of a value; where it has none, the largest of its operands; of an input it is 0."""
        return self.reached.get(number, 0)

    def does(self, number: int) -> Does:
        """Return what an operator does that reads without end."""
        runs = self.end.runs
        at, node = self.at(number), runs.plan.makers[number].node
        if node.name in at.context:
            return "statistics"
        chosen = at.upper_bound and not at.rounded
        if chosen and not any(self.at(operand).upper_bound for operand in self.operands[number]):
            return "data"
        return self.tie(number, "mixes")

    def tie(self, number: int, otherwise: Does) -> Does:
        """Return by what an operator ties its result to the whole extent; what is given where it does not."""
        at, node = self.at(number), self.end.runs.plan.makers[number].node
        whys: tuple[Does, ...] = ("grid", "window", "circular")
        return next((why for why in whys if node.name in at.tied(why)), otherwise)

    def lasting(self) -> Iterator[Growth]:
        """Yield the steps above 0 by which the figure grew, on every way that still has one above 0 at its end."""
        judged: set[int] = set()
        begun = {self.end.value.number}
        waiting: list[tuple[int, list[int]]] = [(self.end.value.number, [])]
        while waiting:
            start, tail = waiting.pop()
            way = self.way(start)
            whole = [*way, *tail]
            stations = self.alone(whole)
            for step in lasting(stations, self.at) if stations[-1][1] > 0 else ():
                if step.growth > 0 and step.total > 0 and step.number in way and step.number not in judged:
                    yield step
            judged.update(way)
            for place, number in enumerate(way):
                for other in self.operands.get(number, ()):
                    if other not in begun and other not in way and self.level(other) > 0:
                        begun.add(other)
                        waiting.append((other, whole[place:]))

    def way(self, number: int) -> list[int]:
        """Return the values from an input to one of them, of operands along that with the largest figure."""
        found = [number]
        while self.operands.get(number):
            number = max(self.operands[number], key=self.level)
            found.append(number)
        return found[::-1]

    def alone(self, way: Sequence[int]) -> list[tuple[int, Number]]:
        """Return values with the figures that they had if nothing but this way led to them."""
        found: list[tuple[int, Number]] = [(way[0], self.level(way[0]))]
        for number in way[1:]:
            adds = self.level(number) - max(map(self.level, self.operands[number]))
            found.append((number, found[-1][1] + (adds if math.isfinite(adds) else 0)))
        return found


def _placed(one: _Pass, cause: Cause) -> Cause:
    """Return a cause with the step of the actual input that reads the furthest ahead."""
    at = one.at(cause.number)
    steps, own = at.steps, at.profile(theory=False)
    if steps is None or own is None:
        return cause
    best: tuple[float, int, int, float] | None = None
    for places, _, highest in own.pieces():
        ends = steps.ends(places)
        beyond = highest * steps.scale - ends
        place = int(beyond.argmax())
        if best is None or beyond[place] > best[0]:
            best = float(beyond[place]), int(places[place]), int(ends[place]), float(highest[place])
    if best is None or best[0] <= 0 or not math.isfinite(best[3]):
        return cause
    return replace(cause, step=best[1], ends=plain(Fraction(best[2], steps.scale)), reads=int(best[3]))
