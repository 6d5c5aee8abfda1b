"""``pytest-rf explain``."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf.reporters import layer_rows

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_final_tensors_are_explained_by_default(rf) -> None:
    result = rf("explain", str(EXAMPLES / "unet.onnx"))
    assert result.status == 0
    first, *lines = result.out.splitlines()
    assert first == "mask (Conv): rf 40 on axes h and w, towards image"
    assert lines[0].split() == ["+2", "→", "3", "encoder.0.conv1", "3×3"]
    assert lines[-1] == "  beside it at decoder.0 Concat: encoder.0.conv2 3×3, rf 5: 31 short"


def test_lines_fit_the_terminal(rf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = rf("explain", str(EXAMPLES / "unet.onnx")).out.splitlines()
    assert max(map(len, lines)) <= 50
    assert "beside it at decoder.0 Concat: encoder.0.conv2 3×3, rf 5: 31 short" in " ".join(
        " ".join(lines).split()
    )


def test_a_tensor_is_named_as_for_show_too(rf) -> None:
    unet = str(EXAMPLES / "unet.onnx")
    assert rf("explain", unet, "--node", "encoder.0.conv2").out == rf("explain", unet, "encoder.0.conv2").out
    assert "rf 5" in rf("explain", unet, "--node", "encoder.0.conv2").out


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


def test_a_unit_is_followed_to_the_ends_of_its_field(rf) -> None:
    result = rf(
        "explain", str(EXAMPLES / "unet.onnx"), "--unit", "0,3", "--axis", "h", "--metric", "lookback"
    )
    assert result.status == 0
    assert result.out.splitlines() == [
        "unit (0, 3) of mask (Conv) reads 0 to 17 on axis h: lookback 0, towards image",
        "  first position 0, the beginning of what the unit stands for",
        "    +0 → 0  image                [0, 0, 0, 3]",
        "    +0 → 0  encoder.0.conv1 3×3  [0, 0, 0, 3]",
        "    +0 → 0  encoder.0.conv2 3×3  [0, 0, 0, 3]",
        "    +0 → 0  decoder.0.conv 3×3   [0, 0, 0, 3]",
        "    +0 → 0  head 1×1             [0, 0, 0, 3]",
        "    clipped: elements before it are padding at encoder.0.conv1 3×3 (1), encoder.0.conv2 3×3 (1), "
        "decoder.0.conv 3×3 (1)",
    ]


def test_json_of_a_unit_is_a_chain(rf) -> None:
    arguments = ("--unit", "40", "--metric", "lookback", "--format", "json")
    (one,) = json.loads(rf("explain", str(EXAMPLES / "tcn.onnx"), *arguments).out)
    assert (one["unit"], one["metric"]) == ([40], "lookback")
    (chain,) = one["axes"][0]["chains"]
    assert chain["whole"]
    assert (chain["position"], chain["figure"]) == (0, 40)
    assert sum(link["adds"] for link in chain["links"]) == 40
    assert chain["links"][0]["layer"] is None
    assert chain["links"][-1]["element"][-1] == 40


def test_long_paths_are_told_module_by_module_unless_all_layers_are_asked_for(rf, tmp_path: Path) -> None:
    nodes = "".join(
        f"[stage{n // 8}.block{n % 8}.conv] a{n + 1} = Conv<pads=[1,1]>(a{n}, w)\n" for n in range(40)
    )
    text = f"net (float[1,2,200] a0) => (float[1,2,?] a40) <float[2,2,3] w> {{\n{nodes}}}"
    onnx.save(model(text), tmp_path / "deep.onnx")
    short = rf("explain", str(tmp_path / "deep.onnx")).out.splitlines()
    assert [line.strip() for line in short[1:7]] == [
        *(f"+16 → {17 + 16 * n:2}  stage{n}: 8 layers, each 3" for n in range(5)),
        "40 layers; --all shows each",
    ]
    for option in ("--all", "-v"):
        whole = rf("explain", str(tmp_path / "deep.onnx"), option).out.splitlines()
        assert [line.split()[0] for line in whole[1:41]] == ["+2"] * 40
        assert whole[40].split() == ["+2", "→", "81", "stage4.block7.conv", "3"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_long_paths_without_modules_are_folded_and_fit(
    rf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    nodes = "".join(f"a{n + 1} = Conv<pads=[1,1]>(a{n}, w{n % 2})\n" for n in range(40))
    text = f"net (float[1,2,300] a0) => (float[1,2,?] a40) <float[2,2,3] w0, float[2,2,2] w1> {{\n{nodes}}}"
    onnx.save(model(text), tmp_path / "deep.onnx")
    monkeypatch.setenv("COLUMNS", str(width))
    lines = rf("explain", str(tmp_path / "deep.onnx")).out.splitlines()
    assert max(map(len, lines)) <= width
    assert [line.strip() for line in lines if "⋮" in line] == ["+41 → 51  ⋮ 27 more layers"]


def test_sources_elsewhere_are_told_by_their_file() -> None:
    assert layer_rows.source("/usr/lib/python3/site-packages/timm/models/swin.py:12") == "swin.py:12"
    assert layer_rows.source("../../other/net.py:3") == "net.py:3"
    assert layer_rows.source("C:/code/net.py:3") == "net.py:3"
    assert layer_rows.source("models/net.py:3") == "models/net.py:3"
    assert layer_rows.source("") == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nix",), "no tensor, node or module 'nix'"),
        (("halo",), "; a figure is chosen by --metric halo"),
        (("mask", "--node", "mask"), "TENSOR and --node name the same"),
        (("mask", "--metric", "hallo"), 'no figure "hallo" grows from layer to layer, did you mean "halo"?'),
        (
            ("mask", "--metric", "stride", "--unit", "0,3"),
            "a unit has no stride; with --unit there are rf, look",
        ),
        (("mask", "--unit", "0,300"), "--unit: unit (0, 300) lies outside of 'mask'"),
        (("mask", "--unit", "3"), "--unit: 'mask' has 2 spatial axes, the unit (3,) has 1"),
        (("mask", "--axis", "t"), '--axis: unet has no axis "t"; there are h, w'),
        (("mask", "--towards", "imag"), 'has no input "imag", did you mean "image"?'),
    ],
)
def test_errors_are_one_line_and_status_2(rf, arguments: tuple[str, ...], words: str) -> None:
    result = rf("explain", str(EXAMPLES / "unet.onnx"), *arguments)
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1


def test_a_centre_of_one_unit_of_many_kinds_names_what_tells_of_all(rf) -> None:
    told = rf("explain", "unet.onnx", "--metric", "center").out
    assert "that is unit 0, and units look to either side here: --metric offset tells of all" in told
    assert "unit 0" not in rf("explain", "unet.onnx", "encoder.1.conv2", "--metric", "center").out
    assert "unit 0" not in rf("explain", "unet.onnx", "--metric", "rf").out
