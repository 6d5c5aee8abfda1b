"""Sampling at places given by tensors: constant grids, deformable convolution, regions of interest."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation, Sets
from pytest_rf.graph import Value
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import Call, Rules
from pytest_rf.operators.windows import Window

Numbers = npt.NDArray[Any]
_LIMIT = 1 << 24


def constant_grid(call: Call, x: Value, grid: Value) -> Value:
    """Return grid_sample at known places, exactly where the table of what is read stays small."""
    places = call.data(grid)
    n, c, *spatial = x.extents
    outputs = call.shape[2:]
    alike = bool((places == places[:1]).all())
    if not alike or prod(outputs) * prod(spatial) > _LIMIT:
        axes: list[tuple[int | None, Relation]] = [(0, SAME), (1, SAME)]
        axes += [(axis, ANYWHERE) for axis in range(2, x.rank)]
        return call.b.union(call.shape, Read(x.number, tuple(axes)))
    mode, border, corners = (
        int(call["interpolation_mode"]),
        int(call["padding_mode"]),
        bool(call["align_corners"]),
    )
    flat = places[0].reshape(-1, len(spatial))[:, ::-1]  # x comes first in a grid
    reads = np.ones((flat.shape[0], 1), np.bool_)
    for axis, extent in enumerate(spatial):
        own = np.zeros((flat.shape[0], extent), np.bool_)
        for tap in (
            tap for where in _places(flat[:, axis], extent, corners) for tap in _neighbours(where, mode)
        ):
            inside = (tap >= 0) & (tap < extent)
            if border == 1:
                tap, inside = np.clip(tap, 0, extent - 1), np.ones_like(inside)
            elif border == 2:
                tap, inside = _reflected(tap, extent, corners), np.ones_like(inside)
            own[np.nonzero(inside)[0], tap[inside]] = True
        reads = (reads[:, :, None] & own[:, None, :]).reshape(flat.shape[0], -1)
    line = call.b.reshape(x, [n, c, prod(spatial)])
    axes = [(0, SAME), (1, SAME), (2, Sets(reads))]
    y = call.b.union([n, c, flat.shape[0]], Read(line.number, tuple(axes)))
    return call.b.reshape(y, [n, c, *outputs])


def _places(grid: Numbers, extent: int, corners: bool) -> list[Numbers]:
    """Return where a grid points to, as the implementations of torch round it."""
    if corners:
        return [(grid + 1) / 2 * (extent - 1), (grid + 1) * ((extent - 1) / 2)]
    from_one: Numbers = grid + 1
    fused = from_one.astype(np.longdouble) * np.longdouble(extent / 2) - np.longdouble(0.5)  # rounded once
    return [(from_one * extent - 1) / 2, from_one * (extent / 2) - 0.5, fused]


def _neighbours(where: Numbers, mode: int) -> list[Numbers]:
    low = np.floor(where).astype(np.int64)
    if mode == 1:  # nearest
        return [np.rint(where).astype(np.int64)]
    exact = where == np.rint(where)  # a weight that rounding makes tiny is still a weight
    if mode == 0:
        return [
            np.where(exact, np.rint(where).astype(np.int64), low),
            np.where(exact, np.rint(where).astype(np.int64), low + 1),
        ]
    return [low + k for k in (-1, 0, 1, 2)]


def _reflected(tap: Numbers, extent: int, corners: bool) -> Numbers:
    if corners:
        period = max(2 * (extent - 1), 1)
        tap = np.abs(tap) % period
        return np.minimum(np.where(tap >= extent, period - tap, tap), extent - 1)
    period = 2 * extent
    tap = np.mod(tap, period)
    return np.where(tap >= extent, period - 1 - tap, tap)


def affine_grid(call: Call) -> Value:
    """affine_grid_generator: every place of the grid reads its sample's matrix."""
    theta = call.given("theta")[0]
    return call.b.union(call.shape, Read(theta.number, ((0, SAME), (None, WHOLE), (None, WHOLE))))


def deformable(call: Call) -> Value:
    """deform_conv2d: pixels anywhere, where the offsets of this position say."""
    x, offset = call.x, call.given("offset")[0]
    weight, mask = call.given("weight")[0], call.given("mask")
    windows.describe(call.b, [Window(k) for k in weight.extents[2:]], kind="deformable")
    axes = ((0, SAME), (None, WHOLE), (2, ANYWHERE), (3, ANYWHERE))
    reads = [Read(x.number, axes, channel=1)] if x.varies else []
    for steer in (offset, *mask):
        if steer.varies and 0 not in steer.extents:
            reads.append(Read(steer.number, ((0, SAME), (None, WHOLE), (2, SAME), (3, SAME))))
    return call.b.union(call.shape, *reads)


def region_pool(call: Call) -> Value:
    """roi_align, roi_pool: a region that the boxes choose."""
    x, boxes = call.x, call.given("rois")[0]
    positions = "ps_" in call.name
    across: tuple[int | None, Relation] = (None, WHOLE) if positions else (1, SAME)
    axes: tuple[tuple[int | None, Relation], ...] = ((None, ANYWHERE), across, (2, ANYWHERE), (3, ANYWHERE))
    reads = [Read(x.number, axes)] if x.varies else []
    if boxes.varies:
        reads.append(Read(boxes.number, ((0, SAME), (None, WHOLE))))
    return call.b.union(call.shape, *reads)


RULES: Rules = {
    "aten.affine_grid_generator": affine_grid,
    "torchvision.deform_conv2d": deformable,
    **{
        f"torchvision.{name}": region_pool
        for name in ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool")
    },
}
