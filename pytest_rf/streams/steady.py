"""After how many calls nothing changes any more, and what of the past never ends.

What a call computes depends on nothing but its own chunk and the state, and all calls are alike. So which elements of
the state read the first positions of the stream follows, from one call to the next, by one and the same rule from
which did before: once two calls in a row agree, all later ones do. An element that still reads the first positions
then reads them for ever, and by the same token everything since: a recurrence. Where no element does, nothing reads
further back than the calls so far. Nothing here is guessed from a trend.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.hull import Hull
from pytest_rf.domains.unions import settled

Flags = npt.NDArray[np.bool_]
Trace = Sequence[Sequence[Flags]]
"""For each call, for each state, which of its elements read the first positions of the stream."""


def first_read(hull: Hull | None, before: int) -> Flags:
    """Return which elements read anything before a position; those of a constant do not."""
    if hull is None:
        return np.zeros((), np.bool_)
    flags: Flags = settled(hull).lo < before
    return flags


def repeats_from(trace: Trace, first: int) -> int | None:
    """Return the call from which on the state reads of the first positions what it did a call before.

    Args:
        trace: what the state of each call reads of them.
        first: the first call that is given none of them itself.

    Returns:
        None where that is not so within the calls that there are.
    """
    for call in range(first + 1, len(trace)):
        if all(map(_alike, trace[call - 1], trace[call])):
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
