"""Resize and Upsample of ONNX, in all modes and coordinate transforms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import ceil, floor

from pytest_rf.node import Role
from pytest_rf.operators import resampling
from pytest_rf.operators.onnx import coordinates
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.resampling import Kernel, Sampling
from pytest_rf.value import Value


def upsample(call: NodeCall) -> Value:
    """Upsample: nearest or linear with asymmetric coordinates (ONNX Upsample-9)."""
    if call.opset >= 9:
        scales = [float(s) for s in call.data(1).reshape(-1)]
    elif call.opset >= 7:
        scales = [float(s) for s in call.attr("scales", [])]
    else:
        scales = [1.0, 1.0, float(call.attr("height_scale", 1.0)), float(call.attr("width_scale", 1.0))]
    axes = list(range(call.x.rank))
    return _resize(call, axes, scales, None, "asymmetric", call.text("mode", "nearest"), "floor")


def resize(call: NodeCall) -> Value:
    """Resize: scales or sizes on some axes."""
    x = call.x
    mode = call.text("mode", "nearest")
    if call.opset < 11:
        scales = [float(s) for s in call.data(1).reshape(-1)]
        return _resize(call, list(range(x.rank)), scales, None, "asymmetric", mode, "floor")
    axes = call.axes(call.integers("axes", list(range(x.rank))), x.rank)
    sizes = call.numbers(3) if call.has(3) else None
    given = [float(s) for s in call.data(2).reshape(-1)] if call.has(2) and sizes is None else None
    transform = call.text("coordinate_transformation_mode", "half_pixel")
    return _resize(call, axes, given, sizes, transform, mode, call.text("nearest_mode", "round_prefer_floor"))


def _resize(
    call: NodeCall,
    axes: list[int],
    scales: list[float] | None,
    sizes: list[int] | None,
    transform: str,
    mode: str,
    rounding: str,
) -> Value:
    x = call.x
    call.b.node.role = Role("resize", tuple(axes))
    given: Sequence[float] = scales if scales is not None else sizes or []
    if len(given) != len(axes):
        call.fail(f"{len(given)} scales or sizes for {len(axes)} axes")
    if min(given, default=1) <= 0:
        call.fail(f"scale or size {min(given)} must be positive")
    ratios: dict[int, tuple[int, Fraction]] = {}
    stored: dict[int, Fraction] = {}
    if scales is not None:
        for axis, number in zip(axes, scales, strict=True):
            stored[axis], meant = Fraction(number), resampling.fraction(number)
            ratios[axis] = (floor(x.extents[axis] * meant), meant)
    else:
        assert sizes is not None
        ratios = _from_sizes(call, axes, sizes)
    copied = all(output == x.extents[axis] for axis, (output, _) in ratios.items())
    samplings: dict[int, Sampling] = {}
    regions = _regions(call, axes, transform)
    for axis, (output, scale) in ratios.items():
        extent = x.extents[axis]
        if output == extent and scale == 1 and axis not in regions:
            continue
        if extent == 0 or output == 0:
            call.fail(f"cannot resize extent {extent} of axis {axis} to {output}")
        region, exact = regions.get(axis), stored.get(axis, scale)
        reach = ceil((2 if mode == "cubic" else 1) * max(1 / scale if call.attr("antialias") else 1, 1))
        formulas = coordinates.formulas(
            transform, extent, output, exact, region=region, copied=copied, reach=reach
        )
        if call.opset < 11 and mode == "nearest" and exact < 1:
            formulas += tuple(coordinates.rounded_up(formula) for formula in formulas)
        sampling = resampling.sampled(transform, extent, output, 1 / scale, region)
        if sampling is None:
            call.fail(f"coordinate_transformation_mode {transform!r} is unknown")
        samplings[axis] = sampling._replace(shrinking=1 / exact, formulas=formulas)
    if not samplings:
        return x
    antialias = bool(call.integer("antialias", 0))
    resampling.describe(call.b, (ratios[axis][1] for axis in sorted(samplings)), mode, antialias)
    whole = transform in ("align_corners", "tf_crop_and_resize")
    return resampling.resize(call.b, x, samplings, _kernel(call, mode, rounding, antialias), whole)


def _from_sizes(call: NodeCall, axes: list[int], sizes: list[int]) -> dict[int, tuple[int, Fraction]]:
    """Return output extent and scale per axis, as ``keep_aspect_ratio_policy`` says (ONNX Resize-18)."""
    x = call.x
    policy = call.text("keep_aspect_ratio_policy", "stretch")
    each = {axis: Fraction(size, max(x.extents[axis], 1)) for axis, size in zip(axes, sizes, strict=True)}
    if policy == "stretch":
        return {axis: (size, each[axis]) for axis, size in zip(axes, sizes, strict=True)}
    if policy not in ("not_larger", "not_smaller"):
        call.fail(f"keep_aspect_ratio_policy {policy!r} is unknown")
    scale = min(each.values()) if policy == "not_larger" else max(each.values())
    return {axis: (floor(x.extents[axis] * scale + Fraction(1, 2)), scale) for axis in axes}


def _regions(call: NodeCall, axes: list[int], transform: str) -> dict[int, tuple[Fraction, Fraction]]:
    """Return the region of interest per axis as fractions of its last index (tf_crop_and_resize)."""
    if transform != "tf_crop_and_resize":
        return {}
    roi = [Fraction(float(number)) for number in call.data(1).reshape(-1)]
    if len(roi) != 2 * len(axes):
        call.fail(f"roi has {len(roi)} numbers for {len(axes)} axes")
    return {axis: (roi[i], roi[len(axes) + i]) for i, axis in enumerate(axes)}


def _kernel(call: NodeCall, mode: str, rounding: str, antialias: bool) -> Kernel:
    if mode == "nearest":
        if rounding not in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"):
            call.fail(f"nearest_mode {rounding!r} is unknown")
        return partial(resampling.nearest, mode=rounding)
    if mode in ("linear", "bilinear", "trilinear"):
        return partial(resampling.linear, antialias=antialias)
    if mode == "cubic":
        # A coefficient of few bits is computed with exactly.
        bits = Fraction(call.number("cubic_coeff_a", -0.75)).denominator
        return partial(resampling.cubic, antialias=antialias, weighs=bits > 1 << 8)
    call.fail(f"mode {mode!r} is none of nearest, linear, cubic")


RULES: Rules = {"Resize": resize, "Upsample": upsample}
