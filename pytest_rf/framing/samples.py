"""What is read of the samples that a front-end makes positions of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_rf.domains.hull import LIMIT, Hull
from pytest_rf.domains.hull import Positions as Places
from pytest_rf.errors import ModelError
from pytest_rf.framing.stages import Framing
from pytest_rf.limits import afford


def moved(framing: Framing, hull: Hull, actual: bool) -> Hull:
    """Return what is read of the samples where this is read of the positions; ``actual``: there is a first one.

    Raises:
        ModelError: the samples are too many to be counted.
    """
    farthest = max(int(np.abs(side[np.abs(side) < LIMIT]).max(initial=0)) for side in (hull.lo, hull.hi))
    if farthest * framing.hop + framing.window >= LIMIT:
        raise ModelError(f"{framing} makes more samples of {farthest} positions than can be counted")
    lo, hi = hull.lo, hull.hi
    for one in reversed(framing.stages):
        lo = _moved(lo, one.hop, -one.before)
        hi = _moved(hi, one.hop, one.window - 1 - one.before)
        if actual:
            lo = np.where(np.abs(lo) < LIMIT, np.maximum(lo, 0), lo)
    jump = None if hull.jump is None else tuple([framing.hop * one for one in hull.jump])
    rest = None if hull.rest is None else moved(framing, hull.rest, actual)
    return Hull(lo, hi, jump, hull.irregular, rest, hull.where)


def count(framing: Framing, positions: Sequence[int]) -> int:
    """Return how many samples these positions were computed from, together."""
    found = np.unique(np.asarray(positions, np.int64))
    for one in reversed(framing.stages):
        afford(found.size * one.window)
        first = np.maximum(found * one.hop - one.before, 0)
        behind = found * one.hop - one.before + one.window
        if one is framing.stages[0]:
            # In order windows begin and end in order, so each adds what lies behind the one before it.
            first[1:] = np.maximum(first[1:], behind[:-1])
            return int((behind - first).sum())
        found = np.unique(
            np.concatenate([np.arange(a, b) for a, b in zip(first, behind, strict=True)] or [found])
        )
    raise AssertionError("a front-end has a stage")


def _moved(places: Places, hop: int, distance: int) -> Places:
    """Return ``hop·places + distance``; marks stay what they are."""
    moved: Places = np.where(np.abs(places) < LIMIT, places * hop + distance, places)
    return moved
