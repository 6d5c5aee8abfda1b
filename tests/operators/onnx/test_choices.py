"""Where a constant says which operand counts."""

from __future__ import annotations

from operators.onnx.written import analysed, bounds


def test_a_constant_condition_chooses_for_each_element() -> None:
    analysis = analysed(
        """test (float[1, 4] x) => (float[1, 4] y, float[1, 4] z)
        <bool[4] c = {1, 0, 0, 1}, float[1] zero = {0.0}, int64[1] one = {1}, int64[1] four = {4}>
        {
            head, tail = Split<axis = 1, num_outputs = 2>(x)
            turned = Concat<axis = 1>(tail, head)
            y = Where(c, x, turned)
            z = Where(c, zero, x)
        }"""
    )
    assert bounds(analysis, "y", 1) == [[0, 0], [3, 3], [0, 0], [3, 3]]
    low, high = analysis["z"].bounds(1)
    assert (low <= high).tolist() == [[False, True, True, False]]
    assert all(analysis[name].status == "exact" for name in "yz")


def test_a_constant_condition_that_is_the_same_everywhere_is_a_plain_choice() -> None:
    analysis = analysed(
        """test (float[1, 4] x, float[1, 4] other) => (float[1, 4] y)
        <bool[1] c = {1}>
        { y = Where(c, x, other) }"""
    )
    assert bounds(analysis, "y", 1, "x") == [[i, i] for i in range(4)]
    low, high = analysis["y"].bounds(1, input="other")
    assert (low > high).all()
    assert not analysis["y"].field("x")[1].irregular


def test_a_computed_condition_reads_both_sides_and_itself() -> None:
    analysis = analysed(
        """test (float[1, 4] x, float[1, 4] other) => (float[1, 4] y)
        { c = Less(x, other) s = Relu(x) y = Where(c, s, other) }"""
    )
    for name in ("x", "other"):
        assert bounds(analysis, "y", 1, name) == [[i, i] for i in range(4)]
