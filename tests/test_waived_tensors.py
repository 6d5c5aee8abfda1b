"""A waiver covers the tensors that it matches; the requirement fails for the rest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf import check, config
from pytest_rf.results import ModelResult

NET = """
    net (float[1,3,32,32] x) => (float[1,4,?,?] d)
    <float[4,3,3,3] w, float[4,4,3,3] u>
    {
        a = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x, w)
        b = Relu(a)
        c = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(b, u)
        d = WARP(c)
    }
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    onnx.save(model(NET.replace("WARP", "Relu")), "net.onnx")
    onnx.save(model(NET.replace("WARP", "Softwarp")), "warp.onnx")


def result(source: str, requirement: str, *waivers: str, top: str = "") -> ModelResult:
    text = f"{top}[[model]]\nsource = '{source}'\nrequire = ['{requirement}']\n"
    text += "".join(f"[[model.waiver]]\nreason = 'known'\n{waiver}\n" for waiver in waivers)
    Path("rf.toml").write_text(text)
    (found,) = check.run(config.load("rf.toml"), today=date(2026, 6, 1)).models
    return found


def told(found: ModelResult) -> tuple[list[str], list[str], str]:
    """Return the tensors of findings and of waived ones, and what became of the requirement."""
    kept, waived = (
        [f"{one.code} {' '.join(tensor.tensor for tensor in one.tensors)}" for one in findings]
        for findings in (found.findings, found.waived)
    )
    return kept, waived, found.requirements[0].status


REQUIRED = '"*" stride <= 1'


def test_what_is_not_covered_is_the_finding_at_its_own_worst() -> None:
    found = result("net.onnx", REQUIRED, "rule = 'RF001'\nat = 'c'")
    assert told(found) == (["RF001 d a b"], ["RF001 c"], "violated")
    assert found.findings[0].message.startswith('"*" stride <= 1: 3 tensors fail, worst "d" (Relu)')
    assert found.findings[0].path


def test_the_last_tensor_left_reads_like_one() -> None:
    found = result("net.onnx", REQUIRED, "rule = 'RF001'\nat = 'op:Relu'", "rule = 'RF001'\nat = 'c'")
    assert told(found) == (["RF001 a"], ["RF001 c d b"], "violated")
    assert found.findings[0].message == '"*" stride is 2 on axes h and w, required <= 1 (tensor "a", Conv)'


def test_all_tensors_covered_by_several_waivers_are_waived() -> None:
    found = result("net.onnx", REQUIRED, "rule = 'RF001'\nat = 'op:Relu'", "rule = 'RF001'\nat = 'op:Conv'")
    assert told(found) == ([], ["RF001 c d a b"], "waived")


def test_a_waiver_that_has_ended_covers_none_of_them() -> None:
    found = result("net.onnx", REQUIRED, "rule = 'RF001'\nat = 'c'\nuntil = 2026-05-31")
    assert told(found) == (["RF001 c d a b", "RF003 "], [], "violated")


def test_every_waiver_that_covers_a_tensor_is_used() -> None:
    waivers = [f"rule = 'RF001'\nat = '{at}'" for at in ("b", "nix")]
    found = result("net.onnx", REQUIRED, *waivers, top="select = ['RF004']\n")
    assert told(found) == (["RF001 c d a", "RF004 "], ["RF001 b"], "violated")
    assert '"nix" covers nothing' in found.findings[1].message


def test_what_is_undecidable_beside_violations_is_waived_by_its_own_rule() -> None:
    assert told(result("warp.onnx", REQUIRED))[0] == ["RF001 c a b d", "RF005 d"]
    found = result("warp.onnx", REQUIRED, "rule = 'RF001'", "rule = 'RF005'")
    assert told(found) == (["RF002 d"], ["RF001 c a b", "RF005 d"], "undecidable")
    found = result("warp.onnx", REQUIRED, "rule = 'RF002'", "rule = 'RF005'")
    assert told(found) == (["RF001 c a b"], ["RF002 d", "RF005 d"], "violated")
    found = result("warp.onnx", REQUIRED, "rule = 'RF001'", "rule = 'RF002'", "rule = 'RF005'")
    assert told(found) == ([], ["RF001 c a b d", "RF005 d"], "waived")
