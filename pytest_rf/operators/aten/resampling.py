"""Resizing, adaptive pools and sampling at computed places of ATen."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from pytest_rf.access import ANYWHERE, SAME, Read, Relation
from pytest_rf.graph import Value
from pytest_rf.operators import resampling
from pytest_rf.operators.aten.call import Call, Result, Rules
from pytest_rf.operators.resampling import Sampling


def upsample(call: Call) -> Value:
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
        if "nearest" in mode:
            origin = (ratio - 1) / 2 if "exact" in mode else Fraction(0)
            # "exact" samples the centre of each output pixel, floor((i + ½)·ratio)
            origin = ratio / 2 if "exact" in mode else origin
            relations[axis] = (resampling.nearest(Sampling(extent, output, ratio, origin)), output)
            continue
        antialias = mode.endswith("_aa")
        if corners:
            ratio = Fraction(extent - 1, output - 1) if output > 1 else Fraction(0)
        # An antialiasing filter is centred on each output pixel even where the corners are aligned.
        origin = Fraction(0) if corners and not antialias else (ratio - 1) / 2
        sampling = Sampling(extent, output, ratio, origin)
        if ratio == 0:
            sampling = Sampling(extent, output, Fraction(1), Fraction(0))
        if "cubic" in mode:
            relation = resampling.cubic(sampling, antialias, _rounded(sampling, antialias, 2))
        else:
            relation = resampling.linear(sampling, antialias, antialias and _rounded(sampling, True, 1))
        relations[axis] = (relation, output)
    call.label("×".join(str(Fraction(call.shape[axis], x.extents[axis])) for axis in relations) + " resize")
    return resampling.resize(call.b, x, relations, whole=corners and "nearest" not in mode)


def _rounded(s: Sampling, antialias: bool, radius: int) -> bool:
    """Whether rounding gives a weight to a neighbour at the rim of the kernel, where it should be 0."""
    widening = max(s.ratio, Fraction(1)) if antialias else Fraction(1)
    types: tuple[Any, ...] = (np.float32, np.float64)
    for dtype in types:
        ratio, half = dtype(s.ratio.numerator) / dtype(s.ratio.denominator), dtype(0.5)
        index = np.arange(s.output, dtype=dtype)
        centre = ratio * index if s.origin == 0 and not antialias else ratio * (index + half) - half
        for i in range(s.output):
            for rim in (s.place(i) - radius * widening, s.place(i) + radius * widening):
                if rim.denominator == 1 and 0 <= rim < s.extent:
                    distance = (dtype(int(rim)) - centre[i]) / dtype(widening)
                    if abs(distance) != radius:
                        return True
    return False


def adaptive(call: Call) -> Result:
    """adaptive_avg_pool, adaptive_max_pool."""
    rank = int(call.name.split("pool")[1][0])
    first = call.x.rank - rank
    y = resampling.adaptive_pool(
        call.b, call.x, {axis: call.shape[axis] for axis in range(first, call.x.rank)}
    )
    return (y,) * len(call.shapes)


def grid_sample(call: Call) -> Value:
    """grid_sample: the grid says which pixel; a constant one is followed, another is an upper bound."""
    x, grid = call.x, call.given("grid")[0]
    rank = x.rank - 2
    if not grid.varies:
        return _by_constant_grid(call, x, grid)
    axes: list[tuple[int | None, Relation]] = [(0, SAME), (1, SAME)]
    axes += [(axis, ANYWHERE) for axis in range(2, x.rank)]
    own = [Read(x.number, tuple(axes))] if x.varies else []
    steer: list[tuple[int | None, Relation]] = [(0, SAME), *((axis, SAME) for axis in range(2, rank + 2))]
    from pytest_rf.access import WHOLE

    return call.b.union(call.shape, *own, Read(grid.number, (*_from_grid(steer), (None, WHOLE))))


def _from_grid(steer: list[tuple[int | None, Relation]]) -> list[tuple[int | None, Relation]]:
    """The grid's axes are (N, spatial..., 2); the output's (N, C, spatial...)."""
    return [steer[0], *steer[1:]]


def _by_constant_grid(call: Call, x: Value, grid: Value) -> Value:
    from pytest_rf.operators.aten.sampling import constant_grid

    return constant_grid(call, x, grid)


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
