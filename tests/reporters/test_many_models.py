"""What is the same in many models is one paragraph, and one line; nothing is lost in the other formats."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_rf.findings import Finding, Measurement, Problem
from pytest_rf.reporters import alike, check
from pytest_rf.results import ModelResult, RequirementResult, Run
from reporters.findings import HOSTILE, finding, lines

WHY = "operator com.acme::Warp has no rule"


def undecidable(**changes: Any) -> Finding:
    return finding(
        **{
            "code": "RF002",
            "undecidable": True,
            "reason": WHY,
            "measured": (),
            "path": (),
            "help": "",
            **changes,
        }
    )


def result(number: int, *findings: Finding, **changes: Any) -> ModelResult:
    name = f"m{number:03}"
    return ModelResult(
        model=name,
        file=f"zoo/{name}.onnx",
        judged=True,
        findings=tuple(replace(one, model=name) for one in findings),
        requirements=(RequirementResult(text="final rf >= 20", status="undecidable"),),
        **changes,
    )


def test_120_models_with_the_same_undecidable_requirement_are_one_screen() -> None:
    # Tensors, nodes and lines of the models differ; what is required and why it is open does not.
    run = Run.of(
        [result(n, undecidable(tensor=f"val_{n}", source=f"m{n}.py:3", message=f"m {n}")) for n in range(120)]
    )
    text = lines(run, "full")
    assert len(text) <= 24
    assert text[1] == "  --> rf.toml:7 in 120 models: m000, m001, m002, … and 117 more; of the first:"
    assert text[-3:] == [
        "✗ 120 models (m000, m001, m002, … and 117 more), each: 1 undecidable",
        "",
        "Checked 120 models, 120 requirements: 120 undecidable.",
    ]
    assert sum("RF002" in one for one in lines(run, "concise")) == 120
    assert str(check(run, "json")).count('"RF002"') == 120


@pytest.mark.parametrize(
    "changes", [{"reason": "another"}, {"requirement": "final rf >= 21"}, {"code": "RF005"}]
)
def test_other_causes_stay_apart(changes: dict[str, Any]) -> None:
    run = Run.of([result(n, undecidable()) for n in range(9)] + [result(9, undecidable(**changes))])
    assert [one.strip() for one in lines(run, "full") if "-->" in one] == [
        "--> rf.toml:7 in 9 models: m000, m001, m002, … and 6 more; of the first:",
        "--> rf.toml:7 in model m009",
    ]


def test_violations_are_the_same_where_the_same_is_measured() -> None:
    other = finding(measured=(Measurement(low=18, high=18),))
    run = Run.of([result(n, finding() if n % 2 else other) for n in range(12)])
    assert [one.strip() for one in lines(run, "full") if "-->" in one] == [
        "--> rf.toml:7 in 6 models: m000, m002, m004, … and 3 more; of the first:",
        "--> rf.toml:7 in 6 models: m001, m003, m005, … and 3 more; of the first:",
    ]


def test_a_few_models_are_told_one_by_one() -> None:
    run = Run.of([result(n, undecidable()) for n in range(alike.FEW)])
    assert sum("in model m00" in one for one in lines(run, "full")) == alike.FEW


def test_models_that_came_out_the_same_share_a_line_where_there_are_many() -> None:
    results = [result(n, *[finding()] * (n == 5)) for n in range(21)]
    verdicts = [one for one in lines(Run.of(results), "full") if one[:1] in "✓✗" and one]
    assert verdicts == [
        "✓ 20 models (m000, m001, m002, … and 17 more), each: 1 requirement holds",
        "✗ m005 (zoo/m005.onnx): 1 violation",
    ]
    assert len([one for one in lines(Run.of(results[:20]), "full") if one[:1] in "✓✗" and one]) == 20


def test_the_same_problem_of_many_models_is_told_once() -> None:
    def broken(n: int, text: str) -> ModelResult:
        return result(n, problems=(Problem(message=f"rf.toml:1: m{n:03}: zoo/m{n:03}.onnx: {text}"),))

    run = Run.of([broken(n, "is empty" if n % 3 else "is cut off") for n in range(9)])
    told = list(alike.problems(run))
    assert [(problem.message[-15:], len(models)) for problem, models in told] == [
        ("onnx: is cut off"[-15:], 1),
        ("m001.onnx: is empty"[-15:], 6),
        ("onnx: is cut off"[-15:], 1),
        ("onnx: is cut off"[-15:], 1),
    ]


def test_names_of_models_cannot_steer_the_terminal() -> None:
    run = Run.of([replace(result(n, undecidable(model=HOSTILE)), model=f"{HOSTILE}{n}") for n in range(30)])
    for one in lines(run, "full"):
        assert not any(ord(char) < 32 or char in "\u202e\u2066" for char in one)
