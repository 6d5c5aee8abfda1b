"""Operators of ONNX that put windows back into an image: Col2Im, MaxUnpool."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.operators import windows
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.windows import Window
from pytest_rf.value import Shape, Value


def col2im(call: NodeCall) -> Value:
    """Col2Im: overlapping blocks are added; a pixel reads tap k of the block that it is tap k of."""
    x, image, kernel = call.x, call.numbers(1), call.numbers(2)
    rank = len(image)
    if x.rank != 3 or len(kernel) != rank or rank < 1:
        call.fail(f"an input {x.shape} and blocks {kernel} of an image {image} do not fit")
    strides = call.integers("strides", [1] * rank, rank)
    dilations = call.integers("dilations", [1] * rank, rank)
    pads = call.integers("pads", [0] * (2 * rank), 2 * rank)
    if min(*kernel, *strides, *dilations) < 1:
        call.fail("kernel, stride and dilation must be at least 1")
    call.limited("stride", max(strides))
    geometry = windows.geometry(kernel, strides, dilations, pads[:rank], pads[rank:])
    blocks = [w.output(n) for w, n in zip(geometry, image, strict=True)]
    if x.extents[1] % prod(kernel) or x.extents[2] != prod(blocks):
        call.fail(f"{x.shape} does not hold {blocks} blocks of {kernel}")
    return windows.fold(call.b, x, geometry, image)


def unpool(call: NodeCall) -> Value:
    """MaxUnpool: the elements go where the indices of the pooling say."""
    x, picked = call.x, call.operand(1)
    if x.rank < 3 or picked.extents != x.extents:
        call.fail(f"indices {picked.shape} do not fit {x.shape}")
    rank = x.rank - 2
    kernel = call.integers("kernel_shape", count=rank)
    strides = call.integers("strides", [1] * rank, rank)
    pads = call.integers("pads", [0] * (2 * rank), 2 * rank)
    inner = [
        s * (n - 1) + k - before - after
        for n, k, s, before, after in zip(
            x.extents[2:], kernel, strides, pads[:rank], pads[rank:], strict=True
        )
    ]
    natural = (*x.extents[:2], *inner)
    shape = tuple(call.numbers(2)) if call.has(2) else natural
    if len(shape) != x.rank or min(shape) < 0 or shape[:2] != x.extents[:2]:
        call.fail(f"an output of shape {shape} does not fit {x.shape}")
    windows.describe(call.b, [Window(k, s) for k, s in zip(kernel, strides, strict=True)])
    # A pooling in this model does not leave its sample and channel.
    lead = 2 if _is_pooling(call, picked) else 0
    return windows.unpool(call.b, x, picked, shape, lead, _places(call, picked, natural, shape))


def _places(call: NodeCall, picked: Value, natural: Shape, shape: Shape) -> npt.NDArray[np.int64] | None:
    """Return constant indices as flat places of the output; None where they are computed."""
    if picked.data is None:
        return None
    numbers = picked.data.astype(np.int64).reshape(-1)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < prod(shape)):
        call.fail("an index is outside of the output")
    within = numbers.size == 0 or numbers.max() < prod(natural)
    if shape == natural or not within or any(a > b for a, b in zip(natural, shape, strict=True)):
        return numbers
    # The indices count elements of the pooled tensor; a larger output has borders behind.
    return np.asarray(np.ravel_multi_index(np.unravel_index(numbers, natural), shape), np.int64).reshape(-1)


def _is_pooling(call: NodeCall, picked: Value) -> bool:
    return any(node.op == "MaxPool" and picked in node.outputs.values() for node in call.b.graph.nodes)


RULES: Rules = {"Col2Im": col2im, "MaxUnpool": unpool}
