"""The Python and the configurations of the pages on jobs and explanations do what the pages say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from console import ROOT
from listing import PAGES, configurations, needs_torch, printed, shown

from pytest_rf import cli

CONFIGURATIONS = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, text in enumerate(configurations(page.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_their_python_prints_what_they_show(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text(encoding="utf-8")
    if needs_torch(text):
        pytest.importorskip("torch")
    monkeypatch.chdir(ROOT)
    now = list(printed(text, f"{page.stem}.py"))
    assert now == shown(text), f"run 'python tests/docs/listing.py' if this is right:\n{''.join(now)}"


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_their_configurations_hold(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    file = tmp_path / "rf.toml"
    file.write_text(text, encoding="utf-8")
    assert cli.run(["check", "--config", str(file), "--no-cache"]) == 0, capsys.readouterr()
