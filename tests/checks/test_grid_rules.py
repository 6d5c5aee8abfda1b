"""Rules about strides, grids and what meets on them, from one to three spatial axes."""

from __future__ import annotations

import pytest
from found import findings, judges, rows
from layered import AXES, chain, conv, pool
from models import model

RANKS = pytest.mark.parametrize("rank", [1, 2, 3])


@RANKS
@pytest.mark.parametrize(
    ("layer", "fits", "ragged"),
    [
        (lambda rank: pool(rank, 2, 2), 8, 9),
        (lambda rank: pool(rank, 2, 2, ceil=1), 8, 9),
        (lambda rank: pool(rank, 3, 2), 9, 10),
        (lambda rank: pool(rank, 3, 2, ceil=1), 9, 10),
    ],
)
def test_windows_come_out_even_or_not(rank: int, layer, fits: int, ragged: int) -> None:
    assert rows(model(chain(rank, fits, layer(rank))), "ragged-input") == []
    assert rows(model(chain(rank, ragged, layer(rank))), "ragged-input") == [
        ("y", axis, "error") for axis in AXES[rank]
    ]


@RANKS
@pytest.mark.parametrize("extent", range(7, 12))
def test_padding_and_what_a_stride_always_skips_are_not_ragged(rank: int, extent: int) -> None:
    assert rows(model(chain(rank, extent, conv(rank, 3, 2, pad=1))), "ragged-input") == []
    assert rows(model(chain(rank, extent, conv(rank, 1, 2))), "ragged-input") == []


def test_each_axis_has_its_own_window_where_others_are_taken_whole() -> None:
    """As the pools of a pyramid, which leave the axis between slices alone."""
    pooled = "MaxPool<kernel_shape=[4,4,1], strides=[4,4,1]>(a)"
    text = f"""
        net (float[1,1,{{}},4,9] x) => (float[1,1,?,?,?] y) <float[1,1,3,3,3] w>
        {{{{ a = Conv<kernel_shape=[3,3,3], pads=[1,1,1,1,1,1]>(x, w) y = {pooled} }}}}
    """
    assert rows(model(text.format(4)), "ragged-input") == []
    assert rows(model(text.format(9)), "ragged-input") == [("y", "d", "error")]


def valid_unet(extent: int) -> str:
    """A U-Net of 2015 with two poolings, whose skips are cropped at every extent."""
    return f"""
        net (float[1,2,{extent}] x) => (float[1,2,?] y)
        <float[2,2,3] w, float[2,2,2] u, float[2,4,3] v, int64[1] four = {{4}}, int64[1] back = {{-4}},
         int64[1] far = {{16}}, int64[1] behind = {{-16}}, int64[1] axis = {{2}}>
        {{
            a = Conv(x, w)  b = Conv(a, w)
            c = MaxPool<kernel_shape=[2], strides=[2]>(b)
            d = Conv(c, w)  e = Conv(d, w)
            f = MaxPool<kernel_shape=[2], strides=[2]>(e)
            g = Conv(f, w)  h = Conv(g, w)
            i = ConvTranspose<strides=[2]>(h, u)
            j = Slice(e, four, back, axis)
            k = Concat<axis=1>(j, i)
            l = Conv(k, v)  m = Conv(l, w)
            n = ConvTranspose<strides=[2]>(m, u)
            o = Slice(b, far, behind, axis)
            y = Concat<axis=1>(o, n)
        }}
    """


@pytest.mark.parametrize("extent", [92, 60, 44])
def test_a_valid_u_net_fits_where_all_poolings_are_even(extent: int) -> None:
    assert rows(model(valid_unet(extent)), "ragged-input") == []


@pytest.mark.parametrize(("extent", "near"), [(90, ("88", "92")), (93, ("92", "96"))])
def test_the_nearest_extents_that_fit_are_found_by_trying(extent: int, near: tuple[str, str]) -> None:
    encoder = valid_unet(extent).split("i = ")[0].replace("=> (float[1,2,?] y)", "=> (float[1,2,?] h)") + "}"
    (found,) = findings(model(encoder), "ragged-input")
    assert found.required is not None
    assert found.required.text == " or ".join(near)


def test_a_last_sample_that_no_window_reaches() -> None:
    auto = """
        net (float[1,2,{extent}] x) => (float[1,2,?] y) <float[2,2,8] w>
        {{ a = Conv<strides=[4]>(x, w)  y = ConvTranspose<strides=[4]>(a, w) }}
    """
    (found,) = findings(model(auto.format(extent=97)), "ragged-input")
    assert found.required is not None
    assert found.required.text == "96 or 100"
    assert findings(model(auto.format(extent=96)), "ragged-input") == []


