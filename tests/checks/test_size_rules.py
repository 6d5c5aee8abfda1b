"""Rules about the size of fields and about what is read at all, from one to three spatial axes."""

from __future__ import annotations

import pytest
from found import findings, judges, rows
from layered import AXES, chain, conv, pool
from models import model

RANKS = pytest.mark.parametrize("rank", [1, 2, 3])


@RANKS
def test_a_layer_whose_operand_sees_more_than_the_input_along_every_axis_sees_nothing_new(rank: int) -> None:
    layers = [conv(rank, 3, pad=1)] * 5  # rf 3, 5, 7, 9, 11
    assert rows(model(chain(rank, 6, *layers)), "unproductive-layer") == [("a4", AXES[rank], "error")]
    (found,) = findings(model(chain(rank, 6, *layers)), "unproductive-layer")
    assert "2 of 5 layers" in found.message
    assert (found.measured[0].low, found.required and found.required.value) == (7, 6)
    assert rows(model(chain(rank, 9, *layers)), "unproductive-layer") == []  # 9 is not larger than 9
    assert rows(model(chain(rank, 8, *layers)), "unproductive-layer") == [("y", AXES[rank], "error")]


def test_one_axis_that_is_not_covered_makes_a_layer_productive() -> None:
    text = chain(2, 6, *[conv(2, 3, pad=1)] * 5).replace("float[1,2,6,6] x", "float[1,2,6,60] x")
    assert rows(model(text), "unproductive-layer") == []


def test_a_shortcut_keeps_a_layer_productive() -> None:
    text = """
        net (float[1,2,6] x) => (float[1,2,?] y) <float[2,2,3] w>
        {
            a = Conv<pads=[1,1]>(x, w)  b = Conv<pads=[1,1]>(a, w)  c = Conv<pads=[1,1]>(b, w)
            s = Add(c, x)
            y = Conv<pads=[1,1]>(s, w)
        }
    """
    assert rows(model(text), "unproductive-layer") == []
    assert rows(model(text.replace("Add(c, x)", "Relu(c)")), "unproductive-layer") == [("y", "t", "error")]


def test_what_mixes_a_whole_axis_cannot_exceed_the_input() -> None:
    text = """
        net (float[1,2,6] x) => (float[1,2,?] y) <float[6,6] m, float[2,2,3] w>
        { a = MatMul(x, m)  y = Conv<pads=[1,1]>(a, w) }
    """
    assert rows(model(text), "unproductive-layer") == []
    assert rows(model(text), "field-exceeds-input") == []


@RANKS
def test_windows_that_do_not_come_out_even_leave_the_end_unread(rank: int) -> None:
    net = model(chain(rank, 9, pool(rank, 2, 2)))
    assert rows(net, "unread-input") == [("y", axis, "error") for axis in AXES[rank]]
    assert [one.measured[0].low for one in findings(net, "unread-input")] == [1] * rank
    assert rows(model(chain(rank, 8, pool(rank, 2, 2))), "unread-input") == []
    assert rows(model(chain(rank, 9, pool(rank, 2, 2, ceil=1))), "unread-input") == []
    assert rows(model(chain(rank, 12, pool(rank, 2, 2), pool(rank, 2, 2))), "unread-input") == []
    deeper = model(chain(rank, 14, pool(rank, 2, 2), pool(rank, 2, 2)))
    assert [(one.tensor, one.measured[0].low) for one in findings(deeper, "unread-input")] == [
        ("y", 2)
    ] * rank


def test_what_an_index_or_a_crop_leaves_out_is_info() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y)
        <int64[1] start = {2}, int64[1] stop = {8}, int64[1] axis = {2}, float[2,2,3] w>
        { a = Slice(x, start, stop, axis)  y = Conv<pads=[1,1]>(a, w) }
    """
    assert rows(model(text), "unread-input") == [("a", "t", "info")]
    (found,) = findings(model(text), "unread-input")
    assert found.measured[0].low == 3
    assert "the last one and the first 2 of 9" in found.message


def test_a_second_output_can_read_what_the_first_leaves_out() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y, float[1,2,?] z) <float[2,2,3] w>
        { y = MaxPool<kernel_shape=[2], strides=[2]>(x)  z = Conv<pads=[1,1]>(x, w) }
    """
    assert rows(model(text), "unread-input") == []


def test_statistics_read_everything() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y)
        { a = MaxPool<kernel_shape=[2], strides=[2]>(x)  m = GlobalAveragePool(x)  y = Mul(a, m) }
    """
    assert rows(model(text), "unread-input") == []


@RANKS
def test_taps_that_lie_in_padding_wherever_the_window_lies(rank: int) -> None:
    net = chain(rank, 4, conv(rank, 3, pad=4, dilation=4))
    assert rows(model(net), "padding-only-tap") == [("y", axis, "error") for axis in AXES[rank]]
    assert [one.measured[0].low for one in findings(model(net), "padding-only-tap")] == [2] * rank
    assert rows(model(chain(rank, 5, conv(rank, 3, pad=4, dilation=4))), "padding-only-tap") == []
    one = chain(rank, 1, conv(rank, 3, pad=1))
    assert [found.measured[0].low for found in findings(model(one), "padding-only-tap")] == [2] * rank


def test_an_explicit_pad_is_padding() -> None:
    text = """
        net (float[1,2,4] x) => (float[1,2,?] y) <int64[6] p = {0,0,4,0,0,4}, float[2,2,3] w>
        { a = Pad(x, p)  y = Conv<dilations=[4]>(a, w) }
    """
    (found,) = findings(model(text), "padding-only-tap")
    assert found.measured[0].low == 2
    reflected = text.replace("Pad(x", 'Pad<mode="reflect">(x').replace("4,0,0,4", "3,0,0,3")
    assert findings(model(reflected), "padding-only-tap") == []


def test_rules_judge_models_that_have_what_they_are_about() -> None:
    plain = model("net (float[1,2,9] x) => (float[1,2,9] y) { y = Relu(x) }")
    assert not judges(plain, "unproductive-layer")
    assert not judges(plain, "padding-only-tap")
    assert judges(model(chain(1, 9, conv(1, 3))), "unproductive-layer")


@RANKS
def test_a_layer_that_reads_one_position_a_place_looks_for_nothing(rank: int) -> None:
    size, pads = ",".join(["4"] * rank), ",".join(["2"] * 2 * rank)
    text = f"""
        net (float[1,2,{size}] x) => (float[1,2,{",".join(["?"] * rank)}] y)
        <float[2,2,{",".join(["5"] * rank)}] w, float[2,2,{",".join(["2"] * rank)}] u>
        {{ a = Conv<pads=[{pads}]>(x, w)  y = ConvTranspose<strides=[{",".join(["2"] * rank)}]>(a, u) }}
    """
    assert rows(model(text), "unproductive-layer") == []
    wider = text.replace("strides=[" + ",".join(["2"] * rank), "strides=[" + ",".join(["1"] * rank))
    assert rows(model(wider), "unproductive-layer") == [("y", AXES[rank], "error")]
