"""A finding explains the figure that it is about: how that one grew, and which operator is to blame."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from models import model
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis import Analysis
from pytest_rf.errors import RequirementError, UnknownError
from pytest_rf.findings import Finding
from pytest_rf.reporters.full import finding as paragraph
from pytest_rf.reporters.lines import plain
from pytest_rf.requirements.wording import measured

#: Padding on the left and the convolution that it is for, one that looks to both sides, one that strides.
TALL = """
    net (float[1,1,200] x) => (float[1,1,?] y)
    <float[1,1,65] w65, float[1,1,3] w3, float[1,1,7] w7, int64[6] pads = {0, 0, 64, 0, 0, 0}>
    {
        p = Pad(x, pads)
        a = Conv<kernel_shape=[65]>(p, w65)
        b = Conv<kernel_shape=[3], pads=[1,1]>(a, w3)
        y = Conv<kernel_shape=[7], pads=[3,3], strides=[2]>(b, w7)
    }
"""
BRANCHES = """
    net (float[1,1,64] x) => (float[1,1,?] y)
    <float[1,1,3] w3, float[1,1,9] w9, float[1,1,5] w5>
    {
        a = Conv<kernel_shape=[9], pads=[8,0]>(x, w9)
        b = Conv<kernel_shape=[3], pads=[0,2]>(x, w3)
        s = Add(a, b)
        y = Conv<kernel_shape=[5], pads=[4,0]>(s, w5)
    }
