"""A pack's requirement is found at the line that takes the pack in, and names the pack."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pytest_rf import check, config
from pytest_rf.reporters import check as reported
from pytest_rf.reporters.lines import text
from pytest_rf.results import Run

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG = """\
extend = ["pytest-rf:super-resolution", "own.toml"]
[[model]]
source = "unet.onnx"
extend = ["pytest-rf:segmentation"]
require = ["final rf >= 900"]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "unet.onnx", tmp_path)
    (tmp_path / "own.toml").write_text('require = ["final rf >= 800"]\n')
    (tmp_path / "rf.toml").write_text(CONFIG)
    return check.run(config.load("rf.toml"))


def test_findings_know_their_pack(run: Run) -> None:
    found = {one.requirement: (one.pack, one.file, one.line) for one in run.findings}
    assert found["0 < output stride < 1"] == ("pytest-rf:super-resolution", "rf.toml", 1)
    assert found["output rf >= 96"] == ("pytest-rf:segmentation", "rf.toml", 4)
    assert found["final rf >= 800"] == ("", "own.toml", 1)
    assert found["final rf >= 900"] == ("", "rf.toml", 5)


@pytest.mark.parametrize(
    "format", ["full", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown"]
)
def test_every_format_names_it(run: Run, format: str) -> None:
    told = text(reported(run, format)).replace("\\", "").replace("&#58;", ":")
    assert "(from pytest-rf:segmentation)" in told
    assert "(from pytest-rf:super-resolution)" in told


def test_what_holds_names_it_too_with_the_pack_that_it_comes_from(run: Run) -> None:
    told = text(reported(run, "concise", verbosity=1))
    assert (
        "final is bounded: bounded on axes h and w at mask "
        "(rf.toml:1, from pytest-rf:super-resolution, which extends pytest-rf:tiled-inference)"
    ) in told
    held = json.loads(text(reported(run, "json")))["models"][0]["requirements"]
    assert [one["pack"] for one in held if one["text"] == "0 < output stride <= 4"] == [
        "pytest-rf:segmentation"
    ]
