"""Shapes of the operators whose own shape functions are slow, or that have none.

Capture spends most of its time in them. Each function gets the arguments of the operator as they are,
makes its outputs on ``meta``, and gives None where it does not know (another memory layout, say).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import torch

from pytest_rf.frontends.torch import reduced
from pytest_rf.frontends.torch.layouts import (
    alike,
    broadcast,
    broadcasts,
    can_view,
    channels_lie_last,
    empty,
    iterated,
    planes,
)
from pytest_rf.frontends.torch.windowed import Shaper, average, convolve, convolve_transposed, largest, listed

aten = torch.ops.aten


def _image(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor | None:
    return planes(x.shape, x) if x.is_contiguous() or channels_lie_last(x) else None


def _flat(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    """Operators whose output is contiguous however ``x`` lies."""
    return empty(x.shape, x)


def _rolled(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor | None:
    return empty(x.shape, x) if x.is_contiguous() else None


def _softmax(x: torch.Tensor, dim: int, dtype: Any = None) -> torch.Tensor | None:
    return empty(x.shape, x) if x.is_floating_point() and dtype is None else None


def _masked(x: torch.Tensor, mask: torch.Tensor, value: Any) -> torch.Tensor | None:
    return empty(x.shape, x) if broadcasts(mask, x) else None


def _unary(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor | None:
    """Return an elementwise function of the same type."""
    return alike(x) if x.is_floating_point() else None


def _bounded(x: torch.Tensor, *limits: Any, **named: Any) -> torch.Tensor | None:
    """Return an elementwise function with parameters that are numbers."""
    return _unary(x) if _are_numbers(*limits, *named.values()) else None


def _are_numbers(*given: Any) -> bool:
    return all(isinstance(one, (int, float, type(None))) for one in given)


def _sloped(x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor | None:
    return _unary(x) if slope.dtype == x.dtype else None


def _binary(x: Any, y: Any, *_: Any, **named: Any) -> torch.Tensor | None:
    if not isinstance(x, torch.Tensor) or not x.is_floating_point() or "rounding_mode" in named:
        return None
    if not isinstance(y, torch.Tensor):
        return None if isinstance(y, complex) else alike(x)
    if y.dtype != x.dtype:
        return None
    if x.shape == y.shape and x.stride() == y.stride():
        return alike(x)
    return (
        empty(x.shape, x)
        if x.is_contiguous() and y.is_contiguous() and broadcasts(y, x)
        else iterated([x, y])
    )


def _unary_in_place(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor | None:
    """Return ``x``, which an elementwise function of the same type is written into."""
    return x if x.is_floating_point() else None


def _bounded_in_place(x: torch.Tensor, *limits: Any, **named: Any) -> torch.Tensor | None:
    """Return ``x``, likewise, of a function with parameters that are numbers."""
    return _unary_in_place(x) if _are_numbers(*limits, *named.values()) else None


def _add_in_place(x: torch.Tensor, y: Any, *_: Any, **named: Any) -> torch.Tensor | None:
    """Return ``x`` if the other operand can be added to it, whatever its type and however both lie."""
    if not x.is_floating_point() or isinstance(y, complex) or "rounding_mode" in named:
        return None
    return x if not isinstance(y, torch.Tensor) or (not y.is_complex() and broadcasts(y, x)) else None


def _dropped(x: torch.Tensor, p: float, train: bool) -> torch.Tensor | None:
    return _unary(x) if train and p > 0 else x  # which is handed back as it is


def _linear(x: torch.Tensor, weight: torch.Tensor, bias: Any = None) -> torch.Tensor | None:
    if x.dim() < 2 or x.shape[-1] != weight.shape[-1] or weight.dim() != 2 or x.dtype != weight.dtype:
        return None
    return empty((*x.shape[:-1], weight.shape[0]), x)


def _multiply(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor | None:
    if x.dim() < 3 or y.dim() < 3 or x.shape[-1] != y.shape[-2] or x.dtype != y.dtype:
        return None
    left, right = x.shape[:-2], y.shape[:-2]
    batch = left if left == right else broadcast(left, right)
    return None if batch is None else empty((*batch, x.shape[-2], y.shape[-1]), x)


def _concatenate(tensors: Sequence[torch.Tensor], dim: int = 0) -> torch.Tensor | None:
    first = tensors[0]
    shape = list(first.shape)
    if not shape:
        return None
    dim = dim + len(shape) if dim < 0 else dim
    if not 0 <= dim < len(shape):
        return None
    total = 0
    for tensor in tensors:
        own = tensor.shape
        if len(own) != len(shape) or tensor.dtype != first.dtype:
            return None
        if own[:dim] != first.shape[:dim] or own[dim + 1 :] != first.shape[dim + 1 :]:
            return None
        total += own[dim]
    shape[dim] = total
    return planes(shape, first) if all(map(channels_lie_last, tensors)) else empty(shape, first)


def _padded(
    x: torch.Tensor, pad: Sequence[int], mode: str = "constant", value: Any = None
) -> torch.Tensor | None:
    shape = list(x.shape)
    if mode != "constant" or len(pad) > 2 * len(shape) or len(pad) % 2:
        return None
    for place, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), 1):
        shape[-place] += before + after
    if min(shape, default=1) < 1:
        return None
    if max(pad, default=0) > 0:
        return planes(shape, x)
    return alike(x) if list(x.shape) == shape else None  # a crop: its layout is that of what is left


def _copied(x: torch.Tensor, *, memory_format: Any = None) -> torch.Tensor | None:
    if memory_format in (None, torch.preserve_format):
        return alike(x)
    return empty(x.shape, x) if memory_format is torch.contiguous_format else None


def _contiguous(x: torch.Tensor, *, memory_format: Any = torch.contiguous_format) -> torch.Tensor | None:
    if memory_format is not torch.contiguous_format:
        return None
    return x if x.is_contiguous() else empty(x.shape, x)


def _reshape(x: torch.Tensor, shape: Sequence[int]) -> torch.Tensor | None:
    """Return a view where there can be one, else a copy."""
    if x.is_contiguous():
        return x.view(shape)
    if -1 in shape or x.numel() == 0 or prod(shape) != x.numel():
        return None
    return x.view(shape) if can_view(x, shape) else empty(shape, x)


def _upsample(x: torch.Tensor, size: Any, *rest: Any) -> torch.Tensor | None:
    """Resizing in all modes: the last argument holds the factors, which are used where there is no size."""
    rank = x.dim() - 2
    if size is None:
        size = [int(extent * factor) for extent, factor in zip(x.shape[2:], rest[-1], strict=True)]
    if len(size) != rank or min(size) < 1 or 0 in x.shape or not x.is_floating_point():
        return None
    return planes((*x.shape[:2], *size), x)


def _pooled_to(rank: int) -> Shaper:
    """Return the shape function of adaptive average pooling over ``rank`` axes."""

    def pooled(x: torch.Tensor, size: Any) -> torch.Tensor | None:
        sizes = listed(size, rank)
        if rank != 2 and not x.is_contiguous():
            return None
        if x.dim() != rank + 2 or len(sizes) != rank or not x.is_floating_point() or min(x.shape) < 1:
            return None
        return planes((*x.shape[:2], *sizes), x)

    return pooled


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any
) -> torch.Tensor | None:
    if not query.dim() == key.dim() == value.dim():
        return None
    groups = (key.shape[:-2], value.shape[:-2])
    batch: Sequence[int] = query.shape[:-2]
    if groups == (batch, batch) and query.dim() == 4 and query.shape[-1] == value.shape[-1]:
        if all(tensor.stride(-1) == 1 for tensor in (query, key, value)):
            return alike(query)  # the kernel that attends block by block
    elif query.dim() <= 3 or all(own[-1] in (1, query.shape[-3]) for own in groups):  # no shared heads
        together = broadcast(batch, *groups)
        if together is None:
            return None
        batch = together
    return empty((*batch, query.shape[-2], value.shape[-1]), query)


def _lstm(
    x: torch.Tensor,
    state: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    hidden, cell = state
    width = hidden.shape[-1] * (2 if bidirectional else 1)
    return empty((*x.shape[:-1], width), x), empty(hidden.shape, x), empty(cell.shape, x)


def _recurrent(
    x: torch.Tensor,
    hidden: torch.Tensor,
    weights: Sequence[torch.Tensor],
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    width = hidden.shape[-1] * (2 if bidirectional else 1)
    return empty((*x.shape[:-1], width), x), empty(hidden.shape, x)


def _packed_lstm(data: torch.Tensor, sizes: torch.Tensor, *rest: Any) -> Any:
    arguments: list[Any] = [data, *rest, False]
    return _lstm(*arguments)


def _packed_recurrent(data: torch.Tensor, sizes: torch.Tensor, *rest: Any) -> Any:
    arguments: list[Any] = [data, *rest, False]
    return _recurrent(*arguments)


_UNARY = """
    relu gelu silu sigmoid tanh hardswish hardsigmoid mish softplus elu selu celu relu6 hardtanh leaky_relu
    exp sqrt rsqrt abs neg log sin cos erf square softsign tanhshrink
