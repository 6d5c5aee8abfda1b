"""What holds of a model today, as requirements: those figures that people rely on, and that say something."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from pytest_rf.analysis import Analysis
from pytest_rf.checks.subject import Place, Subject
from pytest_rf.errors import RFError
from pytest_rf.figures import Number, written
from pytest_rf.requirements import Settings, parse
from pytest_rf.requirements import holds as held


class Stated(NamedTuple):
    """A requirement, and a word on what it means."""

    text: str
    why: str


def holding(analysis: Analysis) -> list[Stated]:
    """Return requirements that hold of a model; none where nothing can be said of it."""
    found = [one for one in _candidates(analysis) if holds(analysis, one.text)]
    return found or [one for one in _LAST if holds(analysis, one.text)]


def holds(analysis: Analysis, text: str) -> bool:
    """Return whether a requirement can be held against a model, and holds."""
    try:
        return held(analysis, parse(text))
    except RFError:
        return False


#: What is asked of a model of which nothing else can be said.
_LAST = (
    Stated("final is bounded", "what a unit reads does not grow with the input"),
    Stated("final is independent", "no sample reads another one of its batch"),
)


def _candidates(analysis: Analysis) -> Iterator[Stated]:
    subject = Subject(analysis, Settings())
    sizes, guarantees = list(subject.finals()), list(subject.finals(guarantee=True))
    yield from _each("rf", ">=", sizes, _smallest, min, _seen)
    yield from _each("stride", "==", sizes, lambda place: place.field.stride or None, max, _apart)
    causal = Stated("final is causal", "no step reads ahead: it can run on a stream")
    if holds(analysis, causal.text):
        yield causal
    elif any(place.axis == "t" for place in sizes):
        yield from _each("lookahead", "<=", guarantees, _lookahead, max, _ahead)
    yield from _each("halo", "<=", guarantees, _halo, max, _overlapping)


def _each(
    metric: str,
    comparator: str,
    places: Iterable[Place],
    read: Callable[[Place], Number | None],
    worst: Callable[[Iterable[Number]], Number],
    why: Callable[[Number, list[Place]], str],
) -> Iterator[Stated]:
    """Yield a requirement on a metric for all axes, or one for each where they differ."""
    axes: dict[str, list[Place]] = {}
    for place in places:
        axes.setdefault(place.axis, []).append(place)
    figures: dict[str, Number] = {}
    for axis, some in axes.items():
        readings = [one for one in map(read, some) if one is not None]
        if len(readings) == len(some):
            figures[axis] = worst(readings)
    same = len(set(figures.values())) == 1 and figures.keys() == axes.keys()
    for axis, figure in [*figures.items()][: 1 if same else None]:
        shown = [place for one in axes.values() for place in one] if same else axes[axis]
        where = "" if same else f".{axis}"
        if not math.isinf(figure):
            yield Stated(
                f"final {metric}{where} {comparator} {written(Fraction(figure))}", why(figure, shown)
            )
        elif comparator == ">=":
            yield Stated(f"final {metric}{where} >= input", "a unit sees the whole axis")


def _smallest(place: Place) -> Number:
    """Return the size that is certain of every unit."""
    field = place.field
    low: Number = field.rf_certain[0] if field.upper_bound else field.rf_range[0]
    return low


def _lookahead(place: Place) -> Number | None:
    return place.field.lookahead


def _halo(place: Place) -> Number | None:
    sides = place.field.halo
    return None if sides is None else max(sides)


def _seen(figure: Number, places: list[Place]) -> str:
    largest = max(place.field.rf_range[1] for place in places)
    if largest != figure and not math.isinf(largest):
        return f"what a unit sees at least; {written(Fraction(largest))} at most"
    return "what a unit sees"


def _apart(figure: Number, places: list[Place]) -> str:
    return (
        f"a step is {'one input position' if figure == 1 else f'{written(Fraction(figure))} input positions'}"
    )


def _ahead(figure: Number, places: list[Place]) -> str:
    return "steps that it waits for"


def _overlapping(figure: Number, places: list[Place]) -> str:
    return "context that a tile needs on either side"
