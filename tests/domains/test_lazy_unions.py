"""Unions and masks that are put off, since their tables would be large, say the same as those that are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.access import WHOLE, Relation, Sets, Table, window
from pytest_rf.domains import bounded, ends, flagged, hull, span, unions
from pytest_rf.domains.hull import CUT, NOWHERE, Hull
from pytest_rf.domains.instructions import Contract, Divide, EndToEnd, Follow, Policy, Unite, arrangement
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import NONE
from pytest_rf.domains.seams import Seam


@contextmanager
def put_off() -> Iterator[None]:
    """Put off what only large arrays are put off for, and look at them in small blocks."""
    with (
        patch.multiple(hull, ROOM=1, PAIRS=1, LARGE=1),
        patch.object(span, "BLOCK", 3),
        patch.object(flagged, "PIECE", 4),
    ):
        yield


def bounds(graph: Graph) -> dict[tuple[str, str, int], list[np.ndarray]]:
    analysis = pytest_rf.analyze(graph.analysed())
    return {
        (tensor, name, axis): list(analysis[tensor].bounds(axis, name, context=True))
        for tensor in graph.tensors
        if analysis[tensor].status != "unknown"
        for name, source in analysis.inputs.items()
        for axis in range(len(source.shape))
    }


_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@settings(max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW)
@given(graphs(inputs=2, nodes=(3, 15)))
def test_unions_that_are_put_off_are_the_same(graph: Graph) -> None:
    made = bounds(graph)
    report = pytest_rf.analyze(graph.analysed()).to_dict()
    with put_off():
        later = bounds(graph)
        assert pytest_rf.analyze(graph.analysed()).to_dict() == report
    for key, (lo, hi) in made.items():
        np.testing.assert_array_equal(later[key][0], lo, err_msg=str(key))
        np.testing.assert_array_equal(later[key][1], hi, err_msg=str(key))


@st.composite
def parts(draw: st.DrawFn, shape: tuple[int, ...]) -> Hull:
    """A hull along some of the dimensions, with marks or none, perhaps under a mask along others."""
    own = [n if draw(st.booleans()) else 1 for n in shape]
    size = int(np.prod(own))
    numbers = st.integers(0, 9) | st.sampled_from([CUT, NOWHERE])
    low = np.array(draw(st.lists(numbers, min_size=size, max_size=size)), np.int64)
    width = np.array(draw(st.lists(st.integers(0, 4), min_size=size, max_size=size)), np.int64)
    where = None
    if draw(st.booleans()):
        flagged_along = [n if draw(st.booleans()) else 1 for n in shape]
        count = int(np.prod(flagged_along))
        where = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))).reshape(flagged_along)
    return Hull(low.reshape(own), np.where(low >= CUT, -low, low + width).reshape(own), where=where)


SHAPE = (4, 2, 5)


@st.composite
def several(draw: st.DrawFn) -> Hull:
    """A union that is put off."""
    chain: Hull | None = None
    for part in draw(st.lists(parts(SHAPE), min_size=1, max_size=3)):
        chain = Hull(part.lo, part.hi, rest=chain, where=part.where)
    assert chain is not None
    return chain


def full(one: Hull) -> tuple[np.ndarray, np.ndarray]:
    made = unions.settled(one)
    return np.broadcast_to(made.lo, SHAPE), np.broadcast_to(made.hi, SHAPE)


@settings(deadline=None, max_examples=300)
@given(several())
def test_the_smallest_and_the_largest_field_are_found_block_by_block(one: Hull) -> None:
    lo, hi = full(one)
    every = np.where(lo >= CUT, 0, hi - lo + 1)
    with put_off():
        assert span.sizes(one) == (every.min(), every.max())


@st.composite
def relations(draw: st.DrawFn, extent: int) -> Relation:
    """What four elements read of others: a window, a table, or sets."""
    kind = draw(st.sampled_from(["window", "table", "sets"]))
    if kind == "window":
        return window(draw(st.integers(1, 3)), draw(st.integers(1, 2)), pad=draw(st.integers(-2, 2)))
    if kind == "table":
        return Table(np.array(draw(st.lists(st.integers(-1, extent - 1), min_size=4, max_size=4))))
    rows = st.lists(st.booleans(), min_size=extent, max_size=extent)
    return Sets(np.array(draw(st.lists(rows, min_size=4, max_size=4))))


@settings(deadline=None, max_examples=300)
@given(st.lists(several() | parts(SHAPE).map(unions.settled), min_size=1, max_size=4), st.booleans())
def test_what_lies_end_to_end_is_the_same_under_masks(pieces: list[Hull], gap: bool) -> None:
    extent, total = SHAPE[0], SHAPE[0] * len(pieces) + gap
    offsets = tuple(extent * number + gap for number in range(len(pieces)))
    each = (NONE,) * len(pieces)
    do = EndToEnd(0, offsets, (extent,) * len(pieces), total, each, each, Seam())
    with put_off():
        later = unions.settled(ends.laid(pieces, do))
    for side, nothing in (("lo", NOWHERE), ("hi", -NOWHERE)):
        expected = np.full((total, *SHAPE[1:]), nothing)
        for offset, one in zip(offsets, pieces, strict=True):
            expected[offset : offset + extent] = getattr(unions.settled(one), side)
        np.testing.assert_array_equal(np.broadcast_to(getattr(later, side), expected.shape), expected)


@settings(deadline=None, max_examples=300)
@given(several(), st.data())
def test_instructions_say_the_same_of_what_is_put_off(one: Hull, data: st.DataObject) -> None:
    domain, key = Intervals(Policy()), ("x", 0)
    made = unions.settled(one)
    dim = data.draw(st.integers(0, 2))
    do, rule = data.draw(
        st.sampled_from(
            [
                (Contract(dim, SHAPE[dim], NONE), domain.contract),
                (Divide(0, 2, 2, NONE), domain.divide),
                (Unite(0, SHAPE[:2], (NONE, NONE), NONE), domain.unite),
                (arrangement((2, None, 0, 1), 3), domain.arrange),
                (Follow(dim, data.draw(relations(SHAPE[dim])), SHAPE[dim], 4, False, NONE), domain.follow),
            ]
        )
    )
    with put_off():
        later = unions.settled(rule(one, do, key))
    now = rule(made, do, key)
    for a, b in ((later.lo, now.lo), (later.hi, now.hi)):
        shape = np.broadcast_shapes(a.shape, b.shape)
        np.testing.assert_array_equal(np.broadcast_to(a, shape), np.broadcast_to(b, shape))


@settings(deadline=None, max_examples=200)
@given(several(), st.sets(st.integers(0, 2)))
def test_what_elements_read_together_is_found_part_by_part(one: Hull, dims: set[int]) -> None:
    lo, hi = full(one)
    with put_off():
        found = unions.settled(unions.together(one, dims))
    for side, expected in (
        (found.lo, lo.min(axis=tuple(dims), keepdims=True)),
        (found.hi, hi.max(axis=tuple(dims), keepdims=True)),
    ):
        np.testing.assert_array_equal(np.broadcast_to(side, expected.shape), expected)


@settings(deadline=None, max_examples=200)
@given(parts((3, 6)), st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=5))
def test_a_table_of_flags_reads_what_its_rows_say(one: Hull, rows: list[list[bool]]) -> None:
    hull_, reads = Hull(one.lo, one.hi), np.array(rows)
    with put_off():
        found = bounded.along(hull_, 1, Sets(reads), 6, len(rows))
    lo, hi = np.broadcast_to(hull_.lo, (3, 6)), np.broadcast_to(hull_.hi, (3, 6))
    for row, flags in enumerate(reads):
        column = row if found.lo.shape[1] > 1 else 0
        for line in range(3):
            place = line if found.lo.shape[0] > 1 else 0
            assert found.lo[place, column] == min([*lo[line, flags].tolist(), NOWHERE])
            assert found.hi[place, column] == max([*hi[line, flags].tolist(), -NOWHERE])
    whole = bounded.along(hull_, 1, WHOLE, 6, 1)
    every = bounded.along(hull_, 1, Sets(np.ones((1, 6), np.bool_)), 6, 1)
    np.testing.assert_array_equal(np.broadcast_to(every.lo, whole.lo.shape), whole.lo)
