"""Whether two nets are the same stream: unit for unit, the same positions read (SEMANTICS 10)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.doors import notebook
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.tensors import Tensor
from pytest_rf.errors import ModelError
from pytest_rf.streams.axes import TIME
from pytest_rf.streams.stream import Stream
from pytest_rf.streams.units import Read, Units, common_period

MOST_UNITS = 1 << 16
"""Where more units than this differ before they repeat they are not compared."""
MOST_PHASES = 1 << 8
"""So many units are looked at for how late a step model could be."""
_LISTED = 6
OTHER = "\0"
"""Stands for the offline model's name until that is known."""

Named = TypeVar("Named", Tensor, Input)


@dataclass(frozen=True)
class Comparison:
    """Whether two nets are the same stream; truthy if they are.

    Attributes:
        offline, step: the names of the two.
        output: the output whose unit is the first that differs, by its name in the step model; empty where none does.
        input: the input that it reads otherwise.
        axis: the axis along which.
        unit: the first unit that differs, after the start-up: its place along the axis, in the step model; None where
            none does, or it is none that differs.
        why: by what it differs, or what else keeps them from being the same; empty where they are the same.
        delay: by how many steps the step model's outputs come later; negative: earlier.
        startup: the units at the beginning that were left out, the most of all outputs.
        outputs: the outputs that were compared, by their names in the step model.
        ran: whether values were compared as well.
        ends_only: whether of some units only the first and the last position were compared, as holes between are not
            known.
    """

    offline: str
    step: str
    output: str = ""
    input: str = ""
    axis: str = ""
    unit: int | None = None
    why: str = ""
    delay: int = 0
    startup: int = 0
    outputs: tuple[str, ...] = ()
    ran: bool = False
    ends_only: bool = False

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        found: str = notebook().comparison(self)
        return found

    def __bool__(self) -> bool:
        """Return whether they are the same."""
        return not self.why

    def __str__(self) -> str:
        """Return the verdict in one line."""
        if self.why:
            return f"not the same: {self.why}"
        late = f", {abs(self.delay)} step{'s' * (abs(self.delay) != 1)} {'later' if self.delay > 0 else 'earlier'}"
        return f"{self.step} is the same stream as {self.offline}{late if self.delay else ''}"


class Pair(NamedTuple):
    """An output of either net, and the input axis that they are compared along."""

    offline: Along
    step: Along
    output: str


def compared(offline: Analysis, step: Analysis) -> Comparison:
    """Compare what two nets read.

    Args:
        offline: an offline model, or a step model's stream.
        step: likewise.

    Returns:
        The first unit that differs of the first output that does.

    Raises:
        ModelError: they have no inputs and outputs that could be compared.
    """
    result = Comparison(offline.name, step.name)
    delays: dict[str, int] = {}
    for pair in pairs(offline, step):
        found = _along(pair, is_stream(offline) or is_stream(step))
        outputs = tuple(dict.fromkeys((*result.outputs, pair.output)))
        ends_only = result.ends_only or found.ends_only
        startup = max(result.startup, found.startup)
        result = replace(result, startup=startup, outputs=outputs, ends_only=ends_only)
        if found.why:
            why = found.why.replace(OTHER, offline.name)
            return replace(
                found, offline=offline.name, step=step.name, startup=result.startup, outputs=outputs, why=why
            )
        delays[pair.output] = found.delay
    if len({*delays.values()}) > 1:
        told = ", ".join(f"{name!r} by {delay}" for name, delay in delays.items())
        return replace(result, why=f"its outputs are not late by one number of steps: {told}")
    return replace(result, delay=next(iter(delays.values()), 0))


def is_stream(analysis: Analysis) -> bool:
    """Return whether an analysis is that of a step model's stream."""
    return isinstance(analysis.stream, Stream)


# ------------------------------------------------------------------ what is compared with what


def pairs(offline: Analysis, step: Analysis) -> list[Pair]:
    """Return what is compared: every output, along the stream's axis, or along all spatial ones of offline models.

    Raises:
        ModelError: outputs or inputs do not pair, or none of the outputs reads such an axis.
    """
    streams = next((net for net in (step, offline) if is_stream(net)), None)
    outputs = matched("output", offline, _outputs(offline), step, _outputs(step))
    inputs = matched("input", offline, _inputs(offline, streams), step, _inputs(step, streams))
    found: list[Pair] = []
    for one, other in inputs:
        for number, twin in _axes(offline, step, one, other):
            for mine, yours in outputs:
                if one.name in mine.inputs or other.name in yours.inputs:
                    at = (
                        Along(offline.runs, mine.value, one, number),
                        Along(step.runs, yours.value, other, twin),
                    )
                    found.append(Pair(*at, yours.name))
    if not found:
        raise ModelError(
            f"{offline.name} and {step.name}: no output reads an axis that both have; call the axes alike that belong "
            "together: axes = { x = { t = 2 } }"
        )
    return found


