from __future__ import annotations

import json
from pathlib import Path

import pytest

Pytester = pytest.Pytester

HEAD = "import pytest\n"


def run(project: Pytester, test: str, *args: str) -> pytest.RunResult:
    project.makepyfile(test_it=HEAD + test)
    return project.runpytest("--strict-markers", *args)


def test_a_model_by_its_path(project: Pytester) -> None:
    result = run(
        project,
        """
@pytest.mark.rf("final rf >= 36", "final stride == 1", model="unet.onnx")
def test_holds(): pass

@pytest.mark.rf("final rf >= 41", model="unet.onnx")
def test_fails(): pass
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["RF001 final rf is 36 to 40*required >= 41*", "*--> test_it.py:6:17 in model unet*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_model_by_its_name_in_the_configuration(project: Pytester) -> None:
    result = run(
        project,
        """
@pytest.mark.rf("final rf >= 3 ms", model="tcn")
def test_spacing(): pass

@pytest.mark.rf("final rf >= 3", model="nix")
def test_unknown(): pass
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["no model 'nix': it is neither an .onnx path, nor *a fixture*rf.toml"])


def test_a_model_from_a_fixture(project: Pytester) -> None:
    result = run(
        project,
        """
import onnx

@pytest.fixture
def net(): return onnx.load("unet.onnx")

@pytest.mark.rf("final rf == 36", model="net")
def test_it(net): pass
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*final rf is 36 to 40*"])


@pytest.mark.parametrize("inputs", ["(1, 1, 48, 64)", "{'image': (1, 1, 48, 64)}"])
def test_inputs_give_the_shape(project: Pytester, inputs: str) -> None:
    import onnx

    model = onnx.load("unet.onnx")
    for number in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[number].ClearField("dim_value")
        model.graph.output[0].type.tensor_type.shape.dim[number].ClearField("dim_value")
    onnx.save(model, "open.onnx")
    test = '@pytest.mark.rf("output coverage.h >= 75%"{}, model="open.onnx")\ndef test_it(): pass\n'
    run(project, test.format(f", inputs={inputs}")).assert_outcomes(passed=1)
    result = run(project, test.format(""))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*open.onnx*image*"])


def test_the_test_itself_runs_first(project: Pytester) -> None:
    result = run(
        project, '@pytest.mark.rf("final rf >= 41", model="unet.onnx")\ndef test_it(): assert 0, "own"\n'
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*own*"])
    result.stdout.no_fnmatch_line("*RF001*")


def test_xfail_and_skip_are_respected(project: Pytester) -> None:
    marker = '@pytest.mark.rf("final rf >= 41", model="unet.onnx")\n'
    run(
        project,
        f"@pytest.mark.xfail(strict=True)\n{marker}def test_a(): pass\n"
        f"@pytest.mark.skip\n{marker}def test_b(): pass\n",
    ).assert_outcomes(xfailed=1, skipped=1)


def test_all_markers_of_a_test_are_held(project: Pytester) -> None:
    result = run(
        project,
        """
pytestmark = pytest.mark.rf("final rf >= 41", model="unet.onnx")

@pytest.mark.rf("final rf >= 64", model="tcn.onnx")
def test_it(): pass
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["RF001 *required >= 41*", "RF001 *required >= 64*"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('"final rf >= 3", inputs=(1, 3, 8, 8)', "*inputs= goes with model=*"),
        ('model="unet.onnx"', "*give requirements as text*"),
        ('3, model="unet.onnx"', "*give requirements as text*"),
        ('"final rf >= 3", modle="unet.onnx"', "*does not take modle*"),
    ],
)
def test_markers_that_say_too_little_are_errors(project: Pytester, marker: str, message: str) -> None:
    result = run(project, f"@pytest.mark.rf({marker})\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_a_wrong_requirement_shows_its_place(project: Pytester) -> None:
    result = run(project, '@pytest.mark.rf("final rff >= 3", model="unet.onnx")\ndef test_it(): pass\n')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unknown metric*did you mean*", "final rff >= 3", "*^*"])


def test_the_fixture_checks_and_analyses(project: Pytester) -> None:
    result = run(
        project,
        """
def test_holds(rf):
    rf.check("unet.onnx", "final rf >= 36", "final halo <= 24")
    assert rf.analyze("tcn.onnx", inputs=(1, 1, 400)).final[0]["t"].rf == 63

def test_fails(rf):
    rf.check("unet.onnx", "final rf >= 36", "final rf >= 41")

def test_says_nothing(rf):
    with pytest.raises(Exception, match="give requirements"):
        rf.check("unet.onnx")
""",
        "--rf-report=out.json",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*rf.check(*", "E  *RF001 final rf is 36 to 40*"])
    models = json.loads(Path("out.json").read_text())["models"]
    assert [(one["file"], len(one["findings"])) for one in models] == [
        ("test_it.py::test_fails", 1),
        ("test_it.py::test_holds", 0),
    ]


def test_workers(project: Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(
        test_it=HEAD
        + """
@pytest.mark.rf("final rf >= 41", model="unet")
def test_marked(): pass

def test_fixture(rf): rf.check("unet.onnx", "final rf >= 36")
"""
    )
    result = project.runpytest_subprocess("-pxdist", "-n2", "--rf-report=out.json")
    result.assert_outcomes(passed=1, failed=1)
    assert len(json.loads(Path("out.json").read_text())["models"]) == 2
