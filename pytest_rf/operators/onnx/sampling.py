"""Operators of ONNX that read at places which tensors give: grids, regions, deformable windows."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.operators import sampling, windows
from pytest_rf.operators.onnx.call import DISPUTED, NodeCall, Rules
from pytest_rf.operators.onnx.convolutions import fit, geometry_of
from pytest_rf.operators.sampling import Grid
from pytest_rf.value import Value

Numbers = npt.NDArray[Any]


def affine_grid(call: NodeCall) -> Value:
    """AffineGrid: a row of the matrix of its sample at every place."""
    matrix, size = call.x, call.numbers(1)
    spatial = len(size) - 2
    if spatial not in (2, 3) or matrix.extents != (size[0], spatial, spatial + 1):
        call.fail(f"matrices of shape {matrix.shape} do not fit a grid of {size}")
    shape = (size[0], *(call.limited("size", n) for n in size[2:]), spatial)
    if not matrix.varies and call.integer("align_corners", 0) and 1 in shape[1:-1]:
        # Corners of an axis of one place: at -1, in the middle, or a division by 0.
        return call.b.constant(shape, missing=DISPUTED)
    return sampling.affine_grid(call.b, matrix, shape)


def grid_sample(call: NodeCall) -> Value:
    """GridSample: pixels at the places of a grid, exactly where the grid is constant."""
    x, grid = call.x, call.operand(1)
    if x.rank < 3 or grid.rank != x.rank or grid.extents[-1] != x.rank - 2 or grid.extents[0] != x.extents[0]:
        call.fail(f"a grid of shape {grid.shape} does not fit {x.shape}")
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(given := call.text("mode", "linear"), given)
    border = call.text("padding_mode", "zeros")
    if mode not in ("linear", "nearest", "cubic"):
        call.fail(f"mode {given!r} is none of linear, nearest, cubic")
    if border not in ("zeros", "border", "reflection"):
        call.fail(f"padding_mode {border!r} is none of zeros, border, reflection")
    corners = bool(call.integer("align_corners", 0))
    return sampling.grid_sample(call.b, x, grid, Grid(mode, border, corners, _places, slack=1e-7))


def _places(grid: Numbers, extent: int, corners: bool) -> list[Numbers]:
    """Return where a grid points to."""
    wide = grid.astype(np.float64)
    return [(wide + 1) / 2 * (extent - 1) if corners else ((wide + 1) * extent - 1) / 2]


def regions(call: NodeCall) -> Value:
    """RoiAlign, MaxRoiPool: pixels of a region of a sample, both of which data chooses."""
    x, boxes = call.x, call.operand(1)
    if x.rank != 4 or boxes.rank != 2:
        call.fail(f"an input {x.shape} and regions {boxes.shape} do not fit")
    if call.op == "RoiAlign":
        size = [call.integer("output_height", 1), call.integer("output_width", 1)]
    else:
        size = call.integers("pooled_shape", count=2)
    if min(size) < 1:
        call.fail(f"regions of {size} pixels")
    samples = call.optional(2)
    if samples is not None and samples.extents != boxes.extents[:1]:
        call.fail(f"indices of samples of shape {samples.shape} do not fit {boxes.extents[0]} regions")
    shape = (boxes.extents[0], x.extents[1], *size)
    return sampling.regions(call.b, x, boxes, shape, samples=samples)


def deformable(call: NodeCall) -> Value:
    """DeformConv: pixels anywhere, where the offsets at the output's position say."""
    x, weights, offset = call.x, call.operand(1), call.operand(2)
    kernel = list(weights.extents[2:])
    geometry = geometry_of(call, x, kernel)
    group = call.integer("group", 1)
    channels = weights.extents[0]
    if group < 1 or x.extents[1] % group or channels % group or weights.extents[1] * group != x.extents[1]:
        call.fail(f"weights {weights.shape} in {group} groups do not fit {x.extents[1]} input channels")
    windows.describe(call.b, geometry, group, kind="deformable")
    outputs = [w.output(n) for w, n in zip(geometry, x.extents[2:], strict=True)]
    fit(call, x, geometry, outputs)
    shape = (x.extents[0], call.limited("channels", channels), *outputs)
    taps, parts = prod(kernel), call.integer("offset_group", 1)
    mask, bias = call.optional(4), call.optional(3)
    for what, value, fits in (
        ("offsets", offset, (x.extents[0], 2 * taps * parts, *outputs)),
        ("a mask", mask, (x.extents[0], taps * parts, *outputs)),
        ("a bias", bias, (channels,)),
    ):
        if value is not None and value.extents != fits:
            call.fail(f"{what} of shape {value.shape} where {fits} is needed")
    steering = [offset, *([] if mask is None else [mask])]
    return sampling.deformable(call.b, x, weights, shape, group, steering=steering, bias=bias)


RULES: Rules = {
    "AffineGrid": affine_grid,
    "GridSample": grid_sample,
    **dict.fromkeys(["RoiAlign", "MaxRoiPool"], regions),
    "DeformConv": deformable,
}
