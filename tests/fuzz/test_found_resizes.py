"""Resizes that fuzzing has found to take too much, reduced: extents, tables and taps are held by their limits."""

from __future__ import annotations

import time

import onnx
import pytest

import pytest_rf
from pytest_rf.errors import ModelError

HEADER = '<ir_version: 10, opset_import: ["" : 21]>\n'
RESIZED = """g (float[1, 1, {extent}] x) => (float[A, B, C] y) {{
  s = Constant <value = {given}> ()
  y = Resize <mode = "{mode}", coordinate_transformation_mode = "{transform}"> (x, , {inputs}) }}"""


def test_the_taps_of_a_resize_that_shrinks_are_held_by_the_limit() -> None:
    text = RESIZED.format(
        extent=1 << 24, given="int64[3] {1, 1, 3}", mode="cubic", transform="half_pixel", inputs=", s"
    ).replace("mode =", "antialias = 1, mode =", 1)
    with pytest.raises(
        ModelError, match=r"node 'y' \(Resize\): an array of \d+ elements .*\(limits\.array\)"
    ):
        pytest_rf.analyze(onnx.parser.parse_model(HEADER + text))


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("transform", ["half_pixel", "align_corners", "asymmetric"])
@pytest.mark.parametrize("sizes", [False, True])
def test_an_extent_beyond_the_limit_is_not_written_out(mode: str, transform: str, sizes: bool) -> None:
    given = f"int64[3] {{1, 1, {1 << 33}}}" if sizes else f"float[3] {{1.0, 1.0, {float(1 << 32)}}}"
    inputs = ", s" if sizes else "s"
    text = RESIZED.format(extent=2, given=given, mode=mode, transform=transform, inputs=inputs)
    begun = time.process_time()
    with pytest.raises(
        ModelError, match=r"node 'y' \(Resize\): 8589934592 positions along .*\(limits\.extent\)"
    ):
        pytest_rf.analyze(onnx.parser.parse_model(HEADER + text))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_a_resize_to_a_million_positions_takes_no_minutes(mode: str) -> None:
    text = RESIZED.format(
        extent=2,
        given=f"float[3] {{1.0, 1.0, {float(1 << 18)}}}",
        mode=mode,
        transform="half_pixel",
        inputs="s",
    )
    begun = time.process_time()
    low, high = pytest_rf.analyze(onnx.parser.parse_model(HEADER + text)).outputs[0].bounds(2)
    assert time.process_time() - begun < 20
    half = 1 << 17  # so many outputs lie before the middle of the first position
    assert (low[0, 0, 0], high[0, 0, -1]) == (0, 1)
    assert high[0, 0, half - 1] == (1 if mode == "cubic" else 0)
    assert low[0, 0, -half] == (0 if mode == "cubic" else 1)


def test_a_table_of_what_a_resize_reads_is_held_by_the_limit() -> None:
    text = RESIZED.format(
        extent=1 << 16,
        given="float[3] {1.0, 1.0, 1.7320508}",
        mode="linear",
        transform="half_pixel",
        inputs="s",
    )
    with pytest.raises(
        ModelError, match=r"node 'y' \(Resize\): an array of \d+ elements .*\(limits\.array\)"
    ):
        pytest_rf.analyze(onnx.parser.parse_model(HEADER + text))


@pytest.mark.parametrize(
    ("extent", "factor", "key"),
    [(32, 2.0**20, "extent"), (1 << 16, 1.7320508, "array")],
    ids=["extent", "table"],
)
def test_limits_hold_a_resize_of_torch_too(extent: int, factor: float, key: str) -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Upsample(scale_factor=factor, mode="linear")
    with pytest.raises(ModelError, match=rf"node '\w+' \(aten.upsample_linear1d\): .*\(limits\.{key}\)"):
        pytest_rf.analyze(net, torch.zeros(1, 1, extent))
