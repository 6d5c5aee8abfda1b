"""Random nets run in real tiles: the halo is what a tiling needs, and no more.

A normal run tiles 300 nets; the nightly run, ``pytest tests/pytorch/test_tilings.py
--hypothesis-profile=nightly``, 2,000 that are new each time. What it finds, it prints as a net.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import Phase, assume, example, given, note, settings
from hypothesis import strategies as st

import pytest_rf

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from pytorch.drawn_nets import examples, nets  # noqa: E402
from pytorch.random_nets import (  # noqa: E402
    Chain,
    Conv,
    ConvTranspose,
    Crop,
    Module,
    Net,
    Resize,
    Shift,
    Step,
    Subpixel,
    Windows,
    data,
)

SAME = 1e-9
UNFIT = (RuntimeError, ValueError)
"""What a net raises on an image that is too small for it."""
MOST_MULTIPLE, MOST_TILES = 96, 24


@dataclass(frozen=True)
class Tiling:
    """A net, an image, and what the analysis says of tiling it.

    Attributes:
        net: the net.
        module: the net with its weights.
        image: the image.
        whole: the net's result for it.
        axis: which axis is tiled.
        stride: input positions that one output step stands for.
        multiple: tiles begin and end on multiples of this, or at the image's border.
        context: what a tile needs on either side, in input positions, rounded up to ``multiple``; None where
            no context is said to be enough.
    """

    net: Net
    module: Module
    image: Tensor
    whole: Tensor
    axis: int
    stride: Fraction
    multiple: int
    context: tuple[int, int] | None

    def tiles(self, least: int = 1) -> Iterator[tuple[int, int]]:
        """Yield the inner parts of many tiles: every border is one's beginning and another's end.

        ``least``: of so many multiples at least.
        """
        extent, unit = self.image.shape[self.axis], self.multiple
        borders = [*range(0, extent, unit), extent]
        leap = max(1, len(borders) // (MOST_TILES // 2))
        for number, first in enumerate(borders[:-1:leap]):
            for length in (least, least + 1 + number % 5):
                yield first, borders[min(number * leap + length, len(borders) - 1)]

    @property
    def least(self) -> int:
        """How many multiples a tile has to hold: one at the image's border sees its own border in a mirror there."""
        mirrored = any(mode in str(self.net) for mode in ("reflect", "replicate"))
        return 1 + sum(self.context or ()) // self.multiple if mirrored else 1

    def difference(self, first: int, last: int, context: tuple[int, int]) -> str:
        """Say by what a tile's inner result differs from the whole's; "" where it does not.

        The inner units are those whose own positions, from ``unit · stride`` on, lie in the inner part; at
        the image's borders all that are left.
        """
        extent = self.image.shape[self.axis]
        low, high = max(first - context[0], 0), min(last + context[1], extent)
        part = self.module(self.image.narrow(self.axis, low, high - low))
        units = self.whole.shape[self.axis]
        begin = math.ceil(first / self.stride)
        end = units if last == extent else min(math.ceil(last / self.stride), units)
        before = Fraction(low) / self.stride
        if before.denominator != 1:
            return f"a tile from {low} on begins within a step of {self.stride}"
        own, there = begin - int(before), end - int(before)
        tile = f"tile {low}:{high} for {first}:{last}"
        if begin >= end:
            return ""
        if there > part.shape[self.axis]:
            return f"{tile}: has {part.shape[self.axis]} units, unit {there - 1} of it is needed"
        off = part.narrow(self.axis, own, there - own) - self.whole.narrow(self.axis, begin, end - begin)
        off = off.movedim(self.axis, 0).flatten(1).abs().amax(1) / max(1.0, float(self.whole.abs().max()))
        wrong = (off > SAME).nonzero().flatten()
        return (
            f"{tile}: unit {begin + int(wrong[0])} is off by {float(off[wrong[0]]):.1e}" if len(wrong) else ""
        )

    def wrong(self, context: tuple[int, int], enough: tuple[int, int] | None = None) -> str:
        """Say what is wrong with the first tile that is; "" where all are right.

        A tile that is too small for the net, which says so, is wrong only if it runs with ``enough`` context.
        """
        for first, last in self.tiles(1 if enough else self.least):
            try:
                found = self.difference(first, last, context)
            except UNFIT:
                found = "does not run" if enough and self.runs(first, last, enough) else ""
            if found:
                return found
        return ""

    def runs(self, first: int, last: int, context: tuple[int, int]) -> bool:
        """Whether a tile is large enough for the net."""
        try:
            self.difference(first, last, context)
        except UNFIT:
            return False
        return True

    def loose(self) -> bool:
        """Whether less context is enough: a ``multiple`` less on some side, or any where none is said to be."""
        unit = self.multiple
        if self.context is None:
            much = 40 // unit * unit
            return much > 0 and not self.wrong((much, much))
        before, after = self.context
        less = [(before - unit, after)] * (before > 0) + [(before, after - unit)] * (after > 0)
        return any(not self.wrong(context, self.context) for context in less)


