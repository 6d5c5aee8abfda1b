"""What a failed test shows: the user's own line, no frames of ours, and how the figures of an assert came about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_rf.testing import failures

Pytester = pytest.Pytester

TESTS = """
import unittest

import pytest

from pytest_rf.testing import failures

import pytest_rf


def test_fixture_analyses(rf):
    rf.analyze("nix.onnx")

def test_fixture_checks(rf):
    rf.check("nix.onnx", "final rf >= 3")

def test_requirement(rf):
    rf.check("unet.onnx", "final rff >= 3")

def test_analyze():
    pytest_rf.analyze("nix.onnx")

def test_assert_rf():
    pytest_rf.assert_rf("nix.onnx", "final rf >= 3")

@pytest.fixture
def figures(rf):
    return rf.analyze("nix.onnx")

def test_in_a_fixture(figures): pass

class TestOld(unittest.TestCase):
    def test_old(self):
        pytest_rf.analyze("nix.onnx")
"""
LINES = [
    '>       rf.analyze("nix.onnx")',
    '>       rf.check("nix.onnx", "final rf >= 3")',
    '>       rf.check("unet.onnx", "final rff >= 3")',
    '>       pytest_rf.analyze("nix.onnx")',
    '>       pytest_rf.assert_rf("nix.onnx", "final rf >= 3")',
]


@pytest.mark.parametrize("way", ["in process", "in a subprocess", "in workers"])
def test_errors_are_shown_at_the_users_line(project: Pytester, way: str) -> None:
    project.makepyfile(test_it=TESTS)
    if way == "in workers":
        pytest.importorskip("xdist")
    result = {
        "in process": project.runpytest,
        "in a subprocess": project.runpytest_subprocess,
        "in workers": lambda: project.runpytest_subprocess("-pxdist", "-n2"),
    }[way]()
    result.assert_outcomes(failed=6, errors=1)
    result.stdout.fnmatch_lines_random([*map(literal, LINES), '>       return rf.analyze("nix.onnx")'])
    result.stdout.fnmatch_lines(["E *ModelError: nix.onnx: no such file; check the path"])
    result.stdout.fnmatch_lines(["-* receptive field -*", "final rff >= 3", "      ^"])
    for name in ("*pytest_rf/*:*", "*contextlib*", "*direct cause*", "*During handling*"):
        result.stdout.no_fnmatch_line(name)


def literal(text: str) -> str:
    return text.replace("[", "[[]")


def test_a_full_trace_shows_all(project: Pytester) -> None:
    project.makepyfile(test_it=TESTS)
    project.runpytest("--full-trace", "-k", "test_analyze").stdout.fnmatch_lines(
        ["*pytest_rf/*reading.py:*: ModelError"]
    )


def test_errors_of_the_users_own_code_keep_their_frames(project: Pytester) -> None:
    project.makepyfile(
        test_it="""
        import pytest_rf

        def helper(): raise pytest_rf.ModelError("mine")

        def test_it(rf):
            assert rf.analyze("unet.onnx")
            helper()
        """
    )
    project.runpytest().stdout.fnmatch_lines([">       helper()", "> *raise pytest_rf.ModelError*"])


FIGURES = """
import unittest

import pytest_rf

ANALYSIS = pytest_rf.analyze("unet.onnx")

def fresh(): return pytest_rf.analyze("unet.onnx")

def test_name():
    field = ANALYSIS.final[0]["h"]
    assert field.rf >= 224

def test_chain(): assert 1 > 2 or ANALYSIS.final[0]["h"].rf >= 224

def test_call(): assert fresh().final[0]["h"].rf >= 224

def test_range(): assert ANALYSIS.final[0]["h"].rf_range[0] >= 224

def test_input(): assert ANALYSIS.final[0].field("image")["h"].rf >= 224, "too small"

def test_lines():
    analysis = fresh()
    assert (
        analysis["mask"]["h"].rf
        >= 224
    )

class TestOld(unittest.TestCase):
    def test_old(self): assert fresh()["mask"]["h"].rf >= 224
