"""An operator of ONNX and its counterpart of ATen read the same, of operands and arguments at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from pytest_rf.analysis import Analysis
from pytest_rf.graph import Builder, Node, Value
from pytest_rf.operators import aten, onnx
from pytest_rf.operators.aten.call import OpCall
from pytest_rf.operators.onnx.call import NodeCall

Random = np.random.Generator


class Pair(NamedTuple):
    """What both rules get: operands by name (a shape, or elements), and the arguments of either.

    Attributes:
        operands: name -> shape of what is computed, or the elements of a constant.
        onnx: the operator, its operands in order, its attributes.
        aten: the operator, its arguments; those that name an operand stand for it.
        shape: the result's.
    """

    operands: Mapping[str, tuple[int, ...] | np.ndarray]
    onnx: tuple[str, tuple[str, ...], dict[str, Any]]
    aten: tuple[str, dict[str, Any]]
    shape: tuple[int, ...]


def some(rng: Random, name: str, shape: tuple[int, ...], chance: float = 0.5) -> tuple[int, ...] | np.ndarray:
    """Return an operand that is computed, or a constant one."""
    return shape if rng.random() < chance else rng.uniform(-1, 1, shape).astype(np.float32)


def deformable(rng: Random) -> Pair:
    group, kernel, (h, w) = int(rng.integers(1, 3)), int(rng.integers(1, 4)), rng.integers(4, 7, 2)
    out = (int(h) - kernel + 1, int(w) - kernel + 1)
    shapes = {
        "x": (2, 4, int(h), int(w)),
        "w": (6, 4 // group, kernel, kernel),
        "o": (2, 2 * kernel**2, *out),
        "b": (6,),
        "m": (2, kernel**2, *out),
    }
    operands = {name: some(rng, name, shape, 0.7) for name, shape in shapes.items()}
    arguments = {"input": "x", "weight": "w", "offset": "o", "mask": "m", "bias": "b", "groups": group}
    return Pair(
        operands,
        ("DeformConv", ("x", "w", "o", "b", "m"), {"group": group}),
        ("torchvision.deform_conv2d", {**arguments, "use_mask": True}),
        (2, 6, *out),
    )


def affine(rng: Random) -> Pair:
    size = (2, 3, *map(int, rng.integers(2, 5, rng.integers(2, 4))))
    rank = len(size) - 2
    return Pair(
        {"m": (2, rank, rank + 1), "size": np.asarray(size)},
        ("AffineGrid", ("m", "size"), {}),
        ("aten.affine_grid_generator", {"theta": "m"}),
        (*size[:1], *size[2:], rank),
    )


def grid(rng: Random) -> Pair:
    rank = int(rng.integers(2, 4))
    extents, outputs = (tuple(map(int, rng.integers(2, 6, rank))) for _ in range(2))
    mode = int(rng.integers(0, 2 if rank == 3 else 3))
    border, corners = int(rng.integers(0, 3)), bool(rng.integers(0, 2))
    places = rng.uniform(-1.3, 1.3, (2, *outputs, rank)).astype(np.float32)
    if rng.random() < 0.3:
        places[1] = places[0]
    attributes = {
        "mode": ("linear", "nearest", "cubic")[mode],
        "padding_mode": ("zeros", "border", "reflection")[border],
        "align_corners": int(corners),
    }
    arguments = {"interpolation_mode": mode, "padding_mode": border, "align_corners": corners}
    return Pair(
        {"x": (2, 3, *extents), "g": places if rng.random() < 0.8 else places.shape},
        ("GridSample", ("x", "g"), attributes),
        (f"aten.grid_sampler_{rank}d", {"input": "x", "grid": "g", **arguments}),
        (2, 3, *outputs),
    )


def zoom(rng: Random) -> Pair:
    rank = int(rng.integers(1, 4))
    extents, sizes = (tuple(map(int, rng.integers(1, 12, rank))) for _ in range(2))
    sizes = tuple(n * int(rng.choice([1, 2, 4])) for n in extents)
    linear = bool(rng.integers(0, 2))
    name = ("linear1d", "bilinear2d", "trilinear3d")[rank - 1] if linear else f"nearest{rank}d"
    attributes = {
        "mode": "linear" if linear else "nearest",
        "coordinate_transformation_mode": "half_pixel" if linear else "asymmetric",
        "nearest_mode": "floor",
    }
    return Pair(
        {"x": (1, 2, *extents), "s": np.asarray([1, 2, *sizes])},
        ("Resize", ("x", "", "", "s"), attributes),
        (f"aten.upsample_{name}", {"self": "x", "align_corners": False}),
        (1, 2, *sizes),
    )


def regions(rng: Random) -> Pair:
    count = int(rng.integers(1, 4))
    # In torch a box begins with its sample, which is read as it is.
    return Pair(
        {"x": (2, 3, 5, 6), "r": (count, 4), "s": np.zeros(count, np.int64)},
        ("RoiAlign", ("x", "r", "s"), {"output_height": 2, "output_width": 3}),
        ("torchvision.roi_align", {"input": "x", "rois": "r"}),
        (count, 3, 2, 3),
    )


def transposed(rng: Random) -> Pair:
    kernel, stride, dilation = (int(n) for n in rng.integers(1, 4, 3))
    group, pad = int(rng.integers(1, 3)), int(rng.integers(0, 2))
    length = stride * 4 + dilation * (kernel - 1) + 1 - 2 * pad
    if length < 1:
        return transposed(rng)
    attributes = {"strides": [stride], "dilations": [dilation], "group": group, "pads": [pad, pad]}
    arguments = {
        "stride": [stride], "padding": [pad], "dilation": [dilation], "groups": group, "output_padding": [0]
    }  # fmt: skip
    return Pair(
        {"x": (2, 4, 5), "w": some(rng, "w", (4, 3, kernel)), "b": some(rng, "b", (3 * group,))},
        ("ConvTranspose", ("x", "w", "b"), attributes),
        ("aten.convolution", {"input": "x", "weight": "w", "bias": "b", "transposed": True, **arguments}),
        (2, 3 * group, length),
    )


def distances(rng: Random) -> Pair:
    shapes = {"x": (2, 3, 4), "y": (2, 4, 5)}
    operands = {name: some(rng, name, shape, 0.8) for name, shape in shapes.items()}
    return Pair(operands, ("MatMul", ("x", "y"), {}), ("aten.bmm", {"self": "x", "mat2": "y"}), (2, 3, 5))


PAIRS = (deformable, affine, grid, zoom, regions, transposed, distances)


def run(made: Callable[[Builder, dict[str, Value]], Any], operands: Mapping[str, Any]) -> Analysis:
    b = Builder()
    values = {
        name: b.array(one) if isinstance(one, np.ndarray) else b.input(name, one)
        for name, one in operands.items()
    }
    b.begin(Node("y", "operator"))
    y = made(b, values)
    b.node.outputs["y"] = b.graph.outputs["y"] = y
    return Analysis(b.graph, "net")


@pytest.mark.parametrize("draw", PAIRS)
def test_the_rules_of_a_pair_read_the_same(draw: Callable[[Random], Pair]) -> None:
    for seed in range(30):
        pair = draw(np.random.default_rng(seed))
        op, names, attributes = pair.onnx
        name, arguments = pair.aten

        def as_node(b: Builder, values: dict[str, Value], op=op, names=names, attributes=attributes) -> Any:
            operands = [values[one] if one else None for one in names]
            return onnx.table()[op](NodeCall(b, op, operands, attributes, 20, lambda: op))

        def as_call(b: Builder, values: dict[str, Value], name=name, arguments=arguments, pair=pair) -> Any:
            given = {
                key: values.get(one, one) if isinstance(one, str) else one for key, one in arguments.items()
            }
            return aten.table()[name](OpCall(b, f"{name}.default", given, [pair.shape]))

        a, b = (run(made, pair.operands)["y"] for made in (as_node, as_call))
        assert a.shape == b.shape == pair.shape
        assert a.inputs == b.inputs, seed
        assert a.status == b.status or "grid" in name, seed
        for source in a.inputs:
            for axis in range(len(pair.operands[source])):
                for one, other in zip(a.bounds(axis, source), b.bounds(axis, source), strict=True):
                    assert np.array_equal(one, other), (seed, pair, source, axis)
