"""Positions as a domain: for each element the set of input positions that it reads, holes left out.

A set is a first position and a whole number whose bits say which positions from there on are in it. So a set costs as
many bits as its field is long, wherever on the axis it lies, and it is the same number for all elements of a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.domain import Beyond
from pytest_rf.domains.elementwise import Maps
from pytest_rf.domains.maps import Arrays, Flags, Irregular, Map

LARGEST_SETS = 1 << 28
"""The sets of one tensor along one axis have no more bits than this; beyond, what is read is not known."""

EVERYTHING = -1
"""The bits of a set without end."""

_length = np.frompyfunc(int.bit_length, 1, 1)
_count = np.frompyfunc(int.bit_count, 1, 1)


class Positions(Maps):
    """Arrays: the first position of every set, and its bits. A set without bits is empty."""

    def start(self, places: npt.NDArray[np.int64]) -> Arrays:
        """Return the sets of one position each."""
        return places, np.full(places.shape, 1, object)

    def nothing(self, shape: Sequence[int]) -> Arrays:
        """Return empty sets."""
        return np.zeros(shape, np.int64), np.full(shape, 0, object)

    def where(self, flags: Flags, arrays: Arrays) -> Arrays:
        """Return the sets that are flagged, and empty ones."""
        first, bits = np.broadcast_arrays(arrays[0], np.where(flags, arrays[1], 0))
        return first, bits

    def placed(self, arrays: Arrays) -> Flags:
        """Return which sets have a first position."""
        return (arrays[1] > 0).astype(bool)

    def alike(self, a: Arrays, b: Arrays) -> bool:
        """Return whether the sets are the same."""
        return bool((a[1] == b[1]).all() and (a[0] == b[0])[self.placed(a)].all())

    def reads_everything(self, x: Map) -> bool:
        """Return whether a set has no end."""
        return bool((x.arrays[1] < 0).any())

    def both(self, a: Arrays, b: Arrays) -> Arrays:
        """Return the unions of sets."""
        if a[1].size == 1 == b[1].size and a[1].flat[0] == b[1].flat[0] == EVERYTHING:
            return a
        has_a, has_b = (a[1] != 0).astype(bool), (b[1] != 0).astype(bool)
        first = np.where(has_a & has_b, np.minimum(a[0], b[0]), np.where(has_a, a[0], b[0]))
        shift_a, shift_b = (np.where(has, one[0] - first, 0) for has, one in ((has_a, a), (has_b, b)))
        bits = (a[1] << shift_a.astype(object)) | (b[1] << shift_b.astype(object))
        bits = np.asarray(bits, object)
        endless = (bits < 0).astype(bool)
        if endless.any():
            bits[endless] = EVERYTHING
        self._hold(bits)
        return first, bits

    def endless(self, x: Map, dim: int) -> Arrays:
        """Return what is read of a dimension without end: everything, if the sets leave nothing out.

        Raises:
            Irregular: they leave holes that repeat for ever.
        """
        jump = abs(x.moves(dim))
        first, bits = (np.moveaxis(array, dim, -1) for array in x.arrays)
        found = np.empty(first.shape[:-1], object)
        for place in np.ndindex(found.shape):
            residues: set[int] = set()
            for low, mask in zip(first[place].tolist(), bits[place].tolist(), strict=True):
                if mask < 0:
                    residues |= set(range(jump))
                residues |= {position % jump for position in members(low, max(mask, 0))}
            if residues and len(residues) < jump:
                raise Irregular("a field without end has holes", masked=True)
            found[place] = EVERYTHING if residues else 0
        found = np.expand_dims(found, dim)
        return np.zeros(found.shape, np.int64), found

    def _hold(self, bits: npt.NDArray[Any]) -> None:
        longest = int(np.max(_length(bits), initial=0))
        if longest * bits.size > LARGEST_SETS:
            raise Beyond(f"its sets of positions have more than 2^{LARGEST_SETS.bit_length() - 1} bits")


def sizes(bits: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return how many positions lie from the first to the last of each set."""
    return np.asarray(_length(bits)).astype(np.int64)


def counts(bits: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return how many positions are in each set."""
    return np.asarray(_count(bits)).astype(np.int64)


def members(first: int, bits: int) -> list[int]:
    """Return the positions of a set in order."""
    return [first + place for place, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"]