def _outputs(net: Analysis) -> list[Tensor]:
    """Return the outputs that have units along an input: those of a stream, or all."""
    stream = net.stream
    if isinstance(stream, Stream):
        return [one for one in net.outputs if one.number in stream.joined]
    return [one for one in net.outputs if one.value.varies]


def _inputs(net: Analysis, streams: Analysis | None) -> list[Input]:
    """Return the inputs that are compared: those that are streamed, or all that have spatial axes."""
    if isinstance(net.stream, Stream):
        return [net.inputs[name] for name in net.stream.inputs]
    if streams is not None and isinstance(streams.stream, Stream):
        named = [net.inputs[name] for name in streams.stream.inputs if name in net.inputs]
        if len(named) == len(streams.stream.inputs):
            return named
    return [one for one in net.inputs.values() if one.axes] or [*net.inputs.values()]


def matched(
    kind: str, offline: Analysis, mine: Sequence[Named], step: Analysis, yours: Sequence[Named]
) -> list[tuple[Named, Named]]:
    """Return what belongs together: by name, or in order where there are equally many.

    Raises:
        ModelError: neither.
    """
    by_name = {one.name: one for one in mine}
    if mine and yours and all(other.name in by_name for other in yours):
        return [(by_name[other.name], other) for other in yours]
    if mine and len(mine) == len(yours):
        return list(zip(mine, yours, strict=True))
    told = [
        f"{net.name} has {listed([one.name for one in ends])}"
        for net, ends in ((offline, mine), (step, yours))
    ]
    several = not (is_stream(offline) or is_stream(step)) and len(mine) != len(yours)
    hint = (
        '; if one is called step by step, say which of these are its state: state = "auto" or pairs' * several
    )
    raise ModelError(
        f"the {kind}s of the two do not pair: {'; '.join(told)}; give them the same names, or equally many{hint}"
    )


def _axes(offline: Analysis, step: Analysis, one: Input, other: Input) -> list[tuple[int, int]]:
    """Return the axes of two inputs that are compared, by their numbers.

    Raises:
        ModelError: an offline model has no axis that the stream could be.
    """
    if is_stream(step) or is_stream(offline):
        return [(_stream_axis(offline, one, step, other), _stream_axis(step, other, offline, one))]
    return [(number, other.axes[name]) for name, number in one.axes.items() if name in other.axes]


def _stream_axis(net: Analysis, one: Input, twin: Analysis, other: Input) -> int:
    if isinstance(net.stream, Stream):
        return net.stream.inputs[one.name].along(net.stream.call.inputs[one.name].rank)
    if TIME in one.axes:
        return one.axes[TIME]
    assert isinstance(twin.stream, Stream)
    number = _stream_axis(twin, other, net, one)
    if len(one.shape) == len(other.shape) and number in one.axes.values():
        return number
    if len(one.axes) == 1:
        return next(iter(one.axes.values()))
    axes = ", ".join(f"{name} = {axis}" for name, axis in one.axes.items()) or "none"
    raise ModelError(
        f"{net.name}: which axis of input {one.name!r} is the stream's is not clear (there are {axes}); "
        f"name it: axes = {{ {one.name} = {{ t = ... }} }}"
    )


# ------------------------------------------------------------------ one output


def _along(pair: Pair, streamed: bool) -> Comparison:
    """Return whether the units of one output are the same along one axis."""
    offline, step = (Units(one, actual=not streamed) for one in (pair.offline, pair.step))
    about = Comparison("", "", pair.output, pair.step.input.name, pair.step.axis_name)
    if not streamed:
        return _actual(about, offline, step)
    first = max(_startup(offline), _startup(step))
    if not (offline.theory and step.theory):
        delay, units = 0, range(first, min(offline.count, step.count))
        # What a border cuts short is no unit of an endless stream.
        cut = [one.along.extent - 1 for one in (offline, step)]
        pick = [i for i in units if offline.at(i).hi < cut[0] and step.at(i).hi < cut[1]]
    else:
        period = common_period(offline, step)
        if period > MOST_UNITS:
            raise ModelError(
                f"output {pair.output!r}: its steps repeat after {period:,}, which are too many to compare"
            )
        # One more than repeat: what moves at another rate is somewhere else then.
        pick = [*range(first, first + period + 1)]
        delay = _delay(offline, step, pick)
    shift = max(_startup(step), _startup(offline) + delay, 0) - first if delay else 0
    first += shift
    ends_only = False
    for unit in (i + shift for i in pick):
        mine, yours = offline.at(unit - delay), step.at(unit)
        ends_only = ends_only or mine.holes is None or yours.holes is None
        if not mine.is_like(yours):
            why = _told(about, unit, mine, yours, delay)
            return replace(about, unit=unit, why=why, delay=delay, startup=first)
    if not pick:
        raise ModelError(
            f"output {pair.output!r}: after a start-up of {first} steps no unit is left to compare; give larger inputs"
        )
    return replace(about, output="", input="", axis="", delay=delay, startup=first, ends_only=ends_only)


