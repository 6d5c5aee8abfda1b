"""Operators of ONNX that read at places which tensors give: grids, regions, deformable windows."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation, Sets, groups
from pytest_rf.graph import Value
from pytest_rf.operators import views, windows
from pytest_rf.operators.onnx.call import DISPUTED, Call, Rules
from pytest_rf.operators.onnx.convolutions import geometry_of

Numbers = npt.NDArray[Any]
LARGEST = 1 << 22
"""Tables of (output, input) pairs with more entries are not written out."""


def affine_grid(call: Call) -> Value:
    """AffineGrid: a row of the matrix of its sample at every place."""
    matrix, size = call.x, call.numbers(1)
    spatial = len(size) - 2
    if spatial not in (2, 3) or matrix.extents != (size[0], spatial, spatial + 1):
        call.fail(f"matrices of shape {matrix.shape} do not fit a grid of {size}")
    shape = (size[0], *(call.limited("size", n) for n in size[2:]), spatial)
    if not matrix.varies and call.integer("align_corners", 0) and 1 in shape[1:-1]:
        # Corners of an axis of one place: at -1, in the middle, or a division by 0.
        return call.b.constant(shape, missing=DISPUTED)
    row: tuple[tuple[int | None, Relation], ...] = ((0, SAME), (len(shape) - 1, SAME), (None, WHOLE))
    return call.b.union(shape, *([Read(matrix.number, row)] if matrix.varies else []))


def grid_sample(call: Call) -> Value:
    """GridSample: pixels at the places of a grid, exactly where the grid is constant."""
    x, grid = call.x, call.operand(1)
    if x.rank < 3 or grid.rank != x.rank or grid.extents[-1] != x.rank - 2 or grid.extents[0] != x.extents[0]:
        call.fail(f"a grid of shape {grid.shape} does not fit {x.shape}")
    shape = (*x.extents[:2], *grid.extents[1:-1])
    if grid.data is not None and prod(shape[2:]) * prod(x.extents[2:]) <= LARGEST and x.varies:
        places = grid.data.astype(np.float64)
        if (places == places[:1]).all():
            return _sampled(call, x, places[0], shape)
        rows = [
            _sampled(call, views.slices(call.b, x, {0: (n, 1, 1)}), places[n], (1, *shape[1:]))
            for n in range(len(places))
        ]
        return call.b.join(rows, 0)
    reads = []
    if x.varies:
        anywhere: list[tuple[int | None, Relation]] = [(d, ANYWHERE) for d in range(2, x.rank)]
        reads.append(Read(x.number, ((0, SAME), (1, SAME), *anywhere)))
    if grid.varies:
        steer: list[tuple[int | None, Relation]] = [(d + 1, SAME) for d in range(1, grid.rank - 1)]
        reads.append(Read(grid.number, ((0, SAME), *steer, (None, WHOLE))))
    return call.b.union(shape, *reads)


def _sampled(call: Call, x: Value, places: Numbers, shape: tuple[int, ...]) -> Value:
    """Return ``x`` at the same known places for all of its samples."""
    mode = call.text("mode", "linear")
    border = call.text("padding_mode", "zeros")
    corners = bool(call.integer("align_corners", 0))
    if mode not in ("linear", "bilinear", "nearest", "cubic", "bicubic"):
        call.fail(f"mode {mode!r} is none of linear, nearest, cubic")
    if border not in ("zeros", "border", "reflection"):
        call.fail(f"padding_mode {border!r} is none of zeros, border, reflection")
    spatial = x.extents[2:]
    flat = places.reshape(-1, len(spatial))[:, ::-1]  # the last axis comes first in a grid
    reads = np.ones((len(flat), 1), np.bool_)
    for axis, extent in enumerate(spatial):
        where = (flat[:, axis] + 1) / 2 * (extent - 1) if corners else ((flat[:, axis] + 1) * extent - 1) / 2
        where = np.where(np.isfinite(where), np.clip(where, -1e6, 1e6), -2.0)
        own = np.zeros((len(flat), extent), np.bool_)
        if border == "reflection" and not mode.endswith("cubic"):
            where = _folded(where, extent, corners)
        elif border == "border" and not mode.endswith("cubic"):
            where = np.clip(where, 0, extent - 1)
        for tap, weighs in _taps(where, mode):
            if border == "zeros":
                inside = (tap >= 0) & (tap < extent)
            else:
                inside = np.ones_like(tap, np.bool_)
                folded = np.rint(_folded(tap.astype(np.float64), extent, corners)).astype(np.int64)
                tap = np.clip(folded if border == "reflection" else tap, 0, extent - 1)
            rows = np.flatnonzero(inside & weighs)
            own[rows, tap[rows]] = True
        reads = (reads[:, :, None] & own[:, None, :]).reshape(len(flat), -1)
    line = call.b.reshape(x, [*x.extents[:2], prod(spatial)])
    y = call.b.union([*x.extents[:2], len(flat)], Read(line.number, ((0, SAME), (1, SAME), (2, Sets(reads)))))
    return call.b.reshape(y, shape)


def _taps(where: Numbers, mode: str) -> list[tuple[Numbers, Numbers]]:
    """Return the neighbours of places, and whether each has a weight at all."""
    low = np.floor(where).astype(np.int64)
    if mode == "nearest":
        return [(np.rint(where).astype(np.int64), np.ones_like(low, np.bool_))]
    exact = np.isclose(where, np.rint(where), atol=1e-7, rtol=0)
    if mode.endswith("cubic"):
        return [(low + k, np.ones_like(exact)) for k in (-1, 0, 1, 2)]
    near = np.rint(where).astype(np.int64)
    return [(np.where(exact, near, low), np.ones_like(exact)), (low + 1, ~exact)]


def _folded(where: Numbers, extent: int, corners: bool) -> Numbers:
    """Return places mirrored into the axis, at its outer pixels' centres or at their edges."""
    low, span = (0.0, float(extent - 1)) if corners else (-0.5, float(extent))
    if span <= 0:
        return np.zeros_like(where)
    turned = np.mod(where - low, 2 * span)
    return np.clip(np.where(turned > span, 2 * span - turned, turned) + low, 0, extent - 1)


