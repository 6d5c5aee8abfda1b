"""Shapes of operators that reduce or gather up axes: means, spreads, norms, prefixes, stacks and halves.

As in :mod:`pytest_rf.frontends.torch.shapes`: None where a function does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from pytest_rf.frontends.torch.layouts import empty, iterated
from pytest_rf.frontends.torch.windowed import listed


def left(x: torch.Tensor, dim: Any, keepdim: bool) -> list[int] | None:
    """Return the extents that are left where axes are reduced; None where ``dim`` names none, or one twice."""
    rank = x.dim()
    dims = {axis % rank if -rank <= axis < rank else rank for axis in listed(dim, 1)}
    if rank in dims or len(dims) < len(listed(dim, 1)):
        return None
    if keepdim:
        return [1 if axis in dims else n for axis, n in enumerate(x.shape)]
    return [n for axis, n in enumerate(x.shape) if axis not in dims]


def mean(x: torch.Tensor, dim: Any, keepdim: bool = False, *, dtype: Any = None) -> torch.Tensor | None:
    """Means, and sums of exponentials."""
    if dim is None or dim == [] or dtype is not None or not x.is_floating_point():
        return None
    shape = left(x, dim, keepdim)
    return None if shape is None else empty(shape, x)


def spread(
    x: torch.Tensor, dim: Any = None, *unbiased: Any, correction: Any = None, keepdim: bool = False
) -> torch.Tensor | None:
    """Variances and deviations, with all that is said of the number that they are divided by."""
    return mean(x, dim, unbiased[1] if len(unbiased) > 1 else keepdim) if isinstance(dim, list) else None


def spread_and_mean(x: torch.Tensor, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """A variance or deviation, and the mean."""
    first, second = spread(x, *args, **kwargs), spread(x, *args, **kwargs)
    return None if first is None or second is None else (first, second)


def norm(
    x: torch.Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> torch.Tensor | None:
    """Norms of vectors along axes."""
    return mean(x, dim, keepdim, dtype=dtype)


def whether(x: torch.Tensor, dim: Any, keepdim: bool = False) -> torch.Tensor | None:
    """Whether any or all along an axis are true."""
    shape = left(x, dim, keepdim)
    return None if shape is None or x.dtype is torch.uint8 else empty(shape, x).bool()


def prefix(x: torch.Tensor, dim: int, *, dtype: Any = None) -> torch.Tensor | None:
    """Sums and products of all up to each."""
    known = x.is_floating_point() and dtype is None and -x.dim() <= dim < x.dim()
    return empty(x.shape, x) if known and x.is_contiguous() else None


def stacked(tensors: Sequence[torch.Tensor], dim: int = 0) -> torch.Tensor | None:
    """Tensors along an axis of their own."""
    first, rank = tensors[0], tensors[0].dim() + 1
    if not all(
        one.shape == first.shape and one.dtype == first.dtype and one.is_contiguous() for one in tensors
    ):
        return None
    if not -rank <= dim < rank:
        return None
    shape = list(first.shape)
    shape.insert(dim % rank, len(tensors))
    return empty(shape, first)


def halved(x: torch.Tensor, dim: int = -1) -> torch.Tensor | None:
    """Gated units: one half of an axis times the sigmoid of the other."""
    if not x.is_floating_point() or not -x.dim() <= dim < x.dim() or x.shape[dim] % 2:
        return None
    half = x.shape[dim] // 2
    return iterated([x.narrow(dim, 0, half), x.narrow(dim, half, half)])


def triangle(x: torch.Tensor, diagonal: int = 0) -> torch.Tensor | None:
    """The part of matrices on one side of a diagonal."""
    return empty(x.shape, x) if x.dim() > 1 and x.is_contiguous() else None


def sampled(x: torch.Tensor, grid: torch.Tensor, *_: Any) -> torch.Tensor | None:
    """Samples of an image at the points of a grid."""
    if not x.dim() == grid.dim() in (4, 5) or x.dtype != grid.dtype or not x.is_floating_point():
        return None
    if grid.shape[0] != x.shape[0] or grid.shape[-1] != x.dim() - 2 or 0 in x.shape:
        return None
    return empty((*x.shape[:2], *grid.shape[1:-1]), x)


def columns(
    x: torch.Tensor, kernel: Sequence[int], dilation: Any, padding: Any, stride: Any
) -> torch.Tensor | None:
    """The windows of an image as columns (``im2col``)."""
    if x.dim() != 4 or not x.is_floating_point() or 0 in x.shape:
        return None
    places = 1
    arguments = (x.shape[2:], *(listed(one, 2) for one in (kernel, dilation, padding, stride)))
    for extent, taps, apart, pad, step in zip(*arguments, strict=True):
        found = (extent + 2 * pad - apart * (taps - 1) - 1) // step + 1
        if found < 1:
            return None
        places *= found
    taps = listed(kernel, 2)
    return empty((x.shape[0], x.shape[1] * taps[0] * taps[1], places), x)


def multiplied(x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, **_: Any) -> torch.Tensor | None:
    """A product of matrices, or of batches of them, and what is added to it."""
    if a.dim() != b.dim() or a.shape[:-2] != b.shape[:-2] or a.shape[-1] != b.shape[-2]:
        return None
    return empty((*a.shape[:-1], b.shape[-1]), a) if x.dtype == a.dtype == b.dtype else None
