"""One finding a requirement: its worst tensor, and the others beside it."""

from __future__ import annotations

import json

import jsonschema
import pytest
from models import model

import pytest_rf
from pytest_rf import report
from pytest_rf.analysis import Analysis
from pytest_rf.findings import Finding
from pytest_rf.reporters import full
from pytest_rf.reporters.lines import plain

#: Strides 2, 2, 4, 4 and 1 of a branch; fields 3, 5, 9, 9 and 9.
NET = """
    net (float[1,3,32,32] x) => (float[1,4,?,?] d, float[1,4,?,?] e)
    <float[4,3,3,3] w, float[4,4,3,3] u, float[4,3,9,9] v, float[4,4,1,1] p>
    {
        a = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x, w)
        b = MaxPool<kernel_shape=[2,2], strides=[1,1]>(a)
        c = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(b, u)
        d = Relu(c)
        e = Conv<kernel_shape=[9,9], pads=[4,4,4,4]>(x, v)
    }
"""
UNEVEN = """
    net (float[1,3,32,32] x) => (float[1,4,?,?] y)
    <float[4,3,5,3] w>
    { y = Conv<kernel_shape=[5,3], pads=[2,1,2,1]>(x, w) }
"""
CROSSED = """
    net (float[1,3,32,32] x) => (float[1,4,?,?] y)
    <float[4,3,3,1] v, float[4,4,1,3] w>
    {
        a = Conv<kernel_shape=[3,1], pads=[1,0,1,0]>(x, v)
        y = Conv<kernel_shape=[1,3], pads=[0,1,0,1]>(a, w)
    }
"""
WARP = NET.replace("d = Relu(c)", "d = Softwarp(c)").replace(
    "b = MaxPool<kernel_shape=[2,2], strides=[1,1]>(a)", "b = Relu(a)"
)
STYLE = """
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


def only(analysis: Analysis, text: str) -> Finding:
    (found,) = analysis.check(text)
    return found


def names(found: Finding) -> list[str]:
    return [one.tensor for one in found.tensors]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"*" stride <= 1', "c d a b"),
        ('"*" stride < 2', "c d a b"),
        ('"*" rf >= 9', "a b"),
        ('"*" rf > 9', "a b c d e"),
        ('"*" stride == 2', "c d e"),  # 4 is two away from 2, 1 is one
        ('"*" stride == 3', "e a b c d"),
        ('"*" stride != 4', "c d"),
        ('"*" is causal', "b c d e"),
        ('"*" rf <= input and rf >= 9', "a b"),
    ],
)
def test_the_worst_is_the_furthest_from_what_is_required(net: Analysis, text: str, expected: str) -> None:
    assert names(only(net, text)) == expected.split()


def test_every_figure_is_kept(net: Analysis) -> None:
    found = only(net, '"*" stride <= 1')
    assert [(one.tensor, one.op, one.axes, one.measured[0].high) for one in found.tensors] == [
        ("c", "Conv", ("h", "w"), 4),
        ("d", "Relu", ("h", "w"), 4),
        ("a", "Conv", ("h", "w"), 2),
        ("b", "MaxPool", ("h", "w"), 2),
    ]
    assert [step.total for step in found.path] == [2, 4]


def test_the_message_counts_and_names_the_worst(net: Analysis) -> None:
    assert only(net, '"*" stride <= 1').message == (
        '"*" stride <= 1: 4 tensors fail, worst "c" (Conv) on axes h and w: measured 4'
    )
    assert only(net, '"*" is causal').message.startswith(
        '"*" is causal: 4 tensors fail, first "b" (MaxPool) on axes h and w: not causal; '
    )
    assert only(net, '"c" stride <= 1').message == (
        '"c" stride is 4 on axes h and w, required <= 1 (tensor "c", Conv)'
    )


def test_the_parts_of_a_requirement_are_findings_of_their_own(net: Analysis) -> None:
    assert [names(found) for found in net.check('"*" stride <= 2 and rf <= 8')] == [
        ["c", "d"],
        ["c", "d", "e"],
    ]


def test_what_differs_between_axes_is_beside_the_worst_axis() -> None:
    found = only(pytest_rf.analyze(model(UNEVEN)), "final rf >= 9")
    assert [(one.tensor, one.axes, one.measured[0].high) for one in found.tensors] == [
        ("y", ("w",), 3),
        ("y", ("h",), 5),
    ]
    assert found.message == 'final rf is 3 on axis w, required >= 9; 5 on axis h (tensor "y", Conv)'


def test_axes_with_the_same_figure_and_other_paths_keep_their_paths_apart() -> None:
    found = only(pytest_rf.analyze(model(CROSSED)), "final rf >= 9")
    assert [(one.axes, one.measured[0].high) for one in found.tensors] == [(("h",), 3), (("w",), 3)]
    assert [step.layer for step in found.path] == ["a 3×1"]


def test_violations_come_before_what_cannot_be_decided() -> None:
    found = only(pytest_rf.analyze(model(WARP)), '"*" rf >= 20')
    assert (found.code, names(found)) == ("RF001", ["a", "b", "c", "e", "d"])
    assert [one.undecidable for one in found.tensors] == [False] * 4 + [True]
    assert "Softwarp" in found.others[-1].reason
    assert found.message.startswith('"*" rf >= 20: 4 tensors fail and 1 cannot be decided, worst "a" (Conv)')
    found = only(pytest_rf.analyze(model(WARP)), '"d" rf >= 20')
    assert (found.code, found.undecidable, found.others) == ("RF002", True, ())


def test_what_cannot_be_decided_begins_at_the_first_tensor() -> None:
    text = WARP.replace("e = Conv<kernel_shape=[9,9], pads=[4,4,4,4]>(x, v)", "e = Relu(d)")
    found = only(pytest_rf.analyze(model(text)), "op:* rf >= 1")
    assert (found.code, names(found)) == ("RF002", ["d", "e"])
    assert found.message.startswith('op:* rf >= 1: cannot be decided at 2 tensors, first "d" (Softwarp): ')


def test_each_input_has_its_own_worst_tensor() -> None:
    first, second = pytest_rf.analyze(model(STYLE)).check('"*" rf <= 2')
    assert (first.input, names(first)) == ("x", ["a", "y"])
    assert (second.input, names(second)) == ("style", ["b", "y"])
    assert 'of input "style": measured 5' in second.message


def test_the_report_holds_numbers_and_fits_its_schema(net: Analysis) -> None:
    found = only(net, '"*" stride <= 1')
    run = pytest_rf.results.Run.of([pytest_rf.results.ModelResult(model="net", findings=(found,))])
    data = json.loads(pytest_rf.reporters.check(run, "json"))
    jsonschema.validate(data, report.schema())
    assert data["format"] == 3
    others = data["models"][0]["findings"][0]["others"]
    assert [(one["tensor"], one["measured"][0]["high"]) for one in others] == [("d", 4), ("a", 2), ("b", 2)]


def told(found: Finding) -> list[str]:
    return [one.strip(" =") for one in plain(full.finding(found)) if "also:" in one]


def test_full_lists_the_next_few(net: Analysis) -> None:
    assert told(only(net, '"*" stride <= 1')) == ["also: 4 at d; 2 at a, b"]
    assert told(only(net, '"*" is causal')) == ["also: c, d, e"]
    uneven = only(pytest_rf.analyze(model(UNEVEN)), "final rf >= 9")
    assert "5 on axis h" in uneven.message
    assert told(uneven) == []
    (line,) = told(only(pytest_rf.analyze(model(WARP)), '"*" rf >= 20'))
    assert line.startswith("also: 3 at b; 7 at c; 9 at e; undecidable (")
    assert line.endswith("no rule) at d")


def test_full_counts_the_rest() -> None:
    layers = "\n".join(f"a{i + 1} = Relu(a{i})" for i in range(20))
    text = (
        NET.replace("a = Conv", "a0 = Conv").replace("b = Max", layers + "\nb = Max").replace("(a)", "(a20)")
    )
    (line,) = told(only(pytest_rf.analyze(model(text)), '"*" rf >= 4'))
    assert line == "also: 3 at a1, a2, a3, a4, a5, a6; and 14 more"
