"""Profiles of long axes, of which only the borders and a period are looked at, say what those of all places say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_rf.access import Border, Taps
from pytest_rf.analysis.long_profile import LongProfile
from pytest_rf.analysis.profile import Profile
from pytest_rf.analysis.steps import Steps, strided
from pytest_rf.analysis.units import _mirrored
from pytest_rf.domains import stretched
from pytest_rf.domains.hull import CUT, Hull, Stretch
from pytest_rf.domains.instructions import Follow, Policy
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import NONE

BORDERS: list[Border] = ["drop", "drop", "edge", "reflect", "wrap"]


@st.composite
def lines(draw: st.DrawFn) -> tuple[Hull, int, Fraction]:
    """A stretched hull after some windows; the extent of the input, and the stride."""
    domain, key = Intervals(Policy()), ("x", 0)
    extent = size = draw(st.integers(60, 300))
    x, stride = stretched.point(extent, 0, 1), Fraction(1)
    for _ in range(draw(st.integers(0, 4))):
        period, advance = draw(st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 1), (3, 2), (1, 3)]))
        taps = st.lists(st.integers(-3, 3), min_size=1, max_size=3, unique=True).map(tuple)
        reads = tuple(draw(st.lists(taps, min_size=period, max_size=period)))
        output = max(1, size * period // advance + draw(st.integers(-3, 3)))
        relation = Taps(period, advance, reads, draw(st.sampled_from(BORDERS)))
        new = domain.follow(x, Follow(0, relation, size, output, False, NONE), key)
        same = draw(st.booleans()) and output == size
        x, size, stride = domain.union(x, new, key) if same else new, output, stride * advance / period
    return x, extent, stride


def of(*reads: int | None, stretch: Stretch) -> Hull:
    """Return the hull of places that read one position each, or nothing."""
    lo = [CUT if one is None else one for one in reads]
    hi = [-CUT if one is None else one for one in reads]
    return Hull(np.array(lo), np.array(hi), stretch=stretch)


REFLECTED = of(None, 6, None, None, None, 58, 56, stretch=Stretch(0, 33, 1, 1, 2))
"""The border behind reads again what the last places of the even part read."""


@settings(max_examples=400, deadline=None)
@example((REFLECTED, 60, Fraction(2)), 1, 0.0, 1)
@given(lines(), st.integers(1, 40), st.sampled_from([0.0, -np.inf]), st.sampled_from([1, 1, 3]))
def test_what_is_measured_is_the_same(
    line: tuple[Hull, int, Fraction], align: int, least: float, hop: int
) -> None:
    hull, extent, stride = line
    if hull.stretch is None or (hull.lo[hull.stretch.head :][: hull.stretch.period] >= CUT).any():
        return
    made = stretched.made(hull)
    low = np.where(made.lo >= CUT, np.inf, made.lo)
    full = Profile(low, np.where(made.hi <= -CUT, -np.inf, made.hi), 0)
    long = LongProfile(hull, lambda: full)
    about: list[Steps] = [replace(strided(stride), hop=hop), strided(stride, Fraction(5))]
    for steps in about:
        assert long.lookahead(steps) == full.lookahead(steps)
        assert long.lookback(steps) == full.lookback(steps)
        assert long.halo_within(align, steps, extent, least) == full.halo_within(align, steps, extent, least)
    assert stretched.is_mirrored(hull, extent) == _mirrored(made, (0,), extent)
