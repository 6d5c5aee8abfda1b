"""What a tile's own border spoils counts in the halo: crops, transposed convolutions and offset grids."""

from __future__ import annotations

from fractions import Fraction

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Net(nn.Module):
    def __init__(self, function, *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x):
        return self.function(x, *self.layers)


def same() -> nn.Conv1d:
    return nn.Conv1d(1, 1, 3, padding=1)


def up(kernel: int, stride: int = 2, padding: int = 0, extra: int = 0) -> nn.ConvTranspose1d:
    return nn.ConvTranspose1d(1, 1, kernel, stride, padding, extra)


# name: net, halo before and after
SPOILT = {
    "slice, then padding": (Net(lambda x, c: c(x[..., 3:]), same()), (1, 4)),
    "negative pad, then padding": (Net(lambda x, c: c(F.pad(x, (-1, 1))), same()), (1, 2)),
    "crop at the end alone": (Net(lambda x: x[..., :-2] * 2), (0, 2)),
    "transposed, then padding": (Net(lambda x, u, c: c(u(x)), up(4, 2, 1), same()), (1, 1)),
    "one tap with padding": (Net(lambda x, u: u(x), up(1, 1, 1)), (0, 2)),
    "one tap at stride 2": (Net(lambda x, u: u(x), up(1, 2)), (0, 1)),
    "output padding": (Net(lambda x, u, c: c(u(x)), up(3, 2, 1, 1), same()), (1, 1)),
    "two pads": (Net(lambda x, c, d: d(F.pad(c(x), (-2, 2))), same(), same()), (1, 4)),
    "shift there and back": (Net(lambda x: F.pad(F.pad(x, (2, -2)), (-2, 2)) * 2), (0, 2)),
}


def tiles_are_wrong(net: nn.Module, x, field, before: int, after: int) -> bool:
    """Run tiles at all borders on the grid and compare the steps that begin inside with the whole's."""
    whole, stride, multiple = net(x), Fraction(field.stride), field.multiple
    extent = x.shape[-1]
    for begin in range(0, extent, multiple):
        for end in (begin + multiple, begin + 4 * multiple, begin + 16 * multiple):
            if end > extent:
                continue
            first, last = max(0, begin - before), min(extent, end + after)
            try:
                tile = net(x[..., first:last])
            except RuntimeError:  # too small to be run at all
                continue
            for step in range(whole.shape[-1]):
                if begin <= step * stride < end:
                    place = step - int(first / stride)
                    if place >= tile.shape[-1] or abs(tile[0, 0, place] - whole[0, 0, step]) > 1e-9:
                        return True
    return False


@pytest.mark.parametrize("name", SPOILT)
def test_the_halo_is_what_real_tiles_need(name: str) -> None:
    torch.manual_seed(0)
    net, halo = SPOILT[name]
    net, x = net.double().requires_grad_(False), torch.rand(1, 1, 48).double() + 0.5
    field = pytest_rf.analyze(net, x).outputs[0][2]
    assert field.halo == halo
    before, after = (-(-int(side) // field.multiple) * field.multiple for side in halo)
    assert not tiles_are_wrong(net, x, field, before, after)
    if before:
        assert tiles_are_wrong(net, x, field, before - field.multiple, after)
    if after:
        assert tiles_are_wrong(net, x, field, before, after - field.multiple)


@pytest.mark.parametrize("rank", [2, 3])
def test_other_ranks_count_their_borders_too(rank: int) -> None:
    conv = {2: nn.Conv2d, 3: nn.Conv3d}[rank](1, 1, 3, padding=1)
    net = Net(lambda x, c: c(x[..., 3:]), conv)
    final = pytest_rf.analyze(net, torch.zeros(1, 1, *[12] * rank)).outputs[0]
    halos = [final[axis].halo for axis in range(2, rank + 2)]
    assert halos == [(1, 1)] * (rank - 1) + [(1, 4)]


def test_an_extent_that_does_not_fit_is_rounded_to_the_safe_side() -> None:
    """At 97 positions a tile of 96 may lack the last step; the halo must not be smaller than at 96."""
    net = Net(lambda x, down, u: u(down(x)), nn.Conv1d(1, 1, 3, 2, 1), up(4, 2, 1))
    fits = pytest_rf.analyze(net, torch.zeros(1, 1, 96)).outputs[0][2].halo
    ragged = pytest_rf.analyze(net, torch.zeros(1, 1, 97)).outputs[0][2].halo
    assert all(b >= a for a, b in zip(fits, ragged, strict=True))
