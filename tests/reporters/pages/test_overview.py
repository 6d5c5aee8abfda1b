"""The page of a run: all models at a glance, what fails first; one at a time is looked at."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf.findings import Finding, Problem
from pytest_rf.reporters import html
from pytest_rf.reporters.pages import overview
from pytest_rf.results import ModelResult, RequirementResult, Run
from reporters.pages.conftest import NETS, document, serious
from reporters.pages.nets import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page


def finding(message: str = "final rf is 3, required >= 5", **more: Any) -> Finding:
    return Finding(code="RF001", rule="requirement-violated", model="m", message=message, **more)


HOLDS = RequirementResult(text="final rf >= 1", status="holds")
RESULTS = (
    ModelResult(model="fine", file="fine.onnx", judged=True, requirements=(HOLDS, HOLDS)),
    ModelResult(model="skipped", file="pkg.mod:net", skipped="runs code, which the other hook checks"),
    ModelResult(model="one", file="one.onnx", judged=True, findings=(finding(),), waived=(finding(),)),
    ModelResult(model="noted", file="noted.onnx", judged=True, findings=(finding(severity="info"),)),
    ModelResult(model="broken", file="broken.onnx", problems=(Problem(message="broken.onnx: cut off"),)),
    ModelResult(
        model=HOSTILE[1],
        file=HOSTILE[4],
        judged=True,
        findings=(finding(undecidable=True), finding(HOSTILE[0])),
    ),
    ModelResult(model="idle", file="idle.onnx", warnings=("idle: nothing was judged",)),
)


def test_what_fails_comes_first() -> None:
    pages = [{"sections": {}, "final": {}}] * len(RESULTS)
    found = overview.of(RESULTS, pages)
    told = [(row.name, row.state, row.failing, row.open, row.warnings, row.accepted) for row in found.rows]
    assert told == [
        ("broken", "wrong", 0, 0, 0, 0),
        (HOSTILE[1], "fails", 2, 1, 0, 0),
        ("one", "fails", 1, 0, 0, 1),
        ("noted", "warns", 0, 0, 1, 0),
        ("idle", "not judged", 0, 0, 0, 0),
        ("fine", "holds", 0, 0, 0, 0),
        ("skipped", "skipped", 0, 0, 0, 0),
    ]
    says = {row.name: row.says for row in found.rows}
    assert says["broken"] == "broken.onnx: cut off"
    assert says["idle"] == "idle: nothing was judged"
    assert says["skipped"] == "runs code, which the other hook checks"
    assert found.counts == {"wrong": 1, "fails": 2, "warns": 1, "not judged": 1, "holds": 1, "skipped": 1}


def test_one_model_needs_no_overview() -> None:
    pytest.importorskip("jinja2")
    assert 'id="index"' not in html.check(Run.of(RESULTS[:1]))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_overview_is_for_everybody(scheme: Any, opened: Callable[..., Page]) -> None:
    text = html.check(Run.of(RESULTS))
    page = opened(text, color_scheme=scheme, bypass_csp=True)
    assert serious(page) == []
    assert page.locator("#index tbody tr").count() == len(RESULTS)
    assert page.locator("article:visible").count() == 0
    assert page.locator("img").count() == 0
    assert "owned" not in page.title()
    phone = opened(text, width=390)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    bare = opened(text, java_script_enabled=False)
    assert bare.locator("article:visible").count() == len(RESULTS)


@pytest.mark.browser
def test_one_model_at_a_time_is_looked_at(opened: Callable[..., Page], tmp_path: Path) -> None:
    for name in ("tcn", "windows"):
        (tmp_path / f"{name}.onnx").write_bytes(NETS[name][0]().SerializeToString())
    (tmp_path / "broken.onnx").write_bytes(b"\x08junk")
    (tmp_path / "rf.toml").touch()
    line = [sys.executable, "-m", "pytest_rf", "check", "tcn.onnx", "windows.onnx", "broken.onnx"]
    line += ["--require", "final rf >= 40", "--report", "html:run.html"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    page = opened((tmp_path / "run.html").read_text(encoding="utf-8"))
    rows = page.locator("#index tbody th a").all_inner_texts()
    assert rows == ["broken", "tcn", "windows"]
    page.get_by_role("link", name="tcn").click()
    assert page.locator("article:visible h1").inner_text() == "tcn"
    assert page.locator("#index").is_hidden()
    page.locator("article:visible .parts a", has_text="Graph").click()
    page.locator("article:visible .graph .stage svg").wait_for()
    assert page.locator("article:visible").count() == 1
    # What follows an address comes a moment after the click.
    page.locator("article:visible .back").click()
    page.locator("#index").wait_for()
    assert page.locator("article:visible").count() == 0
    page.go_back()
    page.locator("article:visible").wait_for()
    page.get_by_role("link", name="all models").click()
    page.get_by_role("link", name="broken").click()
    assert "not an ONNX model" in page.locator("article:visible").inner_text()


def test_the_final_field_is_that_of_the_analysis() -> None:
    pytest.importorskip("jinja2")
    import json

    text, analysis = document("resnet50")
    block = json.loads(text.split('id="data">')[1].split("</script>")[0])["models"][0]
    (row,) = overview.of([ModelResult(model="resnet50")], [block]).rows
    assert row.field == str(analysis.final[0]["h"].rf)
