"""Hulls of which only the borders and one period are kept say the same as those that are written out."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.access import WHOLE, Border, Taps
from pytest_rf.domains import hull, stretched
from pytest_rf.domains.hull import Hull
from pytest_rf.domains.instructions import Contract, Divide, Follow, Instruction, Policy, Unite, arrangement
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import NONE

KEY = ("x", 1)
BORDERS: list[Border] = ["drop", "drop", "edge", "reflect", "wrap"]


def full(one: Hull, extents: list[int]) -> list[np.ndarray]:
    made = stretched.made(one)
    return [np.broadcast_to(side, extents) for side in (made.lo, made.hi)]


@st.composite
def windows(draw: st.DrawFn) -> Taps:
    """A convolution, transposed or not, a resize, a flip, a crop."""
    period, advance = draw(st.integers(1, 3)), draw(st.integers(1, 3)) * draw(st.sampled_from([1, 1, 1, -1]))
    taps = st.lists(st.integers(-4, 4), max_size=3, unique=True).map(tuple)
    return Taps(
        period,
        advance,
        tuple(draw(st.lists(taps, min_size=period, max_size=period))),
        draw(st.sampled_from(BORDERS)),
    )


def outputs(relation: Taps, extent: int, data: st.DataObject) -> Taps:
    """Return the relation so that it reads the operand from its beginning on, or from its end where it is a flip."""
    if relation.advance > 0:
        return relation
    return relation._replace(taps=tuple(tuple(extent - 1 + tap for tap in own) for own in relation.taps))


@settings(max_examples=300, deadline=None)
@given(st.integers(40, 200), st.data())
def test_a_chain_of_instructions_says_the_same(extent: int, data: st.DataObject) -> None:
    domain = Intervals(Policy())
    extents = [2, extent, 3]
    pair = stretched.point(extent, 1, 3), hull.point(extent, 1, 3, False)
    met = {tuple(extents): pair}
    for _ in range(data.draw(st.integers(1, 6))):
        own = max(range(len(extents)), key=extents.__getitem__)
        do: Instruction
        kind = data.draw(
            st.sampled_from(["window", "window", "window", "other", "arrange", "divide", "union"])
        )
        if kind == "window":
            relation = outputs(data.draw(windows()), extents[own], data)
            most = extents[own] * relation.period // abs(relation.advance)
            output = max(1, most + data.draw(st.integers(-6, 6)))
            do = Follow(own, relation, extents[own], output, False, NONE)
            extents = [*extents[:own], output, *extents[own + 1 :]]
            pair = (domain.follow(pair[0], do, KEY), domain.follow(pair[1], do, KEY))
        elif kind == "other":
            dim = data.draw(st.sampled_from([d for d in range(len(extents)) if d != own]))
            whole = Follow(dim, WHOLE, extents[dim], 1, False, NONE)
            pair = (domain.follow(pair[0], whole, KEY), domain.follow(pair[1], whole, KEY))
            extents = [*extents[:dim], 1, *extents[dim + 1 :]]
        elif kind == "arrange":
            order = data.draw(st.permutations(range(len(extents))))
            move = arrangement(tuple(order), len(extents))
            pair = (domain.arrange(pair[0], move, KEY), domain.arrange(pair[1], move, KEY))
            extents = [extents[d] for d in order]
        elif kind == "divide":
            dim = data.draw(st.integers(0, len(extents) - 1))
            outer = data.draw(st.sampled_from([n for n in (1, 2, extents[dim]) if extents[dim] % n == 0]))
            cut = Divide(dim, outer, extents[dim] // outer, NONE)
            back = Unite(dim, (outer, extents[dim] // outer), (NONE, NONE), NONE)
            pair = (domain.divide(pair[0], cut, KEY), domain.divide(pair[1], cut, KEY))
            if data.draw(st.booleans()) or len(extents) > 4:
                pair = (domain.unite(pair[0], back, KEY), domain.unite(pair[1], back, KEY))
            else:
                extents = [*extents[:dim], outer, extents[dim] // outer, *extents[dim + 1 :]]
        elif tuple(extents) in met:
            other = met[tuple(extents)]
            pair = (domain.union(pair[0], other[0], KEY), domain.union(pair[1], other[1], KEY))
        met[tuple(extents)] = pair
        for side, expected in zip(full(pair[0], extents), full(pair[1], extents), strict=True):
            np.testing.assert_array_equal(side, expected)
    own = max(range(len(extents)), key=extents.__getitem__)
    together = Contract(own, extents[own], NONE)
    extents[own] = 1
    ends = domain.contract(pair[0], together, KEY), domain.contract(pair[1], together, KEY)
    for side, expected in zip(full(ends[0], extents), full(ends[1], extents), strict=True):
        np.testing.assert_array_equal(side, expected)


@pytest.mark.parametrize("layers", [3, 9])
def test_a_long_net_keeps_its_borders_alone(layers: int) -> None:
    extent, x = 1 << 20, stretched.point(1 << 20, 0, 1)
    domain = Intervals(Policy())
    for layer in range(layers):
        reads = Taps(1, 1, ((-(2**layer), 0, 2**layer),))
        x = domain.union(x, domain.follow(x, Follow(0, reads, extent, extent, False, NONE), KEY), KEY)
    reach = 2**layers - 1
    assert x.stretch is not None
    assert x.lo.size == 2 * reach + 1
    lo, hi = full(x, [extent])
    np.testing.assert_array_equal(lo, np.maximum(np.arange(extent) - reach, 0))
    np.testing.assert_array_equal(hi, np.minimum(np.arange(extent) + reach, extent - 1))


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(graphs(inputs=2, nodes=(3, 15)))
def test_graphs_have_the_same_figures(graph: Graph) -> None:
    report = pytest_rf.analyze(graph.analysed()).to_dict()
    with patch.object(hull, "LONG", 1), patch.object(stretched, "SHARE", 1):
        assert pytest_rf.analyze(graph.analysed()).to_dict() == report
