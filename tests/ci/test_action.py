"""The GitHub action and the GitLab template: what they run, and that no input is run as code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="the steps are bash")

#: What would leave a file behind, if any part of it were run or expanded.
HOSTILE = '"; touch hacked; $(touch hacked) `touch hacked` ${IFS} *'


@pytest.fixture(scope="module")
def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def step(action: Any, number: int) -> dict[str, Any]:
    found: dict[str, Any] = action["runs"]["steps"][number]
    return found


def run(step: dict[str, Any], folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does, with ``pytest-rf`` of this environment on the PATH."""
    assert BASH is not None
    values = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
    values["${{ github.action_path }}"] = str(ROOT)
    own = {name: values.get(value, "") for name, value in step["env"].items()}
    script = folder / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    github = {
        "RUNNER_TEMP": str(folder / "temp"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "PATH": f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return subprocess.run(
        [BASH, "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=work,
        env={**os.environ, **github, **own},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    """A stand-in for ``pytest-rf`` that writes down its arguments."""
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "pytest-rf"
    tool.write_text('#!/bin/sh\nfor one in "$@"; do printf "<%s>\\n" "$one"; done\nexit ${RF_STATUS:-0}\n')
    tool.chmod(0o755)
    return tmp_path


def test_inputs(action: Any) -> None:
    assert set(action["inputs"]) == {"args", "config", "version", "report"}
    assert all(one["default"] == "" and one["description"] for one in action["inputs"].values())


def test_scripts_hold_no_expressions(action: Any) -> None:
    for one in action["runs"]["steps"]:
        assert one["shell"] == "bash"
        assert "${{" not in one["run"]


def test_arguments(action: Any, listing: Path) -> None:
    found = run(
        step(action, 1), listing, version="system", args="""--require "final rf >= 224" 'a b.onnx' *"""
    )
    assert found.stdout.splitlines() == [
        "<check>",
        "<--format>",
        "<github>",
        "<--report>",
        f"<markdown:{listing / 'summary.md'}>",
        "<--require>",
        "<final rf >= 224>",
        "<a b.onnx>",
        "<*>",
    ]
    found = run(step(action, 1), listing, version="system", config="conf/rf.toml", report="out/rf.sarif")
    assert found.stdout.splitlines()[5:] == [
        "<--config>",
        "<conf/rf.toml>",
        "<--report>",
        "<sarif:out/rf.sarif>",
    ]


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_status_is_that_of_the_check(
    action: Any, listing: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("RF_STATUS", str(status))
    assert run(step(action, 1), listing, version="system").returncode == status
    assert (listing / "output").read_text() == f"exit-code={status}\n"


@pytest.mark.parametrize("name", ["config", "report"])
def test_no_input_is_run(action: Any, listing: Path, name: str) -> None:
    found = run(step(action, 1), listing, version="system", **{name: HOSTILE})
    assert found.returncode == 0
    assert any(HOSTILE in line for line in found.stdout.splitlines())
    assert not list(listing.rglob("hacked*"))


def test_no_argument_is_run(action: Any, listing: Path) -> None:
    found = run(step(action, 1), listing, version="system", args=HOSTILE.replace('"', ""))
    assert found.returncode == 0
    assert "<$(touch>" in found.stdout.splitlines()
    assert not list(listing.rglob("hacked*"))


@pytest.mark.parametrize(
    "version", [HOSTILE, "0.1; touch hacked", "@ https://example.org/x.zip", "$(touch hacked)"]
)
def test_what_is_no_version_is_not_installed(action: Any, tmp_path: Path, version: str) -> None:
    found = run(step(action, 0), tmp_path, version=version)
    assert found.returncode == 2
    assert found.stdout == "::error::pytest-rf: the input version is not a version\n"
    assert not (tmp_path / "temp").exists()
    assert not list(tmp_path.rglob("hacked*"))


@pytest.mark.parametrize(
    ("version", "package"),
    [
        ("", str(ROOT)),
        ("0.1.0", "pytest-rf==0.1.0"),
        (">=0.1,<2", "pytest-rf>=0.1,<2"),
        ("~=0.1", "pytest-rf~=0.1"),
    ],
)
def test_what_is_installed(action: Any, tmp_path: Path, version: str, package: str) -> None:
    # A stand-in for Python: it makes an environment of which the Python writes down what it is asked for.
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python3"
    python.write_text('#!/bin/sh\nmkdir -p "$3/bin" && cp "$0.inner" "$3/bin/python"\n')
    inner = tmp_path / "bin" / "python3.inner"
    inner.write_text('#!/bin/sh\nfor one in "$@"; do printf "<%s>\\n" "$one"; done\n')
    for file in (python, inner):
        file.chmod(0o755)
    found = run(step(action, 0), tmp_path, version=version)
    assert found.stdout.splitlines()[-1] == f"<{package}>", found.stderr


@pytest.mark.parametrize(("size", "status"), [(36, 0), (41, 1)])
def test_a_real_check(action: Any, tmp_path: Path, size: int, status: int) -> None:
    if shutil.which("pytest-rf", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("pytest-rf is not installed beside this Python")
    work = tmp_path / "work"
    work.mkdir()
    shutil.copy(ROOT / "examples" / "unet.onnx", work)
    (work / "rf.toml").write_text(f'[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= {size}"]\n')
    found = run(step(action, 1), tmp_path, version="system", report="rf.sarif")
    assert found.returncode == status, found.stderr
    assert ("::error " in found.stdout) == bool(status)
    assert "unet" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert '"2.1.0"' in (work / "rf.sarif").read_text(encoding="utf-8")


def test_the_template_for_gitlab(listing: Path) -> None:
    assert BASH is not None
    spec, jobs = yaml.safe_load_all((ROOT / "templates" / "pytest-rf.yml").read_text(encoding="utf-8"))
    job = jobs["pytest-rf"]
    assert set(spec["spec"]["inputs"]) == {"stage", "image", "package", "config", "paths"}
    assert not any("$[[" in line for line in job["script"])
    script = "\n".join(line for line in job["script"] if not line.startswith("pip "))
    environment = {**os.environ, "PATH": f"{listing / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for config, paths, expected in [
        ("", "", []),
        ("a b/rf.toml", "x.onnx y.onnx", ["--config", "a b/rf.toml", "x.onnx", "y.onnx"]),
        (HOSTILE, "$(touch hacked) *", ["--config", HOSTILE, "$(touch", "hacked)", "*"]),
    ]:
        found = subprocess.run(
            [BASH, "-c", script],
            cwd=listing,
            env={**environment, "RF_CONFIG": config, "RF_PATHS": paths},
            capture_output=True,
            text=True,
            check=True,
        )
        given = [
            line[1:-1] for line in found.stdout.splitlines() if not line.startswith(("<check>", "<--report>"))
        ]
        assert [one for one in given if not one.startswith(("gitlab:", "junit:"))] == expected
        written = {one.partition(":")[2] for one in given if one.startswith(("gitlab:", "junit:"))}
        assert written == set(job["artifacts"]["reports"].values())
    assert not list(listing.rglob("hacked*"))
