"""What the units of a tensor read along one input axis, as arrays that are no larger than they have to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.element_reads import Element
from pytest_rf.analysis.elements import reads
from pytest_rf.analysis.field import Field
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.units import Bounds
from pytest_rf.domains.layout import Key, carried
from pytest_rf.interpreter import Ignorance
from pytest_rf.witnesses.walking import Walker, middle

Numbers = npt.NDArray[np.int64]


class Span(NamedTuple):
    """First and last position that each unit reads, with extent 1 along the axes where all read the same.

    A unit that reads nothing has ``lo > hi``.
    """

    lo: Numbers
    hi: Numbers

    @property
    def reads(self) -> npt.NDArray[np.bool_]:
        """Which units read anything."""
        return np.asarray(self.lo <= self.hi)


@dataclass(frozen=True)
class Sight:
    """One tensor, looked at along one axis of one input.

    Attributes:
        tensor: the tensor.
        field: its field along the axis.
        local: whether what a finding is about leaves all context out.
        tile: what the borders of tiles are multiples of, where that is asked for.
    """

    tensor: Tensor
    field: AxisField
    local: bool = False
    tile: int | None = None

    @property
    def key(self) -> Key:
        """The input axis."""
        return self.field.key

    @property
    def extent(self) -> int:
        """The number of its positions."""
        return self.field.extent

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The extents of the tensor."""
        return self.tensor.value.extents

    @cached_property
    def walker(self) -> Walker | None:
        """What all values read for certain, by what counts here; None where that is not known."""
        runs = self.field.runs
        if not self.local:
            sure = self.field.upper_bound
            return Walker(runs, self.key, runs.guaranteed(self.key, uncertain=not sure), sure)
        if self.field.upper_bound:
            return None
        outcomes = runs.of_every_value(self.key, theory=False)
        hulls = {number: one.hulls for number, one in outcomes.items() if isinstance(one, Field)}
        return Walker(runs, self.key, hulls)

    @cached_property
    def certain(self) -> Span | None:
        """What the units read for certain, by what counts here."""
        bounds = None if self.walker is None else self.walker.bounds(self.tensor.number)
        return None if bounds is None or 0 in self.shape else _compact(bounds)

    @cached_property
    def near(self) -> Span | None:
        """What the units read without any context."""
        number, key = self.tensor.number, self.key
        outcome = self.field.runs.of_every_value(key, theory=False).get(number)
        if not isinstance(outcome, Field):
            return None
        bounds = Walker(self.field.runs, key, {number: outcome.hulls}).bounds(number)
        return None if bounds is None or 0 in self.shape else _compact(bounds)

    @cached_property
    def widest(self) -> Span:
        """What the units can read at the most: context and choices of data count."""
        return _compact(self.tensor.bounds(self.key[1], self.key[0], context=True))

    @cached_property
    def axis(self) -> int | None:
        """The tensor's axis that has the positions of the input axis, one place each; None where there is none."""
        layout = self.field.finite().layout
        found = [number for number, axis in enumerate(layout) if self.key in carried((axis,))]
        if len(found) != 1 or self.shape[found[0]] != self.field.count:
            return None
        return found[0]

    @cached_property
    def placeless(self) -> bool:
        """Whether the tensor has no position of the input axis left, so that its units stand for all of it."""
        return self.key not in carried(self.field.finite().layout)

    def along(self, places: Numbers) -> Numbers:
        """Return a number per place along :attr:`axis` so that it broadcasts against arrays of a span."""
        assert self.axis is not None
        return places.reshape([-1 if number == self.axis else 1 for number in range(len(self.shape))])

    def best(self, score: npt.NDArray[np.float64 | np.int64], where: npt.NDArray[np.bool_]) -> Element | None:
        """Return the unit with the largest score of those that are meant, the one nearest to the middle of several."""
        where = where & np.ones(score.shape, np.bool_)  # numpy broadcasts by name no more than 32 axes
        score = score + np.zeros(where.shape, np.int64)
        if not where.any():
            return None
        hits = np.argwhere(where & (score == score[where].max()))
        place = middle(hits, score.shape)
        return tuple(
            n if size > 1 else extent // 2
            for n, size, extent in zip(place, score.shape, self.shape, strict=True)
        )

    def holes(self, unit: Element) -> list[int]:
        """Return the positions between those that a unit reads that it does not read in any way."""
        found = reads(self.field.runs, self.tensor.value, self.key, unit, context=True)
        if isinstance(found, Ignorance) or not found:
            return []
        return sorted(set(range(found[0], found[-1] + 1)).difference(found))

    def unread(self) -> set[int]:
        """Return the positions that no unit reads in any way; none where that is not known."""
        found = reads(self.field.runs, self.tensor.value, self.key, [None] * len(self.shape), context=True)
        return set() if isinstance(found, Ignorance) else set(range(self.extent)).difference(found)


def at(array: Numbers, unit: Element) -> int:
    """Return what an array of a span holds for a unit."""
    return int(array[tuple(n if size > 1 else 0 for n, size in zip(unit, array.shape, strict=True))])


def around(unit: Element, axis: int | None, extent: int, most: int = 8) -> Iterator[Element]:
    """Yield a unit, and the next few along an axis."""
    for step in range(most if axis is not None else 1):
        for place in {-step, step}:
            moved = tuple(n + place if number == axis else n for number, n in enumerate(unit))
            if axis is None or 0 <= moved[axis] < extent:
                yield moved


def _compact(bounds: Bounds) -> Span:
    lo, hi = bounds
    first = tuple(
        slice(None) if low or high else slice(0, 1) for low, high in zip(lo.strides, hi.strides, strict=True)
    )
    return Span(lo[first], hi[first])
