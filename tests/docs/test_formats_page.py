"""The page on formats names all of them, and its SARIF result is what the tool writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from blocks import ROOT, only

from pytest_rf import cli
from pytest_rf.reporters import CHECK
from pytest_rf.reporters.destinations import BY_ENDING

PAGE = (ROOT / "docs/formats.md").read_text(encoding="utf-8")


def test_the_table_lists_every_format_with_its_ending() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)`.*\| (?:`(\.\w+)`)? ?\|$", PAGE)
    assert [kind for kind, _ in rows] == list(CHECK)
    assert {ending: kind for kind, ending in rows if ending} == BY_ENDING


def test_the_sarif_result_is_what_the_tool_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "rf.sarif"
    cli.run(["check", "examples/tcn.onnx", "--require", "final rf >= 64", "--report", str(file)])
    (result,) = json.loads(file.read_text(encoding="utf-8"))["runs"][0]["results"]
    del result["codeFlows"][0]["threadFlows"][0]["locations"][1:-1]
    assert json.loads(only("docs/formats.md", "json")) == result, json.dumps(
        result, indent=2, ensure_ascii=False
    )
