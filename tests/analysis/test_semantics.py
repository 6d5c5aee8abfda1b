"""The known values of SEMANTICS 5 and the meanings of sections 2 to 4, on small graphs."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from models import conv, model

import pytest_rf

LAYERS = [
    # kernel, attributes, size, stride, start
    (3, {"pads": "[1,1,1,1]"}, 3, 1, -1),
    (3, {"pads": "[1,1,1,1]", "strides": "[2,2]"}, 3, 2, -1),
    (5, {"pads": "[2,2,2,2]", "strides": "[2,2]"}, 5, 2, -2),
    (3, {"dilations": "[2,2]"}, 5, 1, 0),
]


@pytest.mark.parametrize(("kernel", "attributes", "size", "stride", "start"), LAYERS)
def test_one_layer(kernel: int, attributes: dict[str, str], size: int, stride: int, start: int) -> None:
    field = pytest_rf.analyze(conv(kernel, **attributes)).final[0]["h"]
    assert (field.rf, field.stride, field.start) == (size, stride, start)


def test_stride_widens_the_next_layer_only() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,3,32,32] image) => (float[1,4,?,?] y)
        <float[4,3,3,3] w0, float[4,4,3,3] w1>
        { x = Conv<strides=[2,2]>(image, w0) y = Conv(x, w1) }
        """)
    )
    assert (analysis["x"]["h"].rf, analysis["y"]["h"].rf) == (3, 7)
    assert (analysis["y"]["h"].stride, analysis["y"]["h"].start) == (2, 0)


def test_a_dilated_layer_keeps_252_of_256() -> None:
    analysis = pytest_rf.analyze(conv(3, 256, dilations="[2,2]"))
    assert analysis.final[0].shape == (1, 4, 252, 252)


VIT = """
    vit (float[1,3,224,224] image) => (float[1,1000] logits)
    <float[768,3,16,16] wp, float[1,1,768] cls, float[1,197,768] pos, float[768] g, float[768] be,
     float[768,768] w, float[768,3072] w1, float[3072,768] w2, float[768,1000] head,
     int64[3] flat = {1,768,196}, int64[4] heads = {1,197,12,64}, int64[3] merged = {1,197,768}, int64 zero = {0}>
    {
      patch = Conv<strides=[16,16]>(image, wp)
      p1 = Reshape(patch, flat)
      p2 = Transpose<perm=[0,2,1]>(p1)
      p3 = Concat<axis=1>(cls, p2)
      x0 = Add(p3, pos)
      n1 = LayerNormalization<axis=-1>(x0, g, be)
      q0 = MatMul(n1, w)
      q1 = Reshape(q0, heads)
      q = Transpose<perm=[0,2,1,3]>(q1)
      k0 = MatMul(n1, w)
      k1 = Reshape(k0, heads)
      k = Transpose<perm=[0,2,3,1]>(k1)
      scores = MatMul(q, k)
      weights = Softmax<axis=-1>(scores)
      mixed = MatMul(weights, q)
      m1 = Transpose<perm=[0,2,1,3]>(mixed)
      m2 = Reshape(m1, merged)
      x1 = Add(x0, m2)
      f1 = MatMul(x1, w1)
      f2 = Relu(f1)
      f3 = MatMul(f2, w2)
      block = Add(x1, f3)
      token = Gather<axis=1>(block, zero)
      logits = MatMul(token, head)
    }
"""


def test_vision_transformer() -> None:
    analysis = pytest_rf.analyze(model(VIT))
    patch, block = analysis["patch"]["h"], analysis.final[0]["h"]
    assert analysis.final[0].name == "block"
    assert (patch.rf, patch.stride, patch.start) == (16, 16, 0)
    assert (block.rf, block.stride, block.start) == (math.inf, 16, 0)
    assert not block.bounded


UPSAMPLED = """
    net (float[1,1,{n}] x) => (float[1,1,?] y)
    <float[1,1,3] w, float[3] scales = {{1., 1., 2.}}, float[1,1,4] wt>
    {{ d = Conv<strides=[2], pads=[1,1]>(x, w)
       u = {up}
       y = Conv<pads=[1,1]>(u, w) }}
"""


def test_phases_after_upsampling() -> None:
    text = UPSAMPLED.format(n=64, up='Resize<mode="nearest", nearest_mode="floor">(d,,scales)')
    field = pytest_rf.analyze(model(text)).final[0]["t"]
    # Units 2i and 2i+1 hold the same d: the window of three sees two of them, at 3 + 2 positions.
    assert field.rf_range == (5, 5)
    assert field.stride == 1
    half = pytest_rf.analyze(model(text))["u"]["t"]
    assert half.stride == 1
    up = pytest_rf.analyze(
        model("""
        net (float[1,1,8] x) => (float[1,1,16] y)
        <float[3] scales = {1., 1., 2.}, float[1,1,3] w>
        { u = Resize<mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric">(x,,scales)
          y = Conv<pads=[1,1]>(u, w) }
        """)
    )
    assert up["u"]["t"].stride == Fraction(1, 2)
    assert up.final[0]["t"].rf_range == (2, 2)


