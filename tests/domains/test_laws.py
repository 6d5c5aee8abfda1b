"""What every domain keeps, on the plans of drawn graphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from models import model
from oracle.graphs import Graph, graphs

import pytest_rf
from domains.states import DOMAINS, Kind, keys, same, values
from pytest_rf.analysis import Analysis
from pytest_rf.domains import hull, unions
from pytest_rf.domains.domain import Domain
from pytest_rf.domains.energy import Energy
from pytest_rf.domains.instructions import Divide, Policy, Unite, arrangement
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import NONE
from pytest_rf.domains.maps import Irregular, Lost
from pytest_rf.domains.positions import EVERYTHING, Positions, sizes
from pytest_rf.domains.structure import Structure
from pytest_rf.interpreter import Ignorance, run

drawn = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
small = graphs(inputs=2, nodes=(3, 12))


def policies(kind: Kind, analysis: Analysis) -> Iterator[Policy]:
    yield Policy()
    if kind.theory:
        yield Policy(endless=analysis.runs.spatial)


def known(kind: Kind, analysis: Analysis) -> Iterator[tuple[Any, Any, Any, Structure]]:
    """Yield a domain, an axis, what it knows of a value, and that value's structure."""
    for policy in policies(kind, analysis):
        domain = kind.make(policy)
        for key in keys(analysis):
            for number, x in values(analysis, domain, key).items():
                structure = analysis.runs.plan.structures[number]
                assert isinstance(structure, Structure)
                yield domain, key, x, structure


@pytest.mark.parametrize("kind", DOMAINS.values(), ids=DOMAINS)
@drawn
@given(graph=small)
def test_what_is_split_and_merged_again_is_the_same(kind: Kind, graph: Graph) -> None:
    for domain, key, x, structure in known(kind, pytest_rf.analyze(graph.analysed())):
        factors = [factor for axis in structure.layout for factor in axis]
        for dim, factor in enumerate(factors):
            inner = next((n for n in (2, 3, 5) if factor.extent % n == 0), None)
            if inner is None:
                continue
            outer = factor.extent // inner
            split = domain.divide(x, Divide(dim, outer, inner, factor.leads), key)
            again = domain.unite(split, Unite(dim, (outer, inner), (factor.leads, NONE), factor.carries), key)
            assert same(kind.shown(domain, again), kind.shown(domain, x)), (key, dim)


@pytest.mark.parametrize("kind", DOMAINS.values(), ids=DOMAINS)
@drawn
@given(graph=small)
def test_what_is_turned_and_turned_back_is_the_same(kind: Kind, graph: Graph) -> None:
    for domain, key, x, structure in known(kind, pytest_rf.analyze(graph.analysed())):
        rank = sum(map(len, structure.layout))
        turn = arrangement(list(reversed(range(rank))), rank)
        again = domain.arrange(domain.arrange(x, turn, key), turn, key)
        assert same(kind.shown(domain, again), kind.shown(domain, x)), key


@pytest.mark.parametrize("kind", DOMAINS.values(), ids=DOMAINS)
@drawn
@given(graph=small)
def test_a_union_does_not_depend_on_the_order_of_its_operands(kind: Kind, graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.analysed())
    for policy in policies(kind, analysis):
        domain = kind.make(policy)
        for key in keys(analysis):
            by_layout: dict[Any, list[Any]] = {}
            for number, x in values(analysis, domain, key).items():
                structure = analysis.runs.plan.structures[number]
                assert isinstance(structure, Structure)
                extents = tuple(tuple(factor.extent for factor in axis) for axis in structure.layout)
                by_layout.setdefault(extents, []).append(x)
            for alike in by_layout.values():
                for a, b, c in zip(alike, alike[1:], alike[2:], strict=False):
                    left = domain.union(domain.union(a, b, key), c, key)
                    right = domain.union(a, domain.union(b, c, key), key)
                    assert same(kind.shown(domain, left), kind.shown(domain, right)), key
                    if kind.commutes:
                        ab, ba = domain.union(a, b, key), domain.union(b, a, key)
                        assert same(kind.shown(domain, ab), kind.shown(domain, ba)), key
                    if kind.sets:
                        assert same(kind.shown(domain, domain.union(a, a, key)), kind.shown(domain, a)), key


