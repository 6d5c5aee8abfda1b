from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import pytest_rf
from fuzz.texts import ROOT, configurations, requirements
from fuzz.trial import clocked
from pytest_rf import check, config
from pytest_rf.errors import RFError

MUCH = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def analysis() -> pytest_rf.Analysis:
    return pytest_rf.analyze(str(ROOT / "examples" / "tcn.onnx"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("tcn.onnx", "unet.onnx", "classifier.onnx"):
        shutil.copy(ROOT / "examples" / name, folder)
    return folder


@MUCH
@given(text=requirements())
def test_a_requirement_holds_or_not_or_is_one_clear_error(text: str) -> None:
    with clocked():
        try:
            found = pytest_rf.requirements.check(analysis(), text)
        except RFError as error:
            told = str(error)
        else:
            told = " ".join(one.message or "-" for one in found) or "holds"
    assert told
    assert "\n" not in told


@MUCH
@given(data=configurations())
def test_a_configuration_is_a_run_or_one_clear_error(data: bytes, folder: Path) -> None:
    (folder / "rf.toml").write_bytes(data)
    with clocked():
        try:
            settings = config.load(folder / "rf.toml")
            run = check.run(settings, cures=False)
            messages = [problem.message for problem in run.problems]
            assert not any(problem.internal for problem in run.problems), run.problems
        except RFError as error:
            messages = [str(error)]
    assert all(message and "\n" not in message for message in messages)
