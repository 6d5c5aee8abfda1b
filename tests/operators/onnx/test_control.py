from __future__ import annotations

import numpy as np
import pytest

from pytest_rf.errors import ModelError

from .written import analysed, bounds

CONV = "<float[1,1,3] w = {1, 1, 1}, float[1,1,5] v = {1, 1, 1, 1, 1}>"


def test_if_takes_the_branch_of_a_constant_condition() -> None:
    a = analysed(
        f"""g (float[1,1,9] x) => (float[1,1,9] y) {CONV} {{
            c = Constant<value = bool {{1}}>()
            y = If (c) <
              then_branch = a () => (float[1,1,9] p) {{ p = Conv<pads=[1,1]>(x, w) }},
              else_branch = b () => (float[1,1,9] q) {{ q = Conv<pads=[2,2]>(x, v) }}
            >
        }}"""
    )
    assert bounds(a, "y", 2)[4] == [3, 5]
    assert a["y"]["t"].rf == 3


def test_if_unites_its_branches_and_reads_its_condition() -> None:
    a = analysed(
        f"""g (float[1,1,9] x, bool[1] c) => (float[1,1,9] y) {CONV} {{
            y = If (c) <
              then_branch = a () => (float[1,1,9] p) {{ p = Conv<pads=[1,1]>(x, w) }},
              else_branch = b () => (float[1,1,9] q) {{ q = Conv<pads=[2,2]>(x, v) }}
            >
        }}"""
    )
    assert bounds(a, "y", 2, "x")[4] == [2, 6]
    assert a["y"].bounds(0, input="c")[0].max() == 0
    assert a["y"].bounds(0, input="c")[1].min() == 0


def test_branches_that_read_the_same_need_not_give_the_same() -> None:
    a = analysed(
        """g (float[1,1,9] x, bool[1] c) => (float[1,1,9] y) {
            y = If (c) <
              then_branch = a () => (float[1,1,9] p) { p = Relu(x) },
              else_branch = b () => (float[1,1,9] q) { q = Neg(x) }
            >
        }"""
    )
    assert bounds(a, "y", 2, "x")[4] == [4, 4]
    assert a["y"].bounds(0, input="c")[1].min() == 0


def test_if_of_different_shapes_is_unknown() -> None:
    a = analysed(
        """g (float[1,1,9] x, bool[1] c) => (y) {
            y = If (c) <
              then_branch = a () => (p) { p = Identity(x) },
              else_branch = b () => (q) { q = Flatten(x) }
            >
        }"""
    )
    assert a["y"].status == "unknown"
    assert "shapes" in str(a["y"].reason)


LOOP = """g (float[1,1,16] x{extra}) => (float[1,1,16] y) <float[1,1,3] w = {{1, 1, 1}}{trips}> {{
    go = Constant<value = bool {{1}}>()
    y = Loop (n, go, x) <body = b (int64 i, bool c, s) => (d, t) {{
        d = Identity(c)
        t = Conv<pads=[1,1]>(s, w)
    }}>
}}"""


def test_loop_of_a_constant_number_of_turns_is_unrolled() -> None:
    a = analysed(LOOP.format(extra="", trips=", int64 n = {3}"))
    assert a["y"].status == "exact"
    assert a["y"]["t"].rf == 7
    assert bounds(a, "y", 2)[8] == [5, 11]


def test_loop_of_an_unknown_number_of_turns_is_an_upper_bound() -> None:
    a = analysed(LOOP.format(extra=", int64 n", trips=""))
    assert a["y"].status == "upper_bound"
    assert bounds(a, "y", 2, "x")[8] == [0, 15]


def test_loop_that_is_bound_is_exact_again() -> None:
    a = analysed(LOOP.format(extra=", int64 n", trips=""), values={"n": 2})
    assert bounds(a, "y", 2, "x")[8] == [6, 10]


