"""Reading at places that tensors give: grids, regions, deformable windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, LARGEST_TABLE, Sets
from pytest_rf.graph import Builder
from pytest_rf.operators.reads import ENDS, Ends, along, indexed
from pytest_rf.operators.views import slices
from pytest_rf.operators.windows import across
from pytest_rf.value import Shape, Value

Numbers = npt.NDArray[Any]


class Grid(NamedTuple):
    """How an image is sampled at the places of a grid, from -1 to 1.

    Attributes:
        mode: "nearest", "linear" or "cubic".
        border: what lies outside: "zeros", "border" (what lies at the border) or "reflection".
        corners: whether -1 and 1 are the centres of the outer pixels, or their edges.
        forms: gives the places along an axis of some extent, in each form in which engines compute them.
        slack: how far from a whole place one counts as whole.
    """

    mode: str
    border: str
    corners: bool
    forms: Callable[[Numbers, int, bool], Sequence[Numbers]]
    slack: float = 0.0


def grid_sample(b: Builder, x: Value, grid: Value, how: Grid) -> Value:
    """Return ``x`` (N, C, spatial...) at the places of ``grid`` (N, outputs..., axes), exactly if it is constant."""
    shape = (*x.extents[:2], *grid.extents[1:-1])
    data = None if grid.varies or not x.varies else grid.data
    if data is not None and 0 not in shape:
        alike = bool((data == data[:1]).all())
        if prod(shape[2:]) * prod(x.extents[2:]) * (1 if alike else len(data)) <= LARGEST_TABLE:
            if alike:
                return _sampled(b, x, data[0], how, shape)
            rows = [
                _sampled(b, slices(b, x, {0: (n, 1, 1)}), places, how, (1, *shape[1:]))
                for n, places in enumerate(data)
            ]
            return b.join(rows, 0)
    anywhere = dict.fromkeys(range(2, x.rank), ANYWHERE)
    return b.union(shape, along(x, anywhere), indexed(grid, 0, *range(2, x.rank), ENDS))


def _sampled(b: Builder, x: Value, places: Numbers, how: Grid, shape: Shape) -> Value:
    """Return ``x`` at the same known places for all of its samples."""
    spatial = x.extents[2:]
    flat = places.reshape(-1, len(spatial))[:, ::-1]  # the last axis comes first in a grid
    reads = np.ones((len(flat), 1), np.bool_)
    for axis, extent in enumerate(spatial):
        own = np.zeros((len(flat), extent), np.bool_)
        for where in how.forms(flat[:, axis], extent, how.corners):
            own |= reduce(np.logical_or, _tables(where, extent, how))
        reads = (reads[:, :, None] & own[:, None, :]).reshape(len(flat), -1)
    line = b.reshape(x, [*x.extents[:2], prod(spatial)])
    y = b.union([*x.extents[:2], len(flat)], along(line, {2: Sets(reads)}))
    return b.reshape(y, shape)


def _tables(where: Numbers, extent: int, how: Grid) -> list[npt.NDArray[np.bool_]]:
    """Return which positions are read at places along one axis: (places, extent), in each form of doing so."""
    where = np.where(np.isfinite(where), np.clip(where, -1e6, 1e6), -2.0)
    folded = how.border == "reflection" and how.mode != "cubic"
    if how.border == "border" and how.mode != "cubic":
        where = np.clip(where, 0, extent - 1)
    # A tie may be rounded before it is reflected or after.
    starts = [_folded(where, extent, how.corners)] if folded else [where]
    starts += [where] if folded and how.mode == "nearest" else []
    return [_table(start, extent, how) for start in starts]


def _table(where: Numbers, extent: int, how: Grid) -> npt.NDArray[np.bool_]:
    own = np.zeros((len(where), extent), np.bool_)
    for tap, weighs in _taps(where, how):
        inside = np.ones_like(tap, np.bool_)
        if how.border == "zeros":
            inside = (tap >= 0) & (tap < extent)
        elif how.border == "reflection":
            tap = np.rint(_folded(tap.astype(np.float64), extent, how.corners)).astype(np.int64)
        rows = np.flatnonzero(inside & weighs)
        own[rows, np.clip(tap, 0, extent - 1)[rows]] = True
    return own


def _taps(where: Numbers, how: Grid) -> list[tuple[Numbers, Numbers]]:
    """Return the neighbours of places, and whether each has a weight at all."""
    low, near = np.floor(where).astype(np.int64), np.rint(where).astype(np.int64)
    every = np.ones_like(low, np.bool_)
    if how.mode == "nearest":
        return [(near, every)]
    if how.mode == "cubic":
        return [(low + k, every) for k in (-1, 0, 1, 2)]
    exact = abs(where - near) <= how.slack
    return [(np.where(exact, near, low), every), (low + 1, ~exact)]


def _folded(where: Numbers, extent: int, corners: bool) -> Numbers:
    """Return places mirrored into the axis, at its outer pixels' centres or at their edges."""
    low, span = (0.0, float(extent - 1)) if corners else (-0.5, float(extent))
    if span <= 0:
        return np.zeros_like(where)
    turned = np.mod(where - low, 2 * span)
    return np.clip(np.where(turned > span, 2 * span - turned, turned) + low, 0, extent - 1)


def affine_grid(b: Builder, matrix: Value, shape: Shape) -> Value:
    """Return a grid of ``shape`` (N, places..., axes): a coordinate reads its row of its sample's matrix."""
    return b.union(shape, indexed(matrix, 0, len(shape) - 1, ENDS))


def deformable(
    b: Builder,
    x: Value,
    weights: Value,
    shape: Shape,
    group: int,
    *,
    steering: Sequence[Value],
    bias: Value | None = None,
) -> Value:
    """Return a deformable convolution of ``shape`` (N, channels, spatial...).

    Args:
        b: the builder.
        x: the image, read anywhere.
        weights: the kernels: a channel reads its own.
        shape: the result's.
        group: the number of groups of channels.
        steering: offsets and a mask, read at the place of the output.
        bias: a number for each channel.
    """
    spatial = range(2, x.rank)
    image = along(x, {1: across(x, shape[1], group), **dict.fromkeys(spatial, ANYWHERE)}, channel=1)
    places = [along(value, {1: ENDS}) for value in steering]
    kernels = indexed(weights, 1, *[ENDS] * (weights.rank - 1))
    return b.union(shape, image, *places, kernels, *([] if bias is None else [indexed(bias, 1)]))


def regions(
    b: Builder, x: Value, boxes: Value, shape: Shape, *, mixed: bool = False, samples: Value | None = None
) -> Value:
    """Return regions of ``x`` (N, C, h, w) that boxes choose: (boxes, channels, h, w).

    Args:
        b: the builder.
        x: the images: data says of which sample, and where.
        boxes: a row for each region.
        shape: the result's.
        mixed: whether a channel of a region reads all of the image, as its place in the region decides.
        samples: which sample each box lies in, where the boxes do not say.
    """
    image = indexed(x, Ends(ANYWHERE), ENDS if mixed else 1, (2, ANYWHERE), (3, ANYWHERE))
    rows = indexed(boxes, 0, ENDS)
    return b.union(shape, image, rows, *([] if samples is None else [indexed(samples, 0)]))
