"""Forms of older opsets: attributes that became inputs, operators that have gone."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family


@family("slice_by_attributes", until=9)
def slice_by_attributes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Slice without steps."""
    axes = sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=2)))
    starts = [draw(st.integers(-x.shape[a] - 1, x.shape[a])) for a in axes]
    ends = [draw(st.sampled_from([2**31 - 1, -1, 1, 3])) for _ in axes]
    return graph.add("Slice", [x], starts=starts, ends=ends, axes=axes)


@family("pad_by_attributes", until=10)
def pad_by_attributes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pad of all axes; negative pads crop."""
    mode = draw(st.sampled_from(["constant", "reflect", "edge"]))
    low = -1 if mode == "constant" else 0
    pads = [draw(st.integers(low, min(2, n - 1))) for n in x.shape * 2]
    return graph.add("Pad", [x], pads=pads, mode=mode, value=0.5)


@family("upsample", since=9, until=9)
def upsample(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Upsample by whole and by other numbers."""
    scales = [1.0] * x.rank
    for axis in range(max(x.rank - 2, 0), x.rank):
        scales[axis] = draw(st.sampled_from([1.0, 2.0, 3.0, 1.5]))
    mode = "nearest" if x.rank != 4 else draw(st.sampled_from(["nearest", "linear"]))
    return graph.add("Upsample", [x, graph.constant(scales)], mode=mode)


@family("upsample_by_attributes", since=7, until=8)
def upsample_by_attributes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Upsample, with its scales in an attribute."""
    scales = [1.0] * max(x.rank - 2, 0) + [
        draw(st.sampled_from([1.0, 2.0, 3.0])) for _ in range(min(2, x.rank))
    ]
    return graph.add("Upsample", [x], mode="nearest", scales=scales)


@family("resize_ten", since=10, until=10)
def resize_ten(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Resize as it was first."""
    scales = [1.0, 1.0, *(draw(st.sampled_from([0.5, 2.0, 1.5])) for _ in range(x.rank - 2))]
    return graph.add("Resize", [x, graph.constant(scales[: x.rank])], mode="nearest")


@family("axes_by_attributes", until=12)
def axes_by_attributes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Squeeze, Unsqueeze and Split."""
    axis = draw(st.integers(0, x.rank - 1))
    kind = draw(st.sampled_from(["Squeeze", "Unsqueeze", "Split"]))
    if kind == "Squeeze":
        ones = [a for a, n in enumerate(x.shape) if n == 1]
        return graph.add("Squeeze", [x], axes=ones[:1]) if ones else []
    if kind == "Unsqueeze":
        return graph.add("Unsqueeze", [x], axes=[axis]) if x.rank < 5 else []
    first = draw(st.integers(1, x.shape[axis]))
    parts = [first, x.shape[axis] - first] if first < x.shape[axis] else [first]
    attrs: dict[str, Any] = {} if x.shape[axis] % 2 == 0 and draw(st.booleans()) else {"split": parts}
    return graph.add("Split", [x], 2 if not attrs else len(parts), axis=axis, **attrs)


@family("clip_by_attributes", until=10)
def clip_by_attributes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Clip."""
    return graph.add("Clip", [x], min=-3.0, max=6.0)


@family("largest_by_attribute", until=9)
def largest_by_attribute(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """TopK with its number in an attribute."""
    axis = draw(st.integers(0, x.rank - 1))
    graph.choices.add("data chooses what is read")
    return graph.script(f"y, i = TopK<axis = {axis}, k = {draw(st.integers(1, x.shape[axis]))}>(x)", x=x)


@family("old_scatter", since=9, until=10)
def old_scatter(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Scatter."""
    axis = draw(st.integers(0, x.rank - 1))
    shape = [1 if a == axis else n for a, n in enumerate(x.shape)]
    places = graph.choice(*shape, below=x.shape[axis])
    return graph.add("Scatter", [x, graph.ints(places), graph.weight(*shape)], axis=axis)


@family("old_scan", since=8, until=8)
def old_scan(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Scan over each sample by itself."""
    if x.rank < 3:
        return []
    body = "b (float s, float p) => (float t, float u) { t = Add(s, p) u = Identity(t) }"
    attrs = f"num_scan_inputs = 1, directions = [{draw(st.integers(0, 1))}]"
    init = graph.weight(x.shape[0], *x.shape[2:])
    return graph.script(f"y, z = Scan<body = {body}, {attrs}>(none, init, x)", "y z", x=x, init=init, none="")
