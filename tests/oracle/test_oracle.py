"""The oracle finds what is known of hand-made nets, and notices bounds that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from oracle.compare import compare
from oracle.engines import NoEngineError
from oracle.engines.files import expose, load, traps, trusted
from oracle.graphs import Graph, Value
from oracle.influence import Influence, differs
from oracle.perturb import generic_inputs, probe_elements, probe_rows, rows_of
from oracle.twin import NoTwinError, linearised_twin, probe_twin

Build = Callable[[Graph, Value], Value]


def one(values: list[Value]) -> Value:
    (value,) = values
    return value


def conv(graph: Graph, x: Value) -> Value:
    weight = graph.weight(3, x.shape[1], 3)
    return one(graph.add("Conv", [x, weight], kernel_shape=[3], strides=[2], pads=[1, 0]))


def dilated(graph: Graph, x: Value) -> Value:
    return one(graph.add("Conv", [x, graph.weight(3, x.shape[1], 2)], kernel_shape=[2], dilations=[3]))


def padded(graph: Graph, x: Value) -> Value:
    return one(graph.add("Pad", [x, graph.ints([0, 0, 2, 0, 0, 1])], mode="constant"))


def reflected(graph: Graph, x: Value) -> Value:
    return one(graph.add("Pad", [x, graph.ints([0, 0, 2, 0, 0, 1])], mode="reflect"))


def backwards(graph: Graph, x: Value) -> Value:
    return one(graph.add("Slice", [x, *map(graph.ints, ([-1], [-100], [2], [-2]))]))


def shuffled(graph: Graph, x: Value) -> Value:
    cut = one(graph.add("Reshape", [x, graph.ints([2, 2, 2, 8])]))
    turned = one(graph.add("Transpose", [cut], perm=[0, 2, 1, 3]))
    return one(graph.add("Reshape", [turned, graph.ints([2, 4, 8])]))


def joined(graph: Graph, x: Value) -> Value:
    return one(graph.add("Concat", [x, graph.weight(2, 4, 1), x], axis=2))


def multiplied(graph: Graph, x: Value) -> Value:
    return one(graph.add("MatMul", [x, graph.weight(8, 3)]))


def enlarged(graph: Graph, x: Value) -> Value:
    return one(
        graph.add(
            "Resize",
            [x, "", graph.constant([1, 1, 2])],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    )


# Of an input of 2 samples, 4 channels and 8 steps: the first and the last step (channel, for the shuffle) that each
# output step reads; None where it reads nothing.
KNOWN: list[tuple[Build, int, list[tuple[int, int] | None]]] = [
    (conv, 2, [(0, 1), (1, 3), (3, 5), (5, 7)]),
    (dilated, 2, [(0, 3), (1, 4), (2, 5), (3, 6), (4, 7)]),
    (padded, 2, [None, None, *[(i, i) for i in range(8)], None]),
    (reflected, 2, [(i, i) for i in [2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 6]]),
    (backwards, 2, [(7, 7), (5, 5), (3, 3), (1, 1)]),
    (shuffled, 1, [(0, 0), (2, 2), (1, 1), (3, 3)]),
    (joined, 2, [*[(i, i) for i in range(8)], None, *[(i, i) for i in range(8)]]),
    (multiplied, 2, [(0, 7)] * 3),
    (enlarged, 2, [(i // 2, i // 2) for i in range(16)]),
]


def make(build: Build) -> tuple[Graph, str]:
    graph = Graph(0)
    return graph, build(graph, graph.input((2, 4, 8))).name


def by_rows(graph: Graph) -> Influence:
    return probe_rows(load(graph.model()), graph.inputs)


def by_elements(graph: Graph) -> Influence:
    return rows_of(probe_elements(load(graph.model()), graph.inputs, bases=1), graph.inputs)


def by_twin(graph: Graph) -> Influence:
    return probe_twin(linearised_twin(graph.model(), graph.ranks()), {"x0": (2, 4, 8)})


@pytest.mark.parametrize("probe", [by_rows, by_elements, by_twin])
@pytest.mark.parametrize(("build", "axis", "expected"), KNOWN, ids=lambda v: getattr(v, "__name__", ""))
def test_known_reads(
    probe: Callable[[Graph], Influence], build: Build, axis: int, expected: list[tuple[int, int] | None]
) -> None:
    graph, name = make(build)
    low, high = probe(graph).hull(name, "x0", axis)
    along = [0, 0, 0]
    for place, interval in enumerate(expected):
        along[axis] = place
        at = tuple(along)
        assert ((low[at], high[at]) if low[at] <= high[at] else None) == interval
    assert low.shape[axis] == len(expected)


def test_a_sample_reads_itself_alone() -> None:
    graph, name = make(conv)
    low, high = by_rows(graph).hull(name, "x0", 0)
    assert (low == high).all()
    assert low[:, 0, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    "build",
    [
        lambda g, x: one(g.add("MaxPool", [x], kernel_shape=[5])),
        lambda g, x: one(g.add("Mul", [x, g.constant(0.0)])),
        lambda g, x: one(g.add("Relu", g.add("Sub", [x, g.constant(1e6)]))),
        lambda g, x: one(g.add("ReduceMean", [*g.add("Softmax", [x], axis=2), g.ints([2])])),
    ],
    ids=["maximum", "zero weight", "dead activation", "cancellation"],
)
def test_the_twin_shows_what_values_hide(build: Build) -> None:
    graph, name = make(build)
    seen, reads = by_rows(graph), by_twin(graph)
    assert (reads.rows[name, "x0", 2] >= seen.rows[name, "x0", 2]).all()
    assert reads.rows[name, "x0", 2].sum() > seen.rows[name, "x0", 2].sum()


def test_the_twin_does_not_fade_with_depth() -> None:
    graph = Graph(0)
    x = graph.input((1, 2, 18))
    for _ in range(100):
        x = one(graph.add("Conv", [x, graph.weight(2, 2, 3)], kernel_shape=[3], pads=[1, 1]))
        x = one(graph.add("Relu", [x]))
    reads = probe_twin(linearised_twin(graph.model(), graph.ranks()), {"x0": (1, 2, 18)}, tensors=[x.name])
    assert reads.rows[x.name, "x0", 2].all()


def test_an_operator_without_a_twin_is_named() -> None:
    graph, _ = make(lambda g, x: one(g.add("DFT", g.add("Unsqueeze", [x, g.ints([-1])]))))
    with pytest.raises(NoTwinError, match="DFT"):
        linearised_twin(graph.model())


@dataclass
class Claim:
    """A tensor whose bounds are given by hand."""

    name: str
    low: list[int]
    high: list[int]
    op: str = "Conv"
    shape: tuple[int, ...] = (2, 3, 4)
    status: str = "exact"

    def bounds(
        self, axis: int, input: str | None = None, context: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        assert (axis, input, context) == (2, "x0", True)
        return np.array(self.low), np.array(self.high)


@pytest.mark.parametrize(
    ("low", "high", "unsound", "inexact"),
    [
        ([0, 1, 3, 5], [1, 3, 5, 7], 0, 0),
        ([0, 1, 3, 5], [1, 3, 4, 7], 6, 0),  # one short at the third step, for two samples and three channels
        ([0, 2, 3, 5], [1, 3, 5, 7], 6, 0),
        ([0, 1, 3, 5], [1, 3, 6, 7], 0, 6),
        ([-1, 1, 3, 5], [1, 3, 5, 7], 0, 6),
        ([9, 9, 9, 9], [-1, -1, -1, -1], 24, 0),
    ],
)
def test_wrong_bounds_are_noticed(low: list[int], high: list[int], unsound: int, inexact: int) -> None:
    graph, name = make(conv)
    seen = probe_rows(load(graph.model()), graph.inputs, axes={"x0": [2]})
    found = compare({name: Claim(name, low, high)}, seen)
    assert sum(d.elements for d in found.unsound) == unsound
    assert sum(d.elements for d in found.inexact) == inexact
    assert found.compared == 1


def test_a_difference_says_where_it_is() -> None:
    graph, name = make(conv)
    seen = probe_rows(load(graph.model()), graph.inputs, axes={"x0": [2]})
    found = compare({name: Claim(name, [0, 1, 3, 5], [1, 3, 4, 7])}, seen)
    assert found.report() == (
        f"unsound: {name} (Conv), along axis 2 of x0: 6 of 24 elements; element (0, 0, 2) claims [3, 4], seen [3, 5]"
    )


def test_unknown_claims_nothing() -> None:
    graph, name = make(conv)
    seen = probe_rows(load(graph.model()), graph.inputs, axes={"x0": [2]})
    assert compare({name: Claim(name, [], [], status="unknown")}, seen).compared == 0


def test_both_engines_see_the_same() -> None:
    graph, name = make(conv)
    one_way, other = (
        probe_rows(load(graph.model(), engine=e), graph.inputs) for e in ("onnxruntime", "reference")
    )
    assert all(np.array_equal(rows, other.rows[key]) for key, rows in one_way.rows.items())
    assert {tensor for tensor, _, _ in one_way.rows} == {name}


def test_a_known_mistake_rules_an_engine_out() -> None:
    def model(op: str, **attrs: object) -> object:
        node = helper.make_node(op, ["x"], ["y"], **attrs)
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 1, 7, 7))
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        return helper.make_model(helper.make_graph([node], "g", [x], [y]))

    window = {"kernel_shape": [3, 3], "dilations": [2, 2]}
    assert trusted(model("AveragePool", kernel_shape=[3, 3])) == ["onnxruntime", "reference"]
    assert trusted(model("AveragePool", auto_pad="VALID", **window)) == ["onnxruntime"]
    assert trusted(model("AveragePool", auto_pad="SAME_UPPER", **window)) == []
    assert {trap.why for trap in traps(model("MaxPool", auto_pad="SAME_LOWER", **window))}
    with pytest.raises(NoEngineError, match="dilation"):
        load(model("MaxPool", auto_pad="SAME_LOWER", **window))


def test_integers_and_truths_are_moved_within_their_kind() -> None:
    nodes = [
        helper.make_node("Gather", ["x", "i"], ["g"], axis=0),
        helper.make_node("Where", ["c", "g", "z"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "choice",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, (4,)),
            helper.make_tensor_value_info("i", TensorProto.INT64, (3,)),
            helper.make_tensor_value_info("c", TensorProto.BOOL, (3,)),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (3,))],
        [numpy_helper.from_array(np.array([7, 8, 9], np.float32), "z")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    given = {
        **generic_inputs({"x": (4,)}),
        "i": np.array([0, 3, 0]),  # indices out of range make the engine refuse, which is no influence
        "c": np.array([True, True, False]),
    }
    found = probe_elements(load(model), given)
    assert found["y", "c"].tolist() == np.eye(3, dtype=bool).tolist()
    assert found["g", "i"].tolist() == np.eye(3, dtype=bool).tolist()
    assert found["y", "i"].tolist() == np.diag([True, True, False]).tolist()


def test_not_a_number_equals_itself() -> None:
    a = np.array([np.nan, 1.0, np.inf, 2.0])
    b = np.array([np.nan, np.nan, np.inf, 2.5])
    assert differs(a, b).tolist() == [False, True, False, True]
    assert differs(a, a[:2]).all()


def test_every_tensor_can_be_seen() -> None:
    graph, name = make(lambda g, x: one(g.add("Relu", g.add("Neg", [x]))))
    assert [o.name for o in expose(graph.model()).graph.output] == ["neg_1", name]
    assert set(load(graph.model()).run(graph.inputs)) == {"neg_1", name}
