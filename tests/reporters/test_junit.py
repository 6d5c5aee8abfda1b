from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_rf.findings import Problem, Step
from pytest_rf.reporters import check, junit
from pytest_rf.results import ModelResult, RequirementResult, Run
from reporters.findings import HOSTILE, finding, run

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "data/formats/junit-10.xsd")


def suites(found: Run) -> ElementTree.Element:
    """Return the root of a report that fits the schema that pytest's own report fits."""
    text = check(found, "junit")
    assert isinstance(text, str)
    SCHEMA.validate(text)
    return ElementTree.fromstring(text)


def states(found: Run) -> dict[str, str]:
    """Return what became of the cases, by name."""
    cases = suites(found).iter("testcase")
    return {case.attrib["name"]: case[0].tag if len(case) else "passed" for case in cases}


def requirement(text: str, status: str, reason: str = "") -> RequirementResult:
    return RequirementResult(text=text, status=status, reason=reason)


def test_every_requirement_is_a_case() -> None:
    result = ModelResult(
        model="net",
        file="net.onnx",
        judged=True,
        rules=("RF101", "RF303"),
        requirements=(
            requirement("holds", "holds"),
            requirement("violated", "violated"),
            requirement("undecidable", "undecidable"),
            requirement("waived", "waived"),
            requirement("broken", "error"),
            requirement("elsewhere", "not applicable", "no axis t"),
        ),
        findings=(
            finding(number=1),
            finding(number=2, code="RF002", undecidable=True),
            finding(code="RF303", rule="checkerboard", requirement="", path=(), measured=()),
        ),
        problems=(Problem(message="requirement selects nothing"),),
    )
    found = Run.of([result])
    assert states(found) == {
        "holds": "passed",
        "violated": "failure",
        "undecidable": "failure",
        "waived": "skipped",
        "broken": "error",
        "elsewhere": "skipped",
        "RF101 field-exceeds-input": "passed",
        "RF303 checkerboard": "failure",
        "run": "error",
    }
    root = suites(found)
    assert root.attrib == {"name": "pytest-rf", "tests": "9", "failures": "3", "errors": "2"}
    assert root[0].attrib["skipped"] == "2"


def test_a_failure_holds_the_whole_finding() -> None:
    (failure,) = suites(run(finding(number=0))).iter("failure")
    assert failure.attrib == {"message": finding().message, "type": "RF001 requirement-violated"}
    assert "      +4 → 11  layer1 3×3\n" in (failure.text or "")


def test_a_suite_per_model_and_none_without() -> None:
    one = run(finding(number=0)).models[0]
    root = suites(Run.of([one, replace(one, model="other")]))
    assert [suite.attrib["name"] for suite in root] == ["net", "other"]
    assert len(suites(Run.of([]))) == 0


def test_a_flood_is_cut_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "MOST", 3)
    told, more = suites(run(*[finding(code="RF303", path=())] * 5)).findall(".//failure/..")[-2:]
    assert len(told.findall("failure")) == 3
    assert more[0].attrib["message"] == "2 more findings of this model; --report json:FILE lists all"


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_name_gives_valid_xml(name: str) -> None:
    found = finding(
        message=name, model=name, tensor=name, file=name, requirement=name, path=(Step(name, 1, 2),), number=0
    )  # fmt: skip
    broken = run(found, problems=(Problem(message=name, detail=name),))
    (suite,) = suites(Run.of([replace(broken.models[0], model=name)]))  # valid by the schema
    assert [one.tag for one in suite.iter() if one.tag in ("failure", "error")] == ["failure", "error"]


def test_xml_cannot_hold_everything() -> None:
    hostile = HOSTILE + "]]>\x00\x08\ufffe\uffff\ud800<&\"'"
    (failure,) = suites(run(finding(number=0, message=hostile))).iter("failure")
    assert failure.attrib["message"] == (
        "a\\x1b[2Jb\\r\\nc\\u202ed\\u2066::error::x]]>\\x00\\x08\\ufffe\\uffff\\ud800<&\"'"
    )


def test_it_is_laid_out_in_lines() -> None:
    text = str(check(run(finding(number=0)), "junit"))
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="pytest-rf" tests="1"')
    assert '\n  <testsuite name="net"' in text
    assert '\n    <testcase name="final rf &gt;= 20" classname="net">\n' in text
