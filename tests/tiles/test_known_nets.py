"""The tilings that nets of the field need: published or measured figures, each shown by running the net in tiles."""

from __future__ import annotations

import math
import re

import pytest

import pytest_rf

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tiles.known_nets import (  # noqa: E402
    RRDB,
    SRVGG,
    Coordinates,
    Positions,
    Resized,
    Several,
    UNet,
    ValidUNet,
    Vocoder,
    Volume,
)
from tiles.stitching import difference, stitched  # noqa: E402

NONE = {"h": math.inf, "w": math.inf}


def analysed(module: nn.Module, extent: int, channels: int = 1, **said) -> pytest_rf.Analysis:
    return pytest_rf.analyze(module.double().eval(), inputs=[(1, channels, extent, extent)], **said)


def differs(module: nn.Module, plan, channels: int = 1) -> str:
    """Run an image of two tiles and a bit along h, one along w; say where the stitched result differs."""
    one = plan.axes["h"]
    torch.manual_seed(0)
    image = torch.randn(
        1, channels, one.fitting(one.tile + one.step + 1), plan.tile.get("w", 32), dtype=torch.double
    )
    with torch.no_grad():
        return difference(module(image), stitched(module, image, plan))


@pytest.mark.parametrize(
    ("net", "channels", "tile", "halo", "aligned", "total"),
    [
        (UNet(2, "bilinear"), 2, 96, 26, 28, 52),
        (UNet(3, "bilinear"), 2, 160, 54, 56, 112),
        (UNet(3), 2, 128, 46, 48, 96),
        (UNet(4), 2, 256, 94, 96, 192),
        (UNet(5), 2, 448, 190, 192, 384),
        (UNet(3, pool=4), 2, 576, 234, 256, 512),
        (RRDB(6), 3, 200, 94, 94, 188),
        (SRVGG(16), 3, 48, 18, 18, 36),
        (SRVGG(32), 3, 80, 34, 34, 68),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else str(value),
)
def test_what_dense_nets_need(net, channels: int, tile: int, halo: int, aligned: int, total: int) -> None:
    analysis = analysed(net, tile, channels)
    assert analysis.final[0]["h"].halo == (halo, halo)
    plan = analysis.tiles({"h": tile})
    assert plan.seamless, plan.why
    assert plan.min_overlap["h"] == plan.overlap["h"] == total
    assert plan.min_context["h"] == (aligned, aligned)
    if tile <= 256:
        assert not differs(net, plan, channels)


def test_the_upscaler_with_23_blocks() -> None:
    plan = analysed(RRDB(23), 64, 3).tiles({"h": 720})
    assert plan.min_overlap["h"] == 2 * 349


@pytest.mark.parametrize(
    ("net", "extent", "reach"),
    [
        (UNet(3), 128, 51),
        (UNet(4), 256, 107),
        (UNet(5), 512, 219),
        (UNet(3, pool=4), 640, 275),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_what_a_part_reads_that_begins_anywhere(net, extent: int, reach: int) -> None:
    analysis = analysed(net, extent, 2)
    assert not analysis.check(f"final halo(align=1) == {reach}")
    assert analysis.tiles({"h": extent}).reach == {"h": (reach, reach)}


def test_no_unit_reads_further_than_that_and_some_read_as_far() -> None:
    net = UNet(3).double().eval()
    torch.manual_seed(0)
    image = torch.randn(1, 2, 176, 8, dtype=torch.double)
    before, after = 0, 0
    with torch.no_grad():
        whole = net(image)
        for place in range(80, 88):
            changed = image.clone()
            changed[:, :, place] += 100
            units = (net(changed) != whole).any(dim=3).any(dim=1)[0].nonzero()
            before, after = max(before, int(units.max()) - place), max(after, place - int(units.min()))
    assert (before, after) == (51, 51)


def test_a_vocoder_needs_13_mel_frames_a_side() -> None:
    torch.manual_seed(0)
    net = Vocoder().double().eval().requires_grad_(False)
    for layer in net.modules():
        if isinstance(layer, (nn.Conv1d, nn.ConvTranspose1d)):  # so that the outermost frames weigh something
            layer.weight[..., 1:-1] = 0
            layer.weight[..., (0, -1)] = 0.35
    analysis = pytest_rf.analyze(net, inputs=[(1, 2, 48)])
    plan = analysis.tiles({"t": 48})
    assert (plan.min_context, plan.min_overlap) == ({"t": (13, 13)}, {"t": 26})
    assert plan.output_shape((1, 2, 80)) == (1, 1, 80 * 256)
    torch.manual_seed(0)
    mel = torch.randn(1, 2, 80, dtype=torch.double)
    with torch.no_grad():
        assert not difference(net(mel), stitched(net, mel, plan))
        less = analysis.tiles({"t": 48}, overlap={"t": 24})
        assert not less.seamless
        assert difference(net(mel), stitched(net, mel, less))


def test_three_axes() -> None:
    net = Volume().double().eval()
    plan = pytest_rf.analyze(net, inputs=[(1, 1, 12, 24, 24)]).tiles({"d": 12, "h": 24, "w": 24})
    assert plan.seamless, plan.why
    assert plan.multiple == {"d": 1, "h": 2, "w": 2}
    assert plan.min_overlap == {"d": 6, "h": 10, "w": 10}
    volume = torch.randn(1, 1, 20, 44, 42, dtype=torch.double)
    with torch.no_grad():
        assert not difference(net(volume), stitched(net, volume, plan))


@pytest.mark.parametrize("overlap", [48, 44, 0])
def test_less_is_not_enough(overlap: int) -> None:
    net = UNet(2, "bilinear")
    plan = analysed(net, 64, 2).tiles({"h": 96}, overlap={"h": overlap})
    assert not plan
    assert "an overlap of 52 in total is enough" in plan.why
    assert differs(net, plan, 2)


def test_a_miss_names_the_unit_the_tile_and_the_position() -> None:
    plan = analysed(nn.Conv2d(1, 1, 5, padding=2), 64).tiles({"h": 32}, overlap={"h": 2})
    miss = plan.misses[0]
    assert (miss.axis, miss.unit, miss.start, miss.stop, miss.position) == ("h", 30, 0, 32, 32)
    assert "unit 30 of" in plan.why
    assert "kept of the tile 0 to 31, reads position 32" in plan.why


def test_tiles_of_a_valid_unet_abut() -> None:
    net = ValidUNet(2)
    plan = analysed(net, 92).tiles({"h": 92, "w": 92})
    assert plan.seamless, plan.why
    assert plan.step == {"h": 52, "w": 52}
    assert plan.output_shape((1, 1, 92, 92)) == (1, 1, 52, 52)
    assert [w.write[2] for w in plan.windows((1, 1, 144, 92))] == [slice(0, 52), slice(52, 104)]
    assert not differs(net, plan)


def test_the_original_unet_keeps_its_remainder() -> None:
    plan = analysed(ValidUNet(4), 572).tiles({"h": 572})
    assert plan.seamless, plan.why
    assert (plan.multiple["h"], plan.remainder["h"]) == (16, 12)
    assert plan.min_overlap["h"] == 188  # 184 abut, and the step of 388 lies off the grid
    assert plan.pad_to((1, 1, 600, 572)) == (1, 1, 604, 572)


@pytest.mark.parametrize(
    ("net", "channels", "why"),
    [
        (UNet(2, norm=True), 2, r"group_norm .* takes statistics over the whole axis; .* accept_context"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.InstanceNorm2d(1)), 1, "instance_norm .* takes statistics"),
        (Resized(corners=True), 1, "upsample_bilinear2d .* fits its grid .*align_corners=False"),
        (Resized(bins=3), 1, "adaptive_avg_pool2d .* fits its windows"),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), 1, "fetches what lies at the other end"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(1)), 1, "takes statistics"),
        (Positions(), 1, "add .* table that differs from place to place"),
    ],
)
def test_what_no_tiling_survives(net, channels: int, why: str) -> None:
    plan = analysed(net, 64, channels).tiles({"h": 32, "w": 32})
    assert not plan.seamless
    assert plan.min_overlap == NONE
    assert re.search(why, plan.why), plan.why
    if net(torch.zeros(1, channels, 64, 64, dtype=torch.double)).shape[2] > 1:
        assert differs(net, plan, channels)


