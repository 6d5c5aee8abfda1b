"""Resizing, padding, and moving between depth and space."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family

COORDINATES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
ROUNDING = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@family("resize")
def resize(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Resize some of the spatial axes, by sizes or by scales."""
    if x.rank not in (3, 4, 5):
        return []
    mode = draw(st.sampled_from(["nearest", "nearest", "linear", "cubic"]))
    attrs: dict[str, Any] = {
        "mode": mode,
        "coordinate_transformation_mode": draw(st.sampled_from(COORDINATES)),
    }
    if mode == "nearest":
        attrs["nearest_mode"] = draw(st.sampled_from(ROUNDING))
    elif draw(st.booleans()) and attrs["coordinate_transformation_mode"] != "tf_crop_and_resize":
        attrs["antialias"] = 1
    if mode == "cubic" and draw(st.booleans()):
        attrs["exclude_outside"] = 1
    spatial = x.rank - 2
    moved = [draw(st.booleans()) for _ in range(spatial)]
    roi: Value | str = ""
    if attrs["coordinate_transformation_mode"] == "tf_crop_and_resize":
        starts = [draw(st.sampled_from([0.0, 0.25, -0.25])) if m else 0.0 for m in moved]
        ends = [draw(st.sampled_from([1.0, 0.75, 1.25])) if m else 1.0 for m in moved]
        roi = graph.constant([0, 0, *starts, 1, 1, *ends])
    # By scales the only engine that knows roi takes lengths that are no integers, and but for whole scales
    # half_pixel_symmetric lands so near to integers that rounding decides which neighbours are read.
    transform = attrs["coordinate_transformation_mode"]
    if transform in ("tf_crop_and_resize", "half_pixel_symmetric") or draw(st.booleans()):
        sizes = list(x.shape[2:])
        for place in (place for place, m in enumerate(moved) if m):
            n = sizes[place]
            symmetric = transform == "half_pixel_symmetric"
            sizes[place] = n * draw(st.integers(1, 3)) if symmetric else draw(st.integers(1, 2 * n + 1))
        inputs: list[Value | str] = [x, roi, "", graph.ints([*x.shape[:2], *sizes])]
    else:
        scales = [draw(st.sampled_from([0.5, 2.0, 3.0, 1.5, 0.7])) if m else 1.0 for m in moved]
        inputs = [x, roi, graph.constant([1, 1, *scales])]
    made = graph.add("Resize", inputs, **attrs)
    if made and mode == "cubic":
        graph.doubts.add("cubic Resize has weights that are 0 at some positions")
    return made


@family("pad")
def pad(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pad in every mode, on any axis; negative pads crop."""
    mode = draw(st.sampled_from(["constant", "constant", "reflect", "edge", "wrap"]))
    low = -1 if mode in ("constant", "edge") else 0
    axes = sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=2)))
    pads = [
        # a reflection has no more to show than the axis less its border
        draw(st.integers(low, min(3, x.shape[a] - 1 if mode == "reflect" else 3)))
        for a in axes * 2
    ]
    if draw(st.booleans()):
        return graph.add("Pad", [x, graph.ints(pads), "", graph.ints(axes)], mode=mode)
    full = [0] * (2 * x.rank)
    for place, amount in enumerate(pads):
        full[axes[place % len(axes)] + x.rank * (place // len(axes))] = amount
    value = [graph.constant(0.5)] if mode == "constant" and draw(st.booleans()) else []
    return graph.add("Pad", [x, graph.ints(full), *value], mode=mode)


@family("depth_and_space")
def depth_and_space(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pixel shuffle in both orders, and back."""
    if x.rank != 4:
        return []
    blocks = [n for n in (2, 3) if x.shape[2] % n == x.shape[3] % n == 0]
    if blocks and draw(st.booleans()):
        return graph.add("SpaceToDepth", [x], blocksize=draw(st.sampled_from(blocks)))
    if x.shape[1] % 4 and draw(st.booleans()):
        made = graph.add("Conv", [x, graph.weight(4, x.shape[1], 1, 1)])
        if not made:
            return []
        x = made[0]
    return graph.add("DepthToSpace", [x], blocksize=2, mode=draw(st.sampled_from(["DCR", "CRD"])))
