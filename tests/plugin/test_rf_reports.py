from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_rf.errors import RFError


def test_several_reports_of_one_run(project: pytest.Pytester) -> None:
    result = project.runpytest(
        "--rf", "--rf-report=sarif:out", "--rf-report=rf.json", "--rf-report", "rf.xml", "--rf-report=s.md"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (run,) = json.loads(Path("out").read_text())["runs"]
    (found,) = run["results"]
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rf.toml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 5, "startColumn": 30},
    }
    assert json.loads(Path("rf.json").read_text())["report"] == "check"
    assert ElementTree.parse("rf.xml").getroot().attrib["failures"] == "1"
    assert "<code>unet</code>" in Path("s.md").read_text(encoding="utf-8")


def test_workers_write_each_report_once(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    project.runpytest("--rf", "--rf-report=one.sarif", "--rf-report=one.xml")
    project.runpytest_subprocess(
        "--rf", "--rf-report=two.sarif", "--rf-report=two.xml", "-pxdist", "-n2"
    ).assert_outcomes(passed=5, failed=1)
    for ending in ("sarif", "xml"):
        assert Path(f"one.{ending}").read_bytes() == Path(f"two.{ending}").read_bytes()


def test_a_report_goes_where_the_command_line_says(project: pytest.Pytester) -> None:
    assert project.runpytest("--rf", "--rf-report=../rf.json").ret == pytest.ExitCode.TESTS_FAILED
    assert (project.path / "../rf.json").exists()


def test_the_same_file_twice_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--rf", "--rf-report=rf.json", "--rf-report=gitlab:rf.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--rf-report rf.json: is asked for twice; give each report a file of its own*"]
    )


def test_a_report_that_fails_in_the_end_is_one_line(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytest_rf.reporters import destinations, files

    def save(text: str, file: str, *rest: object) -> None:
        if file == "rf.sarif":
            raise files.OutputError(
                "rf.sarif: cannot be written: No space left on device; choose another file"
            )
        files.save(text, file)

    assert issubclass(files.OutputError, RFError)
    monkeypatch.setattr(destinations, "save", save)
    result = project.runpytest_inprocess("--rf", "--rf-report=rf.sarif", "--rf-report=rf.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = [line for line in (result.outlines + result.errlines) if "No space left" in line]
    assert len(told) == 1
    assert "--rf-report rf.sarif: cannot be written" in told[0]
    assert not any("Traceback" in line for line in result.outlines + result.errlines)
    assert Path("rf.json").exists()
