"""``pytest-rf explain``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_final_tensors_are_explained_by_default(rf) -> None:
    result = rf("explain", str(EXAMPLES / "unet.onnx"))
    assert result.status == 0
    first, *lines = result.out.splitlines()
    assert first == "mask (Conv): rf 40 on axes h and w, towards image"
    assert lines[0].split() == ["+2", "→", "3", "encoder.0.conv1", "3×3"]
    assert lines[-1] == "  beside it at decoder.0 Concat: encoder.0.conv2 3×3, rf 5"


def test_lines_fit_the_terminal(rf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = rf("explain", str(EXAMPLES / "unet.onnx")).out.splitlines()
    assert max(map(len, lines)) <= 50
    assert "beside it at decoder.0 Concat: encoder.0.conv2 3×3, rf 5" in " ".join(" ".join(lines).split())


def test_figures_that_multiply_do(rf) -> None:
    result = rf("explain", str(EXAMPLES / "classifier.onnx"), "layer1.0.conv2", "--metric", "stride")
    assert [line.split()[:3] for line in result.out.splitlines()[1:]] == [["×2", "→", "2"], ["×2", "→", "4"]]


def test_json_holds_numbers(rf) -> None:
    (one,) = json.loads(
        rf("explain", str(EXAMPLES / "tcn.onnx"), "--metric", "lookback", "--format", "json").out
    )
    (along,) = one["axes"]
    assert along["start"] + sum(step["growth"] for step in along["layers"]) == along["figure"] == 62
    assert one["metric"] == "lookback"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nix",), "no tensor, node or module 'nix'"),
        (("halo",), "; a figure is chosen by --metric halo"),
        (("mask", "--metric", "hallo"), 'no figure "hallo" grows from layer to layer, did you mean "halo"?'),
        (("mask", "--towards", "imag"), 'has no input "imag", did you mean "image"?'),
    ],
)
def test_errors_are_one_line_and_status_2(rf, arguments: tuple[str, ...], words: str) -> None:
    result = rf("explain", str(EXAMPLES / "unet.onnx"), *arguments)
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1