def test_what_depth_to_space_makes_of_channels_are_places() -> None:
    net = pytest_rf.analyze(
        model("""
        net (float[1,1,8,8] x) => (float[1,1,16,16] y)
        <float[4,1,3,3] w, float[1,1,3,3] v>
        { c = Conv<pads=[1,1,1,1]>(x, w)
          s = DepthToSpace<blocksize=2>(c)
          y = Conv<pads=[1,1,1,1]>(s, v) }
        """)
    )
    shuffled, final = net["s"]["h"], net.final[0]["h"]
    assert (shuffled.rf, shuffled.stride, shuffled.start, shuffled.lookahead) == (3, Fraction(1, 2), -1, 1)
    assert (final.rf, final.stride, final.start, final.lookahead) == (4, Fraction(1, 2), -2, 2)
    assert final.halo == (2, 2)


def test_transposed_convolution_has_phases_of_different_size() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,1,8] x) => (float[1,1,?] y)
        <float[1,1,3] w>
        { y = ConvTranspose<strides=[2]>(x, w) }
        """)
    )
    field = analysis.final[0]["t"]
    assert field.rf_range == (1, 2)
    assert field.stride == Fraction(1, 2)
    lo, hi = analysis.final[0].bounds("t")
    assert list(zip(lo[0, 0].tolist(), hi[0, 0].tolist(), strict=True))[:4] == [
        (0, 0),
        (0, 0),
        (0, 1),
        (1, 1),
    ]


SE = """
    net (float[2,3,16,16] image) => (float[2,4,16,16] y)
    <float[4,3,3,3] w, float[4,4,1,1] w1>
    { x = Conv<pads=[1,1,1,1]>(image, w)
      p = GlobalAveragePool(x)
      g = Conv(p, w1)
      s = Sigmoid(g)
      y = Mul(x, s) }
"""


def test_context_is_recorded_and_not_counted() -> None:
    analysis = pytest_rf.analyze(model(SE))
    field = analysis.final[0]["h"]
    assert field.rf == 3
    assert field.context == ("p",)
    lo, hi = analysis.final[0].bounds("h")
    assert (lo[0, 0, 8, 0], hi[0, 0, 8, 0]) == (7, 9)
    lo, hi = analysis.final[0].bounds("h", context=True)
    assert (lo.min(), lo.max(), hi.min(), hi.max()) == (0, 0, 15, 15)
    assert field.lookahead == math.inf
    assert not field.bounded


def test_accepted_context_does_not_break_guarantees() -> None:
    analysis = pytest_rf.analyze(model(SE), accept_context=["op:GlobalAveragePool"])
    field = analysis.final[0]["h"]
    assert field.lookahead == 1
    assert field.bounded


def test_what_has_no_position_left_reads_the_whole() -> None:
    gate = pytest_rf.analyze(model(SE))["p"]["h"]
    assert gate.rf == math.inf
    assert gate.stride == 0


def test_classifier_final_is_the_last_feature_map() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,3,8,8] image) => (float[1,10] y)
        <float[4,3,3,3] w, float[256,10] wl>
        { x = Conv<pads=[1,1,1,1]>(image, w)
          r = Relu(x)
          f = Flatten(r)
          y = MatMul(f, wl) }
        """)
    )
    assert [t.name for t in analysis.final] == ["r"]
    assert analysis.outputs[0]["h"].rf == math.inf
    lo, hi = analysis.outputs[0].bounds("h")
    assert (lo.max(), hi.min()) == (0, 7)


def test_unknown_operators_are_never_passed_through() -> None:
    parsed = model("""
        net (float[1,3,8,8] image) => (float[1,4,8,8] y)
        <float[4,3,3,3] w>
        { x = Conv<pads=[1,1,1,1]>(image, w) z = com.acme.Mystery(x) y = Relu(z) }
    """)
    analysis = pytest_rf.analyze(parsed)
    assert analysis["x"].status == "exact"
    assert analysis.final[0].status == "unknown"
    assert "Mystery" in str(analysis.final[0].reason)
    with pytest.raises(ValueError, match="Mystery"):
        analysis.final[0].bounds("h")


def test_an_open_batch_is_analysed_with_two_samples() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[N,3,8,8] image) => (float[N,4,8,8] y)
        <float[4,3,3,3] w>
        { y = Conv<pads=[1,1,1,1]>(image, w) }
        """)
    )
    assert analysis.inputs["image"].shape == (2, 3, 8, 8)
    lo, hi = analysis.final[0].bounds("batch")
    assert lo[:, 0, 0, 0].tolist() == hi[:, 0, 0, 0].tolist() == [0, 1]


def test_a_reshape_that_mixes_samples_is_seen() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[2,4,6] x) => (float[2,6,4] y)
        <int64[3] s = {2,6,4}, float[4,4] w>
        { r = Reshape(x, s) t = Transpose<perm=[1,0,2]>(r) s3 = Softmax<axis=1>(t) y = MatMul(s3, w) }
        """)
    )
    lo, hi = analysis["s3"].bounds(0, context=True)
    assert (lo.max(), hi.min()) == (0, 1)


