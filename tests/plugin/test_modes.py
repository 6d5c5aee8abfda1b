"""The ways in which pytest is run: workers, plugins left out, models chosen by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

Pytester = pytest.Pytester

TESTS = """
import pytest

@pytest.mark.rf("final rf >= 41", model="unet.onnx")
def test_marker(): pass

def test_fixture(rf): rf.check("unet.onnx", "final rf >= 36")
"""


@pytest.mark.parametrize(
    "mode",
    [
        ["-n0"],
        ["-n2"],
        *(
            ["-n2", "--dist", one]
            for one in ("no", "load", "loadscope", "loadfile", "loadgroup", "worksteal")
        ),
    ],
    ids=" ".join,
)
def test_workers(project: Pytester, mode: list[str]) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(test_it=TESTS)
    result = project.runpytest_subprocess("--rf", "--rf-report=out.json", "-pxdist", *mode)
    result.assert_outcomes(passed=6, failed=2)
    assert Path("out.json").read_text().count('"code": "RF001"') == 2


def test_each_worker_for_itself(project: Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(test_it=TESTS)
    result = project.runpytest_subprocess(
        "--rf", "--rf-report=out.json", "-pxdist", "--dist=each", "--tx=2*popen"
    )
    result.assert_outcomes(passed=12, failed=4)
    # The same results are shown once.
    assert Path("out.json").read_text().count('"code": "RF001"') == 2


@pytest.mark.parametrize(
    "without",
    ["terminal", "cacheprovider", "junitxml", "logging", "capture", "assertion", "unittest", "subtests"],
)
def test_plugins_can_be_left_out(project: Pytester, without: str) -> None:
    project.makepyfile(test_it=TESTS)
    result = project.runpytest_subprocess("--rf", "--strict-markers", "-p", f"no:{without}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    if without != "terminal":
        result.assert_outcomes(passed=6, failed=2)


@pytest.mark.parametrize("style", ["auto", "long", "short", "line", "native", "no"])
def test_styles_of_tracebacks(project: Pytester, style: str) -> None:
    project.makepyfile(test_it=TESTS + '\ndef test_error(rf): rf.analyze("nix.onnx")\n')
    result = project.runpytest("--rf", f"--tb={style}")
    result.assert_outcomes(passed=6, failed=3)
    if style != "no":
        result.stdout.fnmatch_lines(["*nix.onnx: no such file; check the path"])
    result.stdout.no_fnmatch_line("*reading.py*")


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (["rf.toml"], {"passed": 5, "failed": 1}),
        (["rf.toml::unet"], {"passed": 2, "failed": 1}),
        (["rf.toml::unet", "rf.toml::tcn::rules"], {"passed": 3, "failed": 1}),
        (["rf.toml::unet::final rf >= 36"], {"passed": 1}),
        (["-k", "unet and 36"], {"passed": 1, "deselected": 5}),
        (["-k", "not unet"], {"passed": 3, "deselected": 3}),
        (["-k", "unet", "rf.toml::tcn"], {"deselected": 3}),
        (["--co"], {}),
    ],
)
def test_models_are_chosen_by_name(project: Pytester, arguments: list[str], outcomes: dict[str, int]) -> None:
    result = project.runpytest("--rf", *arguments)
    if arguments == ["--co"]:
        result.stdout.fnmatch_lines(
            ["*<ConfigFile rf.toml>*", "*<ModelCollector unet>*", "*<RequirementItem final*"]
        )
    result.assert_outcomes(**outcomes)


def test_an_item_that_is_not_there(project: Pytester) -> None:
    result = project.runpytest("--rf", "rf.toml::nix")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: not found: *rf.toml::nix*"])


def test_subtests_are_shown_at_the_users_line(project: Pytester) -> None:
    arguments = []
    if not hasattr(pytest, "Subtests"):  # pytest 9 has them
        pytest.importorskip("pytest_subtests")
        arguments = ["-p", "pytest_subtests.plugin"]
    project.makepyfile(
        test_it="""
        def test_it(rf, subtests):
            for name in ("unet", "nix", "tcn"):
                with subtests.test(name):
                    rf.check(f"{name}.onnx", "final rf >= 41")
        """
    )
    result = project.runpytest(*arguments)
    result.stdout.fnmatch_lines(
        [
            '>               rf.check(f"{name}.onnx", "final rf >= 41")',
            "E * RF001 final rf is 36 to 40 *required >= 41*",
            "E *nix.onnx: no such file; check the path",
        ]
    )
    result.stdout.no_fnmatch_line("*reading.py*")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_root_folder_decides_where_the_configuration_is_looked_for(
    project: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makeini("[pytest]\n")
    inner = project.path / "sub" / "tests"
    inner.mkdir(parents=True)
    (inner / "test_a.py").write_text("def test_a(): pass\n")
    # Another configuration, which a command line within that folder would find.
    (project.path / "sub" / "rf.toml").write_text('[[model]]\nsource = "nix.onnx"\n')
    monkeypatch.chdir(inner)
    result = project.runpytest_subprocess("--rf", "-v")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*rf.toml::unet::final rf >= 36 PASSED*"])
    project.runpytest_subprocess("--rf", "--rootdir", str(project.path / "sub")).assert_outcomes(
        passed=1, failed=1
    )
    # What is given is relative to the working directory.
    for argument in ([], ["."], [".."], ["test_a.py"]):
        result = project.runpytest_subprocess("--rf", "--rf-config=../rf.toml", *argument)
        result.assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize("folder", [".hidden", "build", "plain", "node_modules/deep"])
@pytest.mark.parametrize("argument", [None, ".", "test_it.py"])
def test_a_configuration_is_collected_wherever_it_lies(
    project: Pytester, folder: str, argument: str | None
) -> None:
    place = project.path / folder
    place.mkdir(parents=True)
    for name in ("rf.toml", "unet.onnx", "tcn.onnx"):
        (project.path / name).rename(place / name)
    project.makepyfile(test_it="def test_it(): pass\n")
    arguments = ["--rf", f"--rf-config={folder}/rf.toml", *([argument] if argument else [])]
    project.runpytest(*arguments).assert_outcomes(passed=6, failed=1)
    project.runpytest(*arguments, "-k", "unet").assert_outcomes(passed=2, failed=1, deselected=4)
