"""How results lie in memory: their strides decide whether ``view`` works and ``reshape`` copies."""

from __future__ import annotations

from collections.abc import Sequence

import torch

META = torch.device("meta")
_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def empty(shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """Return a tensor of a shape whose elements follow each other without gaps."""
    if not shape:
        return torch.empty((), dtype=like.dtype, device=META)
    return torch.empty(*shape, dtype=like.dtype, device=META)  # numbers are read sooner than a torch.Size


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
    strides = x.stride()
    if len(strides) not in _CHANNELS_LAST or strides[-1] < strides[1] or strides[1] == 0:
        return False
    extents, least = x.shape, 0
    for axis in (1, *range(len(strides) - 1, 1, -1), 0):
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


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...] | None:
    """Return the shape that several have together; None where they do not fit (torch's own function imports sympy)."""
    rank = max(map(len, shapes))
    together = [1] * rank
    for shape in shapes:
        for axis, extent in enumerate(shape, rank - len(shape)):
            if extent != 1 and together[axis] not in (1, extent):
                return None
            together[axis] = extent if together[axis] == 1 else together[axis]
    return tuple(together)


def iterated(tensors: Sequence[torch.Tensor], dtype: torch.dtype | None = None) -> torch.Tensor | None:
    """Return what an elementwise operator makes of tensors that lie in any way (``TensorIterator``).

    Its elements lie in the order of the first operand whose strides tell two axes apart.
    """
    first = tensors[0]
    shape = broadcast(*[tensor.shape for tensor in tensors])
    if shape is None or 0 in shape:
        return None
    kind = dtype or first.dtype
    if all(tensor.shape == shape for tensor in tensors):
        if all(tensor.is_contiguous() for tensor in tensors):
            return torch.empty(shape, dtype=kind, device=META)
        form = _CHANNELS_LAST.get(len(shape))
        if form is not None and all(tensor.is_contiguous(memory_format=form) for tensor in tensors):
            return torch.empty(shape, dtype=kind, device=META, memory_format=form)
    strides, step = [0] * len(shape), 1
    for axis in _order(shape, [_steps(tensor, shape) for tensor in tensors]):
        strides[axis] = step
        step *= shape[axis]
    return torch.empty_strided(shape, strides, dtype=kind, device=META)


def _steps(tensor: torch.Tensor, shape: Sequence[int]) -> list[int]:
    """Return the strides of a tensor that is broadcast to a shape."""
    ahead = len(shape) - tensor.dim()
    own = zip(tensor.shape, tensor.stride(), shape[ahead:], strict=True)
    return [0] * ahead + [0 if extent == 1 and whole != 1 else step for extent, step, whole in own]


def _order(shape: Sequence[int], steps: Sequence[Sequence[int]]) -> list[int]:
    """Return the axes from the innermost to the outermost one."""
    order = list(range(len(shape)))[::-1]
    for start in range(1, len(order)):
        place = start
        for other in range(start - 1, -1, -1):
            found = _after(order[other], order[place], shape, steps)
            if found > 0:
                order[other], order[place] = order[place], order[other]
                place = other
            elif found < 0:
                break
    return order


def _after(a: int, b: int, shape: Sequence[int], steps: Sequence[Sequence[int]]) -> int:
    """Return whether an axis lies outside of another (1), inside (-1), or neither for certain (0)."""
    for own in steps:
        if own[a] == 0 or own[b] == 0:
            continue
        if own[a] != own[b]:
            return 1 if own[a] > own[b] else -1
        if shape[a] > shape[b]:
            return 1
    return 0