"""


@pytest.fixture(scope="module")
def tall() -> Analysis:
    return pytest_rf.analyze(model(TALL))


def one(analysis: Analysis, text: str, **more: Any) -> Finding:
    (found,) = analysis.check(text, **more)
    return found


def told(found: Finding) -> list[tuple[str, Any, Any]]:
    return [(step.layer.split()[0], step.growth, step.total) for step in found.path]


@pytest.mark.parametrize(
    ("text", "figure", "path"),
    [
        ("rf <= 3", "rf", [("a", 64, 65), ("b", 2, 67), ("y", 6, 73)]),
        ("coverage <= 3%", "coverage", [("a", 64, 65), ("b", 2, 67), ("y", 6, 73)]),
        ("rf_min <= 3", "rf_min", [("a", 64, 65), ("b", 2, 67), ("y", 6, 73)]),
        ("lookahead <= 0", "lookahead", [("b", 1, 1), ("y", 2, 3)]),
        ("is causal", "lookahead", [("b", 1, 1), ("y", 2, 3)]),
        ("lookback <= 3", "lookback", [("p", 64, 64), ("b", 1, 65), ("y", 3, 68)]),
        ("halo <= 67", "halo", [("p", 64, 64), ("b", 1, 65), ("y", 3, 68)]),
        ("stride <= 1", "stride", [("y", 2, 2)]),
        ("multiple <= 1", "multiple", [("y", 2, 2)]),
        ("start >= 0", "start", [("p", -64, -64), ("b", -1, -65), ("y", -3, -68)]),
        ("center >= 0", "center", [("p", -64, -64), ("a", 32, -32)]),
    ],
)
def test_the_path_is_that_of_the_figure_at_hand(
    tall: Analysis, text: str, figure: str, path: list[tuple[str, Any, Any]]
) -> None:
    found = one(tall, text)
    assert found.figure == figure
    assert told(found) == path


def test_the_smaller_side_of_a_halo_has_its_own_path() -> None:
    mirrored = TALL.replace("{0, 0, 64, 0, 0, 0}", "{0, 0, 0, 0, 0, 64}")
    found = one(pytest_rf.analyze(model(mirrored)), "halo <= 60")
    assert (found.figure, found.side) == ("halo", "after")
    assert told(found)[0] == ("a", 64, 64)


def test_a_path_counts_from_where_the_model_does(tall: Analysis) -> None:
    found = one(tall, "lookahead <= 0", origin="start")
    assert measured(found) == "4"
    assert told(found) == [("b", 1, 1), ("y", 3, 4)]


def test_borders_of_tiles_are_the_same_all_along_the_path(tall: Analysis) -> None:
    for text in ("halo(align=8) <= 0", "halo(align=1) <= 0"):
        found = one(tall, text)
        assert found.path[-1].total == found.measured[0].high


def test_branches_are_followed_by_the_figure_at_hand() -> None:
    analysis = pytest_rf.analyze(model(BRANCHES))
    assert told(one(analysis, "rf <= 5")) == [("a", 8, 9), ("s", 2, 11), ("y", 4, 15)]
    assert told(one(analysis, "lookahead <= 0")) == [("b", 2, 2)]
    assert told(one(analysis, "lookback <= 5")) == [("a", 8, 8), ("y", 4, 12)]
    assert told(one(analysis, "rf_min >= 9")) == [("b", 2, 3), ("y", 4, 7)]


def test_the_public_path_takes_any_figure(tall: Analysis) -> None:
    y = tall["y"]
    assert [(step.tensor.name, step.total) for step in y.path("t")] == [("a", 65), ("b", 67), ("y", 73)]
    assert [step.tensor.name for step in y.path("t", metric="lookahead")] == ["b", "y"]
    assert [step.total for step in y.path("t", metric="halo")] == [64, 65, 68]
    assert [step.factor for step in y.path("t", metric="stride")] == [2]
    assert [step.total for step in y.path("t", metric=lambda field: field.rf - 1)] == [64, 66, 72]
    with pytest.raises(KeyError, match="there are those of rf"):
        y.path("t", metric="colour")


def test_what_is_dropped_again_is_not_told() -> None:
    text = """
        net (float[1,1,64] x) => (float[1,1,?] y)
        <float[2,1,3] w, float[1,1,9] w9, float[1,1,5] w5, int64[1] zero = {0}, int64[1] one = {1}, int64[1] ax = {1}>
        {
            a = Conv<kernel_shape=[3], pads=[1,1]>(x, w5)
            b = Conv<kernel_shape=[9], pads=[4,4]>(a, w9)
            c = Concat<axis=1>(a, b)
            d = Slice(c, zero, one, ax)
            y = Conv<kernel_shape=[5], pads=[2,2]>(d, w5)
        }
    """
    analysis = pytest_rf.analyze(
        model(text.replace("kernel_shape=[3], pads=[1,1]>(x, w5)", "kernel_shape=[5], pads=[2,2]>(x, w5)"))
    )
    for requirement in ("rf <= 3", "lookahead <= 0", "halo <= 0"):
        assert [layer for layer, *_ in told(one(analysis, requirement))] == ["a", "y"]


@settings(
    max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(graphs(inputs=2, nodes=(3, 12)))
def test_paths_of_random_graphs_end_at_the_figure_and_add_up(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.model())
    for tensor in list(analysis)[-6:]:
        for name in tensor.inputs if tensor.status != "unknown" else ():
            for axis, field in tensor.field(name).items():
                for metric in ("rf", "rf_min", "stride", "start", "lookahead", "lookback", "multiple"):
                    figure = getattr(field, metric)
                    path = tensor.path(axis, name, metric)
                    if not path or figure is None:
                        continue
                    assert path[-1].total == figure, (tensor.name, metric)
                    for before, after in pairwise(path):
                        if math.isfinite(before.total):
                            assert before.total + after.growth == after.total


# ---------------------------------------------------------------------- who is to blame


def test_causal_gives_its_figure_and_the_first_operator_that_looks_ahead(tall: Analysis) -> None:
    message = one(tall, "is causal").message
    assert "look-ahead is 3, and must be 0 or less" in message
    assert "the first to look ahead is b 3 (Conv)" in message


@pytest.mark.parametrize(
    ("body", "weights", "says"),
    [
        ("m = InstanceNormalization(c, s, s)", "float[4] s", "brings in statistics of the whole axis"),
        ("m = MatMul(c, v)", "float[32,32] v", "mixes the whole axis"),
        ("m, i = TopK(c, k)", "int64[1] k = {32}", "lets data choose what is read"),
    ],
)
def test_unbounded_names_the_operator_and_what_it_does(body: str, weights: str, says: str) -> None:
    found = one(
        pytest_rf.analyze(
            model(f"""
                net (float[1,4,32] x) => (float[1,4,?] y)
                <float[4,4,3] w, {weights}>
                {{
                    c = Conv<kernel_shape=[3], pads=[1,1]>(x, w)
                    {body}
                    y = Conv<kernel_shape=[3], pads=[1,1]>(m, w)
                }}
            """)
        ),
        "is bounded",
    )
    operator = body.split("= ")[1].split("(")[0]
    assert f"({operator}) {says}" in found.message


def test_an_infinite_figure_names_the_operator_too() -> None:
    text = """
        net (float[1,4,32] x) => (float[1,4,?] y) <float[4,4,3] w, float[32,32] v>
        { c = Conv<kernel_shape=[3], pads=[1,1]>(x, w) m = MatMul(c, v) y = Conv<kernel_shape=[3], pads=[1,1]>(m, w) }
    """
    analysis = pytest_rf.analyze(model(text))
    for requirement in ("rf <= 3", "lookahead <= 0", "halo <= 3", "is causal"):
        found = one(analysis, requirement)
        assert "m (MatMul) mixes the whole axis" in found.message
        assert found.path[-1].growth == "inf"
        assert found.path[-1].layer == "m MatMul"


MERGE = """
    net (float[1,1,64] x) => (float[1,1,?] y) <float[1,1,3] w>
    {{
        a = Conv<kernel_shape=[3], pads=[1,1], strides=[{stride}]>(x, w)
        b = Conv<kernel_shape=[3], pads=[{pads}], strides=[{stride}]>(x, w)
        y = Add(a, b)
    }}
