"""JUnit XML, which every CI system reads: a suite per model, a case per requirement and per rule.

It keeps to what Jenkins' ``junit-10.xsd`` knows, as pytest's own report does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from pytest_rf.checks import RULES
from pytest_rf.findings import Finding, Problem
from pytest_rf.reporters.full import finding as paragraph
from pytest_rf.reporters.lines import plain, visible, visible_line
from pytest_rf.reporters.text import count
from pytest_rf.results import ModelResult, RequirementResult, Run

#: Findings told per model.
MOST = 1000

#: Longer names and messages are cut.
_LIMIT = 2000

_NAMES = {rule.code: rule.name for rule in RULES}


def check(run: Run) -> str:
    """Return a run as XML."""
    suites = [_suite(result) for result in run.models]
    whole = JUnitXml("pytest-rf")
    for suite in suites:
        whole.add_testsuite(suite)
    whole.tests = sum(suite.tests for suite in suites)
    whole.failures = sum(suite.failures for suite in suites)
    whole.errors = sum(suite.errors for suite in suites)
    # junitparser writes with lxml where that is installed; the same run is to give the same bytes everywhere.
    tree = ElementTree.fromstring(whole.tostring())  # type: ignore[no-untyped-call]
    ElementTree.indent(tree)
    body = ElementTree.tostring(tree, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _suite(result: ModelResult) -> TestSuite:
    suite = TestSuite(_text(result.model))
    suite.add_testcases(list(_cases(result)))
    return suite


def _cases(result: ModelResult) -> Iterator[TestCase]:
    """Yield what was asked of a model, with what became of it."""
    if result.skipped:
        yield _case(result, "model", [Skipped(_text(f"left out: {result.skipped}"), "left out")])
    told = result.findings[:MOST]
    for number, one in enumerate(result.requirements):
        about = [found for found in told if found.number == number]
        yield _case(result, one.text, _of_requirement(one, about))
    for code in _rules(result, told):
        about = [found for found in told if found.number is None and found.code == code]
        yield _case(result, f"{code} {_NAMES.get(code, '')}".strip(), list(map(_failure, about)))
    for problem in result.problems:
        yield _case(result, "run", [_error(problem)])
    if len(result.findings) > MOST:
        hidden = count(len(result.findings) - MOST, "more finding")
        yield _case(result, "more", [Failure(f"{hidden} of this model; --report json:FILE lists all")])


def _rules(result: ModelResult, told: Sequence[Finding]) -> list[str]:
    found = (one.code for one in (*told, *result.waived, *result.known) if one.number is None)
    return sorted({*result.rules, *found})


def _of_requirement(one: RequirementResult, about: Iterable[Finding]) -> list[FinalResult]:
    if one.status == "error":
        return [Error("could not be held against the model", "error")]
    if one.status == "waived":
        return [Skipped("waived", "waived")]
    if one.status == "known":
        return [Skipped("known to fail: in the baseline", "known")]
    if one.status == "not applicable":
        return [Skipped(_text(f"not applicable: {one.reason}"), "not applicable")]
    failures: list[FinalResult] = list(map(_failure, about))
    if not failures and one.status in ("violated", "undecidable"):
        return [Failure(one.status, one.status)]
    return failures


def _case(result: ModelResult, name: str, results: Sequence[FinalResult]) -> TestCase:
    case = TestCase(_text(name), _text(result.model))
    case.result = list(results)
    return case


def _failure(found: Finding) -> Failure:
    failure = Failure(_text(found.message), _text(f"{found.code} {found.rule}"))
    failure.text = "\n" + "\n".join(plain(paragraph(found))) + "\n"
    return failure


def _error(problem: Problem) -> Error:
    error = Error(_text(problem.message), "internal error" if problem.internal else "error")
    error.text = "\n".join(visible_line(line, _LIMIT) for line in problem.detail.splitlines()[:200])
    return error


def _text(text: str) -> str:
    """Return text that XML 1.0 can hold: no control characters, no surrogates, nothing that steers."""
    return visible(text, _LIMIT)
