"""Shapes of the operators whose own shape functions are slow, or that have none.

Capture spends most of its time in them. Each function gets the arguments of the operator, makes
its outputs on ``meta``, and gives None where it does not know (another memory layout, say).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

aten = torch.ops.aten
Shaper = Callable[..., Any]


def _empty(shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    return torch.empty(shape, dtype=like.dtype, device="meta")


def _listed(value: Any, rank: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * rank if len(values) == 1 else values


def _convolve(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> torch.Tensor | None:
    rank = weight.dim() - 2
    if x.dim() != rank + 2 or not x.is_contiguous() or not weight.is_contiguous():
        return None
    kernel = weight.shape[2:]
    strides, dilations = _listed(stride, rank), _listed(dilation, rank)
    if isinstance(padding, str):
        if padding == "same":
            return _empty((x.shape[0], weight.shape[0], *x.shape[2:]), x)
        padding = 0
    pads = _listed(padding, rank)
    if x.shape[1] != weight.shape[1] * groups or x.dtype != weight.dtype:
        return None  # the operator itself has the better message
    sizes = [
        (extent + 2 * pad - dilation * (taps - 1) - 1) // step + 1
        for extent, taps, step, pad, dilation in zip(
            x.shape[2:], kernel, strides, pads, dilations, strict=True
        )
    ]
    if min(sizes) < 1:
        return None
    return _empty((x.shape[0], weight.shape[0], *sizes), x)


def _normalise(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return torch.empty_like(x, device="meta")


def _unary(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor | None:
    """Return an elementwise function of the same type; memory layouts other than the usual are left alone."""
    if not x.is_floating_point() or not x.is_contiguous():
        return None
    return _empty(x.shape, x)


def _binary(x: Any, y: Any, *_: Any, **__: Any) -> torch.Tensor | None:
    if not isinstance(x, torch.Tensor) or not x.is_floating_point() or not x.is_contiguous():
        return None
    if isinstance(y, torch.Tensor):
        if y.dtype != x.dtype or not y.is_contiguous() or y.dim() > x.dim():
            return None
        behind = x.shape[x.dim() - y.dim() :]
        if y.shape != behind and any(n not in (1, m) for n, m in zip(y.shape, behind, strict=True)):
            return None
    elif isinstance(y, complex):
        return None
    return _empty(x.shape, x)


def _dropped(x: torch.Tensor, p: float, train: bool) -> torch.Tensor | None:
    return _unary(x) if train and p > 0 else x  # which is handed back as it is


def _rolled(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return _empty(x.shape, x)


def _normalise_last(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return _empty(x.shape, x)


def _linear(x: torch.Tensor, weight: torch.Tensor, bias: Any = None) -> torch.Tensor | None:
    if x.dim() < 2 or x.shape[-1] != weight.shape[-1] or weight.dim() != 2 or x.dtype != weight.dtype:
        return None
    return _empty((*x.shape[:-1], weight.shape[0]), x)


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any
) -> torch.Tensor | None:
    if not query.dim() == key.dim() == value.dim():
        return None
    groups = (key.shape[:-2], value.shape[:-2])
    if query.dim() > 3 and any(own[-1] not in (1, query.shape[-3]) for own in groups):  # shared heads
        batch: Sequence[int] = query.shape[:-2]
    else:
        batch = torch.broadcast_shapes(query.shape[:-2], *groups)
    return _empty((*batch, query.shape[-2], value.shape[-1]), query)


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
    return _empty((*x.shape[:-1], width), x), _empty(hidden.shape, x), _empty(cell.shape, x)


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
    return _empty((*x.shape[:-1], width), x), _empty(hidden.shape, x)


def _packed_lstm(data: torch.Tensor, sizes: torch.Tensor, *rest: Any) -> Any:
    arguments: list[Any] = [data, *rest, False]
    return _lstm(*arguments)


def _packed_recurrent(data: torch.Tensor, sizes: torch.Tensor, *rest: Any) -> Any:
    arguments: list[Any] = [data, *rest, False]
    return _recurrent(*arguments)


SHAPES: dict[Any, Shaper] = {
    aten.conv1d.default: _convolve,
    aten.conv2d.default: _convolve,
    aten.conv3d.default: _convolve,
    aten.conv1d.padding: _convolve,
    aten.conv2d.padding: _convolve,
    aten.conv3d.padding: _convolve,
    **dict.fromkeys([aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor], _binary),
    **dict.fromkeys(
        [
            aten.relu.default,
            aten.gelu.default,
            aten.silu.default,
            aten.sigmoid.default,
            aten.tanh.default,
            aten.hardswish.default,
            aten.hardsigmoid.default,
            aten.leaky_relu.default,
            aten.softmax.int,
        ],
        _unary,
    ),
    aten.dropout.default: _dropped,
    aten.roll.default: _rolled,
    aten.instance_norm.default: _normalise,
    aten.group_norm.default: _normalise_last,
    aten.batch_norm.default: _normalise,
    aten.layer_norm.default: _normalise_last,
    aten.linear.default: _linear,
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
