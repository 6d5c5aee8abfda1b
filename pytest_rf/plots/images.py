"""The images of users, in whatever order their axes are, as pictures of an input's spatial axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.inputs import Input
from pytest_rf.errors import RFError
from pytest_rf.figures import shape

Image = npt.NDArray[Any]
"""One axis per spatial axis of the input, and one of three colours behind them or none; from 0 to 1."""


def spatial(image: Any, source: Input) -> Image:
    """Return an image along the spatial axes of an input: of a batch the first sample, of colours three or their mean.

    Args:
        image: an array or tensor in the shape of the input, of it without its batch or channel axis, or of its
            spatial axes, with colours behind them or not.
        source: the input.

    Raises:
        RFError: it has none of these shapes, or is no image.
    """
    detached = image.detach().cpu() if hasattr(image, "detach") else image
    try:
        found = np.asarray(detached)
    except Exception:
        found = np.asarray(None)
    if found.dtype.kind not in "buif" or not found.size:
        raise RFError(f"image: an array of numbers is needed, not {type(image).__name__}")
    extents = tuple(source.shape[number] for number in source.axes.values())
    found = _arranged(found, source, extents)
    if found.dtype == np.uint8:
        whole: Image = found / 255
        return whole
    scale = found.astype(float)
    finite = scale[np.isfinite(scale)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low < 0 or high > 1:
        scale = (scale - low) / ((high - low) or 1.0)
    clipped: Image = np.clip(np.nan_to_num(scale, nan=0.0), 0, 1)
    return clipped


def _arranged(found: Image, source: Input, extents: tuple[int, ...]) -> Image:
    """Return an image with its spatial axes first, and colours last."""
    rank = len(extents)
    if found.shape == extents:
        return found
    if found.ndim == rank + 1 and found.shape[:rank] == extents:
        return _coloured(found)
    # Those of the input's axes that the image has: the first can be left out, the batch, or the channels too.
    own = range(len(source.shape) - found.ndim, len(source.shape))
    spatial_axes = [*source.axes.values()]
    if {*spatial_axes} <= {*own} and own.start >= 0:
        channel = source.channel
        kept = [*spatial_axes, *([channel] if channel is not None and channel in own else [])]
        if tuple(found.shape[own.index(axis)] for axis in spatial_axes) == extents:
            found = found[tuple(slice(None) if axis in kept else 0 for axis in own)]
            order = sorted(kept)
            found = found.transpose([order.index(axis) for axis in kept])
            return found if len(kept) == rank else _coloured(found)
    raise RFError(
        f"image: the shape {shape(found.shape)} does not fit input {source.name!r} of shape "
        f"{shape(source.shape)}; give one of {shape(extents)}"
    )


def _coloured(found: Image) -> Image:
    """Return an image whose last axis is of colours: three of them, or their mean."""
    colours = found.shape[-1]
    if colours == 3:
        return found
    grey: Image = found[..., 0] if colours == 1 else found.mean(axis=-1)
    return grey
