from __future__ import annotations

import pytest

from pytest_rf.errors import ModelError

from .text import analysed, bounds

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
