"""Reading at places given by tensors: affine grids, deformable convolution, regions of interest."""

from __future__ import annotations

from pytest_rf.graph import Value
from pytest_rf.operators import sampling, windows
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.windows import Window


def affine_grid(call: OpCall) -> Value:
    """affine_grid_generator: every place of the grid reads the rows of its sample's matrix."""
    return sampling.affine_grid(call.b, call.given("theta")[0], call.shape)


def deformable(call: OpCall) -> Value:
    """deform_conv2d: pixels anywhere, where the offsets of this position say."""
    weight, offset = call.given("weight", "offset")
    windows.describe(call.b, [Window(k) for k in weight.extents[2:]], kind="deformable")
    mask, bias = ([v for v in call.given(name) if 0 not in v.extents] for name in ("mask", "bias"))
    steering = [offset, *(mask if call.get("use_mask", True) else [])]
    group = call.x.extents[1] // weight.extents[1]
    return sampling.deformable(
        call.b, call.x, weight, call.shape, group, steering=steering, bias=bias[0] if bias else None
    )


def region_pool(call: OpCall) -> Value:
    """roi_align, roi_pool: a region that the boxes choose."""
    return sampling.regions(call.b, call.x, call.given("rois")[0], call.shape, mixed="ps_" in call.name)


RULES: Rules = {
    "aten.affine_grid_generator": affine_grid,
    "torchvision.deform_conv2d": deformable,
    **{
        f"torchvision.{name}": region_pool
        for name in ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool")
    },
}
