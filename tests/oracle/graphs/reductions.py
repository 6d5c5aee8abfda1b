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
    "ReduceLogSum",
    "ReduceSumSquare",
)


@family("reduce")
def reduce(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Reduce any axes, which stay or go; sometimes the result gates the tensor."""
    axes = [
        a - x.rank
        for a in sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=min(3, x.rank))))
    ]
    keep = draw(st.integers(0, 1))
    op = draw(st.sampled_from(REDUCERS))
    if draw(st.integers(0, 9)) == 0:
        return graph.add(op, [x], keepdims=keep)
    if graph.opset < (13 if op == "ReduceSum" else 18):
        made = graph.add(
            op, [x], axes=axes if graph.opset >= 11 else [a + x.rank for a in axes], keepdims=keep
        )
    else:
        made = graph.add(op, [x, graph.ints(axes)], keepdims=keep)
    if made and keep and draw(st.booleans()):
        return graph.add("Mul", [x, *made])
    return made


@family("softmax")
def softmax(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Normalise to 1 along an axis."""
    op = draw(st.sampled_from(["Softmax", "LogSoftmax", "Hardmax"]))
    return graph.add(op, [x], axis=draw(st.integers(-x.rank if graph.opset >= 11 else 0, x.rank - 1)))


@family("divided_by_norm")
def divided_by_norm(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Divide by a norm over an axis, or by mean and variance over some."""
    if draw(st.booleans()):
        return graph.add(
            "LpNormalization", [x], axis=draw(st.integers(0, x.rank - 1)), p=draw(st.integers(1, 2))
        )
    axes = sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=3)))
    return graph.add("MeanVarianceNormalization", [x], axes=axes)


@family("determinant", since=11)
def determinant(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Determinants of the matrices of the last two axes, which are made square."""
    if x.rank < 3:
        return []
    n = min(*x.shape[-2:], 3)
    cut = graph.add(
        "Slice", [x, graph.ints([0, 0]), graph.ints([n, n]), graph.ints([x.rank - 2, x.rank - 1])]
    )
    return graph.add("Det", cut) if cut else []


@family("norm")
def norm(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Normalise, with the tensor's own statistics or with stored ones."""
    if x.rank < 3:
        return []
    channels = x.shape[1]
    op = draw(st.sampled_from([
        "InstanceNormalization", "LayerNormalization", "RMSNormalization", "GroupNormalization",
        "BatchNormalization", "LRN",
    ]))  # fmt: skip
    if op == "LRN":
        # ONNX Runtime adds to and takes from one sum as it goes over channels: what rounding leaves of those that are
        # out of the window must be too little to be seen beside the 1 that is added to it.
        return graph.add("LRN", [x], engine="onnxruntime", size=draw(st.integers(1, 5)), alpha=2.0**-10)
    if op in ("LayerNormalization", "RMSNormalization"):
        axis = draw(st.integers(1, x.rank - 1))
        return graph.add(op, [x, graph.weight(*x.shape[axis:])], axis=axis - x.rank)
    parameters = [graph.weight(channels), graph.weight(channels)]
    if op == "GroupNormalization":
        groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
        return graph.add(op, [x, *parameters], num_groups=groups)
    if op == "InstanceNormalization":
        return graph.add(op, [x, *parameters])
    variance = graph.constant([1.0 + i for i in range(channels)])
    return graph.add(op, [x, *parameters, graph.weight(channels), variance])
