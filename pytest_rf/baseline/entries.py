"""What fails at one place: what findings say of it, and whether it is worse than what is known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pytest_rf.figures import Number, number, said
from pytest_rf.findings import Elsewhere, Finding, Measurement

#: Figures in floating point are the same up to this share of them.
_TOLERANCE = 1e-8

Range = tuple[Number, Number]


class Place(NamedTuple):
    """What fails, and where.

    Attributes:
        of: the requirement's text, or the code of a rule.
        tensor: the tensor.
        input: the input that it is about; may be empty.
        axis: the axis; may be empty.
    """

    of: str
    tensor: str
    input: str
    axis: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known to fail at a place.

    Attributes:
        place: the place.
        figures: the smallest and the largest of each figure, by its column (``rf``, ``halo_before``).
        undecidable: why it cannot be decided; None where it is decided.
    """

    place: Place
    figures: Mapping[str, Range]
    undecidable: str | None = None


@dataclass(frozen=True, slots=True)
class Failure(Entry):
    """What a finding says of a place.

    Attributes:
        comparator: how the figures were compared; empty where they were not.
        wanted: the number that they were compared with, where it is known.
    """

    comparator: str = ""
    wanted: Number | None = None


def failures(finding: Finding) -> Iterator[tuple[Failure, Elsewhere | None]]:
    """Yield what fails, at each tensor and axis that a finding tells of, with which of its ``others`` tells it."""
    for other in (None, *finding.others):
        at = finding if other is None else other
        for axis in at.axes or ("",):
            yield (
                Failure(
                    Place(finding.requirement or finding.code, at.tensor, at.input, axis),
                    {} if at.undecidable else dict(_figures(finding.metric, at.measured)),
                    at.reason if at.undecidable else None,
                    "" if finding.required is None else finding.required.comparator,
                    _wanted(finding),
                ),
                other,
            )


def worse(known: Entry, now: Failure) -> str:
    """Return how a failure is worse than what is known of its place, ``was 120, now 96``; empty where it is not."""
    if now.undecidable is not None:
        if known.undecidable == now.undecidable:
            return ""
        before = "could not be decided for another reason" if known.undecidable is not None else _told(known)
        return f"was {before}, now it cannot be decided" if known.undecidable is None else before
    if known.undecidable is not None and not known.figures:
        return f"could not be decided, now {_told(now)}"
    moved = [
        column
        for column, found in now.figures.items()
        if column not in known.figures or is_worse(known.figures[column], found, now)
    ]
    if not moved:
        return ""
    return f"was {_told(known, moved)}, now {_told(now, moved)}"


def is_worse(known: Range, found: Range, now: Failure) -> bool:
    """Return whether a figure lies farther from what is required than it did; any change where that is not said."""
    (low, high), (least, most) = known, found
    if now.comparator in (">=", ">"):
        return _below(least, low)
    if now.comparator in ("<=", "<"):
        return _below(high, most)
    if now.comparator == "==" and now.wanted is not None:
        return _below(_off(known, now.wanted), _off(found, now.wanted))
    return any(_below(one, other) or _below(other, one) for one, other in zip(known, found, strict=True))


def _wanted(finding: Finding) -> Number | None:
    value = None if finding.required is None else finding.required.value
    return None if value is None else number(value)


def _figures(metric: str, measured: tuple[Measurement, ...]) -> Iterator[tuple[str, Range]]:
    """Yield columns and figures; where data chooses what is read, from what is certain to the upper bound."""
    for one in measured:
        low = one.low if one.certain is None else one.certain[0]
        yield f"{metric}_{one.side}" if one.side else metric, (number(low), number(one.high))


def _below(one: Number, other: Number) -> bool:
    """Return whether a figure is smaller than another, with some slack in floating point."""
    if isinstance(one, float) or isinstance(other, float):
        return one < other and not math.isclose(one, other, rel_tol=_TOLERANCE)
    return one < other


def _off(found: Range, wanted: Number) -> Number:
    """Return how far a figure lies off a number at most."""
    below: Number = wanted - found[0]
    above: Number = found[1] - wanted
    return above if below < above else below


def _told(entry: Entry, columns: Sequence[str] | None = None) -> str:
    """Return figures in words, with their names where there are several that differ."""
    chosen = {
        column: _range(entry.figures[column])
        for column in (entry.figures if columns is None else columns)
        if column in entry.figures
    }
    if len(set(chosen.values())) == 1:
        return next(iter(chosen.values()))
    return ", ".join(f"{column.replace('_', ' ')} {text}" for column, text in chosen.items()) or "nothing"


def _range(figures: Range) -> str:
    low, high = (("yes" if end else "no") if isinstance(end, bool) else said(end) for end in figures)
    return high if low == high else f"{low} to {high}"
