"""``pytest --rf`` has an item for every tiling of the configuration."""

from __future__ import annotations

import pytest


def test_a_tiling_is_an_item(project: pytest.Pytester) -> None:
    config = project.path / "rf.toml"
    config.write_text(
        '[[model]]\nsource = "unet.onnx"\ntiling = [\n'
        "  { tile = { h = 128 }, overlap = { h = 40 } },\n"
        "  { tile = { h = 128 }, overlap = { h = 36 } },\n"
        "  { tile = { x = 128 } },\n"
        "]\n"
    )
    result = project.runpytest("--rf", "-v")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "rf.toml::unet::tile h=128 overlap h=40 PASSED*",
            "rf.toml::unet::tile h=128 overlap h=36 FAILED*",
            "rf.toml::unet::tile x=128 FAILED*",
            "RF007 tile h=128 overlap h=36: not seamless on axis h: unit *",
            '*the model has no axis "x"; there are h, w*',
        ]
    )
