"""The 0 beside a triangle cuts off what it is a factor of, as in PyTorch, until it becomes another number."""

from __future__ import annotations

import pytest
from oracle.compare import compare
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf

from .written import model


@pytest.mark.parametrize("upper", [0, 1])
def test_linear_attention_over_a_triangle_is_causal_one_way_or_the_other(upper: int) -> None:
    graph = model(f"""g (float[4,3] q, float[4,3] k, float[4,2] v) => (y) {{
        turned = Transpose(k)
        scores = MatMul(q, turned)
        side = Trilu<upper = {upper}>(scores)
        y = MatMul(side, v)
    }}""")
    analysis = pytest_rf.analyze(graph)
    found = compare(
        analysis, probe_rows(load(graph), generic_inputs({"q": (4, 3), "k": (4, 3), "v": (4, 2)}))
    )
    assert found.compared
    assert not found.unsound, found.report()
    low, high = (one[:, 0].tolist() for one in analysis["y"].bounds(0, "v"))
    assert (low, high) == (([0, 1, 2, 3], [3] * 4) if upper else ([0] * 4, [0, 1, 2, 3]))


CHANGED = {
    "a row of a table": "i = Cast<to = 7>(t) e = Gather(w, i)",
    "an offset": "e = ai.onnx.ml.Scaler<offset = [1.0], scale = [1.0]>(t)",
}


@pytest.mark.parametrize("nodes", CHANGED.values(), ids=CHANGED)
def test_what_a_0_is_turned_into_is_not_0(nodes: str) -> None:
    text = (
        "g (float[3,3] x, float[3,3] m) => (y) <float[3] w = {{7, 8, 9}}> {{ t = Trilu(x) {} y = Mul(e, m) }}"
    )
    graph = model(text.format(nodes), domains=', "ai.onnx.ml" : 3')
    for axis in (0, 1):
        low, high = pytest_rf.analyze(graph, weights=True)["y"].bounds(axis, "m")
        own = [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
        expected = own if axis == 0 else [list(row) for row in zip(*own, strict=True)]
        assert (low == expected).all()
        assert (high == expected).all()
