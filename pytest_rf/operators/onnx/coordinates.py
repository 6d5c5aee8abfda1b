"""The places that a Resize samples, as the engines of ONNX compute them.

ONNX Runtime does so in 32-bit floating point, the reference evaluator in 64 bits; where they mean different
extents, each has its own.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from pytest_rf.operators.rounding import FLOATS, Formula, Numbers, is_exact, rounded

SCALED = ("half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn")
"""Transforms that know the scale alone."""

Region = tuple[Fraction, Fraction]


def formulas(
    transform: str,
    extent: int,
    output: int,
    scale: Fraction,
    *,
    region: Region | None = None,
    copied: bool = False,
    reach: int = 1,
) -> tuple[Formula, ...]:
    """Return how engines compute the places of an axis; none where they all are exact.

    Args:
        transform: the coordinate transformation mode.
        extent: the input extent.
        output: the output extent.
        scale: the scale as it is stored, or the ratio of sizes.
        region: the start and end of the region of interest (tf_crop_and_resize).
        copied: whether no extent of the tensor changes, so that ONNX Runtime copies it.
        reach: how many neighbours are read to either side of a place.
    """
    alike = output == rounded(scale, np.float64) * extent
    alone = transform == "pytorch_half_pixel" and output == 1
    if transform in SCALED and is_exact(scale) and not (copied or alone):
        return ()
    if transform == "align_corners" and alike and not copied:
        return ()  # a quotient of whole numbers is whole, or half, in any precision if it is so
    forms = [_form(transform, extent, output, scale, region, dtype) for dtype in FLOATS]
    if transform == "tf_half_pixel_for_nn":
        forms.pop()  # the reference evaluator does not know it
    else:
        forms.append(_padded(forms[1], reach))
    if region is not None:
        # Under NumPy 1 the reference evaluator has 64 bits for the start of a region, too.
        wide = _form(transform, extent, output, scale, region, np.float64, np.float64)
        forms += [wide, _padded(wide, reach)]
    if copied or (region is not None and scale == 1):
        forms[0] = _same
    elif region is not None and any(end.denominator > 1 << 8 for end in region):
        # With few bits the products would be exact.
        forms += [_shifted(forms[0], ulps) for ulps in (-1, 1)]
    return tuple(forms)


def _same(index: Numbers) -> Numbers:
    return index.astype(np.float32)


def _padded(form: Formula, reach: int) -> Formula:
    """Return the places from which the reference evaluator looks for neighbours.

    It does so in a padded axis: what lies just above a whole place may be lost there, and it takes those below.
    """

    def place(index: Numbers) -> Numbers:
        own = form(index)
        there = (own + reach) - reach
        return np.where((there < own) & (there == np.floor(own)), own - 1, own)

    return place


def _form(
    transform: str,
    extent: int,
    output: int,
    scale: Fraction,
    region: Region | None,
    dtype: Any,
    ends: Any = np.float32,
) -> Formula:
    """Return the places of a transform in numbers of a type; those of a region's ends may be others."""
    s: Any = rounded(scale, dtype)
    half, one, n = dtype(0.5), dtype(1), dtype(extent)
    # ONNX Runtime knows the whole number of outputs, the reference evaluator what it was rounded from.
    m = dtype(output) if dtype is np.float32 else s * n

    def place(index: Numbers) -> Any:
        x = index.astype(dtype)
        if transform in ("half_pixel", "pytorch_half_pixel"):
            if transform == "pytorch_half_pixel" and m == 1:
                return np.full_like(x, 0 if dtype is np.float32 else -0.5)
            return (x + half) / s - half
        if transform == "asymmetric":
            return x / s
        if transform == "tf_half_pixel_for_nn":
            return (x + half) / s
        if transform == "align_corners":
            return np.zeros_like(x) if m == 1 else x * (n - one) / (m - one)
        if transform == "half_pixel_symmetric":
            offset = n / 2 * (one - dtype(output) / (s * n))
            wide = offset + (x + np.float64(0.5)) / s - np.float64(0.5)
            return np.asarray(wide).astype(dtype)
        assert region is not None
        if dtype is np.float32:
            return _cropped(extent, output, region)(index)
        start, end = (rounded(number, np.float32) for number in region)
        size, last = dtype(end - start), ends(extent - 1)
        if m == 1:
            return np.full_like(x, dtype((end - start) * last / 2) + dtype(start * last))
        return x * size * (n - one) / (m - one) + start * last

    return place


def _cropped(extent: int, output: int, region: Region) -> Formula:
    """Return how ONNX Runtime computes the places of a region, from its start and end."""

    def place(index: Numbers) -> Numbers:
        start, end = (rounded(number, np.float32) for number in region)
        x, last = index.astype(np.float32), np.float32(extent - 1)
        if output == 1:
            return np.full_like(x, 0.5 * np.float64(start + end) * (extent - 1))
        return np.asarray(start * last + x * (end - start) * last / np.float32(output - 1))

    return place


def _shifted(form: Formula, ulps: int) -> Formula:
    """Return places that are off by some of their last digits: compilers put sums and products in other orders."""

    def place(index: Numbers) -> Numbers:
        own = form(index)
        return np.asarray(own + ulps * np.spacing(np.abs(own).max()))

    return place


def rounded_up(formula: Formula) -> Formula:
    """Before opset 11 ONNX Runtime takes the upper neighbour where the axis shrinks; the standard does not say."""
    return lambda index: np.ceil(formula(index))