def test_scan_carries_what_came_before() -> None:
    a = analysed(
        """g (float[6,2] x) => (float[2] s, float[6,2] y) <float[2] z = {0, 0}> {
            s, y = Scan <num_scan_inputs = 1, body = b (p, q) => (r, o) {
                r = Add(p, q)
                o = Identity(r)
            }>(z, x)
        }"""
    )
    assert a["y"].bounds(0)[0][:, 0].tolist() == [0] * 6
    assert a["y"].bounds(0)[1][:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert a["s"].bounds(0)[1].tolist() == [5, 5]


def test_functions_nest_and_pass_attributes_on() -> None:
    functions = """
    <domain: "own", opset_import: ["" : 21, "own" : 1]>
    twice <pads: ints = [1,1]> (a, w) => (c) {
        b = own.once <pads: ints = @pads> (a, w)
        c = own.once <pads: ints = @pads> (b, w)
    }
    <domain: "own", opset_import: ["" : 21]>
    once <pads: ints = [1,1]> (a, w) => (c) { c = Conv <pads: ints = @pads> (a, w) }
    """
    a = analysed(
        "g (float[1,1,9] x) => (float[1,1,9] y) <float[1,1,3] w = {1, 1, 1}> { y = own.twice(x, w) }",
        domains=', "own" : 1',
        functions=functions,
    )
    assert a["y"]["t"].rf == 5
    assert a["y"].shape == (1, 1, 9)
    assert [t.name for t in a] == ["y", "y/b", "y/b/c", "y/c", "y/c/c"]


def test_a_function_that_calls_itself_is_an_error() -> None:
    functions = """
    <domain: "own", opset_import: ["" : 21, "own" : 1]>
    f (a) => (c) { c = own.f(a) }
    """
    with pytest.raises(ModelError, match="calls itself"):
        analysed("g (float[1,1,9] x) => (y) { y = own.f(x) }", domains=', "own" : 1', functions=functions)


def test_a_sequence_is_followed_element_by_element() -> None:
    a = analysed(
        """g (float[1,4,6] x) => (y, int64 n) <int64 one = {1}> {
            parts = SplitToSequence<axis = 1, keepdims = 1>(x, one)
            short = SequenceErase(parts)
            y = ConcatFromSequence<axis = 1>(short)
            n = SequenceLength(short)
        }"""
    )
    assert a["y"].shape == (1, 3, 6)
    assert a["y"].bounds(1)[0][0, :, 0].tolist() == [0, 1, 2]
    assert "parts[3]" in [t.name for t in a]


def misfit(then: str, other: str, rest: str = "", condition: str = "") -> str:
    """Return a graph whose If has these branches; ``w`` fits an x of 7 positions, the tests give 9."""
    return f"""g (float[1,1,n] x, int64 sr, bool d) => (y)
    <float[1,1,7] w = {{1,1,1,1,1,1,1}}, int64 rate = {{16000}}> {{
        {condition or "c = Equal(sr, rate)"} {rest}
        y = If(c) <then_branch = a () => (p) {{ {then} }}, else_branch = b () => (q) {{ {other} }}>
    }}"""


MISFITS = {
    "then": ("p = Add(x, w)", "q = Relu(x)"),
    "else": ("p = Relu(x)", "q = Add(x, w)"),
    "in the middle": ("s = Add(x, w) t = Relu(s) p = Conv<pads=[1,1]>(t, w)", "q = Relu(x)"),
    "both": ("p = Add(x, w)", "q = Sub(x, w)"),
    "constants alone": ("r = Constant<value_floats=[1.0,2.0]>() p = Add(r, w)", "q = Relu(x)"),
    "reshape": ("s = Constant<value_ints=[3,5]>() p = Reshape(x, s)", "q = Relu(x)"),
    "nested": (
        "p = If(d) <then_branch = i () => (u) { u = Add(x, w) }, else_branch = j () => (v) { v = Relu(x) }>",
        "q = Relu(x)",
    ),
    "a loop": (
        "n = Constant<value_int=2>() k = Constant<value = bool {1}>() p = Loop(n, k, x) "
        "<body = l (int64 i, bool g, float[1,1,9] s) => (bool h, float[1,1,9] r) { h = Identity(g) r = Add(s, w) }>",
        "q = Relu(x)",
    ),
    "a scan": (
        "z = Constant<value_floats=[1.0,2.0]>() p, o = Scan<num_scan_inputs=1, "
        "body = l (float[2] s, float[1,9] e) => (s2, e2) { s2 = Add(s, e) e2 = Relu(e) }>(z, x)",
        "q = Relu(x)",
    ),
    "a function": ("p = own.Fixed(x)", "q = Relu(x)"),
}
FIXED = """<domain: "own", opset_import: ["" : 21]>
Fixed (a) => (c) { s = Constant<value_ints=[3,5]>() c = Reshape(a, s) }"""


@pytest.mark.parametrize(("then", "other"), MISFITS.values(), ids=MISFITS.keys())
def test_a_branch_that_the_input_does_not_fit_is_unknown_and_says_so(then: str, other: str) -> None:
    a = analysed(misfit(then, other), domains=', "own" : 1', functions=FIXED, inputs={"x": (1, 1, 9)})
    assert a["y"].status == "unknown"
    reason = str(a["y"].reason)
    assert "branch of node" in reason
    assert "does not fit this input: node " in reason
    assert "values={" in reason
    assert "\n" not in reason


@pytest.mark.parametrize("value", [16000, 16000.0, [16000], np.array(16000, np.int32)])
def test_a_value_of_the_input_settles_which_branch_runs(value: object) -> None:
    graph = misfit("p = AveragePool<kernel_shape=[3]>(x)", "q = Add(x, w)")
    a = analysed(graph, inputs={"x": (1, 1, 9)}, values={"sr": value})
    assert (a["y"].status, a["y"]["t"].rf, a["y"].shape) == ("exact", 3, (1, 1, 7))
    with pytest.raises(ModelError, match=r"'q' \(Add\).*broadcast"):
        analysed(graph, inputs={"x": (1, 1, 9)}, values={"sr": 8000})


@pytest.mark.parametrize(
    "condition",
    [
        "e = Cast<to=1>(sr) f = Cast<to=1>(rate) l = Less(e, f) c = Not(l)",
        "e = GreaterOrEqual(sr, rate) c = Identity(e)",
        "e = Equal(sr, rate) f = Equal(rate, sr) c = And(e, f)",
        "s = Shape<start=2>(x) n = Constant<value_ints=[9]>() e = Equal(s, n) c = Squeeze(e)",
    ],
)
def test_conditions_fold_through_casts_and_comparisons(condition: str) -> None:
    graph = misfit("p = AveragePool<kernel_shape=[3]>(x)", "q = Add(x, w)", condition=condition)
    a = analysed(graph, inputs={"x": (1, 1, 9)}, values={"sr": 16000})
    assert (a["y"].status, a["y"]["t"].rf) == ("exact", 3)


def test_a_misfit_leaves_what_does_not_rest_on_it() -> None:
    a = analysed(
        misfit("p = Add(x, w)", "q = Relu(x)", rest="z = Relu(x)").replace("=> (y)", "=> (y, z)"),
        inputs={"x": (1, 1, 9)},
    )
    assert [tensor.status for tensor in a.outputs] == ["unknown", "exact"]


def test_the_body_of_a_loop_that_may_never_run_is_unknown_where_it_does_not_fit() -> None:
    a = analysed(
        """g (float[1,1,9] x, int64 n) => (y) <float[1,1,7] w = {1,1,1,1,1,1,1}, bool t = {1}> {
            y = Loop(n, t, x) <body = b (int64 i, bool c, float[1,1,9] s) => (bool d, float[1,1,9] r) {
                d = Identity(c) r = Add(s, w) }>
        }"""
    )
    assert a["y"].status == "unknown"
    assert "the body of node 'y' (Loop) does not fit this input: node 'r' (Add)" in str(a["y"].reason)


@pytest.mark.parametrize("body", ["p = Add(nowhere, x)", "p = Relu(x) p = Relu(x)", "s = Relu(x)"])
def test_a_branch_that_breaks_the_rules_at_any_input_is_an_error(body: str) -> None:
    with pytest.raises(ModelError, match="computed by"):
        analysed(misfit(body, "q = Relu(x)"), inputs={"x": (1, 1, 9)})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (16000.5, "do not fit the type int64"),
        ("fast", "are no numbers"),
        ([1, 2], "have the shape"),
        ([[1], [2, 3]], "regular list"),
    ],
)
def test_values_that_do_not_fit_the_input_are_an_error(value: object, problem: str) -> None:
    with pytest.raises(ModelError, match=f"values of input 'sr' .*{problem}"):
        analysed(misfit("p = Relu(x)", "q = Relu(x)"), inputs={"x": (1, 1, 9)}, values={"sr": value})