def image(net: Net, extent: int) -> Tensor:
    """Return an image of a net: small beside the axis."""
    return data(1, 2, *(extent if number == net.axis else 4 for number in range(2, net.rank + 2)))


def figures(net: Net, extent: int, ragged: int = 0) -> Tiling | str:
    """Return what the analysis says of tiling an image that fits a net, or why nothing is to be tiled."""
    module = net.module()
    for _ in range(2):
        picture = image(net, extent + ragged)
        try:
            whole = module(picture)
        except UNFIT:
            return "does not run"
        if whole.numel() == 0:
            return "does not run"
        tensor = pytest_rf.analyze(module, picture).outputs[0]
        if tensor.status == "unknown":
            return f"unknown: {tensor.reason}"
        if "x" not in tensor.inputs:
            return "reads nothing"
        found = tensor.field("x")[net.axis]
        try:
            halo, stride, multiple = found.halo, found.stride, found.multiple
        except pytest_rf.RFError as error:
            return f"undecidable: {error}"
        if not stride or stride < 0 or halo is None:
            return "no stride"
        if multiple > MOST_MULTIPLE:
            return "multiple is large"
        if extent % multiple == 0:
            sides = (
                None if math.inf in halo else tuple(math.ceil(side / multiple) * multiple for side in halo)
            )
            return Tiling(net, module, picture, whole, net.axis, stride, multiple, sides)
        extent = math.ceil(extent / multiple) * multiple
    return "no extent fits"


def chain(*steps: Step) -> Net:
    """Return a net of one spatial axis."""
    return Net(Chain(steps))


@examples(300, 2000)
@given(nets(), st.sampled_from([96, 120, 192]), st.sampled_from([0, 0, 0, 1, 5]))
@example(chain(Crop(3, 0), Conv(3, pads=(1, 1))), 96, 0)
@example(chain(Crop(3, 0, pad=True), Conv(3, pads=(1, 1))), 96, 0)
@example(chain(ConvTranspose(4, 2, 1), Conv(3, pads=(1, 1))), 96, 0)
@example(chain(ConvTranspose(1, 1, 1)), 96, 0)
@example(chain(ConvTranspose(1, 2)), 96, 0)
@example(chain(Crop(0, 1)), 96, 0)
@example(chain(Shift(1), Shift(-1)), 96, 0)
@example(chain(Shift(-2), Conv(2)), 96, 0)
@example(chain(Shift(1), Resize(Fraction(3), "linear")), 96, 0)
@example(chain(Conv(1, pads=(0, 1)), Conv(1, pads=(1, 0), mode="reflect")), 96, 0)
@example(chain(Windows(4)), 96, 0)
@example(chain(Windows(2), Crop(1, 0), Windows(2)), 97, 0)
@example(chain(Subpixel(2, up=True)), 96, 0)
def test_a_tile_with_its_halo_equals_the_whole(net: Net, extent: int, ragged: int) -> None:
    tiling = figures(net, extent, ragged)
    assume(isinstance(tiling, Tiling))
    assert isinstance(tiling, Tiling)
    note(f"stride {tiling.stride}, multiple {tiling.multiple}, context {tiling.context}")
    assert tiling.stride == net.chain.pace
    if tiling.context is not None:
        assert not tiling.wrong(tiling.context)


@pytest.mark.hypothesis
def test_the_halo_of_a_net_without_joins_is_seldom_larger_than_needed() -> None:
    loose: list[Net] = []
    judged: list[Net] = []

    @settings(examples(150, 1000), phases=[Phase.generate])
    @given(nets(joined=False))
    def draw(net: Net) -> None:
        tiling = figures(net, 96)
        if isinstance(tiling, Tiling) and tiling.context != (0, 0):
            judged.append(net)
            if tiling.loose():
                loose.append(net)

    draw()
    print(f"{len(judged) - len(loose)} of {len(judged)} halos are as small as can be")
    assert len(loose) <= 0.1 * len(judged), sorted(loose, key=lambda net: len(str(net)))[:3]