"""


def test_misaligned_names_the_merge_and_both_sides() -> None:
    found = one(pytest_rf.analyze(model(MERGE.format(stride=2, pads="0,1"))), "is aligned")
    assert "y (Add) brings together a 3 stride 2 (stride 2, centre 0)" in found.message
    assert "b 3 stride 2 (stride 2, centre 1)" in found.message


# ---------------------------------------------------------------------- what is shown


@pytest.mark.parametrize(
    ("text", "header", "line"),
    [
        ("lookahead <= 0", "how look-ahead grew along t, layer by layer:", "+1 → 1  b 3"),
        ("stride <= 1", "how the stride grew along t, layer by layer:", "×2 → 2  y 7 stride 2"),
        ("start >= 0", "how the start moved along t, layer by layer:", "-64 → -64  p Pad"),
        ("halo <= 0", "how the halo before grew along t, layer by layer:", "+64 → 64  p Pad"),
    ],
)
def test_the_page_names_the_figure(tall: Analysis, text: str, header: str, line: str) -> None:
    shown = [text.strip() for text in plain(paragraph(one(tall, text)))]
    assert header in shown
    assert line in shown


def test_findings_are_data() -> None:
    analysis = pytest_rf.analyze(model(TALL.replace("strides=[2]", "strides=[3]")))
    (step,) = one(analysis, "stride <= 1").path
    assert (step.growth, step.total, step.times) == (3, 3, True)


def test_what_is_unknown_has_no_path() -> None:
    analysis = pytest_rf.analyze(
        model(TALL.replace("b = Conv<kernel_shape=[3], pads=[1,1]>(a, w3)", "b = Foo(a)"))
    )
    with pytest.raises(UnknownError):
        analysis["y"].path("t", metric="lookahead")
    found = one(analysis, "lookahead <= 0")
    assert found.undecidable
    assert not found.path
    with pytest.raises(RequirementError):
        analysis.check('"nothing" lookahead <= 0')


# ---------------------------------------------------------------------- advice


def test_a_batch_norm_in_training_mode_is_told_so() -> None:
    text = """
        net (float[2,4,32] x) => (float[2,4,?] y) <float[4,4,3] w, float[4] s>
        {
            n, m, v = BatchNormalization<training_mode=1>(x, s, s, s, s)
            y = Conv<kernel_shape=[3], pads=[1,1]>(n, w)
        }
    """
    found = one(pytest_rf.analyze(model(text)), "is bounded")
    assert "is in training mode: export the model in evaluation mode" in found.help
    assert one(pytest_rf.analyze(model(text.replace("training_mode=1", "epsilon=0.1"))), "rf >= 99").help


def test_strides_that_multiply_are_told_with_one_that_is_too_many() -> None:
    text = """
        net (float[1,1,64] x) => (float[1,1,?] y) <float[1,1,3] w>
        { a = Conv<kernel_shape=[3], pads=[1,1], strides=[4]>(x, w) y = Conv<kernel_shape=[3], strides=[2]>(a, w) }
    """
    analysis = pytest_rf.analyze(model(text))
    start = "the strides on the way multiply to 8"
    assert one(analysis, "stride <= 4").help == f"{start}; without a stride of 2 it is 4"
    assert one(analysis, "stride == 2").help == f"{start}; without a stride of 4 it is 2"
    assert one(analysis, "stride < 4").help == f"{start}; without a stride of 4 it is 2"
    assert one(analysis, "stride <= 1").help == f"{start}; without strides of 2 and 4 it is 1"
    assert one(analysis, "stride <= 1/2").help == start
    assert one(analysis, "stride >= 9").help == ""
    assert [(step.growth, step.times) for step in one(analysis, "stride <= 1").path] == [(4, True), (2, True)]


@settings(
    max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(graphs(inputs=2, nodes=(3, 12)))
def test_whatever_fails_is_explained_without_failing_itself(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.model())
    for text in (
        "lookahead <= 0",
        "rf >= 40",
        "halo <= 0",
        "stride < 1",
        "is causal",
        "is bounded",
        "is aligned",
    ):
        try:
            found = analysis.check(f'"*" {text}')
        except RequirementError:  # no spatial axis
            return
        assert all(list(plain(paragraph(one))) for one in found)


def test_a_centre_behind_an_upsampling_is_not_blamed_on_the_layer_that_reads_its_neighbours() -> None:
    text = """
        net (float[1,1,64] x) => (float[1,1,?] y) <float[1,1,3] w, float[3] scales = {1, 1, 2}>
        {
            a = Conv<kernel_shape=[3], pads=[1,1], strides=[2]>(x, w)
            b = Conv<kernel_shape=[3], pads=[1,1], strides=[2]>(a, w)
            u = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor">(b, , scales)
            y = Conv<kernel_shape=[3], pads=[1,1]>(u, w)
        }
    """
    analysis = pytest_rf.analyze(model(text))
    found = one(analysis, "output center == 0")
    assert (measured(found), found.figure) == ("-2", "offset")
    assert [(layer, total) for layer, _, total in told(found)] == [("a", "-1/2"), ("b", "-3/2")]
    # Where all units lie alike a centre is its own.
    assert one(analysis, '"b" center == 1').figure in ("", "center")