"""
PATH = [
    "-* receptive field -*",
    "rf.h of head",
    "how the field grew along h, layer by layer:",
    "  +2 →  3  encoder.0.conv1 3×3",
    "  +4 → 40  decoder.0.conv 3×3",
]


@pytest.mark.parametrize("way", ["in process", "in a subprocess", "in workers"])
def test_a_failed_assert_shows_how_its_figures_grew(project: Pytester, way: str) -> None:
    project.makepyfile(test_it=FIGURES)
    if way == "in workers":
        pytest.importorskip("xdist")
    result = {
        "in process": project.runpytest,
        "in a subprocess": project.runpytest_subprocess,
        "in workers": lambda: project.runpytest_subprocess("-pxdist", "-n2"),
    }[way]()
    result.assert_outcomes(failed=7)
    result.stdout.fnmatch_lines(PATH * 7)


def test_without_rewriting_only_what_has_a_name_is_explained(project: Pytester) -> None:
    project.makepyfile(test_it=FIGURES)
    result = project.runpytest_subprocess("--assert=plain")
    result.assert_outcomes(failed=7)
    assert result.stdout.str().count("rf.h of head") == 4


def test_other_figures_have_their_own_path_or_none(project: Pytester) -> None:
    project.makepyfile(
        test_it="""
        import pytest_rf

        A = pytest_rf.analyze("unet.onnx")

        def test_halo(): assert A.final[0]["w"].halo == (1, 1)
        def test_stride(): assert A["encoder.1.conv2"]["w"].stride == 1
        def test_density(): assert A.final[0]["h"].density == 0.5
        def test_nothing(): assert len(A) == 0

        calls = []
        def field(): calls.append(1); return A.final[0]["h"]

        def test_call(): assert field().rf == 1
        def test_is_made_once(): assert calls == [1]
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=5, passed=1)
    result.stdout.fnmatch_lines(
        [
            "halo.w of head",
            "how the halo grew along w*",
            "stride.w of encoder.1.conv2",
            "  ×2 → 2 *",
            "rf.h of head",
        ]
    )
    assert result.stdout.str().count("receptive field -") == 3


def test_the_explanation_is_in_junit_xml(project: Pytester) -> None:
    project.makepyfile(test_it=FIGURES)
    project.runpytest("--junitxml=out.xml", "-k", "test_call")
    assert "+4 → 40  decoder.0.conv 3×3" in Path("out.xml").read_text(encoding="utf-8")


def test_findings_point_at_the_line_that_calls(project: Pytester) -> None:
    (project.path / "sub").mkdir()
    (project.path / "sub" / "test_it.py").write_text(
        """
import pytest_rf

def test_assert_rf(monkeypatch):
    monkeypatch.chdir("sub")
    pytest_rf.assert_rf(
        "../unet.onnx", "final rf >= 300",
    )

def test_fixture(rf):
    def helper():
        rf.check("unet.onnx", "final rf >= 300")
    helper()
"""
    )
    result = project.runpytest("--rf-report=out.json")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*--> test_it.py:7:* in model unet", "*--> sub/test_it.py:12:* in model unet"]
    )
    (finding,) = json.loads(Path("out.json").read_text())["models"][0]["findings"]
    assert (finding["file"], finding["line"]) == ("sub/test_it.py", 12)


def test_names_in_errors_cannot_steer_a_terminal(project: Pytester) -> None:
    project.makepyfile(
        test_it=r"""
        def test_it(rf): rf.check("unet.onnx", "final rf >= 3 \x1b[2J")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    assert "\x1b[2J" not in result.stdout.str()


MARKED = """
import pytest

@pytest.mark.rf("final rf >= 224", model="unet.onnx")
@pytest.mark.rf("final stride == 2", model="unet.onnx")
def test_marked(): pass

@pytest.mark.rf("final rff >= 3", model="unet.onnx")
def test_misspelt(): pass
"""


def test_the_summary_says_what_is_wrong(project: Pytester) -> None:
    project.makepyfile(test_it=MARKED)
    result = project.runpytest("-rf", "--junitxml=junit.xml")
    result.stdout.fnmatch_lines(
        [
            "FAILED test_it.py::test_marked - RF001 final rf is 3*",
            "FAILED test_it.py::test_misspelt - requirement `final rff >= 3`*",
        ]
    )
    assert 'message="RF001 final rf is 3' in (project.path / "junit.xml").read_text(encoding="utf-8")


def test_the_summary_leaves_out_which_call_is_judged(project: Pytester) -> None:
    pytest.importorskip("torch")
    project.makepyfile(
        test_it="""
        import pytest, torch

        @pytest.mark.rf("final rf >= 224")
        def test_called():
            torch.nn.Conv2d(1, 1, 3)(torch.zeros(1, 1, 32, 32))
        """
    )
    result = project.runpytest_subprocess("-rf")
    result.stdout.fnmatch_lines(
        ["Conv2d, called at *", "FAILED test_it.py::test_called - RF001 final rf is 3*"], consecutive=False
    )


@pytest.mark.parametrize("width", [0, 50])
def test_failures_fit_the_terminal(project: Pytester, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(failures, "_width", lambda config: width)
    project.makepyfile(test_it=MARKED)
    result = project.runpytest("--rf", "test_it.py", "rf.toml", "-r", "N")
    ours = [one for one in result.outlines if one.startswith(("RF001", "requirement"))]
    assert len(ours) == 4
    assert (max(map(len, ours)) <= 50) is bool(width)
    assert "      ^" in result.outlines  # what is marked keeps its mark


def test_only_a_terminal_has_a_width(project: Pytester) -> None:
    config = project.parseconfigure()
    assert failures._width(config) == 0
