"""Findings and runs for the tests of reporters."""

from __future__ import annotations

from typing import Any

from pytest_rf.findings import Finding, Measurement, Problem, Required, Step
from pytest_rf.reporters import check
from pytest_rf.reporters.lines import plain
from pytest_rf.results import ModelResult, RequirementResult, Run, is_judged

PATH = (
    Step("stem 7×7 stride 2", 6, 7),
    Step("layer1 3×3", 4, 11),
    Step("layer2 3×3 stride 2", 8, 19),
)

HOSTILE = "a\x1b[2Jb\r\nc\u202ed\u2066::error::x"
"""A name with a terminal escape, a line break and bidirectional controls."""


def finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "code": "RF001",
        "rule": "requirement-violated",
        "model": "net",
        "message": 'final rf is 19 on axes h and w, required >= 20 (tensor "y", Conv)',
        "file": "rf.toml",
        "line": 7,
        "requirement": "final rf >= 20",
        "tensor": "y",
        "node": "/layer2/Conv",
        "op": "Conv",
        "module": "layer2",
        "source": "net.py:42",
        "axes": ("h", "w"),
        "input": "x",
        "metric": "rf",
        "measured": (Measurement(low=19, high=19),),
        "required": Required(text="20", comparator=">=", value=20),
        "span": (9, 14),
        "figure": "rf",
        "path": PATH,
        "help": "1 input position is missing",
    }
    return Finding(**{**values, **changes})


def run(*findings: Finding, problems: tuple[Problem, ...] = (), **changes: Any) -> Run:
    requirements = tuple(RequirementResult(text=one.requirement, status="violated") for one in findings)
    result = ModelResult(
        model="net",
        file="net.onnx",
        findings=findings,
        problems=problems,
        requirements=requirements,
        judged=is_judged(requirements),
        **changes,
    )
    return Run.of([result], "rf.toml")


def lines(found: Run, format: str) -> list[str]:
    document = check(found, format)
    assert not isinstance(document, str)
    return list(plain(document))
