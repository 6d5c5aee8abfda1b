"""Attention whose window depends on what only a run can tell."""

from __future__ import annotations

from .text import analysed

TEXT = """g (float[1,2,3,4] q, float[1,2,6,4] k, float[1,2,6,4] v, int64[1] n) => (y) {{
    y = Attention<is_causal=1>(q, k, v, , , , n)
}}""".replace("{{", "{").replace("}}", "}")


def test_a_number_of_keys_that_is_computed_makes_an_upper_bound() -> None:
    a = analysed(TEXT, opset=24)
    assert a["y"].status == "upper_bound"
    assert a["y"].bounds(2, input="v")[1].tolist()[0][0][0] == [5] * 4
    assert a["y"].bounds(0, input="n")[1].max() == 0


def test_a_number_of_keys_that_is_bound_is_exact() -> None:
    a = analysed(TEXT, opset=24, values={"n": [5]})
    assert a["y"].status == "exact"
    # Three queries are the last of five keys: they stand at 2, 3 and 4.
    assert a["y"].bounds(2, input="v")[1][0, 0, :, 0].tolist() == [2, 3, 4]


def test_causal_attention_is_causal_in_theory() -> None:
    a = analysed(
        """g (float[1,2,9,4] x) => (y) <float[4,4] w = {1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}> {
            a = MatMul(x, w)
            y = Attention<is_causal=1>(a, a, a)
        }""",
        opset=24,
    )
    assert a["y"].bounds(2)[1][0, 0, :, 0].tolist() == list(range(9))
    assert a["y"].field()[2].lookahead <= 0


def test_positions_that_are_computed_are_read_though_the_angles_are_constant() -> None:
    a = analysed(
        """g (float[1,1,2,4] x, int64[1,2] n) => (y) <float[3,2] c = {1,2,3,4,5,6}> {
            y = RotaryEmbedding(x, c, c, n)
        }""",
        opset=23,
    )
    low, high = a["y"].bounds(1, input="n")
    assert low[0, 0, :, 0].tolist() == high[0, 0, :, 0].tolist() == [0, 1]
