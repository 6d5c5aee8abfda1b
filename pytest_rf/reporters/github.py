"""Workflow commands of GitHub Actions, which become annotations at the lines of a pull request.

A runner reads standard output line by line and obeys lines that begin with ``::``, or hold ``##[``, which
:func:`~pytest_rf.reporters.lines.visible` breaks. What comes from a model or a TOML file therefore passes :func:`_data`
or :func:`_property` on its way out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.findings import Finding
from pytest_rf.reporters import places
from pytest_rf.reporters.cures import helps
from pytest_rf.reporters.lines import plain, visible
from pytest_rf.reporters.places import Place
from pytest_rf.reporters.summary import closing
from pytest_rf.results import Run

#: Findings told per run; GitHub shows 10 annotations of a kind per step, and 50 per job.
MOST = 1000

_KINDS = {"error": "error", "warning": "warning", "info": "notice"}

#: Longer texts are cut.
_LIMIT = 2000


def check(run: Run) -> str:
    """Return a command per problem, warning and finding, and the closing line."""
    lines = list(_commands(run))
    hidden = len(lines) - MOST
    if hidden > 0:
        lines[MOST:] = [f"... and {hidden:,} more; --report json:FILE lists all"]
    return "\n".join([*lines, *plain([closing(run)])]) + "\n"


def _commands(run: Run) -> Iterator[str]:
    for result in run.models:
        for problem in result.problems:
            yield _command("error", places.of_problem(problem, result, run), "pytest-rf", problem.message)
    for result in run.models:
        for warning in result.warnings:
            yield _command("warning", None, "pytest-rf", warning)
    for result in run.models:
        for found in result.findings:
            place = places.of_finding(found, result, run)
            title = f"{found.code} {found.rule} ({found.model})"
            yield _command(_KINDS[found.severity], place, title, *_said(found))


def _said(found: Finding) -> Iterator[str]:
    yield found.message
    yield from (f"help: {text}" for text in helps(found))


def _command(kind: str, place: Place | None, title: str, *message: str) -> str:
    properties = [f"file={_property(place.file)}", f"line={place.line}"] if place is not None else []
    if place is not None and place.column:
        properties.append(f"col={place.column}")
    properties.append(f"title={_property(title)}")
    return f"::{kind} {','.join(properties)}::{'%0A'.join(map(_data, message))}"


def _data(text: str) -> str:
    """Return text as the message of a command: one line, that no runner takes for more than this."""
    return visible(text, _LIMIT).replace("%", "%25")


def _property(text: str) -> str:
    """Return text as the value of a property: neither ends it nor the command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
