"""Findings of rules that say the same of many tensors, or of several axes."""

from __future__ import annotations

import pytest
from models import model

import pytest_rf
from pytest_rf.checks import find
from pytest_rf.checks.gathering import FEW, along_all_axes, gathered
from pytest_rf.checks.subject import Subject
from pytest_rf.findings import Finding
from pytest_rf.requirements import Settings


def found(
    count: int, code: str = "RF303", last: str = "ConvTranspose<kernel_shape=[3,3], strides=[2,2]>"
) -> list[Finding]:
    body = "".join(
        f"a{i + 1} = ConvTranspose<kernel_shape=[3,3], strides=[2,2]>(a{i}, u) " for i in range(count - 1)
    )
    text = f"""
        net (float[1,4,8,8] a0) => (float[1,4,?,?] y) <float[4,4,3,3] u>
        {{ {body} y = {last}(a{count - 1}, u) }}
    """
    return find(code).findings(Subject(pytest_rf.analyze(model(text)), Settings()))


def test_a_few_tensors_are_told_one_by_one() -> None:
    few = found(FEW)
    assert len(few) == FEW
    assert gathered(few) == tuple(few)


def test_many_tensors_of_one_operator_are_one_finding() -> None:
    many = found(FEW + 3)
    (one,) = gathered(many)
    assert [other.tensor for other in one.tensors] == [finding.tensor for finding in many]
    assert one.message == f"{many[0].message}; likewise at {FEW + 2} more tensors"
    assert one.others[0].measured == many[1].measured
    assert (one.code, one.rule, one.path) == (many[0].code, many[0].rule, many[0].path)


def test_findings_of_other_rules_and_requirements_stay_and_keep_their_order() -> None:
    many = found(FEW + 1)
    other = Finding(code="RF201", rule="ragged-input", model="net", message="m", tensor="t", op="Conv")
    required = [
        Finding(
            code="RF001", rule="requirement-violated", model="net", message="m", tensor="t", number=number
        )
        for number in range(FEW + 1)
    ]
    expired = [Finding(code="RF003", rule="waiver-expired", model="net", message="m") for _ in range(FEW + 1)]
    kept = gathered([*required, many[0], other, *many[1:], *expired])
    assert kept[: FEW + 1] == tuple(required)
    assert [one.code for one in kept[FEW + 1 :]] == ["RF303", "RF201", *["RF003"] * (FEW + 1)]


@pytest.mark.parametrize("kernel", ["[3,3]", "[3,5]"])
def test_axes_that_agree_are_told_once(kernel: str) -> None:
    height, width = kernel.strip("[]").split(",")
    text = f"""
        net (float[1,4,2,2] x) => (float[1,4,?,?] y) <float[4,4,{height},{width}] u>
        {{ y = Conv<kernel_shape={kernel}, pads=[2,2,2,2]>(x, u) }}
    """
    told = find("RF101").findings(Subject(pytest_rf.analyze(model(text)), Settings()))
    if kernel == "[3,3]":
        (one,) = told
        assert one.axes == ("h", "w")
        assert one.message == 'final rf is 3 on axes h and w, the input has 2 (tensor "y", Conv)'
    else:
        assert [(one.axes, one.message[:27]) for one in told] == [
            (("h",), "final rf is 3 on axis h, th"),
            (("w",), "final rf is 5 on axis w, th"),
        ]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('statistics over axis {} reach "y"', 'statistics over axes h and w reach "y"'),
        ('"axis h" reads along axis {}, which', '"axis h" reads along axes h and w, which'),
        ('"a" reads along axis {}, which reaches "y"', '"a" reads along axes h and w, which reaches "y"'),
    ],
)
def test_axes_are_told_once_however_the_sentence_names_them(message: str, told: str) -> None:
    both = [
        Finding(code="RF402", rule="", model="", message=message.format(axis), axes=(axis,)) for axis in "hw"
    ]
    assert [one.message for one in along_all_axes(both)] == [told]