def regions(call: Call) -> Value:
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
    shape = (boxes.extents[0], x.extents[1], *size)
    reads = []
    if x.varies:
        reads.append(Read(x.number, ((None, ANYWHERE), (1, SAME), (2, ANYWHERE), (3, ANYWHERE))))
    if boxes.varies:
        reads.append(Read(boxes.number, ((0, SAME), (None, WHOLE))))
    if call.has(2) and call.operand(2).varies:
        reads.append(Read(call.operand(2).number, ((0, SAME),)))
    return call.b.union(shape, *reads)


def deformable(call: Call) -> Value:
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
    across = groups(x.extents[1], call.limited("channels", channels), group)
    anywhere: list[tuple[int | None, Relation]] = [(d, ANYWHERE) for d in range(2, x.rank)]
    same: list[tuple[int | None, Relation]] = [(d, SAME) for d in range(2, x.rank)]
    reads = []
    if x.varies:
        axes = ((0, SAME), (None if across == WHOLE else 1, across), *anywhere)
        reads.append(Read(x.number, axes, channel=1))
    for steer in (offset, call.optional(4)):
        if steer is not None and steer.varies:
            reads.append(Read(steer.number, ((0, SAME), (None, WHOLE), *same)))
    bias = call.optional(3)
    if bias is not None and bias.varies:
        reads.append(Read(bias.number, ((1, SAME),)))
    if weights.varies:
        reads.append(Read(weights.number, ((1, SAME), *[(None, WHOLE)] * (weights.rank - 1))))
    return call.b.union((x.extents[0], channels, *outputs), *reads)


RULES: Rules = {
    "AffineGrid": affine_grid,
    "GridSample": grid_sample,
    **dict.fromkeys(["RoiAlign", "MaxRoiPool"], regions),
    "DeformConv": deformable,
}
