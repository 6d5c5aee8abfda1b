"""Pairs of operators with windows, grids, spectra and recurrences."""

from __future__ import annotations

import numpy as np

from operators.pair import Pair, Pairs, Random, some


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


PAIRS: Pairs = {one.__name__: one for one in (deformable, affine, grid, zoom, regions, transposed)}
