"""The unit and the position that attain a figure which is too large, too small, or breaks a claim.

Every function looks at a tensor along one axis, and returns a claim: a unit, a position along the axis, and whether it
is read. None where no position of the actual input shows it, as where only a larger input would.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.element_reads import Element
from pytest_rf.domains.hull import has_endless
from pytest_rf.figures import Number
from pytest_rf.witnesses.seeing import Sight, around, at


class Claim(NamedTuple):
    """What a witness claims.

    Attributes:
        unit: the index of the unit; empty for all units of the tensor.
        position: the position along the input axis.
        reads: whether the unit reads it.
    """

    unit: Element
    position: int
    reads: bool


Look = Callable[[Sight], "Claim | None"]
"""Looks for what shows that something is wrong."""


def wider(sight: Sight, most: Number) -> Claim | None:
    """Return a unit whose field is larger than allowed, and the end of it that is the furthest from the unit."""
    span = sight.certain
    if span is None:
        return None
    size = span.hi - span.lo + 1
    unit = sight.best(size, span.reads & (size > float(most)))
    if unit is None:
        return None
    return Claim(unit, _furthest(sight, unit, at(span.lo, unit), at(span.hi, unit)), True)


def narrower(sight: Sight, least: Number) -> Claim | None:
    """Return a unit whose field is smaller than wanted, and the nearest position that it fails to read.

    Of a unit whose field is cut off by the border something is said only where none has its whole field inside.
    """
    span, last = sight.widest, sight.extent - 1
    size = span.hi - span.lo + 1
    open_ = span.reads & (size < float(least))
    inside = open_ & (span.lo > 0) & (span.hi < last)
    unit = sight.best(-size, inside)
    unit = unit or sight.best(-size, open_ & ((span.hi < last) | (span.lo > 0)))
    if unit is None:
        return None
    low, high = at(span.lo, unit), at(span.hi, unit)
    return Claim(unit, high + 1 if high < last else low - 1, False)


def ahead(sight: Sight, most: Number, shift: Number = 0) -> Claim | None:
    """Return a unit that reads further ahead of its step than allowed, and its last position.

    ``shift``: what look-ahead gains by where time is counted from.
    """
    return _beyond(sight, most, shift, forward=True)


def late(sight: Sight, most: Number) -> Claim | None:
    """Return a unit that waits longer than allowed for the chunk that its last position comes in, and that position."""
    reach, span, chunk = _reach(sight, 0, True), sight.certain, sight.field.chunk
    if span is None or reach is None:
        return ahead(sight, most)
    waits = reach + (-(span.hi + 1) % chunk)
    unit = sight.best(waits, span.reads & (waits > float(most)))
    return None if unit is None else Claim(unit, at(span.hi, unit), True)


def back(sight: Sight, most: Number, shift: Number = 0) -> Claim | None:
    """Return a unit that reads further back than allowed, and its first position."""
    return _beyond(sight, most, shift, forward=False)


def _beyond(sight: Sight, most: Number, shift: Number, forward: bool) -> Claim | None:
    span, reach = sight.certain, _reach(sight, shift, forward)
    if span is None:
        return None
    if sight.field.steps is None:
        return _of_all(sight, forward)
    if reach is None:
        return None
    unit = sight.best(reach, span.reads & (reach > float(most)))
    return None if unit is None else Claim(unit, at(span.hi if forward else span.lo, unit), True)


def _of_all(sight: Sight, last: bool) -> Claim | None:
    """Return a unit that has no place of its own, and the last or first position that it reads: none of them is its."""
    span = sight.certain
    unit = None if span is None else sight.best(span.hi - span.lo, span.reads & (span.hi > span.lo))
    if span is None or unit is None:
        return None
    return Claim(unit, at(span.hi if last else span.lo, unit), True)


def short_ahead(sight: Sight, least: Number, shift: Number = 0) -> Claim | None:
    """Return the unit that reads the furthest ahead, less than wanted, and the next position."""
    span, reach = sight.widest, _reach(sight, shift, True, certain=False)
    if reach is None:
        return None
    unit = sight.best(reach, span.reads & (reach < float(least)) & (span.hi < sight.extent - 1))
    return None if unit is None else Claim(unit, at(span.hi, unit) + 1, False)


def short_back(sight: Sight, least: Number, shift: Number = 0) -> Claim | None:
    """Return the unit that reads the furthest back, less than wanted, and the position before."""
    span, reach = sight.widest, _reach(sight, shift, False, certain=False)
    if reach is None:
        return None
    unit = sight.best(reach, span.reads & (reach < float(least)) & (span.lo > 0))
    return None if unit is None else Claim(unit, at(span.lo, unit) - 1, False)


def _reach(
    sight: Sight, shift: Number, forward: bool, certain: bool = True
) -> npt.NDArray[np.float64] | None:
    """Return how far each unit reads from what its step stands for."""
    span = sight.certain if certain else sight.widest
    if span is None or sight.axis is None or (steps := sight.field.steps) is None:
        return None
    places = np.arange(sight.shape[sight.axis])
    if forward:
        found = span.hi - sight.along(steps.ends(places)) / steps.scale
    else:
        found = sight.along(steps.begins(places)) / steps.scale - span.lo
    return np.asarray(found + float(shift))


def out_of_tile(sight: Sight, most: Number) -> Claim | None:
    """Return a unit that reads further out of its tile than allowed, on either side."""
    return outside(sight, most, True) or outside(sight, most, False)


def outside(sight: Sight, most: Number, before: bool) -> Claim | None:
    """Return a unit that reads further out of its tile than allowed, on one side.

    The tile is the one in which the first position lies that the unit stands for.
    """
    span, align = sight.certain, sight.tile
    if sight.field.steps is None:
        return _of_all(sight, not before)
    if span is None or align is None or sight.axis is None or (steps := sight.field.steps) is None:
        return None
    begin = sight.along(steps.begins(np.arange(sight.shape[sight.axis])) // steps.scale // align * align)
    if before:
        beyond, there = begin - span.lo, begin > 0
    else:
        beyond, there = span.hi - (begin + align - 1), begin + align < sight.extent
    unit = sight.best(beyond, span.reads & there & (beyond > float(most)))
    return None if unit is None else Claim(unit, at(span.lo if before else span.hi, unit), True)


def everything(sight: Sight) -> Claim | None:
    """Return a unit whose field grows with the extent, and the end of it that is the furthest from the unit."""
    field, span = sight.field, sight.certain
    hull = field.counted("guaranteed", True).hulls.get(field.key)
    if span is None or hull is None or not (has_endless(hull) or field.tied("window", "circular")):
        return None
    size = span.hi - span.lo + 1
    unit = sight.best(size, span.reads & (size > 1))
    return (
        None
        if unit is None
        else Claim(unit, _furthest(sight, unit, at(span.lo, unit), at(span.hi, unit)), True)
    )


def _furthest(sight: Sight, unit: Element, low: int, high: int) -> int:
    """Return the end of an interval that is the furthest from what the unit stands for."""
    if sight.axis is None or sight.field.steps is None:
        return high
    steps = sight.field.steps
    here = steps.begins(unit[sight.axis]) // steps.scale
    return low if here - low > high - here else high


def by_context(sight: Sight) -> Claim | None:
    """Return a unit, and a position that context alone brings it: the furthest from what it reads without."""
    span, near = sight.certain, sight.near
    if span is None:
        return None
    lo, hi = (0, -1) if near is None else (near.lo, near.hi)
    # What reads nothing of its own is context altogether.
    before = np.where(lo <= hi, lo - span.lo, span.hi - span.lo + 1)
    after = np.where(lo <= hi, span.hi - hi, span.hi - span.lo + 1)
    reach = np.maximum(before, after)
    unit = sight.best(reach, span.reads & (reach > 0))
    if unit is None:
        return None
    first = at(np.broadcast_to(before, reach.shape), unit) > at(np.broadcast_to(after, reach.shape), unit)
    return Claim(unit, at(span.lo if first else span.hi, unit), True)


def hole(sight: Sight) -> Claim | None:
    """Return a unit, and the position nearest to the middle of its field that it does not read."""
    span = sight.widest
    middle = sight.best(span.hi - span.lo, span.reads)
    if middle is None:
        return None
    for unit in around(middle, sight.axis, 0 if sight.axis is None else sight.shape[sight.axis]):
        found = sight.holes(unit)
        if found:
            centre = Fraction(at(span.lo, unit) + at(span.hi, unit), 2)
            return Claim(unit, min(found, key=lambda place: abs(place - centre)), False)
    return None


def unmirrored(sight: Sight) -> Claim | None:
    """Return a unit that reads a position whose mirror image its mirrored unit does not read."""
    span, last = sight.certain, sight.extent - 1
    if span is None or (sight.axis is None and not sight.placeless):
        return None
    dims = () if sight.axis is None or span.lo.shape[sight.axis] == 1 else (sight.axis,)
    alone = ~np.flip(span.reads, dims)
    for ends, beyond in (
        (span.lo, last - np.flip(span.hi, dims) - span.lo),
        (span.hi, span.hi - (last - np.flip(span.lo, dims))),
    ):
        unit = sight.best(beyond, span.reads & (alone | (beyond > 0)))
        if unit is not None:
            return Claim(unit, at(ends, unit), True)
    return None


def other_sample(sight: Sight) -> Claim | None:
    """Return a unit, and a sample that it reads and that is not its own."""
    span = sight.certain
    if span is None:
        return None
    several = span.reads & (span.hi > span.lo)
    unit = sight.best(span.hi - span.lo, several)
    rows = sight.shape[0] if sight.shape else 0
    counted = rows >= sight.extent and rows % sight.extent == 0
    if unit is not None:
        own = unit[0] * sight.extent // rows if counted else at(span.lo, unit)
        return Claim(unit, at(span.lo if at(span.hi, unit) == own else span.hi, unit), True)
    if not counted:
        return None
    owns = (np.arange(rows) * sight.extent // rows).reshape([-1] + [1] * (len(sight.shape) - 1))
    unit = sight.best(np.abs(span.lo - owns), span.reads & (span.lo != owns))
    return None if unit is None else Claim(unit, at(span.lo, unit), True)