def test_a_resize_by_a_factor_is_fine() -> None:
    net = Resized()
    plan = analysed(net, 64).tiles({"h": 32, "w": 32})
    assert plan.seamless, plan.why
    assert not differs(net, plan)


def test_a_constant_is_harmless_along_the_axes_that_it_does_not_change_along() -> None:
    rows = analysed(Coordinates(rows=True), 64)
    assert not rows.tiles({"h": 32})
    assert rows.tiles({"w": 32}).seamless
    assert analysed(Coordinates(rows=False), 64).tiles({"h": 32, "w": 32}).seamless


def test_accepted_context_counts_as_accepted_and_is_told() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.InstanceNorm2d(1), nn.Conv2d(1, 1, 3, padding=1))
    plan = analysed(net, 64, accept_context=["op:*norm*"]).tiles({"h": 32, "w": 32})
    assert plan.seamless
    assert plan.min_overlap == {"h": 4, "w": 4}
    assert "context accepted: 1" in plan.why


def test_several_inputs_and_outputs_go_by_name() -> None:
    net = Several().double().requires_grad_(False)
    analysis = pytest_rf.analyze(net, inputs={"left": (1, 1, 64, 64), "right": (1, 1, 64, 64)})
    plan = analysis.tiles({"h": 32, "w": 32})
    assert plan.seamless, plan.why
    torch.manual_seed(0)
    images = {name: torch.randn(1, 1, 76, 50, dtype=torch.double) for name in ("left", "right")}
    shapes = {name: image.shape for name, image in images.items()}
    whole = dict(zip([output.name for output in analysis.outputs], net(**images), strict=True))
    result = {
        name: torch.full(shape, math.nan, dtype=torch.double)
        for name, shape in plan.output_shape(shapes).items()
    }
    for w in plan.windows(shapes):
        parts = net(**{name: image[w.read[name]] for name, image in images.items()})
        for name, part in zip(result, parts, strict=True):
            result[name][w.write[name]] = part[w.keep[name]]
    for name, one in result.items():
        assert not difference(whole[name], one)
    with pytest.raises(pytest_rf.RFError, match="give shapes by name"):
        list(plan.windows((1, 1, 76, 50)))


def test_another_batch_and_other_extents_along_axes_that_are_not_tiled() -> None:
    net = SRVGG(2)
    plan = analysed(net, 64, 3).tiles({"h": 32})
    image = torch.randn(3, 3, 70, 21, dtype=torch.double)
    assert plan.output_shape(image.shape) == (3, 3, 280, 84)
    with torch.no_grad():
        assert not difference(net(image), stitched(net, image, plan))


def test_what_is_fetched_from_the_other_end_and_cropped_away_is_no_matter() -> None:
    class Cropped(nn.Module):
        def __init__(self, crop: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")
            self.crop = crop

        def forward(self, x):
            return self.conv(x)[:, :, self.crop : x.shape[2] - self.crop]

    whole, cropped = Cropped(0), Cropped(1)
    assert not analysed(whole, 64).tiles({"h": 32})
    plan = analysed(cropped, 64).tiles({"h": 32})
    assert plan.seamless, plan.why
    assert not differs(cropped, plan)
