"""Resizing, adaptive pools and sampling by grids of ATen."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from pytest_rf.access import Relation
from pytest_rf.graph import Value
from pytest_rf.operators import resampling, sampling
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.resampling import Sampling
from pytest_rf.operators.rounding import FLOATS, Formula, Numbers, fused, is_exact, rounded
from pytest_rf.operators.sampling import Grid


def upsample(call: OpCall) -> Value:
    """Upsample in every mode, at the sizes that were computed.

    A ratio comes from the scale factor where one was given (torch uses it unless told to recompute),
    from the extents elsewhere.
    """
    x, mode = call.x, call.name
    rank = int(mode.replace("_aa", "").rstrip("d")[-1])
    first = x.rank - rank
    corners = bool(call.get("align_corners", False))
    factors = call.get("scale_factors") or [call.get(f"scales_{place}") for place in "dhw"[3 - rank :]]
    if rank == 1 and call.get("scales") is not None:
        factors = [call["scales"]]
    if not factors or len(factors) != rank:
        factors = [None] * rank
    relations: dict[int, tuple[Relation, int]] = {}
    for axis, factor in zip(range(first, x.rank), factors, strict=True):
        extent, output = x.extents[axis], call.shape[axis]
        ratio = 1 / resampling.fraction(factor) if factor else Fraction(extent, output)
        antialias = mode.endswith("_aa")
        if corners:
            ratio, factor = Fraction(extent - 1, output - 1) if output > 1 else Fraction(0), None
        exact = 1 / Fraction(factor) if factor else ratio
        formulas = _formulas(mode, extent, output, exact, corners and not antialias)
        if "nearest" in mode:
            # "exact" samples the centre of each output pixel, floor((i + ½)·ratio)
            origin = ratio / 2 if "exact" in mode else Fraction(0)
            sampling = Sampling(extent, output, ratio, origin, formulas=formulas)
            relations[axis] = (resampling.nearest(sampling), output)
            continue
        # An antialiasing filter is centred on each output pixel even where the corners are aligned.
        origin = Fraction(0) if corners and not antialias else (ratio - 1) / 2
        sampling = Sampling(extent, output, ratio, origin, formulas=formulas)
        if ratio == 0:
            sampling = sampling._replace(ratio=Fraction(1))
        kernel = resampling.cubic if "cubic" in mode else resampling.linear
        relations[axis] = (kernel(sampling, antialias), output)
    call.label("×".join(str(Fraction(call.shape[axis], x.extents[axis])) for axis in relations) + " resize")
    return resampling.resize(call.b, x, relations, whole=corners and "nearest" not in mode)


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
    y = resampling.adaptive_pool(
        call.b, call.x, {axis: call.shape[axis] for axis in range(first, call.x.rank)}
    )
    return (y,) * len(call.shapes)


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


_UPSAMPLES = """
    upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
    _upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d
    upsample_trilinear3d upsample_bicubic2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa
"""

RULES: Rules = {
    **{f"aten.{name}": upsample for name in _UPSAMPLES.split()},
    **{f"aten.adaptive_{kind}_pool{n}d": adaptive for kind in ("avg", "max") for n in (1, 2, 3)},
    **{f"aten._adaptive_avg_pool{n}d": adaptive for n in (2, 3)},
    **{f"aten.{name}": grid_sample for name in ("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")},
}
