"""``pytest --rf`` holds models to their lock and their baseline; ``--rf-update`` renews the lock."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

# Runs in this process forget what they import; msgspec's types cannot be made twice.
import pytest_rf.testing.locking  # noqa: F401
from pytest_rf import cli

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def locked(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The project with a lock of its models, in which the U-Net has other figures."""
    config = project.path / "rf.toml"
    config.write_text('lock = "rf.lock"\n' + config.read_text().replace(', "final rf >= 41"', ""))
    monkeypatch.chdir(project.path)
    assert cli.run(["snapshot"]) == 0
    lock = project.path / "rf.lock"
    lock.write_text(lock.read_text().replace(" rf=36..40 ", " rf=35..41 "))
    return project


def test_a_model_has_an_item_for_its_lock(locked: pytest.Pytester) -> None:
    result = locked.runpytest("--rf", "-v")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(
        [
            "rf.toml::unet::rules PASSED*",
            "rf.toml::unet::lock FAILED*",
            "rf.toml::tcn::lock PASSED*",
            "*RF006 the figures are not those of rf.lock: 3 of 23 tensors changed; final rf was 35 to 41, now*",
        ]
    )


def test_rf_update_renews_the_lock(locked: pytest.Pytester) -> None:
    lock = locked.path / "rf.lock"
    before = lock.read_text()
    locked.runpytest("--rf", "--rf-update", "-v").assert_outcomes(passed=7)
    assert lock.read_text() == before.replace(" rf=35..41 ", " rf=36..40 ")
    locked.runpytest("--rf").assert_outcomes(passed=7)


def test_what_does_not_run_stays_as_it_is(locked: pytest.Pytester) -> None:
    lock = locked.path / "rf.lock"
    before = lock.read_text()
    locked.runpytest("--rf", "--rf-update", "-k", "tcn").assert_outcomes(passed=4, deselected=3)
    assert lock.read_text() == before
    lock.unlink()
    locked.runpytest("--rf", "--rf-update", "-k", "tcn").assert_outcomes(passed=4, deselected=3)
    assert [one for one in lock.read_text().splitlines() if one.startswith("model")] == ["model tcn tcn.onnx"]


def test_workers_hand_their_figures_over(locked: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    lock = locked.path / "rf.lock"
    locked.runpytest_subprocess("-p", "xdist", "-n", "2", "--rf", "--rf-update").assert_outcomes(passed=7)
    assert " rf=35..41 " not in lock.read_text()
    locked.runpytest_subprocess("-p", "xdist", "-n", "2", "--rf").assert_outcomes(passed=7)


def test_a_missing_or_broken_lock_is_told_once(locked: pytest.Pytester) -> None:
    lock = locked.path / "rf.lock"
    lock.unlink()
    result = locked.runpytest("--rf")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*rf.lock: rf.toml names this lock, and there is none; write it with *"])
    lock.write_text("<<<<<<< HEAD\n")
    result = locked.runpytest("--rf")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*rf.lock:1: not a lock*"])
    result = locked.runpytest("--rf", "--rf-update")
    assert result.ret == 2
    assert lock.read_text() == "<<<<<<< HEAD\n"


def test_a_model_that_cannot_be_read_is_no_passed_lock(locked: pytest.Pytester) -> None:
    (locked.path / "tcn.onnx").write_bytes(b"")
    result = locked.runpytest("--rf", "-v", "-k", "tcn")
    assert result.parseoutcomes()["skipped"] >= 1
    result.stdout.fnmatch_lines(["rf.toml::tcn::lock SKIPPED*"])
    assert result.ret == 1


def test_rf_update_needs_rf(project: pytest.Pytester) -> None:
    result = project.runpytest("--rf-update")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--rf-update renews the lock of the configuration's models: give --rf, too"]
    )


def test_what_the_baseline_knows_is_an_expected_failure(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.path)
    assert cli.run(["baseline"]) == 0
    result = project.runpytest("--rf", "-rx")
    result.assert_outcomes(passed=5, xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL rf.toml::unet::final rf >= 41 - *known in the baseline*"])
    baseline = project.path / "rf-baseline.toml"
    baseline.write_text(baseline.read_text().replace("[36, 40]", "[37, 40]"))
    result = project.runpytest("--rf")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*worse than in the baseline: was 37 to 40, now 36 to 40*"])


def test_what_the_baseline_need_not_know_is_a_warning(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.path)
    assert cli.run(["baseline"]) == 0
    config = project.path / "rf.toml"
    config.write_text(config.read_text().replace("final rf >= 41", "final rf >= 36"))
    baseline = project.path / "rf-baseline.toml"
    known = '[[model.known]]\nrule = "RF301"\nat = [{ tensor = "y" }]\n'
    gone = f'\n[[model]]\nname = "gone"\nsource = "gone.onnx"\n{known}'
    baseline.write_text(baseline.read_text() + gone)
    result = project.runpytest_subprocess("--rf")
    result.assert_outcomes(passed=6, warnings=2)
    result.stdout.fnmatch_lines(
        ['*rf-baseline.toml: has model "gone" (gone.onnx), which rf.toml does not have*']
    )
    result.stdout.fnmatch_lines(["*rf-baseline.toml: final rf >= 41 at tensor *"])


def test_a_model_of_the_example_is_locked_like_any_other(project: pytest.Pytester) -> None:
    shutil.copy(EXAMPLES / "classifier.onnx", project.path / "classifier.onnx")
    (project.path / "rf.toml").write_text('lock = "rf.lock"\n[[model]]\nsource = "*.onnx"\n')
    project.runpytest("--rf", "--rf-update").assert_outcomes(passed=3, skipped=0, failed=3)
