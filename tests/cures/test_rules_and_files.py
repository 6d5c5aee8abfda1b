"""Cures of what rules find, of files whose extents are open, and where they are told."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner
from models import model
from rebuilt_onnx import rebuilt

import pytest_rf
from pytest_rf import cures
from pytest_rf.check import run
from pytest_rf.cli import cli
from pytest_rf.findings import Finding
from pytest_rf.reporters.cures import edits, helps

DILATED = """
    net (float[1,1,64,64] x) => (float[1,1,?,?] y) <float[1,1,3,3] u, float[1,1,3,3] v, float[1,1,3,3] w> {
        a = Conv<kernel_shape=[3,3], pads=[2,2,2,2], dilations=[2,2]>(x, u)
        b = Conv<kernel_shape=[3,3], pads=[2,2,2,2], dilations=[2,2]>(a, v)
        y = Conv<kernel_shape=[3,3], pads=[2,2,2,2], dilations=[2,2]>(b, w)
    }
"""
TRANSPOSED = """
    net (float[1,1,32] x) => (float[1,1,?] y) <float[1,1,3] w>
    { y = ConvTranspose<kernel_shape=[3], pads=[1,1], strides=[2], output_padding=[1]>(x, w) }
"""
CORNERS = """
    net (float[1,1,32,32] x) => (float[1,1,?,?] y) <float[1,1,3,3] w, float[4] s={1,1,2,2}> {
        a = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w)
        y = Resize<mode="linear", coordinate_transformation_mode="align_corners">(a, , s)
    }
"""
SHIFTED = """
    net (float[1,1,33] x) => (float[1,1,?] y) <float[1,1,3] w, float[1,1,1] v, float[1,1,3] u> {
        a = Conv<kernel_shape=[3], pads=[1,1], strides=[2]>(x, w)
        b = Conv<kernel_shape=[1], strides=[2]>(x, v)
        c = Conv<kernel_shape=[3], pads=[0,2]>(b, u)
        y = Add(a, c)
    }
"""
REFLECTED = """
    net (float[1,1,33] x) => (float[1,1,?] y) <float[1,1,3] w, int64[6] p={0,0,2,0,0,0}>
    { a = Pad<mode="reflect">(x, p) y = Conv<kernel_shape=[3]>(a, w) }
"""
NORM = """
    net (float[1,4,33] x) => (float[1,4,?] y) <float[4,4,3] w, float[4] s>
    { a = Conv<kernel_shape=[3], pads=[2,0]>(x, w) y = InstanceNormalization(a, s, s) }
"""
WIDE = """
    net (float[1,1,9] x) => (float[1,1,?] y) <float[1,1,3] w>
    { y = Conv<kernel_shape=[3], pads=[12,12], dilations=[12]>(x, w) }
"""
SKIPPED = """
    net (float[1,4,9,9] x) => (float[1,4,?,?] y)
    <float[4,4,3,3] w, float[4,4,1,1] u, float[4,4,1,1] v, float[4] s={1,1,1,1}> {
        a = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w)
        b = Conv<kernel_shape=[1,1], strides=[2,2]>(a, v)
        c = Conv<kernel_shape=[1,1], strides=[2,2]>(a, u)
        d = BatchNormalization(c, s, s, s, s)
        e = Relu(d)
        f = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(e, w)
        y = Add(b, f)
    }
"""
OPEN = """
    net (float[N,1,T] x) => (float[N,1,?] y) <float[1,1,3] w>
    { y = Conv<kernel_shape=[3], pads=[1,1]>(x, w) }
