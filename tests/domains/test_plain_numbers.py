"""Maps of one interval, kept as two plain numbers, are those that arrays of one number give."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf import access
from pytest_rf.access import WHOLE, Taps
from pytest_rf.domains import hull, unions
from pytest_rf.domains.hull import CUT, ENDLESS, NOWHERE, Hull
from pytest_rf.domains.instructions import (
    Contract,
    Divide,
    EndToEnd,
    First,
    Follow,
    Instruction,
    Policy,
    Unite,
    arrangement,
)
from pytest_rf.domains.intervals import Intervals, Shortest
from pytest_rf.domains.seams import Seam

KEY = ("x", 1)
LEADS = frozenset({KEY})
NONE: frozenset[Any] = frozenset()
DOMAINS = (Intervals(Policy(endless=LEADS)), Shortest(Policy(endless=LEADS)))

JUMPS = st.sampled_from([None, (0, 1, 0), (0, 4, 0), (0, -2, 0)])
MARKS = [(CUT, -CUT), (NOWHERE, -NOWHERE), (-ENDLESS, ENDLESS), (-ENDLESS, 5), (3, ENDLESS)]
ENDS = st.one_of(st.tuples(st.integers(-9, 9), st.integers(0, 9)), st.sampled_from(MARKS))
WINDOWS = st.builds(
    access.window, st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(-2, 3)
)
RELATIONS = st.one_of(
    WINDOWS,
    st.builds(access.spread, st.integers(1, 4), st.integers(1, 3)),
    st.just(access.progression(9, -1)),
    st.just(Taps(2, 1, ((0,), ()))),
    st.just(access.Prefix()),
)


@st.composite
def instructions(draw: Any) -> Instruction:
    """What a plan can ask for of three dimensions, of which the second is without end."""
    dim = draw(st.integers(0, 2))
    leads = LEADS if dim == 1 else NONE
    kind = draw(st.sampled_from(["contract", "follow", "groups", "divide", "unite", "first", "arrange"]))
    if kind == "contract":
        return Contract(dim, draw(st.integers(1, 6)), leads)
    if kind == "follow":
        return Follow(1, draw(RELATIONS), 6, 6, draw(st.booleans()), LEADS)
    if kind == "groups":
        return Follow(2, access.groups(6, 4, 2), 6, 4, False, NONE)
    if kind == "divide":
        return Divide(dim, 2, 3, leads)
    if kind == "unite":
        return Unite(1, (6, 4), (LEADS, NONE), LEADS)
    if kind == "first":
        return First(dim, leads)
    return arrangement(draw(st.sampled_from([[2, 1, 0], [0, None, 1, 2], [1, 2], [0, 1, 2]])), 3)


def twins(ends: tuple[int, int], jump: tuple[int, ...] | None) -> tuple[Hull, Hull]:
    """The same hull of plain numbers and of arrays."""
    plain = hull.one(*ends, 3, jump)
    return plain, Hull(*(np.full((1, 1, 1), end) for end in ends), jump)


def told(one: Hull) -> Any:
    """All that a hull says."""
    return one.lo.tolist(), one.hi.tolist(), one.jump, one.irregular


@pytest.mark.parametrize("domain", DOMAINS)
@given(ENDS, JUMPS, st.lists(instructions(), min_size=1, max_size=1))
def test_instructions_do_the_same(
    domain: Intervals, ends: tuple[int, int], jump: tuple[int, ...] | None, program: list[Instruction]
) -> None:
    plain, arrays = twins(ends, jump)
    for do in program:
        rule = getattr(domain, type(do).__name__.lower())
        plain, arrays = rule(plain, do, KEY), rule(arrays, do, KEY)
    assert told(plain) == told(arrays)


@pytest.mark.parametrize("domain", DOMAINS)
@given(ENDS, JUMPS, ENDS, JUMPS)
def test_they_meet_alike(domain: Intervals, a: Any, jump: Any, b: Any, other: Any) -> None:
    one, two = twins(a, jump), twins(b, other)
    assert len({str(told(domain.union(x, y, KEY))) for x in one for y in two}) == 1


@given(ENDS, JUMPS, ENDS, JUMPS, st.booleans())
def test_they_lie_end_to_end_alike(a: Any, jump: Any, b: Any, other: Any, along: bool) -> None:
    leads = (LEADS, LEADS) if along else (NONE, NONE)
    do = EndToEnd(1 if along else 0, (0, 2), (2, 3), 5, leads, leads, Seam())
    one, two = twins(a, jump), twins(b, other)
    found = {str(told(unions.settled(DOMAINS[0].end_to_end([x, y], do, KEY)))) for x in one for y in two}
    assert len(found) == 1


def test_arrays_are_there_when_somebody_looks() -> None:
    one = hull.one(3, 5, 2, (0, 2))
    assert (one.shape, one.rank, one.period(0), one.is_one) == ((1, 1), 2, 1, True)
    assert told(pickle.loads(pickle.dumps(one))) == ([[3]], [[5]], (0, 2), "")
    assert one.lo.dtype == np.int64
    with pytest.raises(AttributeError, match="no attribute 'lows'"):
        one.lows  # type: ignore[attr-defined] # noqa: B018


def test_a_window_of_one_tap_in_place_moves_nothing() -> None:
    assert access.is_identity(access.window(1))
    assert not any(
        map(access.is_identity, (access.window(1, 2), access.window(1, pad=1), WHOLE, access.window(2)))
    )
    assert hash(access.groups(6, 4, 2)) == hash(Taps(2, 3, ((0, 1, 2),) * 2, selects=True))
