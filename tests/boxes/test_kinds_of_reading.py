"""The kinds of dependence that operators bring in along spatial axes."""

from __future__ import annotations

import pytest
from models import model

import pytest_rf
from pytest_rf.boxes.kinds import kinds

NETS = {
    "y = Conv(x, w)": {"window"},
    "y = Conv(x, v)": set(),
    "y = Relu(x)": set(),
    "y = BatchNormalization(x, one, one, one, one)": set(),
    "y = MaxPool<kernel_shape=[2,2]>(x)": {"window"},
    "y = GlobalAveragePool(x)": {"context"},
    "y = InstanceNormalization(x, one, one)": {"context"},
    "y = MatMul(x, m)": {"mixing"},
    "y = Transpose<perm=[0,1,3,2]>(x)": set(),
    "y = Softmax<axis=3>(x)": {"context"},
    "y = own.Foo(x)": {"unknown"},
    "y = Gather<axis=3>(x, i)": {"data-dependent"},
}


@pytest.mark.parametrize("line", NETS)
def test_kinds(line: str) -> None:
    found = model(
        f"""
        net (float[1,4,8,8] x, int64[5] i) => (float[?,?,?,?] z)
        <float[4,4,3,3] w, float[4,4,1,1] v, float[4] one, float[8,8] m, float[4,4,3,3] u>
        {{
        [stem] s = Conv<pads=[1,1,1,1]>(x, u)
        [it] {line.replace("(x", "(s")}
        [last] z = Relu(y)
        }}
        """,
        opset=17,
        domains=', "own" : 1',
    )
    analysis = pytest_rf.analyze(found)
    by_node = kinds(analysis.runs)
    brought = {node.name: set(by_node.get(node.index, ())) for node in analysis.graph.nodes}
    assert brought["it"] == NETS[line]
    assert brought["stem"] == {"window"}
    assert brought.get("last", set()) == set()


def test_a_mean_over_parts_of_an_axis_is_a_pool() -> None:
    found = model("""
        net (float[1,4,8] x) => (float[1,4,4] y)
        <float[4,4,3] w, int64[4] s = {1,4,4,2}>
        {
        [stem] a = Conv<pads=[1,1]>(x, w)
        [split] b = Reshape(a, s)
        [pool] y = ReduceMean<axes=[3], keepdims=0>(b)
        }
    """)
    analysis = pytest_rf.analyze(found)
    by_node = kinds(analysis.runs)
    brought = {node.name: set(by_node.get(node.index, ())) for node in analysis.graph.nodes}
    assert brought == {"stem": {"window"}, "split": set(), "pool": {"window"}}
    assert analysis["pool"]["t"].rf == 4