"""


def saved(folder: Path, made: onnx.ModelProto) -> str:
    path = folder / "net.onnx"
    onnx.save(made, str(path))
    return str(path)


def found(path: str, code: str, *requires: str) -> list[Finding]:
    (result,) = run(None, [path], requires, select=[code]).models
    return [one for one in result.findings if one.code == code]


@pytest.mark.parametrize(
    ("text", "code", "requires", "first"),
    [
        (DILATED, "RF302", [], "y: dilation 2 → 1 (padding 2 → 1)"),
        (
            DILATED,
            "RF302",
            ["final rf >= 13"],
            "a: dilation 2 → 1 (padding 2 → 1); y: dilation 2 → 3 (padding 2 → 3)",
        ),
        (TRANSPOSED, "RF303", [], "y: kernel 3 → 4 (output padding 1 → 0)"),
        (CORNERS, "RF304", [], "y: resize align_corners → half-pixel"),
        (SKIPPED, "RF202", [], "c: stride 2 → 1; f: stride 1 → 2"),
        (SHIFTED, "RF203", [], "c: padding before 0 → 1 (after 2 → 1)"),
        (REFLECTED, "RF403", ["final is causal"], "a: border reflect → zeros"),
        (NORM, "RF401", [], "y: norm InstanceNorm → BatchNorm"),
        (NORM, "RF402", ["final is causal"], "y: norm InstanceNorm → BatchNorm"),
        (WIDE, "RF104", [], "y: dilation 12 → 8 (padding 12 → 8)"),
    ],
)
def test_what_a_rule_finds_is_cured(
    tmp_path: Path, text: str, code: str, requires: list[str], first: str
) -> None:
    made = model(text)
    for one in found(saved(tmp_path, made), code, *requires):
        assert edits(one.cures[0].edits) == first
        for cure in one.cures:
            again = saved(tmp_path, rebuilt(made, cure.edits))
            (result,) = run(None, [again], requires, select=[code], cures=False).models
            assert not [other for other in result.findings if (other.code, other.axes) == (code, one.axes)]
            assert all(held.status == "holds" for held in result.requirements)


def test_an_edit_holds_at_other_extents_where_they_are_open() -> None:
    analysis = pytest_rf.analyze(model(OPEN))
    (one,) = cures.check(analysis, "final rf >= 20")
    assert [edits(cure.edits) for cure in one.cures][:2] == [
        "y: dilation 1 → 10 (padding 1 → 10)",
        "y: kernel 3 → 21 (padding 1 → 10)",
    ]


def test_a_kernel_changes_wherever_its_weights_are_used_and_a_dilation_does_not() -> None:
    text = DILATED.replace("u)", "w)").replace("v)", "w)")
    analysis = pytest_rf.analyze(model(text))
    (one,) = cures.check(analysis, "final rf >= 14")
    told = [edits(cure.edits) for cure in one.cures]
    assert "y: dilation 2 → 3 (padding 2 → 3)" in told
    assert "a, b, y: kernel 3 → 5 (padding 2 → 4)" in told


def test_an_undecidable_requirement_has_no_cures() -> None:
    text = OPEN.replace("y = Conv", "a = Conv").replace("(x, w)", "(x, w) y = acme.Blur(a)")
    (one,) = cures.check(pytest_rf.analyze(model(text, domains=', "acme" : 1')), "final rf >= 9")
    assert one.undecidable
    assert (one.cures, one.search) == ((), None)


def test_a_file_is_told_its_cures_and_they_can_be_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path, model(DILATED))
    arguments = ["check", path, "--require", "final rf >= 14"]
    told = CliRunner().invoke(cli, arguments).output
    assert "= help: y: dilation 2 → 3 (padding 2 → 3) gives final rf 15 (needs >= 14)" in told
    assert "dilation 2 → 3" not in CliRunner().invoke(cli, [*arguments, "--no-cures"]).output
    report = json.loads(CliRunner().invoke(cli, [*arguments, "--format", "json"]).output)
    (one,) = report["models"][0]["findings"]
    assert one["cures"][0] == {
        "edits": [
            {"layer": "y", "what": "dilation", "from": [2, 2], "to": [3, 3], "by": ""},
            {"layer": "y", "what": "padding", "from": [2, 2], "to": [3, 3], "by": ""},
        ],
        "measured": [{"low": 15, "high": 15, "certain": None, "side": ""}],
    }
    log = json.loads(CliRunner().invoke(cli, [*arguments, "--format", "sarif"]).output)
    assert "dilation 2 → 3" in log["runs"][0]["results"][0]["message"]["text"]


def test_the_first_findings_of_a_model_have_cures(tmp_path: Path) -> None:
    path = saved(tmp_path, model(DILATED))
    texts = [f"final rf >= {14 + number}" for number in range(cures.MOST + 2)]
    (result,) = run(None, [path], texts).models
    assert sum(bool(one.cures) for one in result.findings) == cures.MOST
    assert helps(result.findings[-1]) == [result.findings[-1].help]


def test_a_search_ends_when_its_work_is_done_whatever_was_asked_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tried(work: int, *asked: str) -> int:
        monkeypatch.setattr(cures, "WORK", work)
        analysis = pytest_rf.analyze(model(DILATED))
        for text in asked:
            analysis.check(text)
        (one,) = cures.check(analysis, "final rf == 500")
        assert one.search is not None
        return one.search.tried

    assert 1 <= (few := tried(40)) < tried(1 << 20)
    assert few == tried(40, "final erf >= 500", "final halo <= 0")
    monkeypatch.setattr(cures, "WORK_OF_ALL", 0)
    assert cures.check(pytest_rf.analyze(model(DILATED)), "final rf == 500")[0].search is None


def test_what_was_found_is_held_against_all_even_where_the_work_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cures, "WORK", 1)
    (one,) = cures.check(pytest_rf.analyze(model(DILATED)), "final rf <= 12")
    assert [edits(cure.edits) for cure in one.cures] == ["y: dilation 2 → 1 (padding 2 → 1)"]