def _actual(about: Comparison, offline: Units, step: Units) -> Comparison:
    """Return whether all units of the actual input are the same, those at its borders too."""
    counts, ends_only = (offline.count, step.count), False
    for unit in range(min(counts)):
        mine, yours = offline.at(unit), step.at(unit)
        ends_only = ends_only or mine.holes is None or yours.holes is None
        if not mine.is_like(yours):
            return replace(about, unit=unit, why=_told(about, unit, mine, yours, 0))
    if counts[0] != counts[1]:
        why = f"output {about.output!r} has {counts[1]} steps along {about.axis}, and {counts[0]} in {OTHER}"
        return replace(about, unit=min(counts), why=why)
    return replace(about, output="", input="", axis="", ends_only=ends_only)


def _startup(units: Units) -> int:
    """Return the units that the longest finite look-back needs: before that a stream has not begun."""
    stream, key = units.along.runs.about.stream, units.along.key
    missing = 0
    if isinstance(stream, Stream) and key in stream.advance:
        # What calls before the first would have been given, too, the first ones do not all have.
        missing = stream.startup(key) - stream.advance[key]
    return max(math.ceil((units.lookback() + missing) / units.rate), 0) if units.rate else 0


def _delay(offline: Units, step: Units, units: Sequence[int]) -> int:
    """Return by how many steps the step model is late: such that most units agree, if possible all."""
    if not offline.rate or offline.rate != step.rate:
        return 0
    candidates = {0: 0}
    for unit in units[: 2 * MOST_PHASES]:
        mine, yours = offline.at(unit), step.at(unit)
        for a, b in ((mine.hi, yours.hi), (mine.lo, yours.lo)):
            if math.isfinite(a) and math.isfinite(b):
                late = (int(a) - int(b)) / offline.rate
                if late.denominator == 1:
                    candidates[int(late)] = 0
    for one in candidates:
        candidates[one] = sum(offline.at(unit).is_like(step.at(unit + one)) for unit in units)
    best = max(candidates, key=lambda late: (candidates[late], -abs(late)))
    if candidates[best] == len(units) or candidates[best] > candidates[0]:
        return best
    # None makes any unit the same: the ends that most of them have in common tell how late it is.
    ends = {
        late: sum(offline.at(unit).hi == step.at(unit + late).hi for unit in units) for late in candidates
    }
    return max(ends, key=lambda late: (ends[late], late == 0, -abs(late)))


# ------------------------------------------------------------------ words


def _told(about: Comparison, unit: int, mine: Read, yours: Read, delay: int) -> str:
    late = f" ({abs(delay)} steps {'late' if delay > 0 else 'early'})" if delay else ""
    told = (
        f"step {unit} of {about.output!r} along {about.axis}{late} reads {_range(yours)} of {about.input!r}"
    )
    return f"{told}, and {_range(mine)} in {OTHER}{_difference(mine, yours)}"


def _range(read: Read) -> str:
    if read.lo > read.hi:
        return "nothing"
    if math.isinf(read.lo) and math.isinf(read.hi):
        return "everything"
    if math.isinf(read.lo):
        return f"everything up to {int(read.hi)}"
    if math.isinf(read.hi):
        return f"everything from {int(read.lo)} on"
    count = int(read.hi - read.lo) + 1 - len(read.holes or ())
    whole = f"{int(read.lo)} to {int(read.hi)}" if read.hi > read.lo else f"{int(read.lo)}"
    return f"{count} of {whole}" if read.holes else whole


def _difference(mine: Read, yours: Read) -> str:
    """Return which positions only one of them reads."""
    if any(math.isinf(end) for read in (mine, yours) for end in (read.lo, read.hi) if read.lo <= read.hi):
        return ""
    missing, more = mine.positions() - yours.positions(), yours.positions() - mine.positions()
    told = [f"{_several(missing)} missing"] * bool(missing) + [f"{_several(more)} too many"] * bool(more)
    return f": {' and '.join(told)}" if told else ""


def _several(positions: set[int]) -> str:
    first = sorted(positions)
    if len(first) > 2 and first[-1] - first[0] + 1 == len(first):
        return f"{first[0]} to {first[-1]} are"
    shown = ", ".join(map(str, first[:_LISTED])) + (" …" if len(first) > _LISTED else "")
    return f"{shown} {'is' if len(first) == 1 else 'are'}"


def listed(names: Sequence[str]) -> str:
    """Return names for a message."""
    return ", ".join(map(repr, names[:_LISTED])) + (" …" if len(names) > _LISTED else "") or "none"
