"""Holes in fields, what units read position by position, and what nobody reads."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from models import model
from oracle.graphs import Graph, graphs
from oracle.shown import structural

import pytest_rf
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.positions import Positions
from pytest_rf.interpreter import run


def stack(*layers: str, length: int = 200) -> pytest_rf.Analysis:
    """Return the analysis of 1-D layers, each of which makes ``{y}`` of ``{x}`` with weights ``w`` of 3 taps."""
    body = [layer.format(x=f"a{n}", y=f"a{n + 1}") for n, layer in enumerate(layers)]
    text = f"net (float[1, 2, {length}] a0) => (float[1, 2, ?] a{len(layers)})"
    return pytest_rf.analyze(model(f"{text} <float[2, 2, 3] w, float[2, 2, 2] v> {{ {' '.join(body)} }}"))


def dilated(*dilations: int) -> pytest_rf.Analysis:
    return stack(*(f"{{y}} = Conv<dilations=[{d}]>({{x}}, w)" for d in dilations))


@pytest.mark.parametrize(
    ("dilations", "density"),
    [
        ((2, 2, 2), Fraction(7, 13)),
        ((1, 2, 3), Fraction(1)),
        ((2, 4, 8), Fraction(15, 29)),
        ((5, 9, 17), Fraction(27, 63)),
        ((1, 2, 9), Fraction(21, 25)),
        ((1, 2, 4, 8), Fraction(1)),
    ],
)
def test_hybrid_dilated_convolutions(dilations: tuple[int, ...], density: Fraction) -> None:
    """The examples of Wang et al. (2018), "Understanding Convolution for Semantic Segmentation", and others."""
    analysis = dilated(*dilations)
    field = analysis.final[0]["t"]
    assert field.density == pytest.approx(float(density), rel=1e-12)
    assert field.density_range == (field.density, field.density)
    whole = analysis.check("final density == 100%")
    assert bool(whole) == (density != 1)
    assert analysis.check(f"final density >= {float(density) - 1e-6:.9f}") == []


def test_units_of_one_tensor_can_differ() -> None:
    """After a transposed convolution of dilation 2 every other unit reads two positions with one between."""
    analysis = stack("{y} = Conv<dilations=[2]>({x}, v)", "{y} = ConvTranspose<strides=[2]>({x}, w)")
    field = analysis.final[0]["t"]
    assert field.density_range == pytest.approx((2 / 3, 1))
    assert field.density == pytest.approx(2 / 3)
    assert analysis.check("final density <= 100%") == []


def test_what_one_unit_reads() -> None:
    last = dilated(2, 4).final[0]
    assert last.reads((3,), "t") == [3, 5, 7, 9, 11, 13, 15]
    assert last.reads((0,), "t", input="a0") == [0, 2, 4, 6, 8, 10, 12]
    assert last.region((3,)) == {"t": (3, 15)}
    with pytest.raises(IndexError):
        last.reads((500,), "t")
    with pytest.raises(KeyError):
        last.reads((3,), "h")


def test_borders_and_reflection_are_those_of_the_actual_input() -> None:
    assert stack("{y} = Conv<pads=[1, 1]>({x}, w)").final[0].reads((0,), "t") == [0, 1]
    text = "net (float[1, 1, 9] x) => (float[1, 1, 9] y) <int64[6] p = {0, 0, 1, 0, 0, 1}, float[1, 1, 3] w>"
    body = '{ a = Pad<mode="reflect">(x, p) y = Conv(a, w) }'
    assert pytest_rf.analyze(model(f"{text} {body}")).final[0].reads((8,), "t") == [7, 8]


def test_context_is_read_where_it_counts() -> None:
    text = "net (float[1, 2, 9] x) => (float[1, 2, 7] y) <float[2, 2, 3] w, float[2] s>"
    body = "{ a = InstanceNormalization(x, s, s) y = Conv(a, w) }"
    last = pytest_rf.analyze(model(f"{text} {body}")).final[0]
    assert last.reads((2,), "t") == [2, 3, 4]
    assert last.reads((2,), "t", context=True) == list(range(9))
    assert last["t"].density == 1


@pytest.mark.parametrize(
    ("layers", "unused"),
    [
        (["{y} = Conv<strides=[4]>({x}, w)"], 50),  # of every four one is left out, and none at the end
        (["{y} = Conv<strides=[3]>({x}, w)"], 2),
        (["{y} = Conv({x}, w)"], 0),
        (["{y} = Conv<strides=[3]>({x}, w)", "{y} = Conv<strides=[5]>({x}, w)"], 83),
        (["{y} = Conv<strides=[4]>({x}, w)", "{y} = Softmax<axis=2>({x})"], 50),
    ],
)
def test_what_no_unit_reads(layers: list[str], unused: int) -> None:
    analysis = stack(*layers)
    assert analysis.final[0]["t"].unused == unused
    reads = {
        place for unit in range(analysis.final[0].shape[2]) for place in analysis.final[0].reads((unit,), "t")
    }
    if len(layers) == 1:
        assert 200 - len(reads) == unused


def test_a_requirement_is_about_what_none_of_its_tensors_reads() -> None:
    text = "net (float[1, 1, 12] x) => (float[1, 1, ?] a, float[1, 1, ?] b) <float[1, 1, 1] w, WHERE>"
    body = "a = Conv<strides=[2]>(x, w) o = Slice(x, one, end, two) b = Conv<strides=[4]>(o, w)"
    text = text.replace("WHERE", "int64[1] one = {1}, int64[1] end = {12}, int64[1] two = {2}")
    analysis = pytest_rf.analyze(model(f"{text} {{ {body} }}"))
    assert [tensor["t"].unused for tensor in analysis.outputs] == [6, 9]
    assert analysis.check("output unused == 3") == []  # 0, 2, 4 ... and 1, 5, 9
    assert analysis.check('"a" unused == 6') == []
    (finding,) = analysis.check("output unused == 0")
    assert "unused is 3" in finding.message


def test_a_scalar_has_figures_too() -> None:
    body = "a = Conv(x, w) b = ReduceMean<keepdims=0>(a) c = ReduceMax<keepdims=0>(x) y = Add(b, c)"
    analysis = pytest_rf.analyze(
        model(f"net (float[1, 1, 9] x) => (float y) <float[1, 1, 3] w> {{ {body} }}")
    )
    last = analysis.outputs[0]
    assert last.shape == ()
    field = last.field()["t"]
    assert (field.density, field.erf, field.unused) == (1, inf, 0)
    assert last.reads((), "t", context=True) == list(range(9))


def test_sets_that_are_too_large_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_rf.domains.positions.LARGEST_SETS", 64)
    analysis = dilated(2, 4)
    assert analysis.final[0]["t"].unused is None
    (finding,) = analysis.check("final unused == 0")
    assert finding.undecidable
    with pytest.raises(pytest_rf.RFError, match="bits"):
        analysis.final[0].reads((3,), "t")


@pytest.mark.hypothesis
def test_sets_are_what_elements_read() -> None:
    """A linearised twin of the graph shows position by position what every element of a tensor reads."""
    compared: Counter[str] = Counter()

    @settings(
        max_examples=150,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(graphs(inputs=2, nodes=(2, 10)))
    def hold(graph: Graph) -> None:
        seen = structural(graph)
        assume(seen is not None)
        assert seen is not None
        analysis = pytest_rf.analyze(graph.analysed())
        for (name, source, axis), rows in seen.rows.items():
            tensor = analysis[name]
            claimed = table(analysis, tensor, (source, axis), rows.shape)
            assert not (rows & ~claimed).any(), f"{name} reads more of axis {axis} of {source}"
            if tensor.status == "exact" and not graph.doubts:
                assert (rows == claimed).all(), f"{name} reads less of axis {axis} of {source}"
                compared["with holes" if holes(rows) else "without"] += 1

    hold()
    assert compared["with holes"] > 2
    assert compared["without"] > 500


def table(
    analysis: pytest_rf.Analysis, tensor: Any, key: tuple[str, int], shape: tuple[int, ...]
) -> np.ndarray:
    """Return, for each position and element, whether the set of the element holds the position."""
    domain = Positions(Policy(context=True))
    found = run(analysis.runs.plan, domain, frozenset({key})).get(tensor.number, {}).get(key)
    flags = np.zeros(shape, bool)
    if found is None:
        return flags
    first, bits = domain.settled(found).arrays
    full = [factor.extent for axis in analysis.runs.structure(tensor.value).layout for factor in axis]
    for position in range(shape[0]):
        shift = np.maximum(position - first, 0).astype(object)
        held = np.asarray((bits >> shift) & 1, object).astype(bool) & (position >= first)
        flags[position] = np.broadcast_to(held, full).reshape(shape[1:])
    return flags


def holes(rows: np.ndarray) -> bool:
    """Whether some element leaves out a position between two that it reads."""
    after = np.maximum.accumulate(rows, axis=0) & np.maximum.accumulate(rows[::-1], axis=0)[::-1]
    return bool((after & ~rows).any())
