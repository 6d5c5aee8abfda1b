from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

Pytester = pytest.Pytester


def test_models_of_the_configuration_become_items(project: Pytester) -> None:
    result = project.runpytest("--rf", "-v")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        [
            "rf.toml::unet::final rf >= 36 PASSED*",
            "rf.toml::unet::final rf >= 41 FAILED*",
            "rf.toml::unet::rules PASSED*",
            "rf.toml::tcn::final is causal PASSED*",
        ]
    )


def test_a_failure_shows_the_finding_without_a_traceback(project: Pytester) -> None:
    result = project.runpytest("--rf")
    result.stdout.fnmatch_lines(
        [
            "*unet: final rf >= 41*",
            "RF001 final rf is 36 to 40 on axes h and w, required >= 41",
            "  --> rf.toml:5:30 in model unet",
            "*+8 → 32  bottleneck.conv2 3×3",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*RequirementFailed*")


def test_without_the_option_nothing_is_collected(project: Pytester) -> None:
    assert project.runpytest().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert project.runpytest(".").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_tests_and_models_run_together(project: Pytester) -> None:
    (project.path / "tests").mkdir()
    (project.path / "tests" / "test_a.py").write_text("def test_a(): pass\n")
    project.runpytest("--rf", "tests").assert_outcomes(passed=6, failed=1)
    project.runpytest("--rf").assert_outcomes(passed=6, failed=1)
    project.runpytest("--rf", ".", "rf.toml").assert_outcomes(passed=6, failed=1)


def test_items_can_be_chosen(project: Pytester) -> None:
    project.runpytest("--rf", "rf.toml::tcn").assert_outcomes(passed=3)
    project.runpytest("--rf", "rf.toml::unet::final rf >= 36").assert_outcomes(passed=1)
    project.runpytest("--rf", "-k", "causal").assert_outcomes(passed=1, deselected=5)


def test_a_model_is_analysed_once(project: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_rf import targets

    seen, analyse = [], targets.analyse
    monkeypatch.setattr(targets, "analyse", lambda target: seen.append(target.name) or analyse(target))
    project.runpytest("--rf")
    assert seen == ["unet", "tcn"]


@pytest.mark.parametrize("place", ["conf/rf.toml", "conf/other.toml"])
def test_the_configuration_can_lie_elsewhere(project: Pytester, place: str) -> None:
    (project.path / "conf").mkdir()
    for name in ("unet.onnx", "tcn.onnx"):
        (project.path / name).rename(project.path / "conf" / name)
    (project.path / "rf.toml").rename(project.path / place)
    project.runpytest("--rf", "--rf-config", place).assert_outcomes(passed=5, failed=1)
    project.makeini(f"[pytest]\nrf_config = {place}\n")
    project.runpytest("--rf").assert_outcomes(passed=5, failed=1)


def test_the_configuration_can_lie_in_pyproject(project: Pytester) -> None:
    text = (project.path / "rf.toml").read_text().replace("[[model]]", "[[tool.pytest-rf.model]]")
    (project.path / "rf.toml").unlink()
    (project.path / "pyproject.toml").write_text(text)
    result = project.runpytest("--rf", "-v")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["pyproject.toml::unet::final rf >= 41 FAILED*"])


def test_no_configuration_is_a_usage_error(pytester: Pytester) -> None:
    result = pytester.runpytest("--rf", "--rf-config", "nix.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*nix.toml*"])


def test_a_wrong_configuration_is_an_error(project: Pytester) -> None:
    (project.path / "rf.toml").write_text('[[model]]\nsource = "unet.onnx"\nrequire = ["final rff >= 3"]\n')
    result = project.runpytest("--rf")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*rf.toml:3*rff*did you mean*", "*^*"])


def test_one_bad_model_hides_no_other(project: Pytester) -> None:
    (project.path / "unet.onnx").write_bytes(b"")
    result = project.runpytest("--rf", "-rs")
    result.assert_outcomes(passed=3, failed=1, skipped=2)
    result.stdout.fnmatch_lines(["*unet.onnx*is empty*", "SKIPPED * not checked: *unet.onnx*is empty*"])
    (project.path / "unet.onnx").unlink()
    result = project.runpytest("--rf")
    result.assert_outcomes(passed=3, failed=1, skipped=2)
    result.stdout.fnmatch_lines(["*unet.onnx*no such file*"])


def test_globs_become_models_and_one_that_matches_nothing_fails(project: Pytester) -> None:
    (project.path / "rf.toml").write_text(
        '[[model]]\nsource = "*.onnx"\nrequire = ["final rf >= 3"]\n'
        '[[model]]\nsource = "nix/*.onnx"\nrequire = ["final rf >= 3"]\n'
    )
    result = project.runpytest("--rf", "-v")
    result.assert_outcomes(passed=4, failed=1, skipped=1)  # told once, as of a file that cannot be read
    result.stdout.fnmatch_lines(["rf.toml::tcn::final rf >= 3 PASSED*", "*matches no file*"])
    result.stdout.no_fnmatch_line("*IndexError*")


def test_waived_findings_are_expected_failures(project: Pytester) -> None:
    text = (project.path / "rf.toml").read_text()
    waiver = '[[model.waiver]]\nrule = "RF001"\nreason = "until v3"\n'
    (project.path / "rf.toml").write_text(
        text.replace('[[model]]\nname = "tcn"', f'{waiver}\n[[model]]\nname = "tcn"')
    )
    project.runpytest("--rf").assert_outcomes(passed=5, xfailed=1)


def test_repeated_requirements_stay_apart(project: Pytester) -> None:
    (project.path / "rf.toml").write_text(
        '[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 3", "final rf >= 3"]\n'
    )
    result = project.runpytest("--rf", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["rf.toml::unet::final rf >= 3 (2) PASSED*"])


def test_names_cannot_steer_a_terminal(project: Pytester) -> None:
    (project.path / "rf.toml").write_text(
        '[[model]]\nname = "a\\u001b[2Jb\\r\\n::error::x"\nsource = "unet.onnx"\nrequire = ["final rf >= 41"]\n'
    )
    result = project.runpytest("--rf", "-v", "--junitxml=out.xml")
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str() + Path("out.xml").read_text()
    assert "\x1b[2J" not in text
    assert not any(line.startswith("::error") for line in text.splitlines())


def test_report(project: Pytester) -> None:
    result = project.runpytest("--rf", "--rf-report=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    data = json.loads(Path("out.json").read_text())
    assert data["report"] == "check"
    assert data["exit_code"] == 1
    assert data["config"] == "rf.toml"
    assert [(one["model"], len(one["findings"])) for one in data["models"]] == [("tcn", 0), ("unet", 1)]


def test_workers_give_the_same_report(project: Pytester) -> None:
    pytest.importorskip("xdist")
    project.runpytest("--rf", "--rf-report=one.json").assert_outcomes(passed=5, failed=1)
    project.runpytest_subprocess("--rf", "--rf-report=two.json", "-pxdist", "-n2").assert_outcomes(
        passed=5, failed=1
    )
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()


def test_a_report_for_people_is_that_of_check(project: Pytester) -> None:
    project.runpytest("--rf", "--rf-report=out.txt")
    text = Path("out.txt").read_text(encoding="utf-8")
    assert " 5 | final rf >= 41\n   |          ^^^^^ measured 36 to 40\n" in text
    assert text.endswith("Checked 2 models, 4 requirements: 1 violation.\n")


@pytest.mark.parametrize("file", ["out", "nix/out.json", "link.json", "sarfi:out.json", "json:"])
def test_reports_that_cannot_be_written_are_usage_errors(project: Pytester, file: str) -> None:
    (project.path / "link.json").symlink_to(project.path / "rf.toml")
    before = (project.path / "rf.toml").read_text()
    assert project.runpytest("--rf", f"--rf-report={file}").ret == pytest.ExitCode.USAGE_ERROR
    assert (project.path / "rf.toml").read_text() == before


def test_junit_names_the_models(project: Pytester) -> None:
    project.runpytest("--rf", "--junitxml=out.xml")
    cases = ElementTree.parse("out.xml").getroot().iter("testcase")
    failed = [case.attrib["name"] for case in cases if case.find("failure") is not None]
    assert failed == ["final rf >= 41"]
