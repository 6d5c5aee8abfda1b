"""Under pytest, too, what nothing judged has not passed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf import cli

Pytester = pytest.Pytester

ENTRY = '[[model]]\nname = "unet"\nsource = "unet.onnx"\n'


def configure(project: Pytester, text: str) -> None:
    (project.path / "rf.toml").write_text(text)


def test_a_model_that_nothing_judges_is_an_item_that_fails(project: Pytester) -> None:
    configure(project, ENTRY)
    result = project.runpytest("--rf", "-v", "--rf-report=out.json")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["rf.toml::unet::rules FAILED*", "rf.toml:1: unet: nothing was judged: *write require = *"]
    )
    data = json.loads(Path("out.json").read_text())
    assert (data["exit_code"], data["models"][0]["judged"]) == (2, False)


@pytest.mark.parametrize("setting", ["warn", "ignore"])
def test_the_setting_softens_it_to_a_skip(project: Pytester, setting: str) -> None:
    configure(project, f'uncovered = "{setting}"\n{ENTRY}')
    result = project.runpytest("--rf", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*nothing was judged*"])


def test_rules_that_are_selected_judge(project: Pytester) -> None:
    configure(project, 'select = ["RF101"]\n' + ENTRY)
    project.runpytest("--rf").assert_outcomes(passed=1)


def test_a_requirement_that_does_not_apply_is_skipped_and_judges_nothing(project: Pytester) -> None:
    configure(project, 'extend = ["pytest-rf:streaming"]\nignore = ["RF401"]\n' + ENTRY)
    result = project.runpytest("--rf", "-v", "-rs")
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["*final is causal.t SKIPPED*", "*nothing was judged*"])


def test_a_configuration_without_models_is_an_error(project: Pytester) -> None:
    configure(project, 'require = ["final rf >= 3"]\n')
    result = project.runpytest("--rf")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*rf.toml: has no ?[[]model]]*"])


def test_accepted_context_that_is_not_there_fails(project: Pytester) -> None:
    configure(project, ENTRY + 'require = ["final rf >= 3"]\naccept_context = ["op:GroupNorm"]\n')
    result = project.runpytest("--rf")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(['rf.toml:5:19: accept_context "op:GroupNorm" matches nothing in unet*'])


def test_accepted_context_of_a_glob_is_looked_for_by_who_checks_all(project: Pytester) -> None:
    configure(
        project,
        '[[model]]\nsource = "*.onnx"\nrequire = ["final rf >= 3"]\naccept_context = ["op:MaxPool"]\n',
    )
    project.runpytest("--rf").assert_outcomes(passed=4)


@pytest.mark.parametrize("mode", [[], ["-pxdist", "-n2"]], ids=["one process", "workers"])
def test_accepted_context_that_no_model_of_a_glob_has_fails_once(project: Pytester, mode: list[str]) -> None:
    if mode:
        pytest.importorskip("xdist")
    configure(
        project,
        '[[model]]\nsource = "*.onnx"\nrequire = ["final rf >= 3"]\naccept_context = ["op:GroupNorm"]\n',
    )
    result = project.runpytest_subprocess("--rf", *mode)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ['rf.toml:4:19: accept_context "op:GroupNorm" matches nothing in any of the 2 models of [*].onnx*']
    )
    # Of some of the models alone nobody can tell.
    project.runpytest_subprocess("--rf", "-k", "unet", *mode).assert_outcomes(passed=2)


def test_what_is_less_than_an_error_is_a_warning(project: Pytester) -> None:
    text = """net (float[1,1,16] x) => (float[1,1,16] y) <int64[3] s = {1,1,16}, float[1,1,1] w>
    { r = Conv(x, w) y = Resize<mode="nearest">(r, , , s) }"""
    onnx.save(model(text), project.path / "mild.onnx")
    configure(project, '[[model]]\nsource = "mild.onnx"\nselect = ["RF502"]\nrequire = ["final rf >= 1"]\n')
    assert cli.run(["check", "--config", str(project.path / "rf.toml")]) == 0
    result = project.runpytest_subprocess("--rf", "--rf-report=out.json")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(['*RF502 mild: "y" (Resize) changes nothing at this extent'])
    data = json.loads(Path("out.json").read_text())
    assert (data["exit_code"], data["models"][0]["findings"][0]["severity"]) == (0, "info")


def test_fixture_and_marker_refuse_it_as_well(project: Pytester) -> None:
    configure(project, ENTRY + 'accept_context = ["op:GroupNorm"]\n')
    project.makepyfile(
        test_it="""
        import pytest
        import pytest_rf

        def test_fixture(rf):
            with pytest.raises(pytest_rf.RFError, match='"op:GroupNorm" matches nothing in unet'):
                rf.check("unet.onnx", "final rf >= 3", accept_context=["op:GroupNorm"])
            with pytest.raises(pytest_rf.RFError, match='"op:GroupNorm" matches nothing in unet'):
                rf.analyze("unet.onnx", accept_context=["op:GroupNorm"])

        @pytest.mark.rf("final rf >= 3", model="unet")
        def test_marker(): pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(['rf.toml:4:19: accept_context "op:GroupNorm" matches nothing in unet*'])


def test_a_check_without_a_requirement_is_an_error(project: Pytester) -> None:
    project.makepyfile(
        test_it="""
        import pytest
        import pytest_rf

        def test_fixture(rf):
            for call in (rf.check, pytest_rf.assert_rf):
                with pytest.raises(pytest_rf.RFError, match="give requirements as text"):
                    call("unet.onnx")
        """
    )
    project.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize("place", ["discovered", "option", "ini"])
@pytest.mark.parametrize("kind", ["folder", "named pipe", "link to gone.toml"])
def test_a_configuration_that_is_no_file_is_a_usage_error(project: Pytester, kind: str, place: str) -> None:
    (project.path / "rf.toml").unlink()
    name = "rf.toml" if place == "discovered" else "conf.toml"
    path = project.path / name
    {"folder": path.mkdir, "named pipe": lambda: os.mkfifo(path)}.get(
        kind, lambda: path.symlink_to("gone.toml")
    )()
    arguments = ["--rf"]
    if place == "option":
        arguments += ["--rf-config", name]
    elif place == "ini":
        project.makeini(f"[pytest]\nrf_config = {name}\n")
    result = project.runpytest_subprocess(*arguments, timeout=60)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--rf: *{name}: not a file but a {kind}*"])


def test_a_configuration_beside_another_is_a_warning(project: Pytester) -> None:
    (project.path / "pyproject.toml").write_text("[tool.pytest-rf]\n")
    configure(project, 'select = ["RF101"]\n' + ENTRY)
    # Where this process has the plugin already, some versions of pytest warn of that as well.
    ours = ["--rf", "-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    result = project.runpytest(*ours)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*pyproject.toml is not read, because rf.toml lies beside it*"])
    project.runpytest(*ours, "--rf-config", "rf.toml").assert_outcomes(passed=1, warnings=0)
