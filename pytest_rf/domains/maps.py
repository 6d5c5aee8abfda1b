"""Domains that know something of every element: arrays over the factors of a layout, one of them of places.

What an operation on tensors does to such arrays is the same whatever they hold: sets of positions, or moments of a
distribution over them. A domain of this kind says what an element of the input holds, how two things that one element
reads are put together, and what is left to do once all are.

Along a factor without end the arrays hold one period, and the places move by ``jump`` from one to the next, as those
of hulls do (SEMANTICS 6). What has no such map is :class:`Irregular`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm, prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.domain import Beyond
from pytest_rf.domains.hull import LONGEST_PERIOD, ROOM
from pytest_rf.domains.instructions import (
    Policy,
)
from pytest_rf.limits import afford, afford_both, worked

Arrays = tuple[npt.NDArray[Any], ...]
Flags = npt.NDArray[np.bool_]


class Irregular(Beyond):
    """There is no periodic map, so that only the actual units tell; ``masked``: as a mask leaves out elements."""

    def __init__(self, reason: str, masked: bool = False) -> None:
        super().__init__(reason)
        self.masked = masked


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """What is known of the elements of a tensor.

    Attributes:
        arrays: one dimension per factor; the first array holds places, which jumps move.
        jump: for each dimension how far the places move per period; None if they move along none.
    """

    arrays: Arrays
    jump: tuple[int, ...] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of elements along each dimension: in one period, or 1 where all are alike."""
        return self.arrays[0].shape

    def moves(self, dim: int) -> int:
        """How far the places move along ``dim`` in one period."""
        return 0 if self.jump is None else self.jump[dim]

    def varies(self, dim: int) -> bool:
        """Whether elements along ``dim`` differ."""
        return self.shape[dim] > 1 or self.moves(dim) != 0

    def with_jump(self, dim: int, jump: int) -> tuple[int, ...] | None:
        """Return the jumps with that of ``dim`` replaced."""
        old = self.jump or (0,) * len(self.shape)
        new = (*old[:dim], jump, *old[dim + 1 :])
        return new if any(new) else None

    def at(self, dim: int, places: npt.NDArray[np.int64]) -> Arrays:
        """Return the elements ``places`` (a line) along ``dim``."""
        period, jump = self.shape[dim], self.moves(dim)
        afford(self.arrays[0].size // period * len(places))
        first, *rest = [array.take(places % period, axis=dim) for array in self.arrays]
        if jump:
            first = first + line_of(jump * (places // period), dim, first.ndim)
        return (first, *rest)

    def tiled(self, dim: int, times: int) -> Map:
        """Return the same map with a ``times`` longer period along ``dim``."""
        if times == 1:
            return self
        longer = self.at(dim, np.arange(self.shape[dim] * times))
        return Map(longer, self.with_jump(dim, self.moves(dim) * times))

    def each(self, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Arrays:
        """Return all arrays changed alike."""
        return tuple([change(array) for array in self.arrays])


Pieces = tuple[Map, ...]
"""A union: what each of the maps says. One that would only blow the arrays up (queries by keys), or that has no
common map, is put off: most often a contraction comes next."""


class Lost(NamedTuple):
    """In place of a union that has no map.

    Attributes:
        reason: why there is none.
        rank: the number of dimensions.
        masked: whether a mask has left out elements: who reads all of those that are left does not read everything.
    """

    reason: str
    rank: int
    masked: bool


def line_of(values: npt.NDArray[Any], dim: int, rank: int) -> npt.NDArray[Any]:
    """Return values along one of ``rank`` dimensions."""
    return values.reshape([-1 if d == dim else 1 for d in range(rank)])


class Algebra(ABC):
    """What a domain of maps holds of an element, and how that is put together."""

    def __init__(self, policy: Policy) -> None:
        """Take what the run counts."""
        self.policy = policy

    # ------------------------------------------------------------ what a domain of this kind says

    @abstractmethod
    def start(self, places: npt.NDArray[np.int64]) -> Arrays:
        """Return what input elements hold that lie at ``places``."""

    @abstractmethod
    def nothing(self, shape: Sequence[int]) -> Arrays:
        """Return what elements hold that read nothing."""

    @abstractmethod
    def both(self, a: Arrays, b: Arrays) -> Arrays:
        """Return what elements hold that read what ``a`` and ``b`` do; both broadcast against each other."""

    @abstractmethod
    def where(self, flags: Flags, arrays: Arrays) -> Arrays:
        """Return the arrays with nothing where a flag is not set."""

    @abstractmethod
    def placed(self, arrays: Arrays) -> Flags:
        """Return which elements have a place: not those that read nothing, or everything."""

    @abstractmethod
    def alike(self, a: Arrays, b: Arrays) -> bool:
        """Return whether two arrays of one shape hold the same; places count where there are any."""

    def everything(self, rank: int) -> Arrays | None:
        """Return what an element holds that reads all of an axis without end, of which nothing else is known."""
        return None

    @abstractmethod
    def endless(self, x: Map, dim: int) -> Arrays:
        """Return what an element holds that reads all of a dimension without end, along which ``x`` moves."""

    def finished(self, arrays: Arrays, counts: npt.NDArray[np.int64]) -> Arrays:
        """Return what elements hold once all of ``counts`` reads were put together."""
        return arrays

    @abstractmethod
    def reads_everything(self, x: Map) -> bool:
        """Return whether some element reads without end."""

    # ------------------------------------------------------------ what follows for maps

    def settled(self, x: Pieces) -> Map:
        """Return a union as one map."""
        return reduce(self.sum, x)

    def gathered_up(self, pieces: Sequence[Map]) -> Pieces:
        """Return a union; maps are added to one another where that does not blow them up."""
        found: list[Map] = []
        for one in pieces:
            for number, other in enumerate(found):
                room = prod(np.broadcast_shapes(one.shape, other.shape)) if not self.policy.endless else 0
                if room > max(ROOM, 2 * prod(one.shape), 2 * prod(other.shape)):
                    continue
                with suppress(Irregular):
                    found[number] = self.sum(other, one)
                    break
            else:
                found.append(one)
        return tuple(found)

    def sum(self, a: Map, b: Map) -> Map:
        """Return the map of elements that read what ``a`` and ``b`` do.

        Raises:
            Irregular: they have no common map.
        """
        a, b = self.common([a, b])
        afford_both(a.shape, b.shape)
        made = Map(self.both(a.arrays, b.arrays), a.jump or b.jump)
        for dim in range(len(made.shape)):
            made = self.shortest(made, dim) if made.moves(dim) else made
        return made

    def common(self, maps: Sequence[Map], apart: int | None = None) -> list[Map]:
        """Bring maps to common periods along all dimensions but ``apart``.

        Raises:
            Irregular: they move at different speeds, or never repeat together.
        """
        if all(one.jump is None for one in maps):
            return list(maps)
        movers = [bool(self.placed(one.arrays).any()) for one in maps]
        found = [one if moves else Map(one.arrays) for one, moves in zip(maps, movers, strict=True)]
        for dim in range(len(found[0].shape)):
            if dim == apart or not any(one.moves(dim) for one in found):
                continue
            speeds = {
                Fraction(one.moves(dim), one.shape[dim])
                for one, moves in zip(found, movers, strict=True)
                if moves
            }
            if len(speeds) > 1:
                raise Irregular("branches move at different speeds")
            common = lcm(*[one.shape[dim] for one in found])
            if common > LONGEST_PERIOD:
                raise Irregular("branches do not repeat together")
            found = [one.tiled(dim, common // one.shape[dim]) for one in found]
        return found

    def shortest(self, x: Map, dim: int) -> Map:
        """Return the same map over its smallest period."""
        period, jump = x.shape[dim], x.moves(dim)
        for length in range(1, period):
            if period % length == 0 and (jump * length) % period == 0:
                short = Map(x.at(dim, np.arange(length)), x.with_jump(dim, jump * length // period))
                if self.alike(short.tiled(dim, period // length).arrays, x.arrays):
                    return short
        return x

    def whole(self, x: Map, dim: int, endless: bool) -> Map:
        """Return the map of an element that reads all of a dimension."""
        if endless:
            return Map(self.endless(x, dim), x.with_jump(dim, 0))
        arrays, count = x.arrays, x.shape[dim]
        while arrays[0].shape[dim] > 1:  # halves, so that what is large is put together last
            size = arrays[0].shape[dim]
            head, middle, tail = (
                slice(0, size // 2),
                slice(size // 2, size - size % 2),
                slice(size - size % 2, None),
            )
            halves = [
                tuple([array[(slice(None),) * dim + (part,)] for array in arrays]) for part in (head, middle)
            ]
            joined = self.both(*halves)
            worked(len(arrays))
            if size % 2:
                last = tuple([array[(slice(None),) * dim + (tail,)] for array in arrays])
                joined = tuple([np.concatenate(pair, axis=dim) for pair in zip(joined, last, strict=True)])
            arrays = joined
        return Map(self.finished(arrays, np.array(count)), x.jump)

    def put_together(self, x: Map, dim: int, reads: Iterator[tuple[npt.NDArray[np.int64], Flags]]) -> Arrays:
        """Put together what elements read: for each tap the places, and which elements have that tap."""
        total: Arrays | None = None
        counts: npt.NDArray[np.int64] = np.zeros((), np.int64)
        for places, hits in reads:
            flags = line_of(hits, dim, len(x.shape))
            read = x.at(dim, np.where(hits, places, 0))
            worked(len(read))
            read = read if hits.all() else self.where(flags, read)
            total = read if total is None else self.both(total, read)
            counts = counts + flags
        assert total is not None
        return self.finished(total, counts)
