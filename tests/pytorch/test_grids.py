"""Grids and windows that are fitted to the whole extent: no tile sees what the whole sees."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Net(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def resized(x, **settings):
    """Halve the axes by pooling and double them again."""
    pool = {3: F.avg_pool1d, 4: F.avg_pool2d, 5: F.avg_pool3d}[x.ndim]
    return F.interpolate(pool(x, 2), scale_factor=2.0, **settings)


def largest_error(net: nn.Module, x, halo: int, begin: int = 32, end: int = 64) -> float:
    """Return how far the inner part of a tile is off along the last axis."""
    whole, tile = net(x), net(x[..., begin - halo : end + halo])
    scale = whole.shape[-1] // x.shape[-1]
    inner = tile[..., halo * scale : (halo + end - begin) * scale]
    return float((inner - whole[..., begin * scale : end * scale]).abs().max())


LINE, PICTURE, VOLUME = (1, 1, 96), (1, 1, 16, 96), (1, 1, 8, 8, 96)

FITTED = {
    "align_corners": (LINE, lambda x: resized(x, mode="linear", align_corners=True)),
    "bilinear align_corners": (PICTURE, lambda x: resized(x, mode="bilinear", align_corners=True)),
    "bicubic align_corners": (PICTURE, lambda x: resized(x, mode="bicubic", align_corners=True)),
    "trilinear align_corners": (VOLUME, lambda x: resized(x, mode="trilinear", align_corners=True)),
    "pyramid": (LINE, lambda x: F.interpolate(F.adaptive_avg_pool1d(x, 8), size=x.shape[-1])),
    "largest of bins": (LINE, lambda x: F.interpolate(F.adaptive_max_pool1d(x, 6), size=x.shape[-1])),
    "pyramid of a picture": (
        PICTURE,
        lambda x: x + F.interpolate(F.adaptive_avg_pool2d(x, (4, 6)), size=x.shape[-2:], mode="bilinear"),
    ),
    "pyramid of a volume": (
        VOLUME,
        lambda x: x + F.interpolate(F.adaptive_avg_pool3d(x, (4, 4, 6)), size=x.shape[-3:]),
    ),
}
HARMLESS = {
    "half pixels": (LINE, lambda x: resized(x, mode="linear"), (2, 2)),
    "half pixels of a picture": (PICTURE, lambda x: resized(x, mode="bilinear"), (2, 2)),
    "nearest": (LINE, lambda x: resized(x), (0, 0)),
    "nearest of a volume": (VOLUME, lambda x: resized(x), (0, 0)),
    "by size": (LINE, lambda x: F.interpolate(F.avg_pool1d(x, 2), size=x.shape[-1], mode="linear"), (2, 2)),
    "the same size": (
        LINE,
        lambda x: F.interpolate(
            F.avg_pool1d(x, 3, 1, 1), size=x.shape[-1], mode="linear", align_corners=True
        ),
        (1, 1),
    ),
    "as many bins as positions": (
        LINE,
        lambda x: F.adaptive_avg_pool1d(F.avg_pool1d(x, 3, 1, 1), x.shape[-1]),
        (1, 1),
    ),
}


@pytest.mark.parametrize("name", FITTED)
def test_no_tile_equals_the_whole(name: str) -> None:
    shape, function = FITTED[name]
    net = Net(function)
    torch.manual_seed(0)
    assert largest_error(net, torch.rand(shape).double(), 16) > 1e-6
    analysis = pytest_rf.analyze(net, torch.zeros(shape))
    axis = len(shape) - 1
    field = analysis.outputs[0][axis]
    assert field.halo == (math.inf, math.inf)
    (found,) = analysis.check(f"output halo.{axis} <= 48")
    assert not found.undecidable
    assert "to the whole extent" in found.message + found.help
    assert next(iter(field.tied("grid", "window"))) in found.message + found.help


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_settings_stay_finite(name: str) -> None:
    shape, function, halo = HARMLESS[name]
    net, axis = Net(function), len(shape) - 1
    field = pytest_rf.analyze(net, torch.zeros(shape)).outputs[0][axis]
    assert field.halo == halo
    rounded = -(-int(halo[0]) // field.multiple) * field.multiple
    assert largest_error(net, torch.rand(shape).double(), rounded) < 1e-12


def test_strides_alone_ask_for_a_multiple() -> None:
    """A grid that is fitted to any extent asks for none, whatever its ratio at this one."""
    doubled = Net(lambda x: resized(x, mode="linear", align_corners=True))
    binned = Net(lambda x: F.interpolate(F.adaptive_avg_pool1d(F.avg_pool1d(x, 4), 7), size=x.shape[-1]))
    assert pytest_rf.analyze(doubled, torch.zeros(1, 1, 96)).outputs[0][2].multiple == 2
    assert pytest_rf.analyze(binned, torch.zeros(1, 1, 96)).outputs[0][2].multiple == 4


def test_windows_that_fit_the_extent_are_not_bounded() -> None:
    pyramid = Net(lambda x: F.interpolate(F.adaptive_avg_pool1d(x, 8), size=x.shape[-1]))
    assert pytest_rf.analyze(pyramid, torch.zeros(1, 1, 96)).outputs[0][2].bounded is False


def test_an_accepted_image_pool_is_no_grid() -> None:
    """The branch of ASPP: one position, resized to all."""
    aspp = Net(lambda x: F.avg_pool1d(x, 3, 1, 1) + F.interpolate(x.mean(-1, keepdim=True), x.shape[-1]))
    x = torch.zeros(1, 1, 96)
    assert pytest_rf.analyze(aspp, x).outputs[0][2].halo == (math.inf, math.inf)
    accepted = pytest_rf.analyze(aspp, x, accept_context=["op:aten.mean"])
    assert accepted.outputs[0][2].halo == (1, 1)


@pytest.mark.parametrize("size", [2, 4, 8])
def test_windows_that_a_reshape_cuts_ask_for_their_multiple(size: int) -> None:
    class Windows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Linear(size, size)

        def forward(self, x):
            b, c, n = x.shape
            return self.mix(x.reshape(b, c, n // size, size)).reshape(b, c, n)

    field = pytest_rf.analyze(Windows(), torch.zeros(1, 1, 64)).outputs[0][2]
    assert (field.multiple, field.halo) == (size, (0, 0))


def test_cut_windows_of_strided_features_count_input_positions() -> None:
    class Windows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.mix = nn.Conv2d(1, 4, 4, 4), nn.Linear(7, 7)

        def forward(self, x):
            y = self.down(x)
            b, c, h, w = y.shape
            return self.mix(y.reshape(b, c, h, w // 7, 7)).reshape(b, c, h, w)

    final = pytest_rf.analyze(Windows(), torch.zeros(1, 1, 16, 56)).outputs[0]
    assert (final["h"].multiple, final["w"].multiple) == (4, 28)


def test_rounding_between_neighbours_leaves_a_net_bounded() -> None:
    net = Net(lambda x: F.interpolate(F.avg_pool1d(x, 3, 1, 1), scale_factor=3.0, mode="linear"))
    analysis = pytest_rf.analyze(net, torch.zeros(1, 1, 30))
    assert analysis.outputs[0].status == "upper_bound"
    assert analysis.check("output is bounded") == []
