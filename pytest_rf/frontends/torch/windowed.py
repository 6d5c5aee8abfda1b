"""Shapes of what slides windows: convolutions, transposed ones, and pools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from pytest_rf.frontends.torch.layouts import channels_lie_last, empty, planes

Shaper = Callable[..., Any]
"""Makes the outputs of an operator, given its arguments; gives None where it does not know them."""


def listed(value: Any, rank: int) -> list[int]:
    """Return a number for each axis; a lone one stands for all."""
    if isinstance(value, int):
        return [value] * rank
    return [*value] * rank if len(value) == 1 else [*value]


def convolve(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> torch.Tensor | None:
    """Return what a convolution makes."""
    if not _fits(x, weight):
        return None
    (samples, channels, *extents), (made, read, *kernel) = x.shape, weight.shape
    if channels != read * groups:
        return None
    rank = len(kernel)
    if isinstance(padding, str):
        if padding == "same":
            return planes((samples, made, *extents), x)
        padding = 0
    strides, pads, dilations = listed(stride, rank), listed(padding, rank), listed(dilation, rank)
    sizes = [
        (extent + 2 * pad - apart * (taps - 1) - 1) // step + 1
        for extent, taps, step, pad, apart in zip(extents, kernel, strides, pads, dilations, strict=True)
    ]
    if min(sizes) < 1:
        return None
    return planes((samples, made, *sizes), x)


def convolve_transposed(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> torch.Tensor | None:
    """Return what a transposed convolution makes."""
    rank = weight.dim() - 2
    if not _fits(x, weight) or x.shape[1] != weight.shape[0]:
        return None
    own = (listed(one, rank) for one in (stride, padding, dilation, output_padding))
    sizes = [
        (extent - 1) * step - 2 * pad + apart * (taps - 1) + more + 1
        for extent, taps, step, pad, apart, more in zip(x.shape[2:], weight.shape[2:], *own, strict=True)
    ]
    if min(sizes) < 1 or any(
        more >= max(step, apart)
        for more, step, apart in zip(
            *(listed(one, rank) for one in (output_padding, stride, dilation)), strict=True
        )
    ):
        return None
    return planes((x.shape[0], weight.shape[1] * groups, *sizes), x)


def _fits(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether a tensor and weights lie and have types as is known here; the operators say best what does not fit."""
    rank = weight.dim() - 2
    if x.dim() != rank + 2 or not weight.is_contiguous() or (rank != 2 and not x.is_contiguous()):
        return False
    if rank == 1 and x.shape[1] == 1 and x.stride(1) == 1:  # a single channel that lies both ways
        return False
    return bool(x.dtype == weight.dtype)


def largest(rank: int) -> Shaper:
    """Return the shape function of max pooling over ``rank`` axes."""

    def pooled(
        x: torch.Tensor,
        kernel_size: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> torch.Tensor | None:
        return _pooled(x, rank, kernel_size, stride, padding, dilation, ceil_mode)

    return pooled


def average(rank: int) -> Shaper:
    """Return the shape function of average pooling over ``rank`` axes."""

    def pooled(
        x: torch.Tensor,
        kernel_size: Any,
        stride: Any = (),
        padding: Any = 0,
        ceil_mode: bool = False,
        *_: Any,
        **__: Any,
    ) -> torch.Tensor | None:
        return _pooled(x, rank, kernel_size, stride, padding, 1, ceil_mode)

    return pooled


def _pooled(
    x: torch.Tensor, rank: int, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> torch.Tensor | None:
    last = rank == 2 and channels_lie_last(x)
    if x.dim() not in (rank + 1, rank + 2) or not x.is_floating_point() or not (x.is_contiguous() or last):
        return None
    taps = listed(kernel, rank)
    steps = listed(stride, rank) if stride or isinstance(stride, int) else taps
    pads, dilations = listed(padding, rank), listed(dilation, rank)
    windows = zip(x.shape[-rank:], taps, steps, pads, dilations, strict=True)
    sizes = [_windows(*one, ceil_mode) for one in windows]
    if min(sizes) < 1 or 0 in x.shape:
        return None
    shape = (*x.shape[:-rank], *sizes)
    return planes(shape, x) if last else empty(shape, x)


def _windows(extent: int, taps: int, step: int, pad: int, dilation: int, ceil_mode: bool) -> int:
    """Return how many windows fit; 0 where the operator refuses them."""
    if pad < 0 or 2 * pad > taps or step < 1:
        return 0
    room = extent + 2 * pad - dilation * (taps - 1) - 1
    count = -(-room // step) + 1 if ceil_mode else room // step + 1
    return count - 1 if ceil_mode and (count - 1) * step >= extent + pad else count  # none begins in padding
