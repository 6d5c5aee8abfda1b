"""``[[model.tiling]]`` at every door: judged, told with unit, tile and position, waived, known, in every format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from models import model

from pytest_rf import cli

EXAMPLES = Path(__file__).parents[2] / "examples"
BAD = """
[[model]]
source = "unet.onnx"

[[model.tiling]]
tile = { h = 128, w = 128 }
overlap = { h = 32, w = 32 }
"""
GOOD = BAD.replace("32", "40")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("unet", "tcn", "classifier"):
        shutil.copy(EXAMPLES / f"{name}.onnx", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(folder: Path, capsys: pytest.CaptureFixture[str]):
    def run(config: str, *arguments: str, command: str = "check") -> tuple[int, str, str]:
        (folder / "rf.toml").write_text(config)
        status = cli.run([command, *arguments])
        captured = capsys.readouterr()
        return status, " ".join(captured.out.split()), captured.err

    return run


def found(check, config: str) -> list[dict]:
    return json.loads(check(config, "--format", "json")[1])["models"][0]["findings"]


def test_what_is_not_seamless_is_told_with_unit_tile_and_position(check) -> None:
    status, out, _ = check(BAD)
    assert status == 1
    assert (
        "RF007 tile h=128,w=128 overlap h=32,w=32: not seamless on axes h and w: unit 109 of 'mask', kept of the"
        in out
    )
    assert "--> rf.toml:7:13 in model unet" in out
    assert "^^^^ needs 40 in total" in out
    assert "help: overlap = { h = 40, w = 40 }" in out
    (one,) = found(check, BAD)
    assert one["message"].endswith("kept of the tile 0 to 127, reads position 129; needs 40 in total")
    assert (one["line"], one["column"], one["axes"], one["tensor"]) == (7, 13, ["h", "w"], "mask")
    assert (one["metric"], one["measured"][0]["low"], one["required"]["value"]) == ("min_overlap", 40, 32)


def test_a_model_with_only_a_tiling_is_judged(check) -> None:
    status, out, err = check(GOOD, "-v")
    assert (status, err) == (0, "")
    assert "holds tile h=128,w=128 overlap h=40,w=40: needs 40 in total on axes h and w at mask" in out
    assert "Checked 1 model, 1 requirement: all hold." in out


def test_context_on_a_side_and_lengths(check) -> None:
    text = """
[[model]]
source = "tcn.onnx"
spacing = { t = "0.5 ms" }
tiling = [
  { tile = { t = 256 }, context = { t = [61, 3] } },
  { tile = { t = 256 }, context = { t = [62, 0] } },
  { tile = { t = 256 } },
]
"""
    (one,) = found(check, text)
    assert (one["line"], one["metric"]) == (6, "min_context")
    assert one["message"].endswith("needs 62 (31 ms) before, 0 (0 ms) after")
    assert one["help"] == "context = { t = [62, 0] }"
    out = " ".join(check(text, "-v")[1].split())
    assert "holds tile t=256 context t=62:0: needs 62 (31 ms) before, 0 (0 ms) after" in out
    assert "holds tile t=256: needs 124 (62 ms) in total" in out


def test_where_no_overlap_is_enough_the_operator_is_named_and_the_remedy(check) -> None:
    text = '[[model]]\nsource = "classifier.onnx"\ntiling = [{ tile = { h = 64 } }]\n'
    (one,) = found(check, text)
    assert (
        "GlobalAveragePool '/pool/GlobalAveragePool' takes statistics over the whole axis" in one["message"]
    )
    assert one["measured"][0]["low"] == "inf"
    assert 'accept_context = ["op:GlobalAveragePool"]' in one["help"]
    assert "no overlap is seamless" in check(text)[1]


def test_off_the_grid_is_a_finding(check) -> None:
    (one,) = found(check, BAD.replace("h = 128", "h = 130"))[:1]
    assert "a tile of 130 is off the grid: extents that fit are multiples of 4; the nearest" in one["message"]


def test_what_cannot_be_judged_is_undecidable_and_fails(check, folder: Path) -> None:
    net = model("g (float[1, 1, 64] x) => (float[1, 1, 64] y) { y = own.Strange(x) }", domains=', "own" : 1')
    (folder / "own.onnx").write_bytes(net.SerializeToString())
    axes = "axes = { x = { t = 2 } }"
    status, out, err = check(
        f'[[model]]\nsource = "own.onnx"\n{axes}\ntiling = [{{ tile = {{ t = 32 }} }}]\n'
    )
    assert (status, err) == (1, "")
    assert "RF002 tile t=32: cannot be decided on axis t: output 'y' is unknown" in out
    assert "undecidable" in out


def test_an_axis_that_the_model_does_not_have_is_an_error_at_its_place(check) -> None:
    status, out, err = check(BAD.replace("h = ", "t = "))
    assert status == 2
    assert 'rf.toml:6:10: tiling: the model has no axis "t"; there are h, w' in out + err


def test_a_waiver_covers_it_and_a_baseline_knows_it(check, folder: Path) -> None:
    waiver = '\n[[model.waiver]]\nrule = "tiling-seams"\nat = "mask"\nreason = "until v3"\n'
    status, out, _ = check(BAD + waiver, "-v")
    assert status == 0
    assert "waived RF007" in out
    assert check(BAD, command="baseline")[0] == 0
    assert "min_overlap = 40" in (folder / "rf-baseline.toml").read_text()
    status, out, _ = check(BAD, "-v")
    assert status == 0
    assert "known RF007" in out
    baseline = (folder / "rf-baseline.toml").read_text()
    (folder / "rf-baseline.toml").write_text(baseline.replace("min_overlap = 40", "min_overlap = 36"))
    status, out, _ = check(BAD)
    assert status == 1
    assert "worse than in the baseline: was 36, now 40" in " ".join(out.split())


def test_it_cannot_be_left_out(check) -> None:
    assert "RF007 cannot be ignored" in check('ignore = ["RF007"]\n' + BAD)[2]


@pytest.mark.parametrize("format", ["sarif", "junit", "github", "gitlab", "markdown", "concise"])
def test_every_format_tells_it(check, format: str) -> None:
    status, out, _ = check(BAD, "--format", format)
    assert status == 1
    assert "not seamless on axes h and w" in out.replace("\\u0020", " ")
    if format == "sarif":
        (result,) = json.loads(out)["runs"][0]["results"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert (result["ruleId"], region) == ("RF007", {"startLine": 7, "startColumn": 13})
    if format == "junit":
        assert 'name="tile h=128,w=128 overlap h=32,w=32"' in out


def test_cures_of_other_findings_keep_a_tiling_seamless(check) -> None:
    # A deeper net would see as much as is required, and need more than the tiling has.
    text = GOOD.replace('"unet.onnx"\n', '"unet.onnx"\nrequire = ["final rf >= 45"]\n')
    assert any(one["cures"] for one in found(check, text.replace("40", "64")))
    (one,) = found(check, text)
    assert not one["cures"]


def test_the_hook_and_code_judge_it(check, folder: Path) -> None:
    assert check(BAD, "unet.onnx")[0] == 1
    assert check(GOOD, "unet.onnx", "--isolate", "always")[0] == 0