"""
_ARITHMETIC = "add sub mul div"


def _overloads(names: str, overload: str, suffix: str = "") -> list[Any]:
    packets = [getattr(aten, name + suffix, None) for name in names.split()]
    return [
        getattr(packet, overload) for packet in packets if overload in getattr(packet, "overloads", list)()
    ]


SHAPES: dict[Any, Shaper] = {
    aten.conv1d.default: convolve,
    aten.conv2d.default: convolve,
    aten.conv3d.default: convolve,
    aten.conv1d.padding: convolve,
    aten.conv2d.padding: convolve,
    aten.conv3d.padding: convolve,
    aten.conv_transpose1d.default: convolve_transposed,
    aten.conv_transpose2d.input: convolve_transposed,
    aten.conv_transpose3d.input: convolve_transposed,
    aten.max_pool1d.default: largest(1),
    aten.max_pool2d.default: largest(2),
    aten.max_pool3d.default: largest(3),
    aten.avg_pool1d.default: average(1),
    aten.avg_pool2d.default: average(2),
    aten.avg_pool3d.default: average(3),
    aten.pad.default: _padded,
    **dict.fromkeys(_overloads(_ARITHMETIC, "Tensor"), _binary),
    **dict.fromkeys(_overloads(_ARITHMETIC, "Tensor", "_"), _add_in_place),
    **dict.fromkeys(_overloads(_UNARY, "default"), _unary),
    **dict.fromkeys(_overloads(_UNARY, "default", "_"), _unary_in_place),
    aten.clamp.default: _bounded,
    aten.clamp_min.default: _bounded,
    aten.clamp_.default: _bounded_in_place,
    aten.pow.Tensor_Scalar: _bounded,
    aten.softmax.int: _softmax,
    aten.dropout.default: _dropped,
    aten.roll.default: _rolled,
    aten.masked_fill.Scalar: _masked,
    aten.clone.default: _copied,
    aten.reshape.default: _reshape,
    aten.contiguous.default: _contiguous,
    aten.cat.default: _concatenate,
    aten.mean.dim: reduced.mean,
    aten.logsumexp.default: reduced.mean,
    **dict.fromkeys(_overloads("var std", "dim") + _overloads("var std", "correction"), reduced.spread),
    **dict.fromkeys(
        _overloads("var_mean std_mean", "dim") + _overloads("var_mean std_mean", "correction"),
        reduced.spread_and_mean,
    ),
    aten.linalg_vector_norm.default: reduced.norm,
    **dict.fromkeys(_overloads("any all", "dim"), reduced.whether),
    **dict.fromkeys(_overloads("cumsum cumprod", "default"), reduced.prefix),
    aten.stack.default: reduced.stacked,
    aten.glu.default: reduced.halved,
    **dict.fromkeys(_overloads("tril triu", "default"), reduced.triangle),
    aten.grid_sampler.default: reduced.sampled,
    aten.im2col.default: reduced.columns,
    **dict.fromkeys(_overloads("addmm baddbmm", "default"), reduced.multiplied),
    aten.prelu.default: _sloped,
    aten._prelu_kernel.default: _sloped,
    aten.adaptive_avg_pool1d.default: _pooled_to(1),
    aten.adaptive_avg_pool2d.default: _pooled_to(2),
    aten.adaptive_avg_pool3d.default: _pooled_to(3),
    aten.upsample_nearest1d.vec: _upsample,
    aten.upsample_nearest2d.vec: _upsample,
    aten.upsample_nearest3d.vec: _upsample,
    aten.upsample_linear1d.vec: _upsample,
    aten.upsample_bilinear2d.vec: _upsample,
    aten.upsample_trilinear3d.vec: _upsample,
    aten.upsample_bicubic2d.vec: _upsample,
    aten._upsample_nearest_exact1d.vec: _upsample,
    aten._upsample_nearest_exact2d.vec: _upsample,
    aten._upsample_nearest_exact3d.vec: _upsample,
    aten._upsample_bilinear2d_aa.vec: _upsample,
    aten._upsample_bicubic2d_aa.vec: _upsample,
    aten.instance_norm.default: _flat,
    aten.group_norm.default: _image,
    aten.batch_norm.default: _image,
    aten.layer_norm.default: _flat,
    aten.linear.default: _linear,
    aten.matmul.default: _multiply,
    aten.scaled_dot_product_attention.default: _attend,
    aten.lstm.input: _lstm,
    aten.gru.input: _recurrent,
    aten.rnn_tanh.input: _recurrent,
    aten.rnn_relu.input: _recurrent,
    aten.lstm.data: _packed_lstm,
    **dict.fromkeys([aten.gru.data, aten.rnn_tanh.data, aten.rnn_relu.data], _packed_recurrent),
}


def positions(indices: Iterable[Any]) -> list[Any]:
    """Return constant masks as the positions that they select, whose number the shape needs."""
    found: list[Any] = []
    for index in indices:
        if isinstance(index, torch.Tensor) and index.dtype in (torch.bool, torch.uint8) and not index.is_meta:
            found.extend(index.nonzero(as_tuple=True))
        else:
            found.append(index)
    return found
