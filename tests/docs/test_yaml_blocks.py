"""The pages' YAML is what GitHub, GitLab and pre-commit take, gives inputs that there are, and its scripts run."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import stage
from blocks import ROOT, of
from shell import execute

yaml = pytest.importorskip("yaml")

BLOCKS = [
    *of("README.md", "yaml"),
    *of("docs/ci.md", "yaml"),
    *of("docs/first-steps.md", "yaml"),
    *of("docs/formats.md", "yaml"),
    *of("docs/pre-commit.md", "yaml"),
]
VERSION = re.findall(r'(?m)^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))[0]
OURS = "your/copy-of-pytest-rf"
#: Is not run here: it installs ours from an index.
INSTALL = "pip install pytest-rf"


def of_commits(data: Any) -> bool:
    """Return whether a block configures pre-commit, whole or a list of its hooks."""
    return (isinstance(data, dict) and "repos" in data) or (isinstance(data, list) and "id" in data[0])


def of_github(data: Any) -> bool:
    """Return whether a block is a workflow of GitHub, or steps of one."""
    return (isinstance(data, dict) and "jobs" in data) or (isinstance(data, list) and "id" not in data[0])


PARSED = [(block, yaml.safe_load(block.code)) for block in BLOCKS]
COMMITS = [pytest.param(data, id=str(block)) for block, data in PARSED if of_commits(data)]
GITHUB = [pytest.param(data, id=str(block)) for block, data in PARSED if of_github(data)]
GITLAB = [
    pytest.param(data, id=str(block))
    for block, data in PARSED
    if not of_commits(data) and not of_github(data)
]


def schema(name: str) -> Any:
    """Return the published schema of a format."""
    pytest.importorskip("check_jsonschema")
    folder = files("check_jsonschema").joinpath("builtin_schemas", "vendor")
    return json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def read(name: str) -> list[Any]:
    return list(yaml.safe_load_all((ROOT / name).read_text(encoding="utf-8")))


def steps(data: Any) -> list[Any]:
    """Return the steps of a workflow, or the block that is nothing else."""
    return (
        data if isinstance(data, list) else [step for job in data["jobs"].values() for step in job["steps"]]
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stage.write(tmp_path)
    (tmp_path / "rf.toml").write_text('[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 36"]\n')
    return tmp_path


@pytest.mark.parametrize("data", COMMITS)
def test_hooks_are_ours(data: Any) -> None:
    (ours,) = read(".pre-commit-hooks.yaml")
    hooks = data if isinstance(data, list) else data["repos"][0]["hooks"]
    for hook in hooks:
        assert hook["id"] in {one["id"] for one in ours}
        assert hook.keys() <= {"id", "name", "files", "args"}
    if isinstance(data, dict):
        (repository,) = data["repos"]
        assert repository.keys() == {"repo", "rev", "hooks"}
        assert repository["rev"] == f"v{VERSION}"


@pytest.mark.parametrize("data", GITHUB)
def test_workflows_are_of_their_form(data: Any) -> None:
    jobs = data["jobs"] if isinstance(data, dict) else {"job": {"runs-on": "ubuntu-latest", "steps": data}}
    jsonschema.validate({"on": "push", "jobs": jobs}, schema("github-workflows"))


@pytest.mark.parametrize("data", GITHUB)
def test_workflows_give_inputs_that_there_are_and_run(data: Any, folder: Path) -> None:
    (action,) = read("action.yml")
    written = {"rf.sarif"}  # on the page whose steps upload what another page's step wrote
    for step in steps(data):
        if step.get("run") == INSTALL:
            continue
        if "run" in step:
            execute(step["run"].replace("$GITHUB_STEP_SUMMARY", "summary.md"), folder)
        elif step["uses"].startswith(OURS):
            assert step["uses"] == f"{OURS}@v{VERSION}"
            assert step["with"].keys() <= action["inputs"].keys()
            written = {step["with"]["report"]}
        elif "upload-sarif" in step["uses"]:
            assert step["with"]["sarif_file"] in written


@pytest.mark.parametrize("data", GITLAB)
def test_jobs_are_of_their_form(data: Any) -> None:
    jsonschema.validate(data, schema("gitlab-ci"))


@pytest.mark.parametrize("data", GITLAB)
def test_jobs_give_inputs_that_there_are_and_write_what_they_keep(data: Any, folder: Path) -> None:
    spec, _ = read("templates/pytest-rf.yml")
    for included in data.pop("include", ()):
        assert included["component"].endswith(f"{OURS}/pytest-rf@v{VERSION}")
        assert included["inputs"].keys() <= spec["spec"]["inputs"].keys()
    for job in data.values():
        for command in [job["script"]] if isinstance(job["script"], str) else job["script"]:
            if command != INSTALL:
                execute(command, folder)
        for report in job["artifacts"]["reports"].values():
            assert (folder / report).exists()


def test_every_block_is_of_one_of_them() -> None:
    assert (len(COMMITS), len(GITHUB), len(GITLAB)) == (3, 4, 3)