@pytest.mark.hypothesis
def test_the_ends_of_position_sets_are_the_intervals() -> None:
    seen: Counter[str] = Counter()
    without: list[float] = []

    @settings(drawn, max_examples=500)
    @given(graph=small)
    def hold(graph: Graph) -> None:
        analysis, found_here = pytest_rf.analyze(graph.analysed()), Counter[str]()
        for policy in policies(DOMAINS["positions"], analysis):
            domain = Positions(policy)
            every = run(analysis.runs.plan, domain)
            for number, hulls in run(analysis.runs.plan, Intervals(policy)).items():
                for key, one in hulls.items():
                    found = every[number].get(key)
                    assert not isinstance(one, Ignorance)
                    assert not isinstance(found, Ignorance), "nothing here is too large"
                    agreed = _ends_agree(domain, found, unions.settled(one), theory=bool(policy.endless))
                    found_here[agreed] += 1
        seen.update(found_here)
        endless = found_here["theory"] + found_here["without a map"]
        without.append(found_here["without a map"] / endless if endless else 0.0)

    hold()
    assert min(seen["theory"], seen["actual"]) > 3_000
    # Of each graph by itself: a few large ones, drawn again with small changes, would outweigh all others.
    assert sum(without) < 0.2 * len(without)


def _ends_agree(domain: Positions, found: Any, one: hull.Hull, theory: bool) -> str:
    """Hold the ends of sets against intervals; return what was compared."""
    if found is None:
        assert one.irregular or (np.abs(one.lo) >= hull.LIMIT).all()
        return "nothing"
    try:
        sets = None if isinstance(found, Lost) else domain.settled(found)
    except Irregular:
        sets = None
    if sets is None or one.irregular:
        assert theory, "on the actual input all sets are known"
        return "without a map"
    for dim, (own, theirs) in enumerate(zip(sets.shape, one.lo.shape, strict=True)):
        common = int(np.lcm(own, theirs))
        sets, one = sets.tiled(dim, common // own), hull.tile(one, dim, common // theirs)
    first, bits = sets.arrays
    nothing, endless = one.lo >= hull.CUT, (one.lo == -hull.ENDLESS) | (one.hi == hull.ENDLESS)
    # Where a union has no map, who contracts it reads everything for the intervals, also what reads nothing.
    assert ((bits == 0) == nothing)[~endless].all()
    assert ((bits == EVERYTHING) | (bits == 0))[endless].all()
    assert endless[(bits == EVERYTHING).astype(bool)].all()
    placed = (bits > 0).astype(bool)
    assert (first[placed] == one.lo[placed]).all()
    assert (first + sizes(np.maximum(bits, 0)) - 1)[placed].tolist() == one.hi[placed].tolist()
    if placed.any():
        assert sets.jump == one.jump
    return "theory" if theory else "actual"


layers = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.booleans()), min_size=1, max_size=4
)