def test_channel_shuffle_is_tracked_per_channel() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,4,9] x) => (float[1,4,9] y)
        <float[2,2,3] w, int64[4] s = {1,2,2,9}, int64[3] f = {1,4,9}>
        { a, b = Split<axis=1>(x)
          c = Conv<pads=[1,1]>(a, w)
          j = Concat<axis=1>(c, b)
          r = Reshape(j, s)
          t = Transpose<perm=[0,2,1,3]>(r)
          y = Reshape(t, f) }
        """)
    )
    lo, hi = analysis.final[0].bounds("t")
    assert (hi - lo + 1)[0, :, 4].tolist() == [3, 1, 3, 1]
    channels = analysis.final[0].bounds(1)
    assert np.stack(channels)[:, 0, :, 4].tolist() == [[0, 2, 0, 3], [1, 2, 1, 3]]


def test_independent_samples() -> None:
    shuffled = """
        net (float[2,4,6] x) => (float[2,4,6] y)
        <int64[2] order = {{{order}}}, float[4,4,1] w>
        {{ c = Conv(x, w) y = Gather<axis=0>(c, order) }}
    """
    kept = pytest_rf.analyze(model(shuffled.format(order="0, 1")), axes={"x": {"t": 2}})
    swapped = pytest_rf.analyze(model(shuffled.format(order="1, 0")), axes={"x": {"t": 2}})
    assert kept.outputs[0]["batch"].independent
    assert not swapped.outputs[0]["batch"].independent


def test_aligned_branches() -> None:
    merge = """
        net (float[1,1,32] x) => (float[1,1,?] y)
        <float[1,1,3] w, float[1,1,1] w1>
        {{ a = Conv<strides=[2], pads=[{before},{after}]>(x, w) b = Conv<strides=[2]>(x, w1) y = Add(a, b) }}
    """
    assert pytest_rf.analyze(model(merge.format(before=1, after=1))).final[0]["t"].aligned
    assert not pytest_rf.analyze(model(merge.format(before=0, after=2))).final[0]["t"].aligned


def test_two_inputs_that_meet() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,1,32] x, float[1,1,32] z) => (float[1,1,32] y)
        <float[1,1,3] w, float[1,1,5] v>
        { a = Conv<pads=[1,1]>(x, w) b = Conv<pads=[2,2]>(z, v) y = Add(a, b) }
        """)
    )
    assert [t.name for t in analysis.final] == ["y"]
    assert (analysis.final[0].field("x")["t"].rf, analysis.final[0].field("z")["t"].rf) == (3, 5)
    with pytest.raises(KeyError, match="several inputs"):
        analysis.final[0]["t"]


def test_the_first_linear_decides_what_the_channel_is() -> None:
    # The embedding makes the axis that the first Linear contracts; a later one mixes the tokens.
    analysis = pytest_rf.analyze(
        model("""
        net (int64[2,6] ids) => (float[2,6,4] y)
        <float[9,4] table, float[4,4] w, float[6,6] m>
        { e = Gather<axis=0>(table, ids) a = MatMul(e, w) y = MatMul(m, a) }
        """)
    )
    assert analysis.inputs["ids"].channel is None
    assert analysis.inputs["ids"].axes == {"t": 1}
    assert analysis.final[0]["t"].rf == math.inf


def test_groups_of_channels_stay_apart_in_theory() -> None:
    # Fields of 3, 1, 3, 1 along the channels look like a period of two, which channels do not have.
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,4,32] x) => (float[1,4,?] y)
        <float[1,1,3] w, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}>
        { a, b, c, d = Split<axis=1>(x)
          e = Conv<pads=[1,1]>(a, w)
          f = Conv<pads=[1,1]>(c, w)
          j = Concat<axis=1>(e, b, f, d)
          v = Add(j, x)
          y = MaxPool<kernel_shape=[3], pads=[1,1]>(v)
          narrow = Slice(y, one, two, one)
          wide = Slice(y, two, three, one) }
        """)
    )
    assert [analysis[name]["t"].rf for name in ("narrow", "wide")] == [3, 5]


def test_bounds_are_read_only_and_cost_nothing_where_nothing_is_read() -> None:
    analysis = pytest_rf.analyze(model(SE))
    for tensor in ("x", "w"):
        lo, hi = analysis[tensor].bounds("h", input="image")
        assert lo.shape == hi.shape == analysis[tensor].shape
        assert not lo.flags.writeable
        assert not hi.flags.writeable
    assert lo.strides == (0, 0, 0, 0)
