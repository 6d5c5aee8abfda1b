"""What a command imports: no more than it uses. Modules are named, as times say nothing on a busy machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_rf.cli import cli

LIBRARIES = "click, google.protobuf.message, msgspec, numpy"
"""What an analysis needs, with all that these import themselves."""

ANALYSIS = ("google.protobuf", "numpy", "pytest_rf.examining", "pytest_rf.interpreter", "pytest_rf.operators")
"""What a run needs that analyses nothing itself, because the result is kept or another process does: none of these."""

UNUSED = {
    "difflib": "a name is wrong",
    "hashlib": "results are kept",
    "importlib.metadata": "an operator is unknown, or a result is kept",
    "logging": "--debug is given",
    "multiprocessing": "a process cannot be forked",
    "onnx": "constants are to be computed",
    "rich": "a person waits",
    "textwrap": "a rule is explained",
    "tomli": "there is a configuration",
    "tomllib": "there is a configuration",
    "traceback": "there is a bug",
    "tree_sitter": "something is wrong in a configuration",
    "pytest_rf.analysis.elements": "sets of positions are asked for",
    "pytest_rf.analysis.explaining": "a figure is explained",
    "pytest_rf.analysis.report": "all figures are written",
    "pytest_rf.analysis.unit_explaining": "a unit is explained",
    "pytest_rf.baseline": "there is a baseline",
    "pytest_rf.checks.uneven_phases": "the rule is checked",
    "pytest_rf.bioimageio": "there is a description",
    "pytest_rf.config.reading": "there is a configuration",
    "pytest_rf.cures": "something is found",
    "pytest_rf.descriptions": "there is a description",
    "pytest_rf.domains.rims": "there is a tiling",
    "pytest_rf.framing.grammar": "there is a front-end",
    "pytest_rf.frontends.torch": "the model is PyTorch's",
    "pytest_rf.locks": "there is a lock",
    "pytest_rf.operators.onnx.control": "a model has loops",
    "pytest_rf.reporters.full": "something is found",
    "pytest_rf.reporters.pages": "a page is written",
    "pytest_rf.requirements.files": "a figure is declared in a file",
    "pytest_rf.running.cache": "results are kept",
    "pytest_rf.streams": "a model has a state",
    "pytest_rf.tiles": "there is a tiling",
    "pytest_rf.witnesses": "something is found",
}
"""Modules, and when they are needed."""


def imported(folder: Path, *arguments: str, libraries: str = LIBRARIES) -> set[str]:
    """Return the modules that a command imports beside the libraries that it needs."""
    code = (
        f"import sys, {libraries}\nbefore = set(sys.modules)\nfrom pytest_rf.cli import run\n"
        f"assert run({list(arguments)!r}) == 0\nprint(*set(sys.modules) - before, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_a_check_that_finds_nothing_imports_what_it_uses(folder: Path) -> None:
    (folder / "rf.toml").unlink()
    given = ("check", "unet.onnx", "--require", "final rf >= 2", "--no-cache", "--isolate", "never")
    found = imported(folder, *given)
    assert {"pytest_rf.examining", "pytest_rf.operators.onnx.convolutions"} <= found
    assert not {name: why for name, why in UNUSED.items() if name in found}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not forked")
def test_who_asks_another_process_imports_no_analysis(folder: Path) -> None:
    (folder / "rf.toml").unlink()
    given = ("check", "unet.onnx", "--require", "final rf >= 2", "--no-cache", "--isolate", "always")
    found = imported(folder, *given, libraries="click, msgspec")
    assert "pytest_rf.running.process" in found
    assert not found & {*ANALYSIS, *UNUSED}


@pytest.mark.parametrize("configured", [True, False])
def test_a_kept_result_needs_no_analysis(folder: Path, configured: bool) -> None:
    if not configured:
        (folder / "rf.toml").unlink()
    given = ("check", "unet.onnx", "--require", "final rf >= 2", "--cache-dir", str(folder / "kept"))
    assert set(ANALYSIS) <= imported(folder, *given, "--isolate", "never", libraries="click, msgspec")
    found = imported(folder, *given, "--isolate", "never", libraries="click, msgspec")
    assert "pytest_rf.running.cache" in found
    assert not found & set(ANALYSIS)


def test_a_command_imports_no_other(folder: Path) -> None:
    found = imported(folder, "rule", "RF001", libraries="click, msgspec")
    assert {name for name in cli.commands if f"pytest_rf.commands.{name}" in found} == {"rule"}
    assert not found & set(ANALYSIS)
