from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rf.findings import Problem
from pytest_rf.reporters import check, gitlab
from pytest_rf.results import Run
from reporters.findings import finding, run

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def issues(found: Run) -> list[dict[str, Any]]:
    """Return the issues of a report, each with all that GitLab documents as required, fit for it."""
    text = check(found, "gitlab")
    assert isinstance(text, str)
    report: list[dict[str, Any]] = json.loads(text)
    for issue in report:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert all(isinstance(issue[name], str) for name in ("description", "check_name", "fingerprint"))
        assert issue["check_name"]
        assert issue["severity"] in SEVERITIES
        assert set(issue["location"]) == {"path", "lines"}
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith("./")
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in report}) == len(report)
    return report


def test_a_finding_is_an_issue() -> None:
    (issue,) = issues(run(finding(file="./rf.toml")))
    assert issue["description"] == (
        'RF001 net: final rf is 19 on axes h and w, required >= 20 (tensor "y", Conv)'
    )
    assert issue["check_name"] == "RF001 requirement-violated"
    assert issue["severity"] == "major"
    assert issue["location"] == {"path": "rf.toml", "lines": {"begin": 7}}


@pytest.mark.parametrize(("severity", "shown"), [("error", "major"), ("warning", "minor"), ("info", "info")])
def test_severities_in_gitlabs_words(severity: str, shown: str) -> None:
    (issue,) = issues(run(finding(severity=severity)))
    assert issue["severity"] == shown


def test_problems_are_issues_too() -> None:
    problems = (Problem(message="is empty"), Problem(message="is empty"))
    first, second = issues(run(problems=problems))
    assert first["severity"] == second["severity"] == "critical"
    assert first["location"] == {"path": "net.onnx", "lines": {"begin": 1}}


def test_nothing_is_an_empty_list() -> None:
    assert issues(Run.of([])) == []
    assert issues(run(waived=(finding(waived="x"),))) == []


def test_fingerprints_are_stable_and_unique() -> None:
    twice = issues(run(finding(), finding(), finding(requirement="other")))
    again = issues(run(finding(line=80, message="changed"), finding(), finding(requirement="other")))
    assert [issue["fingerprint"] for issue in twice] == [issue["fingerprint"] for issue in again]


def test_a_flood_is_counted_in_an_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitlab, "MOST", 2)
    *_, more = issues(run(*[finding()] * 5))
    assert more["description"] == "3 more findings not in this report; --report json:FILE lists all"
    assert len(issues(run(*[finding()] * 2))) == 2


@settings(deadline=None)
@given(st.text())
def test_any_name_gives_a_report(name: str) -> None:
    found = finding(message=name, model=name, tensor=name, file=name, requirement=name, rule=name)
    (problem, issue) = issues(run(found, problems=(Problem(message=name, file=name),)))
    assert "\n" not in problem["description"] + issue["description"] + issue["location"]["path"]
