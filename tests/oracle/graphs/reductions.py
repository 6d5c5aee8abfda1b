"""Reductions, and what brings statistics back onto positions."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family

REDUCERS = (
    "ReduceMean",
    "ReduceSum",
    "ReduceMax",
    "ReduceMin",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSumExp",
    "ReduceProd",
)


@family("reduce")
def reduce(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Reduce any axes, which stay or go; sometimes the result gates the tensor."""
    axes = sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=min(3, x.rank))))
    keep = draw(st.integers(0, 1))
    op = draw(st.sampled_from(REDUCERS))
    if draw(st.integers(0, 9)) == 0:
        return graph.add(op, [x], keepdims=keep)
    made = graph.add(op, [x, graph.ints([a - x.rank for a in axes])], keepdims=keep)
    if made and keep and draw(st.booleans()):
        return graph.add("Mul", [x, *made])
    return made


@family("softmax")
def softmax(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Normalise to 1 along an axis."""
    op = draw(st.sampled_from(["Softmax", "LogSoftmax"]))
    return graph.add(op, [x], axis=draw(st.integers(-x.rank, x.rank - 1)))


@family("norm")
def norm(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Normalise, with the tensor's own statistics or with stored ones."""
    if x.rank < 3:
        return []
    channels = x.shape[1]
    kind = draw(st.sampled_from(["Instance", "Layer", "Group", "Batch", "LRN"]))
    if kind == "LRN":
        return graph.add("LRN", [x], engine="onnxruntime", size=draw(st.integers(1, 5)), alpha=0.5)
    if kind == "Layer":
        axis = draw(st.integers(1, x.rank - 1))
        return graph.add("LayerNormalization", [x, graph.weight(*x.shape[axis:])], axis=axis - x.rank)
    parameters = [graph.weight(channels), graph.weight(channels)]
    if kind == "Group":
        groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
        return graph.add("GroupNormalization", [x, *parameters], num_groups=groups)
    if kind == "Instance":
        return graph.add("InstanceNormalization", [x, *parameters])
    variance = graph.constant([1.0 + i for i in range(channels)])
    return graph.add("BatchNormalization", [x, *parameters, graph.weight(channels), variance])
