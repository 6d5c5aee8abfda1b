"""How results lie in memory: their strides decide whether ``view`` works and ``reshape`` copies."""

from __future__ import annotations

from collections.abc import Sequence

import torch

META = torch.device("meta")
_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def empty(shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """Return a tensor of a shape whose elements follow each other without gaps."""
    return torch.empty(shape, dtype=like.dtype, device=META)


def alike(x: torch.Tensor) -> torch.Tensor:
    """Return a tensor whose elements follow each other as those of ``x``, as elementwise operators make it."""
    if x.is_contiguous():
        return empty(x.shape, x)
    strides, size, last = [1] * x.dim(), 1, 0
    for stride, extent, axis in sorted(zip(x.stride(), x.shape, range(x.dim()), strict=True)):
        if extent > 1:
            if stride == last:  # elements overlap: torch has rules of its own
                return torch.empty_like(x, device=META)
            strides[axis], last = size, stride
            size *= extent
    return torch.empty_strided(x.shape, strides, dtype=x.dtype, device=META)


def planes(shape: Sequence[int], x: torch.Tensor) -> torch.Tensor:
    """Return an output of an operator on images, which leaves the channels where they are: second or last."""
    if not channels_lie_last(x):
        return empty(shape, x)
    return torch.empty(shape, dtype=x.dtype, device=META, memory_format=_CHANNELS_LAST[x.dim()])


def channels_lie_last(x: torch.Tensor) -> bool:
    """Whether strides grow from the channels over the last axis to the first one (``suggest_memory_format``)."""
    strides, extents = x.stride(), x.shape
    least = 0
    if x.dim() not in _CHANNELS_LAST or strides[1] == 0:
        return False
    for axis in (1, *range(x.dim() - 1, 1, -1), 0):
        if extents[axis] == 0 or strides[axis] < least or (axis == 0 and least == strides[1]):
            return False
        least = strides[axis] * max(extents[axis], 1)
    return True


def can_view(x: torch.Tensor, shape: Sequence[int]) -> bool:
    """Whether each run of elements without gaps can be cut into extents of ``shape``."""
    runs: list[int] = []
    inner = 0
    for stride, extent in zip(reversed(x.stride()), reversed(x.shape), strict=True):
        if extent > 1:
            if runs and stride == inner:
                runs[-1] *= extent
            else:
                runs.append(extent)
            inner = stride * extent
    left = 1
    for extent in reversed(shape):
        if left == 1 and extent > 1:
            left = runs.pop(0)
        if left % extent:
            return False
        left //= extent
    return left == 1


def broadcasts(x: torch.Tensor, to: torch.Tensor) -> bool:
    """Whether ``x`` can be broadcast to the shape of another tensor."""
    shape, inner = x.shape, to.shape[to.dim() - x.dim() :]
    return x.dim() <= to.dim() and (
        shape == inner or all(n in (1, m) for n, m in zip(shape, inner, strict=True))
    )
