"""The least period of a table, found by sums, is that which trying each in turn finds."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rf.access import Table
from pytest_rf.domains.periodic import repeating


def tried(places: list[int]) -> int:
    """Return the least period; 0 where there is none."""
    for period in range(1, len(places) // 2 + 1):
        advance = places[period] - places[0]
        if min(places[0], places[period]) < 0 or not advance:
            continue
        moved = (place + advance if place >= 0 else place for place in places)
        if all(later == place for place, later in zip(moved, places[period:], strict=False)):
            return period
    return 0


@st.composite
def tables(draw: st.DrawFn) -> list[int]:
    """Draw places that repeat, some of them with one that does not, and any."""
    if draw(st.booleans()):
        return draw(st.lists(st.integers(-1, 3), max_size=14))
    first = draw(st.lists(st.integers(-1, 12), min_size=1, max_size=5))
    advance, length = draw(st.integers(-3, 3)), draw(st.integers(1, 20))
    turns = [divmod(place, len(first)) for place in range(length)]
    places = [max(first[rest] + advance * turn, -1) if first[rest] >= 0 else -1 for turn, rest in turns]
    if draw(st.booleans()):
        places[draw(st.integers(0, length - 1))] = draw(st.integers(-1, 12))
    return places


@settings(max_examples=500, deadline=None)
@given(tables())
def test_it_is_the_one_that_trying_finds(places: list[int]) -> None:
    found = repeating(Table(np.array(places, np.int64)))
    period = tried(places)
    assert (found.period if found else 0) == period
    if found:
        assert found.advance == places[period] - places[0]
        assert found.taps == tuple((place,) if place >= 0 else () for place in places[:period])


LONG = 1 << 20
PLACES = {
    "one late": np.r_[np.arange(LONG - 1), 0],
    "an edge": np.minimum(np.arange(LONG), LONG - 5),
    "turned at the front": np.r_[2, 1, 0, np.arange(3, LONG)],
    "rolled": np.roll(np.arange(LONG), 7),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_million_places_that_nearly_repeat_take_no_time(name: str) -> None:
    begun = time.process_time()
    assert repeating(Table(PLACES[name].astype(np.int64))) is None
    assert time.process_time() - begun < 3
