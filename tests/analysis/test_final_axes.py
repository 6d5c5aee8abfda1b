"""What is final for each axis: the last tensor on the way to an output that has a position for it."""

from __future__ import annotations

import math

import pytest
from models import model

import pytest_rf
from pytest_rf import checks, reporters
from pytest_rf.checks.subject import Subject
from pytest_rf.requirements import Settings
from pytest_rf.view import view

RECOGNISER = """
    net (float[2,1,12,8] x) => (float[12,1,2,5] y)
    <float[4,1,1,3] w, float[{n},20,24] wx, float[{n},20,5] r, int64[3] fold = {{2,12,24}}>
    {{ a = Conv(x, w)
       p = Transpose<perm=[0,2,1,3]>(a)
       f = Reshape(p, fold)
       s = Transpose<perm=[1,0,2]>(f)
       y = LSTM<hidden_size=5, direction="{direction}">(s, wx, r) }}
"""
TIME = {"x": {"t": 2, "f": 3}}


def recogniser(direction: str) -> pytest_rf.Analysis:
    text = RECOGNISER.format(n=2 if direction == "bidirectional" else 1, direction=direction)
    return pytest_rf.analyze(model(text.replace("[12,1,2", "[12,?,2")), axes=TIME)


@pytest.mark.parametrize(("direction", "ahead"), [("forward", 0), ("bidirectional", math.inf)])
def test_a_recogniser_has_frequency_before_the_fold_and_time_behind_it(direction: str, ahead: float) -> None:
    analysis = recogniser(direction)
    (final,) = analysis.final
    assert (final.name, final.op, final.shape[0]) == ("y", "LSTM", 12)
    assert (final.at("t").name, final.at("f").name) == ("y", "p")
    assert (final["t"].lookahead, final["f"].lookahead) == (ahead, 2)
    assert (final["f"].rf, final["f"].stride, final[3].rf) == (3, 1, 3)
    assert final.field(input="x")["f"].rf == final.at("f")["f"].rf
    (finding,) = analysis.check("final is causal")
    found = [(one.tensor, one.op, ", ".join(one.axes)) for one in finding.tensors]
    assert found == [("y", "LSTM", "t")] * (ahead > 0) + [("p", "Transpose", "f")]
    assert [step.tensor.name for step in final.path("f")] == ["a"]


def test_a_final_tensor_is_the_latest_and_can_be_asked_for_each_axis() -> None:
    (final,) = recogniser("forward").final
    assert final.at() is final.at("t")
    assert (final.status, final.reason) == ("exact", None)
    assert final.region((3,))["t"] == (0, 3)
    low, high = final.bounds("t")
    assert low.shape == high.shape == final.shape
    assert high[:, 0, 0, 0].tolist() == list(range(12))
    with pytest.raises(KeyError, match="no axis 'h'"):
        final.at("h")


def test_where_all_axes_agree_it_is_that_tensor() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[2,3,8,8] image) => (float[2,4,8,8] y)
        <float[4,3,3,3] w>
        { x = Conv<pads=[1,1,1,1]>(image, w) y = Relu(x) }
        """)
    )
    assert analysis.final[0] is analysis["y"] is analysis.final[0].at("w")


VIDEO = """
    net (float[1,1,6,8,9] x) => (float[1,?,?] y)
    <float[4,1,1,3,3] w, float[5,168,3] v, float[5,24,3] u, int64[3] two = {{1,168,6}}, int64[4] one = {{1,24,6,7}}>
    {{ a = Conv(x, w) {fold} }}