def test_a_pad_for_a_merge_that_another_extent_would_spare() -> None:
    text = """
        net (float[1,2,{extent}] x) => (float[1,2,?] y) <float[2,2,3] w, float[2,2,2] u>
        {{
            a = Conv<strides=[2], pads=[1,1]>(x, w)
            b = ConvTranspose<strides=[2]>(a, u)
            s = Shape(x)
            i = Constant<value = int64[1] {{2}}>()
            n = Gather<axis=0>(s, i)
            z = Constant<value = int64[1] {{0}}>()
            c = Slice(b, z, n, i)
            y = Add(c, x)
        }}
    """
    assert rows(model(text.format(extent=8)), "ragged-input") == []
    (found,) = findings(model(text.format(extent=9)), "ragged-input")
    assert found.tensor == "c"
    assert found.required is not None
    assert found.required.text == "8 or 10"


@RANKS
def test_positions_that_nothing_reads_although_their_neighbours_are_read(rank: int) -> None:
    net = chain(rank, 9, conv(rank, 3, pad=1), conv(rank, 1, 2))
    assert rows(model(net), "stride-skips-input") == [("y", axis, "error") for axis in AXES[rank]]
    assert [one.measured[0].low for one in findings(model(net), "stride-skips-input")] == [4] * rank
    assert rows(model(chain(rank, 9, conv(rank, 3, pad=1), conv(rank, 2, 2))), "stride-skips-input") == []
    dilated = chain(rank, 9, conv(rank, 3, 2, pad=2, dilation=2))
    assert [one.measured[0].low for one in findings(model(dilated), "stride-skips-input")] == [4] * rank


def test_a_shortcut_that_skips_beside_a_window_that_does_not_is_silent() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y) <float[2,2,3] w, float[2,2,1] u>
        { a = Conv<strides=[2], pads=[1,1]>(x, w)  b = Conv<strides=[2]>(x, u)  y = Add(a, b) }
    """
    assert rows(model(text), "stride-skips-input") == []


def test_a_strided_slice_skips_and_two_of_them_do_not() -> None:
    text = """
        net (float[1,2,8] x) => (float[1,2,?] y)
        <int64[1] zero = {0}, int64[1] one = {1}, int64[1] end = {8}, int64[1] axis = {2}, int64[1] two = {2}>
        { a = Slice(x, zero, end, axis, two)  b = Slice(x, one, end, axis, two)  y = Concat<axis=1>(a, b) }
    """
    assert rows(model(text), "stride-skips-input") == []
    half = text.replace("b = Slice(x, one, end, axis, two)", "b = Relu(a)")
    assert rows(model(half), "stride-skips-input") == [("a", "t", "error")]


@RANKS
@pytest.mark.parametrize(("pad", "severity"), [(1, []), (0, ["warning"])])
def test_branches_whose_centres_differ(rank: int, pad: int, severity: list[str]) -> None:
    size = ",".join(["9"] * rank)
    kernel, unknown = ",".join(["3"] * rank), ",".join(["?"] * rank)
    axes = ",".join(str(n + 2) for n in range(rank))
    text = f"""
        net (float[1,2,{size}] x) => (float[1,2,{unknown}] y)
        <float[2,2,{kernel}] w, int64[{rank}] start = {{{",".join(["0"] * rank)}}},
         int64[{rank}] stop = {{{",".join([str(7 + 2 * pad)] * rank)}}}, int64[{rank}] axes = {{{axes}}}>
        {{
            a = Conv<pads=[{",".join([str(pad)] * rank * 2)}]>(x, w)
            r = Relu(x)
            b = Slice(r, start, stop, axes)
            y = Add(a, b)
        }}
    """
    expected = [("y", axis, one) for axis in AXES[rank] for one in severity]
    assert rows(model(text), "misaligned-merge") == expected
    assert all(one.measured[0].low == 1 for one in findings(model(text), "misaligned-merge"))


def test_half_a_step_is_info_and_shifts_of_one_tensor_have_no_say() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y)
        <float[2,2,2] w, int64[1] start = {0}, int64[1] stop = {8}, int64[1] axis = {2}>
        { a = Conv(x, w)  b = Slice(x, start, stop, axis)  y = Add(a, b) }
    """
    assert rows(model(text), "misaligned-merge") == [("y", "t", "info")]
    shifted = text.replace("a = Conv(x, w)", "a = Slice(x, one, end, axis)").replace(
        "float[2,2,2] w,", "int64[1] one = {1}, int64[1] end = {9},"
    )
    assert rows(model(shifted), "misaligned-merge") == []


