"""Reading at places given by tensors: grids, deformable convolution, regions of interest."""

from __future__ import annotations

import numpy as np

from pytest_rf.operators import sampling, windows
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.sampling import Grid, Numbers
from pytest_rf.value import Value

_MODES = ("linear", "nearest", "cubic")
_BORDERS = ("zeros", "border", "reflection")


def grid_sample(call: OpCall) -> Value:
    """grid_sample: the grid says which pixel; a constant one is followed, another is an upper bound."""
    mode, border = _MODES[int(call["interpolation_mode"])], _BORDERS[int(call["padding_mode"])]
    how = Grid(mode, border, bool(call["align_corners"]), _places)
    return sampling.grid_sample(call.b, call.x, call.given("grid")[0], how)


def _places(grid: Numbers, extent: int, corners: bool) -> list[Numbers]:
    """Return where a grid points to, as the implementations of torch round it."""
    if corners:
        return [(grid + 1) / 2 * (extent - 1), (grid + 1) * ((extent - 1) / 2)]
    from_one: Numbers = grid + 1
    fused = from_one.astype(np.longdouble) * np.longdouble(extent / 2) - np.longdouble(0.5)  # rounded once
    return [(from_one * extent - 1) / 2, from_one * (extent / 2) - 0.5, fused]


def affine_grid(call: OpCall) -> Value:
    """affine_grid_generator: every place of the grid reads the rows of its sample's matrix."""
    return sampling.affine_grid(call.b, call.given("theta")[0], call.shape)


def deformable(call: OpCall) -> Value:
    """deform_conv2d: pixels anywhere, where the offsets of this position say."""
    weight, offset = call.given("weight", "offset")
    sizes = (("stride", 1), ("dilation", 1), ("pad", 0))
    numbers = ([call.get(f"{name}_{side}", default) for side in "hw"] for name, default in sizes)
    group = call.x.extents[1] // weight.extents[1]
    windows.describe(call.b, windows.geometry(weight.extents[2:], *numbers), group, kind="deformable")
    mask, bias = ([v for v in call.given(name) if 0 not in v.extents] for name in ("mask", "bias"))
    steering = [offset, *(mask if call.get("use_mask", True) else [])]
    return sampling.deformable(
        call.b, call.x, weight, call.shape, group, steering=steering, bias=bias[0] if bias else None
    )


def region_pool(call: OpCall) -> Value:
    """roi_align, roi_pool: a region that the boxes choose."""
    return sampling.regions(call.b, call.x, call.given("rois")[0], call.shape, mixed="ps_" in call.name)


RULES: Rules = {
    **{f"aten.{name}": grid_sample for name in ("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")},
    "aten.affine_grid_generator": affine_grid,
    "torchvision.deform_conv2d": deformable,
    **{
        f"torchvision.{name}": region_pool
        for name in ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool")
    },
}