"""
FOLDS = {
    "rows and columns": (
        "p = Transpose<perm=[0,1,3,4,2]>(a) f = Reshape(p, two) y = Conv<pads=[1,1]>(f, v)",
        {"d": ("y", 3, 1), "h": ("p", 3, 2), "w": ("p", 3, 2)},
    ),
    "rows": (
        "p = Transpose<perm=[0,1,3,2,4]>(a) f = Reshape(p, one) y = Conv<pads=[0,1,2,1]>(f, k)",
        {"d": ("y", 3, 2), "h": ("p", 3, 2), "w": ("y", 5, 3)},
    ),
    "rows are pooled": (
        "g = ReduceMean<axes=[3], keepdims=0>(a) y = MaxPool<kernel_shape=[3,1], pads=[2,0,0,0]>(g)",
        {"d": ("y", 3, 0), "h": ("a", 3, 2), "w": ("y", 3, 2)},
    ),
}


@pytest.mark.parametrize("name", FOLDS)
def test_a_video_loses_one_axis_after_the_other(name: str) -> None:
    fold, expected = FOLDS[name]
    text = VIDEO.format(fold=fold).replace("float[5,24,3] u", "float[5,24,3,3] k")
    text = text if name == "rows and columns" else text.replace("(float[1,?,?] y)", "(float[1,?,?,?] y)")
    analysis = pytest_rf.analyze(model(text))
    (final,) = analysis.final
    assert {axis: (final.at(axis).name, final[axis].rf, final[axis].lookahead) for axis in "dhw"} == expected
    for axis, (tensor, size, _) in expected.items():
        assert analysis.check(f"final rf.{axis} == {size}") == []
        (finding,) = analysis.check(f"final rf.{axis} > {size}")
        assert (finding.tensor, finding.axes) == (tensor, (axis,))


def test_one_finding_for_axes_that_agree_in_tensor_and_figure() -> None:
    analysis = pytest_rf.analyze(model(VIDEO.format(fold=FOLDS["rows and columns"][0])))
    (finding,) = analysis.check("final rf >= 4")
    assert [(one.tensor, ", ".join(one.axes)) for one in finding.tensors] == [
        ("y", "d"),
        ("p", "h, w"),
    ]


HEAD = """
    net (float[2,3,8,8] image) => (float[2,5] y)
    <float[4,3,3,3] w, float[4,5] h, float[5] s, int64[1] first = {{0}}>
    {{ x = Conv<pads=[1,1,1,1]>(image, w)
       g = GlobalAveragePool(x)
       f = Flatten(g)
       l = MatMul(f, h)
       {head} }}
"""
HEADS = {
    "y = Identity(l)": True,
    "y = Softmax<axis=1>(l)": True,
    "y = Softmax<axis=0>(l)": False,
    "m = ReduceMean<axes=[0]>(l) y = Sub(l, m)": False,
    "b = Gather<axis=0>(l, first) y = Add(l, b)": False,
}


@pytest.mark.parametrize("head", HEADS)
def test_samples_of_a_classifier_are_apart_to_its_very_end(head: str) -> None:
    analysis = pytest_rf.analyze(model(HEAD.format(head=head)))
    (final,) = analysis.final
    assert (final.name, final["h"].rf, final.at("batch").name) == ("x", 3, "y")
    assert final["batch"].independent is HEADS[head]
    assert [f.tensor for f in analysis.check("final is independent")] == ["y"] * (not HEADS[head])


def test_what_ends_the_batch_mixes_it() -> None:
    loss = HEAD.format(head="y = ReduceMean<keepdims=0>(l)").replace("float[2,5] y", "float y")
    (finding,) = pytest_rf.analyze(model(loss)).check("final is independent")
    assert finding.op == "ReduceMean"


LATE = """
    net (float[2,1,32] sound, float[2,1,16,16] image) => (float[2,1] y)
    <float[1,1,3] w, float[1,1,5,5] v>
    { a = Conv<pads=[2,0]>(sound, w) b = Conv<pads=[2,2,2,2]>(image, v)
      g = GlobalAveragePool(b) h = GlobalAveragePool(a) g1 = Flatten(g) h1 = Flatten(h) y = Add(h1, g1) }
"""


def test_inputs_that_meet_late_have_their_own_last_tensors() -> None:
    analysis = pytest_rf.analyze(model(LATE))
    (final,) = analysis.final
    assert final.inputs == ["sound", "image"]
    assert (final.at("t").name, final.at("w").name) == ("a", "b")
    assert (final["t"].rf, final["h"].rf) == (3, 5)
    assert analysis.check("final is causal.t") == []
    (finding,) = analysis.check("final is causal")
    assert (finding.tensor, finding.input, finding.axes) == ("b", "image", ("h", "w"))


FAR = """
    net (float[1,1,32] near, float[1,1,32] far) => (float[1,1,32] y)
    <float[1,1,3] w, float[1,1,5] v>
    { a = Conv<pads=[2,0]>(near, w) b = Conv<pads=[4,0]>(far, v) g = GlobalAveragePool(b) y = Add(a, g) }
"""


def test_steps_that_read_all_of_another_stream_read_ahead() -> None:
    analysis = pytest_rf.analyze(model(FAR))
    (final,) = analysis.final
    assert (final.field("near")["t"].rf, final.field("far")["t"].rf) == (3, 5)
    (finding,) = analysis.check("final is causal.t")
    assert (finding.tensor, finding.input) == ("y", "far")


BRANCHES = """
    net (float[1,1,32] x) => (float[1,1] y)
    <float[1,1,3] w, float[1,1,5] v>
    { b = Conv<pads=[2,2]>(x, v) a = Conv<pads=[2,0]>(x, w)
      g = GlobalAveragePool(b) h = GlobalAveragePool(a) s = Add(g, h) y = Flatten(s) }
