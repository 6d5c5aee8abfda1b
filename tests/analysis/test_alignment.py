"""Branches that meet: the verdict against the centres of what the actual units read."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from models import model

import pytest_rf

NEAREST = 'Resize<mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric">'
# Ways from x, (1, 1, 48), to a branch with 48 places.
BRANCHES = {
    "skip": "{y} = Relu(x)",
    "conv": "{y} = Conv<pads=[1,1]>(x, w3)",
    "wide": "{y} = Conv<pads=[4,4], dilations=[4]>(x, w3)",
    "causal": "{y} = Conv<pads=[2,0]>(x, w3)",
    "wide causal": "{y} = Conv<pads=[8,0], dilations=[4]>(x, w3)",
    "shifted": "{y} = Conv<pads=[0,2]>(x, w3)",
    "even kernel": "{y} = Conv<pads=[1,0]>(x, w2)",
    "nearest": f"""{{y}}_p = MaxPool<kernel_shape=[2], strides=[2]>(x)
        {{y}} = {NEAREST}({{y}}_p, , twice)""",
    "linear": """{y}_p = MaxPool<kernel_shape=[2], strides=[2]>(x) {y} = Resize<mode="linear">({y}_p, , twice)""",
    "nearest of a padded stride": f"""{{y}}_p = Conv<strides=[2], pads=[1,1]>(x, w3)
        {{y}} = {NEAREST}({{y}}_p, , twice)""",
    "transposed 2": """{y}_p = MaxPool<kernel_shape=[2], strides=[2]>(x)
        {y} = ConvTranspose<strides=[2]>({y}_p, w2)""",
    "transposed 4": """{y}_p = MaxPool<kernel_shape=[2], strides=[2]>(x)
        {y} = ConvTranspose<strides=[2], pads=[1,1]>({y}_p, w4)""",
    "transposed 3": """{y}_p = MaxPool<kernel_shape=[2], strides=[2]>(x)
        {y} = ConvTranspose<strides=[2], pads=[1,1], output_padding=[1]>({y}_p, w3)""",
    "transposed 3 of a padded stride": """{y}_p = Conv<strides=[2], pads=[1,1]>(x, w3)
        {y} = ConvTranspose<strides=[2], pads=[1,1], output_padding=[1]>({y}_p, w3)""",
    "by four": f"""{{y}}_p = MaxPool<kernel_shape=[4], strides=[4]>(x)
        {{y}} = {NEAREST}({{y}}_p, , four)""",
}
TEXT = """
    net (float[1,1,48] x) => (float[1,?,48] y)
    <float[1,1,2] w2, float[1,1,3] w3, float[1,1,4] w4, float[3] twice = {{1., 1., 2.}},
     float[3] four = {{1., 1., 4.}}>
    {{ {a} {b} y = {meet} }}
