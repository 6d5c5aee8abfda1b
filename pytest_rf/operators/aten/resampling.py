"""Resizing and adaptive pools of ATen."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from pytest_rf.node import Role
from pytest_rf.operators import resampling
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.resampling import Kernel, Sampling
from pytest_rf.operators.rounding import FLOATS, Formula, Numbers, fused, is_exact, rounded
from pytest_rf.value import Value


def upsample(call: OpCall) -> Value:
    """Upsample in every mode, at the sizes that were computed.

    A ratio comes from the scale factor where one was given (torch uses it unless told to recompute),
    from the extents elsewhere.
    """
    x, name = call.x, call.name
    rank = int(name.replace("_aa", "").rstrip("d")[-1])
    corners, antialias = bool(call.get("align_corners", False)), name.endswith("_aa")
    mode = next(mode for mode in ("nearest", "linear", "cubic") if mode in name)
    transform = "half_pixel"
    if mode == "nearest":
        # "exact" samples the centre of each output pixel, floor((i + ½)·ratio)
        transform = "tf_half_pixel_for_nn" if "exact" in name else "asymmetric"
    elif corners and not antialias:
        # An antialiasing filter is centred on each output pixel even where the corners are aligned.
        transform = "align_corners"
    call.b.node.role = Role("resize", tuple(range(x.rank - rank, x.rank)))
    samplings: dict[int, Sampling] = {}
    scales = []
    for axis, factor in zip(range(x.rank - rank, x.rank), _factors(call, rank), strict=True):
        extent, output = x.extents[axis], call.shape[axis]
        scales.append(resampling.fraction(factor) if factor else Fraction(output, extent))
        ratio, exact = 1 / scales[-1], 1 / Fraction(factor) if factor else Fraction(extent, output)
        if corners:
            ratio = exact = Fraction(extent - 1, output - 1) if output > 1 else Fraction(0)
        sampling = resampling.sampled(transform, extent, output, ratio)
        assert sampling is not None
        if not ratio:
            sampling = sampling._replace(ratio=Fraction(1))
        formulas = _formulas(name, extent, output, exact, corners and not antialias)
        samplings[axis] = sampling._replace(formulas=formulas)
    resampling.describe(call.b, scales, mode, antialias)
    kernel: Kernel = resampling.nearest
    if mode != "nearest":
        kernel = partial(resampling.cubic if mode == "cubic" else resampling.linear, antialias=antialias)
    return resampling.resize(call.b, x, samplings, kernel, whole=corners and mode != "nearest")


def _factors(call: OpCall, rank: int) -> list[float | None]:
    """Return the scale factor of each axis, None where the extents say it."""
    given = call.get("scale_factors") or [call.get(f"scales_{place}") for place in "dhw"[3 - rank :]]
    if rank == 1 and call.get("scales") is not None:
        given = [call["scales"]]
    return list(given) if len(given) == rank else [None] * rank


def _formulas(mode: str, extent: int, output: int, ratio: Fraction, corners: bool) -> tuple[Formula, ...]:
    """Return how torch computes the places of an axis, in 32 bits or in 64; none where they all are exact."""
    if is_exact(ratio):
        return ()

    def form(index: Numbers, dtype: Any, kind: str) -> Any:
        scale, x, half = rounded(ratio, dtype), index.astype(dtype), dtype(0.5)
        if "exact" in mode:
            # Of 64 bits, but for the scale; or as the others, half a pixel further.
            wide = (x + np.float64(0.5)) * scale if kind == "" else _centred(scale, x + half, kind) + half
            return wide.astype(np.float32)
        if "nearest" in mode:
            return np.asarray(scale * x).astype(np.float32)
        if corners:
            return _floored(scale * x)
        place = _centred(scale, x + half, kind)
        return place if mode.endswith("_aa") else _floored(place)

    kinds = (
        ("", "fused", "apart")
        if "exact" in mode
        else ("",)
        if corners or "nearest" in mode
        else ("fused", "apart")
    )
    forms = tuple(partial(form, dtype=dtype, kind=kind) for dtype in FLOATS for kind in kinds)
    # An axis whose extent stays is copied by some, in spite of its factor.
    return (*forms, lambda index: index.astype(np.float32)) if output == extent and not corners else forms


def _centred(scale: Any, centre: Numbers, kind: str) -> Any:
    return fused(scale, centre, -0.5) if kind == "fused" else scale * centre - centre.dtype.type(0.5)


def _floored(place: Numbers) -> Numbers:
    """Return places of 64 bits as torch takes them apart: the whole part is that of their 32 bits."""
    floored: Numbers = np.floor(place.astype(np.float32)).astype(place.dtype)
    return np.maximum(place, floored)


def adaptive(call: OpCall) -> Result:
    """adaptive_avg_pool, adaptive_max_pool."""
    rank = int(call.name.split("pool")[1][0])
    first = call.x.rank - rank
    call.b.node.role = Role("max" if "max" in call.name else "average", tuple(range(first, call.x.rank)))
    y = resampling.adaptive_pool(
        call.b, call.x, {axis: call.shape[axis] for axis in range(first, call.x.rank)}
    )
    return (y,) * len(call.shapes)


_UPSAMPLES = """
    upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
    _upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d
    upsample_trilinear3d upsample_bicubic2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa
"""

RULES: Rules = {
    **{f"aten.{name}": upsample for name in _UPSAMPLES.split()},
    **{f"aten.adaptive_{kind}_pool{n}d": adaptive for kind in ("avg", "max") for n in (1, 2, 3)},
    **{f"aten._adaptive_avg_pool{n}d": adaptive for n in (2, 3)},
}
