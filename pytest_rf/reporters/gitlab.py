"""GitLab's code quality report: a list of issues, which merge requests show beside the lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from msgspec import Struct

from pytest_rf.analysis.report import to_json
from pytest_rf.reporters import places
from pytest_rf.reporters.fingerprints import digest, fingerprints
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.places import Place
from pytest_rf.reporters.text import count
from pytest_rf.results import Run

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}

#: Issues of a report; what is beyond is counted in one more.
MOST = 10_000

#: Longer descriptions are cut.
_LIMIT = 2000


class Lines(Struct, frozen=True):
    """Where it begins, counted from 1."""

    begin: int


class Location(Struct, frozen=True):
    """The file, relative to the root of the repository, and the line in it."""

    path: str
    lines: Lines


class Issue(Struct, frozen=True):
    """What GitLab knows of a finding."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: Location


def check(run: Run) -> str:
    """Return the findings and problems of a run as JSON."""
    issues = list(islice(chain(_problems(run), _findings(run)), MOST))
    hidden = len(run.problems) + len(run.findings) - len(issues)
    if hidden > 0:
        text = f"{count(hidden, 'more finding')} not in this report; --report json:FILE lists all"
        issues.append(_issue(text, "run", digest("more"), "info", Place(issues[-1].location.path)))
    return to_json(issues)


def _problems(run: Run) -> Iterator[Issue]:
    seen: Counter[tuple[str, str]] = Counter()
    for result in run.models:
        for problem in result.problems:
            about = (result.model, problem.message)
            seen[about] += 1
            mark = digest("run", *about, str(seen[about]))
            place = places.of_problem(problem, result, run)
            yield _issue(problem.message, "run", mark, "critical", place)


def _findings(run: Run) -> Iterator[Issue]:
    marks = fingerprints(run.findings)
    for result in run.models:
        for found in result.findings:
            text = f"{found.code} {found.model}: {found.message}"
            place = places.of_finding(found, result, run)
            severity = _SEVERITIES[found.severity]
            yield _issue(text, f"{found.code} {found.rule}", next(marks), severity, place)


def _issue(text: str, check: str, mark: str, severity: str, place: Place) -> Issue:
    """Return an issue; here names become fit to be shown."""
    location = Location(path=visible(place.file), lines=Lines(place.line))
    return Issue(visible(text, _LIMIT), check, mark, severity, location)
