"""``-v`` tells what was measured of requirements that hold, and where; so does the JSON report."""

from __future__ import annotations

import json

import pytest
from models import model

import pytest_rf
from pytest_rf.analysis import Analysis
from pytest_rf.judging import judge
from pytest_rf.reporters import check
from pytest_rf.reporters.lines import text
from pytest_rf.requirements import Settings
from pytest_rf.requirements.settings import spacings
from pytest_rf.results import ModelResult, Run

#: Strides 2, 2, 4; along h the fields 3, 5, 9, along w 5, 7, 11.
NET = """
    net (float[1,3,32,32] x) => (float[1,4,?,?] c)
    <float[4,3,3,5] w, float[4,4,3,3] u>
    {
        a = Conv<kernel_shape=[3,5], strides=[2,2], pads=[1,2,1,2]>(x, w)
        b = MaxPool<kernel_shape=[2,2], strides=[1,1]>(a)
        c = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(b, u)
    }
"""
TWO = """
    net (float[1,3,32,32] x, float[1,3,32,32] style) => (float[1,3,32,32] y)
    <float[3,3,3,3] w, float[3,3,5,5] v>
    {
        a = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w)
        b = Conv<kernel_shape=[5,5], pads=[2,2,2,2]>(style, v)
        y = Add(a, b)
    }
"""


@pytest.fixture(scope="module")
def net() -> Analysis:
    return pytest_rf.analyze(model(NET))


def held(analysis: Analysis, *requirements: str, **settings: object) -> ModelResult:
    return judge(analysis, requirements, Settings(model="net", **settings), "net.onnx")  # type: ignore[arg-type]


def told(result: ModelResult) -> list[str]:
    """Return what -v tells of the requirements."""
    lines = text(check(Run.of([result]), "full", verbosity=1)).splitlines()
    return [line.strip() for line in lines if line.startswith("    ")]


@pytest.mark.parametrize(
    ("requirement", "measured"),
    [
        ("final stride <= 8", "4 on axes h and w at c"),
        ("final rf >= 9", "9 on axis h, 11 on axis w at c"),
        ("final rf.w >= 11", "11 on axis w at c"),
        ('"?" stride <= 4', "4 on axes h and w at c, nearest of 3 tensors"),
        ('"?" rf >= 3', "3 on axis h, 5 on axis w at a, nearest of 3 tensors"),
        ("final coverage <= 50%", "28.125% on axis h, 34.375% on axis w at c"),
        ("2 <= final stride <= 8", "4 on axes h and w at c"),
        ("final is bounded", "bounded on axes h and w at c"),
        ("final is not causal", "lookahead 2 on axis h, lookahead 3 on axis w at c"),
        ("op:Conv is bounded", "bounded on axes h and w at a, as at 1 more"),
        (
            "final rf.h >= 3 and final stride <= 8",
            "rf 9 on axis h at c; stride 4 on axes h and w at c",
        ),
    ],
)
def test_a_requirement_that_holds_tells_what_was_measured(
    net: Analysis, requirement: str, measured: str
) -> None:
    result = held(net, requirement)
    assert told(result) == [f"holds  {requirement}: {measured}"]


def test_lengths_are_told_in_the_units_of_the_axis(net: Analysis) -> None:
    result = held(net, "final rf.h >= 4 mm", spacing=spacings({"h": "0.5 mm"}))
    assert told(result) == ["holds  final rf.h >= 4 mm: 9 (4.5 mm) on axis h at c"]


def test_of_several_inputs_the_one_is_named() -> None:
    result = held(pytest_rf.analyze(model(TWO)), "final rf from style >= 5", "final rf >= 3")
    assert told(result) == [
        'holds  final rf from style >= 5: 5 on axes h and w of input "style" at y',
        'holds  final rf >= 3: 3 on axes h and w of input "x" at y',
    ]


def test_a_causal_net_tells_its_look_ahead() -> None:
    causal = model("""
        net (float[1,1,32] x) => (float[1,1,32] y)
        <float[1,1,3] w>
        { y = Conv<kernel_shape=[3], pads=[2,0]>(x, w) }
    """)
    result = held(pytest_rf.analyze(causal), "final is causal")
    assert told(result) == ["holds  final is causal: lookahead 0 on axis t at y"]


def test_what_fails_has_no_figure_of_what_holds(net: Analysis) -> None:
    (violated,) = held(net, "final rf >= 900 and final stride <= 8").requirements
    assert (violated.status, violated.held) == ("violated", ())


def test_the_json_report_has_the_figures(net: Analysis) -> None:
    run = json.loads(text(check(Run.of([held(net, '"?" stride <= 4')]), "json")))
    (one,) = run["models"][0]["requirements"][0]["held"]
    assert (one["metric"], one["tensor"], one["axes"], one["tensors"]) == ("stride", "c", ["h", "w"], 3)
    assert one["measured"] == [{"low": 4, "high": 4, "certain": None, "side": ""}]
    assert one["required"] == {"text": "4", "comparator": "<=", "value": 4}
