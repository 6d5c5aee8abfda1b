"""After how many calls nothing changes any more, and what of the past never ends.

What a call computes depends on nothing but its own chunk and the state, and all calls are alike. So which elements of
the state read the first positions of the stream follows, from one call to the next, by one and the same rule from
which did before: once two calls in a row agree, all later ones do. An element that still reads the first positions
then reads them for ever, and by the same token everything since: a recurrence. Where no element does, nothing reads
further back than the calls so far. Nothing here is guessed from a trend.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.hull import Hull
from pytest_rf.domains.structure import Structure, same
from pytest_rf.domains.unions import settled
from pytest_rf.interpreter import Ignorance, Plan

Flags = npt.NDArray[np.bool_]
Links = Sequence[Sequence[int]]
"""For each call the numbers of the values of the state that it leaves behind."""

Trace = Sequence[Sequence[Flags]]
"""For each call, for each state, which of its elements read the first positions of the stream."""


def first_read(hull: Hull | None, before: int, whole: bool = False) -> Flags:
    """Return which elements read anything before a position; a constant does not. ``whole``: whether any does."""
    if hull is None:
        return np.zeros((), np.bool_)
    flags: Flags = settled(hull).lo < before
    return np.asarray(flags.any()) if whole else flags


def alike_before(plan: Plan, links: Links, growing: Collection[int] = ()) -> list[bool]:
    """Return for each call whether its state is made as that of the call before: whether one rule leads on.

    ``growing``: which states are larger in each call, so that they are not looked at.
    """
    fixed = [[number for place, number in enumerate(states) if place not in growing] for states in links]
    known = [[plan.structures.get(number) for number in states] for states in fixed]
    return [False] + [all(map(_same, before, after)) for before, after in pairwise(known)]


def _same(a: Structure | Ignorance | None, b: Structure | Ignorance | None) -> bool:
    return same(a, b) if isinstance(a, Structure) and isinstance(b, Structure) else type(a) is type(b)


def repeats_from(trace: Trace, first: int, alike: Sequence[bool]) -> int | None:
    """Return the call from which on the state reads of the first positions what it did a call before.

    Args:
        trace: what the state of each call reads of them.
        first: the first call that is given none of them itself.
        alike: for each call whether its state is made as that of the call before is.

    Returns:
        None where that is not so within the calls that there are.
    """
    for call in range(first + 1, len(trace)):
        if alike[call] and all(map(_alike, trace[call - 1], trace[call])):
            return call
    return None


def _alike(a: Flags, b: Flags) -> bool:
    if (
        a.ndim and b.ndim and a.ndim != b.ndim
    ):  # other factors: what they hold is the same only if it is nothing
        return not a.any() and not b.any()
    one, other = np.broadcast_arrays(a, b)
    return bool((one == other).all())


def settled_calls(inputs: Sequence[tuple[int, int]]) -> int:
    """Return the first call that is given none of the first chunk's positions, by (given, advance) of each input."""
    return max(-(-given // advance) for given, advance in inputs)