"""


def test_a_guarantee_is_held_at_every_branch_that_ends() -> None:
    analysis = pytest_rf.analyze(model(BRANCHES))
    assert (analysis.final[0].name, analysis.final[0]["t"].rf) == ("a", 3)
    assert [f.tensor for f in analysis.check("final is causal")] == ["b"]
    (finding,) = analysis.check("final halo <= 1")
    assert [one.tensor for one in finding.tensors] == ["b", "a"]


def test_each_output_has_its_own() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,1,12,8] x) => (float[1,4,12,6] dense, float[1,5,12] steps, float[1,4,1,1] whole)
        <float[4,1,1,3] w, float[5,24,3] v, int64[3] fold = {1,24,12}>
        { dense = Conv(x, w)
          p = Transpose<perm=[0,1,3,2]>(dense) f = Reshape(p, fold) steps = Conv<pads=[1,1]>(f, v)
          whole = GlobalAveragePool(dense) }
        """)
    )
    assert [(t.at("h").name, t.at("w").name) for t in analysis.final] == [
        ("dense", "dense"),
        ("steps", "p"),
        ("dense", "dense"),
    ]
    # Two outputs share a last tensor, which is told once.
    (finding,) = analysis.check("final rf >= 9")
    assert [(one.tensor, ", ".join(one.axes)) for one in finding.tensors] == [
        ("dense", "h"),
        ("dense", "w"),
        ("steps", "h"),
        ("p", "w"),
    ]


WRONG_FOLD = """
    net (float[1,4,12,6] x) => (float[1,?,?] y)
    <float[4,4,1,1] w, float[24,3] head, float[3,3,3] k, float[1,12,20] wx, float[1,20,24] wl, float[1,20,5] r,
     float[24] g, int64 one = {{1}}, int64[3] fold = {{1,12,24}}>
    {{ a = Conv(x, w) f = Reshape(a, fold) {behind} }}
"""
BEHIND = {
    "CumSum": "y = CumSum(f, one)",
    "Softmax": "y = Softmax<axis=1>(f)",
    "MaxPool": "t = Transpose<perm=[0,2,1]>(f) y = MaxPool<kernel_shape=[3], pads=[2,0]>(t)",
    "LSTM": "t = Transpose<perm=[1,0,2]>(f) l = LSTM<hidden_size=5>(t, wl, r) y = Squeeze(l, one)",
    "MatMul": "y = MatMul(f, head)",  # contracts frequencies with the last parts of time
}


@pytest.mark.parametrize("operator", BEHIND)
def test_what_moves_among_channels_and_positions_is_not_judged_by_what_was_before(operator: str) -> None:
    # Channels, time and frequencies are cut anew without a transposition: what looks like time holds channels.
    analysis = pytest_rf.analyze(model(WRONG_FOLD.format(behind=BEHIND[operator])), axes=TIME)
    (finding,) = analysis.check("final is causal.t")
    assert finding.undecidable
    assert f"{operator} moves along an axis in which positions of t lie among others" in finding.message


def test_show_and_reports_name_the_tensor_of_each_axis() -> None:
    analysis = recogniser("forward")
    document = reporters.show(view(analysis), "table")
    text = document if isinstance(document, str) else "\n".join(reporters.lines.plain(document))
    lines = [line.split() for line in text.splitlines()]
    start = next(place for place, line in enumerate(lines) if line[:1] == ["final"])
    assert lines[start][:5] == ["final", "axes", "rf", "stride", "start"]
    assert [line[:5] for line in lines[start + 1 : start + 3]] == [
        ["y", "t", "inf", "1", "0"],
        ["p", "f", "3", "1", "0"],
    ]
    report = analysis.to_dict()
    assert report["final"] == ["y"]
    assert report["final_axes"] == [{"x": {"t": "y", "f": "p"}}]
    assert view(analysis, unit=(3,)).tensors == (analysis["y"],)


def test_rules_look_where_each_axis_is_final() -> None:
    text = """
        net (float[1,1,4,8] x) => (float[1,?,?] y)
        <float[4,1,1,9] w, float[5,{c},9] v, float[5] s, int64[3] fold = {{1,{c},4}}>
        {{ a = Conv<pads=[0,4,0,4]>(x, w) p = Transpose<perm=[0,1,3,2]>(a) f = Reshape(p, fold)
           c = Conv<pads=[8,0]>(f, v) y = InstanceNormalization(c, s, s) }}
    """
    analysis = pytest_rf.analyze(model(text.format(c=32)), axes=TIME)
    found = {
        (finding.code, *finding.axes, finding.tensor)
        for rule in checks.RULES
        if rule.code in ("RF101", "RF401")
        for finding in rule.findings(Subject(analysis, Settings()))
    }
    assert found == {("RF101", "t", "y"), ("RF101", "f", "p"), ("RF401", "t", "y")}
