"""A page in Markdown for a job's summary or a comment: a table of the models, and every finding to be opened.

GitHub and GitLab show HTML inside of Markdown, and look for mentions and issue numbers in what comes of it. What is
not a word of ours passes :func:`_text` on its way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_rf.findings import Finding, Problem
from pytest_rf.reporters.full import finding as paragraph
from pytest_rf.reporters.lines import Line, plain, visible
from pytest_rf.reporters.summary import closing
from pytest_rf.reporters.text import count
from pytest_rf.results import ModelResult, Run

#: GitHub takes a summary of 1 MiB; findings that would make it longer are counted.
MOST_BYTES = 900_000

#: Models that the table lists.
MOST_MODELS = 1000

#: Longer texts are cut.
_LIMIT = 2000

#: Everything that Markdown, HTML or a search for mentions could take for more than a sign.
_MARKUP = re.compile(r"[^\w\s.,;:/()=?'+-]|_|:(?=\S)|(?<=www)\.", re.ASCII)

_SIGNS = {"violated": "❌", "error": "💥", "clean": "✅", "unjudged": "➖"}


def check(run: Run) -> str:
    """Return a run as Markdown."""
    parts = ["## pytest-rf\n", _paragraph([closing(run)])]
    if run.models:
        parts.append(_table(run.models))
    parts += map(_problem, run.problems)
    size = sum(map(_size, parts))
    findings = [found for result in run.models for found in result.findings]
    for number, found in enumerate(findings):
        part = _finding(found)
        size += _size(part)
        if size > MOST_BYTES:
            parts.append(f"… and {count(len(findings) - number, 'more finding')}.\n")
            break
        parts.append(part)
    waived = [found for result in run.models for found in result.waived]
    if waived:
        parts.append(_waived(waived))
    return "\n".join(parts)


def _table(models: Sequence[ModelResult]) -> str:
    lines = ["| | model | requirements | findings | waived |", "|---|---|--:|--:|--:|"]
    for result in models[:MOST_MODELS]:
        name = (
            f"{_code(result.model)} left out: {_text(result.skipped)}"
            if result.skipped
            else _code(result.model)
        )
        cells = (_sign(result), name, len(result.requirements), len(result.findings))
        lines.append(f"| {' | '.join(map(str, cells))} | {len(result.waived)} |")
    hidden = len(models) - MOST_MODELS
    if hidden > 0:
        lines.append(f"| | … and {count(hidden, 'more model')} | | | |")
    return "\n".join(lines) + "\n"


def _sign(result: ModelResult) -> str:
    if result.problems:
        return _SIGNS["error"]
    if result.findings:
        return _SIGNS["violated"]
    return _SIGNS["clean" if result.judged else "unjudged"]


def _problem(problem: Problem) -> str:
    detail = [visible(line, _LIMIT) for line in problem.detail.splitlines()[:200]]
    if not detail or problem.internal:
        return f"{_SIGNS['error']} {_text(problem.message)}\n"
    return _details(f"{_SIGNS['error']} {_text(problem.message)}", detail)


def _finding(found: Finding) -> str:
    title = f"<b>{_text(found.code)}</b> {_code(found.model)} {_text(found.message)}"
    return _details(title, plain(paragraph(found)))


def _waived(findings: Sequence[Finding]) -> str:
    told = [f"{found.code} {found.model}: {found.message}: {found.waived}" for found in findings[:100]]
    if len(findings) > len(told):
        told.append(f"… and {count(len(findings) - len(told), 'more')}")
    return _details(count(len(findings), "waived finding"), told)


def _details(title: str, lines: Iterator[str] | Sequence[str]) -> str:
    """Return text to be opened; ``title`` is fit to be shown, ``lines`` are not."""
    body = "\n".join(_text(line) or "&#32;" for line in lines)  # a blank line would end the HTML
    return f"<details><summary>{title}</summary>\n<pre>\n{body}\n</pre>\n</details>\n"


def _paragraph(lines: Sequence[Line]) -> str:
    return "".join(f"{_text(one)}\n" for one in plain(lines))


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _text(text: str) -> str:
    """Return text that is shown as it is, in Markdown, in HTML and in a table.

    An empty comment behind ``@`` and ``#`` keeps people and issues from being mentioned: mentions are looked for in
    what HTML has already been made of.
    """
    return _MARKUP.sub(_entity, visible(text, _LIMIT))


def _entity(match: re.Match[str]) -> str:
    sign = match[0]
    if not sign.isascii():
        return sign
    return f"&#{ord(sign)};{'<!-- -->' if sign in '@#' else ''}"


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