@pytest.mark.parametrize("name", ["intervals", "shortest", "positions", "energy"])
@settings(drawn, max_examples=100)
@given(chain=layers)
def test_far_from_borders_the_actual_input_is_the_theory(
    name: str, chain: list[tuple[int, int, int, bool]]
) -> None:
    body, last = [], "x"
    for number, (kernel, stride, dilation, skip) in enumerate(chain):
        op, given_by = ("ConvTranspose", "v") if kernel == 4 else ("Conv", "w")
        body.append(
            f"a{number} = {op}<strides=[{stride}], dilations=[{dilation}]>({last}, {given_by}{kernel})"
        )
        last = f"a{number}"
        if skip:
            body.append(
                f"p{number} = AveragePool<kernel_shape=[3], pads=[1, 1]>({last}) s{number} = Add({last}, p{number})"
            )
            last = f"s{number}"
    weights = ", ".join(f"float[2,2,{n}] {'v' if n == 4 else 'w'}{n}" for n in range(1, 5))
    analysis = pytest_rf.analyze(
        model(f"net (float[1,2,1500] x) => (float[1,2,?] {last}) <{weights}> {{ {' '.join(body)} }}")
    )
    kind, value = DOMAINS[name], analysis[last].value
    endless, actual = (kind.make(Policy(endless=ends)) for ends in (analysis.runs.spatial, NONE))
    key, axis = ("x", 2), value.extents[2]
    assume(axis >= 60)
    theory = values(analysis, endless, key)[value.number]
    finite = values(analysis, actual, key)[value.number]
    if name in ("positions", "energy"):
        theory, finite = endless.settled(theory), actual.settled(finite)
        maps = theory.tiled(2, -(-axis // theory.shape[2])).arrays, finite.arrays
        # What reads nothing has no place.
        sides = tuple((np.where(actual.placed(arrays), arrays[0], 0), *arrays[1:]) for arrays in maps)
    else:
        wide = hull.tile(unions.settled(theory), 2, -(-axis // theory.period(2)))
        sides = (wide.lo, wide.hi), (unions.settled(finite).lo, unions.settled(finite).hi)
    middle = slice(axis // 2 - 3, axis // 2 + 3)
    for own, theirs in zip(*sides, strict=True):
        a, b = own[:, :1, middle], theirs[:, :1, middle]
        if own.dtype == float:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
        else:
            assert a.tolist() == b.tolist()


class Counts:
    """A made-up domain: how many steps lie on the way to a tensor. It has no rule for windows of any kind."""

    def point(self, key: Any, extent: int, rank: int) -> int:
        return 0

    def divide(self, x: int, do: Any, key: Any) -> int:
        return x + 1

    unite = arrange = diagonal = cut = first = divide

    def union(self, a: int, b: int, key: Any) -> int:
        return max(a, b)


def test_a_domain_that_lacks_a_rule_knows_nothing_of_what_comes_after() -> None:
    analysis = pytest_rf.analyze(
        model(
            "net (float[1,2,8] x) => (float[1,2,6] z, float[2,8] f, float[1,4,8] c)"
            " <float[2,2,3] w, int64[2] s = {2, 8}> { r = Relu(x) f = Reshape(r, s) y = Conv(r, w) z = Relu(y)"
            " c = Concat<axis=1>(x, r) }"
        )
    )
    domain: Domain[int] = Counts()  # type: ignore[assignment]
    found = run(analysis.runs.plan, domain)
    key = ("x", 2)
    assert found[analysis["f"].number][key] == 2  # without the axis of extent 1, and as (2, 8)
    assert found[analysis["z"].number][key] == Ignorance("Counts has no rule for follow")
    assert found[analysis["c"].number][key] == Ignorance("Counts has no rule for end_to_end")


def test_an_error_in_a_domain_names_the_operator() -> None:
    class Broken(Intervals):
        def follow(self, x: Any, do: Any, key: Any) -> Any:
            raise ZeroDivisionError

    analysis = pytest_rf.analyze(
        model("net (float[1,2,8] x) => (float[1,2,6] y) <float[2,2,3] w> { y = Conv(x, w) }")
    )
    with pytest.raises(ZeroDivisionError) as caught:
        run(analysis.runs.plan, Broken(Policy()))
    notes = getattr(caught.value, "__notes__", ["(Conv)"])  # from Python 3.11 on
    assert "(Conv)" in notes[0]


def test_sets_that_are_too_large_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_rf.domains.positions.LARGEST_SETS", 64)
    analysis = pytest_rf.analyze(
        model("net (float[1,2,99] x) => (float[1,2,97] y) <float[2,2,3] w> { y = Conv(x, w) }")
    )
    found = run(analysis.runs.plan, Positions(Policy()))[analysis["y"].number][("x", 2)]
    assert isinstance(found, Ignorance)
    assert "2^6 bits" in found.reason


def test_what_has_no_energy_adds_none() -> None:
    domain = Energy(Policy())
    some = domain.both(domain.start(np.arange(3)), domain.start(np.arange(1, 4)))
    for sides in ((some, domain.nothing((3,))), (domain.nothing((3,)), some)):
        for own, theirs in zip(domain.both(*sides), some, strict=True):
            assert own.tolist() == theirs.tolist()
    mean, mass, variance = some
    assert (mean.tolist(), mass.tolist(), variance.tolist()) == ([0.5, 1.5, 2.5], [2.0] * 3, [0.25] * 3)
