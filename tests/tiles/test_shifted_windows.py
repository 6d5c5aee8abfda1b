"""Windows that are shifted by a roll behind a mask: a finite need, on multiples of the window, shown by real tiles."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import pytest_rf

torch = pytest.importorskip("torch")

from tiles.known_nets import SwinIR  # noqa: E402
from tiles.stitching import difference, stitched  # noqa: E402


def net(pairs: int = 2, window: int = 8, fused: bool = False) -> SwinIR:
    torch.manual_seed(0)
    return SwinIR(pairs, window, fused).double().eval().requires_grad_(False)


def analysed(module: SwinIR, **said) -> pytest_rf.Analysis:
    return pytest_rf.analyze(module, torch.zeros(1, 1, 32, 32, dtype=torch.double), weights=True, **said)


def differs(module: SwinIR, plan, h: int, w: int) -> str:
    torch.manual_seed(1)
    image = torch.randn(1, 1, h, w, dtype=torch.double)
    return difference(module(image), stitched(module, image, plan))


@pytest.mark.parametrize("fused", [False, True])
def test_two_shifted_layers_with_window_8_need_24_on_multiples_of_8(fused: bool) -> None:
    module = net(fused=fused)
    # With the bias it is no -100 any more.
    analysis = analysed(module, mask_below=-90) if fused else analysed(module)
    plan = analysis.tiles({"h": 64, "w": 64})
    assert plan.multiple == {"h": 8, "w": 8}
    assert plan.min_context == {"h": (24, 24), "w": (24, 24)}
    assert plan.min_overlap == {"h": 48, "w": 48}
    assert plan.seamless, plan.why
    assert not differs(module, plan, 88, 96)
    enough = analysis.tiles({"h": 64}, context={"h": 24})
    assert enough.seamless
    assert not differs(module, enough, 88, 32)
    less = analysis.tiles({"h": 64}, context={"h": 16})
    assert not less
    assert "an overlap of 48 in total is enough, there are 32" in less.why
    assert differs(module, less, 120, 32)


def test_without_its_mask_a_roll_allows_none_however_short_the_tile_is_that_was_analysed() -> None:
    module = net()
    image = torch.zeros(1, 1, 32, 32, dtype=torch.double)  # shorter than the overlap, so that it is no tile
    unmasked = pytest_rf.analyze(module, image)
    for plan in (unmasked.tiles(), unmasked.tiles({"h": 64, "w": 64})):
        assert plan.min_overlap == {"h": math.inf, "w": math.inf}
        assert "weights = true" in plan.why
        assert not plan.undecidable
    assert analysed(module).tiles().min_overlap == {"h": 48, "w": 48}


def test_the_need_grows_by_a_window_with_each_pair_of_layers() -> None:
    # A convolution, windows, windows that are shifted by half, a convolution: 1 -> 4 -> 6 -> 7, then 8 -> 10 -> 11.
    for pairs, side in ((1, 8), (2, 12)):
        module = net(pairs, 4)
        analysis = analysed(module)
        plan = analysis.tiles({"w": 48})
        assert plan.min_context == {"w": (side, side)}
        assert not differs(module, plan, 24, 84)
        less = analysis.tiles({"w": 48}, overlap={"w": plan.overlap["w"] - 4})
        assert not less
        assert differs(module, less, 24, 92)


def test_off_the_grid_of_the_windows_is_not_seamless() -> None:
    plan = analysed(net()).tiles({"h": 64}, overlap={"h": 44})
    assert "off the grid of 8; the nearest overlaps that fit are 40 and 48" in plan.why


@pytest.mark.parametrize("said", [{"weights": False}, {"weights": True, "mask_below": -math.inf}])
def test_where_the_mask_does_not_count_the_roll_fetches_the_other_end(said) -> None:
    analysis = pytest_rf.analyze(net(), torch.zeros(1, 1, 32, 32, dtype=torch.double), **said)
    plan = analysis.tiles({"h": 64})
    assert plan.min_overlap == {"h": math.inf}
    assert "aten.roll 'layers.1.roll' (" in plan.why
    assert "known_nets.py:" in plan.why
    assert "fetches what lies at the other end" in plan.why
    assert ("weights = true" in plan.why) is not said["weights"]


def test_a_mask_that_is_made_for_one_extent_is_another_one_in_the_whole() -> None:
    class Fixed(SwinIR):
        def forward(self, x):
            for layer in self.layers:
                made = type(layer).mask
                layer.mask = lambda h, w, kind, layer=layer, made=made: made(layer, h, w, kind) * (h != 64)
            return super().forward(x)

    torch.manual_seed(0)
    module = Fixed(2).double().eval().requires_grad_(False)
    plan = analysed(module).tiles({"h": 64})
    assert not plan.seamless
    assert differs(module, plan, 88, 32)


def test_an_exported_file_is_judged_alike(tmp_path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    module, path = SwinIR(2).eval().requires_grad_(False), str(tmp_path / "swin.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = {"x": {2: "h", 3: "w"}, "y": {2: "h", 3: "w"}}
        torch.onnx.export(
            module, (torch.randn(1, 1, 32, 32),), path, input_names=["x"], output_names=["y"],
            dynamic_axes=axes, dynamo=False,
        )  # fmt: skip
    analysis = pytest_rf.analyze(path, inputs={"x": (1, 1, 32, 32)}, weights=True)
    assert "-100 in " in analysis.graph.remarks[0]
    plan = analysis.tiles({"h": 64})
    assert (plan.min_context, plan.seamless) == ({"h": (24, 24)}, True)
    session = onnxruntime.InferenceSession(path)
    image = np.random.default_rng(0).standard_normal((1, 1, 104, 32)).astype(np.float32)
    (whole,) = session.run(None, {"x": image})
    result = np.full(plan.output_shape(image.shape), np.nan, np.float32)
    for w in plan.windows(image.shape):
        result[w.write] = session.run(None, {"x": np.ascontiguousarray(image[w.read])})[0][w.keep]
    assert np.abs(result - whole).max() < 1e-4 * np.abs(whole).max()
    less = analysis.tiles({"h": 64}, context={"h": 16})
    assert not less.seamless