"""
MIDDLE = slice(18, 30)
PAIRS = list(combinations(BRANCHES, 2))


def analysed(first: str, second: str, meet: str = "Add(a, b)") -> pytest_rf.Analysis:
    a, b = BRANCHES[first].format(y="a"), BRANCHES[second].format(y="b")
    return pytest_rf.analyze(model(TEXT.format(a=a, b=b, meet=meet)))


def meet_at_one_place(analysis: pytest_rf.Analysis) -> bool:
    """Whether what two branches read in the middle has one mean centre, or ends at one place everywhere."""
    ends = [[one[0, 0, MIDDLE] for one in analysis[name].bounds("t")] for name in "ab"]
    centres = [(lo + hi).mean() for lo, hi in ends]
    return centres[0] == centres[1] or bool((ends[0][1] == ends[1][1]).all())


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_branches_are_aligned_if_their_units_have_one_mean_centre(first: str, second: str) -> None:
    analysis = analysed(first, second)
    assert analysis["y"]["t"].aligned == meet_at_one_place(analysis)


def test_there_are_pairs_of_both_kinds() -> None:
    found = [meet_at_one_place(analysed(*pair)) for pair in PAIRS]
    assert min(np.bincount(found)) > 20


@pytest.mark.parametrize("meet", ["Add(a, b)", "Mul(a, b)", "Concat<axis=1>(a, b)", "Max(a, b)"])
def test_however_branches_meet(meet: str) -> None:
    assert analysed("skip", "nearest", meet)["y"]["t"].aligned
    assert not analysed("skip", "nearest of a padded stride", meet)["y"]["t"].aligned


def test_branches_of_other_strides_are_misaligned() -> None:
    text = """
        net (float[1,1,48] x) => (float[1,1,24] y)
        <float[1,1,3] w, int64[1] zero = {0}, int64[1] half = {24}, int64[1] last = {2}>
        { a = Conv<strides=[2], pads=[1,1]>(x, w) b = Slice(x, zero, half, last) y = Add(a, b) }
    """
    assert pytest_rf.analyze(model(text))["y"]["t"].aligned is False


END_TO_END = """
    net (float[1,1,48] x) => (float[1,1,?] y)
    <float[1,1,3] w>
    {{ a = Conv<strides=[{stride}], pads=[1,1]>(x, w) j = Concat<axis=2>(x, a)
       r = Conv<pads=[1,1]>(j, w) y = Add(j, r) }}
"""


def test_what_lies_end_to_end_does_not_meet_but_needs_one_stride() -> None:
    levels = pytest_rf.analyze(model(END_TO_END.format(stride=2)))
    assert levels["j"]["t"].aligned is None
    (finding, *_) = levels.check("output is aligned")
    assert finding.undecidable
    assert pytest_rf.analyze(model(END_TO_END.format(stride=1)))["j"]["t"].aligned


def test_drifting_grids_are_not_aligned() -> None:
    text = """
        net (float[1,1,48] x) => (float[1,1,48] y)
        <float[3] twice = {{1., 1., 2.}}>
        {{ p = MaxPool<kernel_shape=[2], strides=[2]>(x)
          u = Resize<mode="linear", coordinate_transformation_mode="{grid}">(p, , twice) y = Add(x, u) }}
    """
    drifting = pytest_rf.analyze(model(text.format(grid="align_corners")))["y"]["t"]
    assert not drifting.aligned
    assert pytest_rf.analyze(model(text.format(grid="half_pixel")))["y"]["t"].aligned


ROLLED = """
    net (float[1,1,48] x) => (float[1,1,48] y)
    <float[1,1,3] w, int64[48] i = {{{indices}}}>
    {{ s = Gather<axis=2>(x, i) c = Conv<pads=[1,1]>(s, w) y = Add({other}, c) }}
"""


def test_without_a_theoretical_map_the_actual_units_tell() -> None:
    indices = ",".join(str((i + 3) % 48) for i in range(48))
    together = pytest_rf.analyze(model(ROLLED.format(indices=indices, other="s")))["y"]["t"]
    apart = pytest_rf.analyze(model(ROLLED.format(indices=indices, other="x")))["y"]["t"]
    assert (together.aligned, apart.aligned) == (True, False)
    order = ",".join(map(str, np.random.default_rng(0).permutation(48)))
    assert pytest_rf.analyze(model(ROLLED.format(indices=order, other="x")))["y"]["t"].aligned is None


def test_statistics_and_what_reads_everything_have_no_centre() -> None:
    text = """
        net (float[1,1,48] x) => (float[1,1,48] y)
        <float[1,1,3] w, float[48,48] m, float[1,1,48] bias>
        { c = Conv<pads=[2,0]>(x, w) g = GlobalAveragePool(x) a = Mul(c, g) d = MatMul(x, m) e = Add(a, d)
          y = Add(e, bias) }
    """
    assert pytest_rf.analyze(model(text))["y"]["t"].aligned