def test_causal_residuals_are_aligned() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,9] y) <float[2,2,3] w>
        { a = Conv<pads=[2,0]>(x, w)  y = Add(a, x) }
    """
    assert rows(model(text), "misaligned-merge") == []


@RANKS
def test_grids_that_lie_off_the_image(rank: int) -> None:
    net = model(chain(rank, 16, conv(rank, 3, 2, pad=1), conv(rank, 3, 2, pad=1)))
    assert rows(net, "off-grid") == [("y", axis, "error") for axis in AXES[rank]]
    assert {str(one.measured[0].low) for one in findings(net, "off-grid")} == {"-3/2"}
    assert rows(model(chain(rank, 16, conv(rank, 3, pad=1))), "off-grid") == []
    assert rows(model(chain(rank, 16, pool(rank, 2, 2))), "off-grid") == []


@pytest.mark.parametrize("rule", ["off-grid", "uneven-padding"])
def test_a_causal_axis_lies_off_the_image_as_it_must(rule: str) -> None:
    past = model("net (float[1,2,16] x) => (float[1,2,16] y) <float[2,2,3] w> { y = Conv<pads=[2,0]>(x, w) }")
    assert rows(past, rule) == [("y", "t", "error")]
    for requirement in ("final is causal", "lookahead.t <= 0"):
        assert rows(past, rule, requirement) == []
        assert not judges(past, rule, requirement)
    assert rows(past, rule, "final halo <= 4", "final lookahead.t >= 0") == [("y", "t", "error")]


def test_the_offset_is_the_mean_over_phases() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y) <float[2,2,3] w, float[3] r, float[3] s = {1.0, 1.0, 2.0}>
        { y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor">(x, , s) }
    """
    assert rows(model(text), "off-grid") == []


@RANKS
def test_padding_that_is_even_at_odd_extents_only(rank: int) -> None:
    net = model(chain(rank, 16, conv(rank, 3, 2, pad=1)))
    assert rows(net, "uneven-padding") == [("y", axis, "error") for axis in AXES[rank]]
    assert all("symmetric at 15 and 17" in one.help for one in findings(net, "uneven-padding"))
    assert rows(model(chain(rank, 17, conv(rank, 3, 2, pad=1))), "uneven-padding") == []


def test_one_window_over_all_of_an_axis_skips_nothing() -> None:
    pooled = pool(2, 4, 4)
    assert rows(model(chain(2, 4, pooled)), "unfiltered-downsampling") == []
    assert rows(model(chain(2, 8, pooled)), "unfiltered-downsampling") == [("y", "", "error")]


def test_downsampling_that_nothing_has_filtered() -> None:
    assert rows(model(chain(2, 16, pool(2, 2, 2))), "unfiltered-downsampling") == [("y", "", "error")]
    assert rows(model(chain(2, 16, conv(2, 3, 2, pad=1))), "unfiltered-downsampling") == [("y", "", "error")]
    average = pool(2, 2, 2).replace("MaxPool", "AveragePool").replace(", dilations=[1,1]", "")
    assert rows(model(chain(2, 16, average)), "unfiltered-downsampling") == []
    filtered = pool(2, 2).replace("MaxPool", "AveragePool").replace(", dilations=[1,1]", "")
    assert rows(model(chain(2, 16, filtered, "Relu(X)", pool(2, 2, 2))), "unfiltered-downsampling") == []


@pytest.mark.parametrize(
    ("taps", "found"), [("1.0,2.0,1.0,1.0,2.0,1.0", []), ("1.0,-2.0,1.0,1.0,2.0,1.0", [("y", "", "error")])]
)
def test_a_depthwise_kernel_of_positive_taps_is_a_low_pass(taps: str, found: list) -> None:
    text = f"""
        net (float[1,2,9] x) => (float[1,2,?] y) <float[2,1,3] w = {{{taps}}}>
        {{ y = Conv<strides=[2], group=2>(x, w) }}
    """
    assert rows(model(text), "unfiltered-downsampling") == found


@RANKS
def test_padding_may_go_unread_and_data_not(rank: int) -> None:
    """A pad that the exporter wrote out is padding as a convolution's own is."""
    size, ends = ",".join(["8"] * rank), ",".join(["1"] * rank)
    text = f"""
        net (float[1,2,{size}] x) => (float[1,2,{",".join(["?"] * rank)}] y)
        <int64[{2 * rank + 4}] p = {{0,0,{ends},0,0,{ends}}}, float[2,2,{",".join(["3"] * rank)}] w>
        {{ a = Pad(x, p)  y = Conv<strides=[{",".join(["2"] * rank)}]>(a, w) }}
    """
    assert rows(model(text), "ragged-input") == []


def test_positions_that_slices_take_by_turns_are_read() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y)
        <float[2,2,1] w, float[2,2,3] v, int64[1] one = {1}, int64[1] end = {9}, int64[1] axis = {2}>
        {
            a = Conv<pads=[1,1]>(x, v)
            b = Conv<strides=[2]>(a, w)
            s = Slice(a, one, end, axis)
            c = Conv<strides=[2]>(s, w)
            y = Concat<axis=2>(b, c)
        }
    """
    assert rows(model(text), "stride-skips-input") == []
    half = text.replace("Slice(a, one, end, axis)", "Relu(a)")
    assert [row[0] for row in rows(model(half), "stride-skips-input")] == ["b"]


def test_a_fold_puts_windows_together_and_skips_nothing() -> None:
    text = """
        net (float[1,18,16] x) => (float[1,2,?,?] y) <int64[2] image = {8,8}, int64[2] block = {3,3}, float[2,2,3,3] w>
        { a = Col2Im<strides=[2,2], pads=[1,1,1,1]>(x, image, block)  y = Conv<pads=[1,1,1,1]>(a, w) }
    """
    assert rows(model(text), "unfiltered-downsampling") == []
