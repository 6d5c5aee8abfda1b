"""The Python and the configurations of the pages on jobs and explanations do what the pages say."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest
from blocks import ROOT, of
from listing import PAGES, configurations, listings, needs_torch, printed, shown

from pytest_rf import cli

CONFIGURATIONS = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, text in enumerate(configurations(page.read_text(encoding="utf-8")), 1)
]


#: What stands on these pages; what is no listing, no output of one and no configuration is not run.
BLOCKS = [
    *of("docs/first-steps.md", "toml"),
    *of("docs/jobs/*.md", "python", "text", "toml"),
    *of("docs/explanation/*.md", "python", "text"),
]


def test_every_block_of_these_pages_is_one_of_them() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    run = [
        block
        for text in texts
        for block in [*listings(text), *filter(None, shown(text)), *configurations(text)]
    ]
    assert sorted(run) == sorted(block.code for block in BLOCKS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_their_python_prints_what_they_show(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page.read_text(encoding="utf-8")
    if needs_torch(text):
        pytest.importorskip("torch")
    if any("torch.onnx.export" in code for code in listings(text)):
        pytest.importorskip("onnxscript")
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    now = list(printed(text, f"{page.stem}.py"))
    assert now == shown(text), f"run 'python tests/docs/listing.py' if this is right:\n{''.join(now)}"


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_their_configurations_hold(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    file = tmp_path / "rf.toml"
    file.write_text(text, encoding="utf-8")
    assert cli.run(["check", "--config", str(file), "--no-cache"]) == 0, capsys.readouterr()
