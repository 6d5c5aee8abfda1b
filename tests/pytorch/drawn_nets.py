"""What random nets are drawn from: for tilings, for guarantees about time, for those about samples."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pytorch.random_nets import (
    Chain,
    Conv,
    ConvTranspose,
    Crop,
    Mode,
    Net,
    Pool,
    Resize,
    Shift,
    Step,
    Subpixel,
    Sum,
    Windows,
)
from pytorch.random_sequences import (
    ALONG_SAMPLES,
    ALONG_TIME,
    Attention,
    EndToEnd,
    FirstApart,
    Named,
    Norm,
    Recurrent,
)

ALL_MODES: tuple[Mode, ...] = ("constant", "reflect", "replicate", "circular")


def examples(usual: int, nightly: int) -> settings:
    """Return settings that draw the same nets in every normal run, and new ones each night."""
    night = settings.default.max_examples > 100
    return settings(
        max_examples=nightly if night else usual,
        derandomize=not night,
        database=None,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )


def small(most: int) -> st.SearchStrategy[int]:
    """Return numbers from 0."""
    return st.integers(0, most)


MODES: tuple[Mode, ...] = ("constant", "reflect", "replicate")
convs = st.builds(
    Conv,
    kernel=st.integers(1, 5),
    stride=st.sampled_from([1, 1, 1, 2, 2, 3]),
    dilation=st.sampled_from([1, 1, 2, 3]),
    pads=st.tuples(small(4), small(4)),
    mode=st.sampled_from([*MODES * 3, "circular"]),
    beside=st.sampled_from([1, 3]),
)
transposed = st.integers(1, 3).flatmap(
    lambda stride: st.builds(
        ConvTranspose,
        kernel=st.integers(1, 5),
        stride=st.just(stride),
        padding=small(2),
        output_padding=small(stride - 1),
        dilation=st.sampled_from([1, 1, 2]),
    )
)
pools = st.integers(1, 4).flatmap(
    lambda kernel: st.builds(
        Pool,
        kernel=st.just(kernel),
        stride=st.integers(1, 3),
        padding=small(kernel // 2),
        ceil_mode=st.booleans(),
        largest=st.sampled_from([False, False, True]),
    )
)
crops = st.builds(Crop, before=small(4), after=small(4), pad=st.booleans())
shifts = st.builds(Shift, by=st.sampled_from([-3, -2, -1, 1, 2, 3]), mode=st.sampled_from(MODES))
resizes = st.builds(
    Resize,
    scale=st.sampled_from([Fraction(2), Fraction(2), Fraction(3), Fraction(1, 2), Fraction(3, 2)]),
    mode=st.sampled_from(["nearest", "nearest-exact", "linear"]),
)
subpixels = st.builds(Subpixel, by=st.integers(2, 3), up=st.booleans())
windows = st.builds(Windows, size=st.sampled_from([2, 3, 4]))
MOVES = (convs, convs, transposed, pools, crops, shifts, resizes, subpixels, windows)


@st.composite
def keeping(draw: st.DrawFn, modes: Sequence[Mode] = MODES) -> Step:
    """Draw a step that keeps the extent."""
    if draw(small(5)) == 0:
        return draw(shifts)
    kernel, dilation = draw(st.integers(1, 4)), draw(st.sampled_from([1, 1, 2]))
    before = draw(small((kernel - 1) * dilation))
    pads = (before, (kernel - 1) * dilation - before)
    return Conv(kernel, 1, dilation, pads, draw(st.sampled_from(modes)))


@st.composite
def joins(draw: st.DrawFn) -> Step:
    """Draw branches that meet: a residual, a U-Net, a skip that is cropped as much as its branch."""
    channels = draw(st.booleans())
    inner = Chain(tuple(draw(st.lists(keeping(), min_size=1, max_size=2))))
    skip = Chain(tuple(draw(st.lists(keeping(), max_size=1))))
    kind = draw(st.sampled_from(["residual", "unet", "cropped"]))
    if kind == "residual":
        return Sum((inner, skip), channels)
    if kind == "unet":
        by = draw(st.integers(2, 3))
        down = draw(
            st.sampled_from(
                [Pool(by, by), Conv(by, by), Conv(3, by, pads=(1, by - 2)), Subpixel(by, up=False)]
            )
        )
        up = draw(
            st.sampled_from(
                [
                    Resize(Fraction(by), "nearest"),
                    Resize(Fraction(by), "linear"),
                    ConvTranspose(by, by),
                    ConvTranspose(by + 2, by, 1),
                    Subpixel(by, up=True),
                ]
            )
        )
        return Sum((Chain((down, *inner.steps, up)), skip), channels)
    kernel = draw(st.integers(2, 4))
    before = draw(small(kernel - 1))
    return Sum((Chain((Conv(kernel), *inner.steps)), Crop(before, kernel - 1 - before)), channels)


def one_in(parts: Sequence[st.SearchStrategy[Step]]) -> st.SearchStrategy[Step]:
    """Draw from one of the strategies, each as often as it is named: ``one_of`` would flatten them."""
    return st.sampled_from(range(len(parts))).flatmap(lambda number: parts[number])


@st.composite
def nets(draw: st.DrawFn, most: int = 5, joined: bool = True) -> Net:
    """Draw a net whose steps are the same in every tile of an image."""
    rank = draw(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 3]))
    parts = [*MOVES, *[joins()] * (draw(st.sampled_from([0, 0, 4])) if joined else 0)]
    steps = draw(st.lists(one_in(parts), min_size=1, max_size=most))
    return Net(Chain(tuple(steps)), rank, draw(st.integers(2, rank + 1)))


@st.composite
def causal(draw: st.DrawFn) -> Step:
    """Draw a convolution that is causal but for its padding."""
    kernel, dilation = draw(st.integers(2, 4)), draw(st.sampled_from([1, 1, 2]))
    stride = draw(st.sampled_from([1, 1, 1, 2]))
    return Conv(kernel, stride, dilation, ((kernel - 1) * dilation, 0), draw(st.sampled_from(ALL_MODES)))


free = st.builds(
    Conv,
    kernel=st.integers(1, 4),
    stride=st.sampled_from([1, 1, 2, 3]),
    dilation=st.sampled_from([1, 1, 2]),
    pads=st.tuples(small(3), small(3)),
    mode=st.sampled_from(ALL_MODES),
)
pools_in_time = st.builds(
    Pool,
    kernel=st.integers(2, 3),
    stride=st.integers(1, 3),
    padding=small(1),
    ceil_mode=st.booleans(),
    largest=st.booleans(),
)
crops_in_time = st.builds(Crop, before=small(3), after=small(3), pad=st.booleans())
shifts_in_time = st.builds(Shift, by=st.sampled_from([-2, -1, 1, 2]), mode=st.sampled_from(ALL_MODES))
ups = st.one_of(
    st.builds(
        Resize,
        scale=st.sampled_from([Fraction(2), Fraction(3), Fraction(3, 2)]),
        mode=st.sampled_from(["nearest", "linear"]),
    ),
    st.builds(
        ConvTranspose,
        kernel=st.integers(1, 4),
        stride=st.integers(1, 2),
        padding=small(1),
        dilation=st.integers(1, 2),
    ),
    st.builds(
        lambda kernel, stride: Chain((ConvTranspose(kernel, stride), Crop(0, max(kernel - stride, 0)))),
        st.integers(2, 4),
        st.just(2),
    ),
)
along_time = one_in(
    [st.sampled_from(ALONG_TIME).map(Named)] * 3
    + [
        st.builds(Recurrent, kind=st.sampled_from(["rnn", "gru", "lstm"]), both=st.booleans()),
        st.builds(Attention, mask=st.sampled_from(["none", "causal", "band", "added"])),
        st.builds(Norm, st.sampled_from(["instance", "group", "channels", "time", "batch_eval"])),
    ]
)
along_samples = one_in(
    [st.sampled_from(ALONG_SAMPLES).map(Named)] * 3
    + [
        st.builds(
            Recurrent, kind=st.sampled_from(["rnn", "gru", "lstm"]), both=st.booleans(), samples=st.just(True)
        ),
        st.builds(Attention, samples=st.just(True)),
        st.builds(Norm, st.sampled_from(["batch", "batch_eval"])),
    ]
)
plain = one_in([causal(), causal(), free, pools_in_time, crops_in_time, shifts_in_time, ups])


@st.composite
def joined(draw: st.DrawFn) -> Step:
    """Draw branches that meet, as sums, channels or end to end."""
    kind = draw(st.sampled_from(["sum", "channels", "end to end", "first apart", "crops", "levels"]))
    if kind == "first apart":
        return FirstApart(draw(st.integers(2, 4)), draw(st.integers(1, 2)))
    if kind == "crops":
        at = draw(st.integers(1, 6))
        return EndToEnd((Crop(0, at), Crop(draw(small(6)), draw(small(2)))))
    if kind == "levels":
        by = draw(st.integers(2, 3))
        return EndToEnd((draw(causal()), Chain((draw(causal()), Pool(by, by)))))
    branches = tuple(Chain(tuple(draw(st.lists(plain, max_size=2)))) for _ in range(2))
    return EndToEnd(branches) if kind == "end to end" else Sum(branches, kind == "channels")


@st.composite
def time_nets(draw: st.DrawFn) -> Net:
    """Draw a net that moves along time."""
    first = draw(st.one_of(causal(), causal(), free))
    rest = draw(st.lists(one_in([plain, plain, joined(), along_time]), max_size=3))
    return Net(Chain((first, *rest)))


@st.composite
def batch_nets(draw: st.DrawFn) -> Net:
    """Draw a net that may mix samples."""
    first = draw(st.lists(causal(), max_size=1))
    rest = draw(
        st.lists(one_in([along_samples, along_samples, along_time, plain, joined()]), min_size=1, max_size=3)
    )
    return Net(Chain((*first, *rest)))
