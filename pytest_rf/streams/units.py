"""What the units of an output read along one axis, one after the other, whatever they come of."""

from __future__ import annotations

import math
from fractions import Fraction
from math import lcm, prod
from typing import NamedTuple

import numpy as np

from pytest_rf.analysis.along import Along
from pytest_rf.analysis.elements import sets
from pytest_rf.analysis.profile import Profile
from pytest_rf.domains.layout import place_dims
from pytest_rf.domains.maps import Map
from pytest_rf.domains.positions import members
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import ModelError

LONGEST = 1 << 16
"""Fields with more positions are compared by their ends."""


class Read(NamedTuple):
    """What one unit reads.

    Attributes:
        lo, hi: the first and the last position; infinite without end, and ``lo > hi`` where nothing is read.
        holes: those between that it does not read, as far as they are known.
    """

    lo: float
    hi: float
    holes: frozenset[int] = frozenset()

    def positions(self) -> set[int]:
        """Return the positions of a field that has an end."""
        return set(range(int(self.lo), int(self.hi) + 1)) - self.holes if self.lo <= self.hi else set()


class Units:
    """The units of an output along one axis of an input.

    Attributes:
        along: the field.
        theory: whether there is a map on an input without end, so that there is a unit for every place.
        period: units after which what is read repeats, moved by ``jump`` positions; all units where there is no map.
    """

    def __init__(self, along: Along, actual: bool = False) -> None:
        """Read the field.

        Args:
            along: the field.
            actual: whether the units of the actual input are asked for, borders and all.

        Raises:
            ModelError: it has no units along this axis.
            UnknownError: the tensor is unknown.
        """
        self.along = along
        found = None if actual else along.profile(theory=True)
        self.theory = found is not None
        found = found or along.profile(theory=False)
        if found is None:
            raise ModelError(
                f"what the steps of the output read along {along.axis_name} lies along no axis of their own, so they "
                "cannot be compared"
            )
        self._profile: Profile = found
        self.period, self.jump = len(found.lo), found.jump
        self._sets, self._inner, self._dims = self._of_sets()

    @property
    def rate(self) -> Fraction:
        """Positions from one unit to the next; 0 where all read the same."""
        return Fraction(self.jump, self.period) if self.theory else Fraction(self.along.stride or 0)

    @property
    def count(self) -> int:
        """The number of units on the actual input."""
        return self.along.count

    def lookback(self) -> int:
        """Return the longest finite reach back, in positions, from the place that a unit has at an even rate."""
        units = range(self.period if self.theory else self.count)
        reach = [
            unit * self.rate - int(low) for unit in units if math.isfinite(low := self._profile.at(unit)[0])
        ]
        return max((math.ceil(one) for one in reach), default=0)

    def at(self, unit: int) -> Read:
        """Return what a unit reads."""
        lo, hi = self._profile.at(unit)
        if self._sets is None or not (math.isfinite(lo) and math.isfinite(hi)) or hi - lo >= LONGEST:
            return Read(lo, hi)
        index, distance, rest = [], 0, unit
        for dim, inner in zip(self._dims, self._inner, strict=True):
            place, rest = divmod(rest, inner)
            period = self._sets.shape[dim]
            distance += self._sets.moves(dim) * (place // period)
            index.append((dim, place % period))
        first, bits = (np.asarray(array) for array in self._sets.arrays)
        where = [0] * first.ndim
        for dim, place in index:
            where[dim] = place
        low, mask = int(first[tuple(where)]) + distance, int(bits[tuple(where)])
        if mask <= 0 or low != lo or low + mask.bit_length() - 1 != hi:
            return Read(lo, hi)  # what is accepted, or chosen by data, is counted in one of them only
        return Read(lo, hi, frozenset(set(range(int(lo), int(hi) + 1)) - set(members(low, mask))))

    def _of_sets(self) -> tuple[Map | None, list[int], list[int]]:
        known = self.along.runs.structure(self.along.value)
        found = sets(self.along, self.theory)
        if not isinstance(found, Map) or not isinstance(known, Structure):
            return None, [], []
        factors = [factor for axis in known.layout for factor in axis]
        dims = sorted(place_dims(known.layout, self.along.key))
        inner = [prod(factors[dim].extent for dim in dims[place + 1 :]) for place in range(len(dims))]
        return found, inner, dims


def common_period(one: Units, other: Units) -> int:
    """Return after how many units both repeat."""
    return lcm(one.period, other.period)
