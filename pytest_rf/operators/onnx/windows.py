"""Operators of ONNX that put windows back into an image: Col2Im, MaxUnpool."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from pytest_rf import access
from pytest_rf.access import ANYWHERE, SAME, Read, Relation
from pytest_rf.graph import Value
from pytest_rf.operators import windows
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.onnx.gathers import steering
from pytest_rf.operators.scatters import write_rows
from pytest_rf.operators.windows import Window

MOST_TAPS = 256
"""Kernels with more taps are read as a whole, which is an upper bound."""


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
    geometry = [
        Window(k, call.limited("stride", s), d, before, after)
        for k, s, d, before, after in zip(kernel, strides, dilations, pads[:rank], pads[rank:], strict=True)
    ]
    blocks = [w.output(n) for w, n in zip(geometry, image, strict=True)]
    taps = prod(kernel)
    if x.extents[1] % taps or x.extents[2] != prod(blocks):
        call.fail(f"{x.shape} does not hold {blocks} blocks of {kernel}")
    windows.describe(call.b, geometry)
    channels = x.extents[1] // taps
    split = call.b.reshape(x, [x.extents[0], channels, *kernel, *blocks])
    reads = []
    for offsets in product(*map(range, kernel)) if taps <= MOST_TAPS else ():
        axes: list[tuple[int | None, Relation]] = [(0, SAME), (1, SAME)]
        axes += [(None, access.progression(k)) for k in offsets]
        axes += [
            (d, access.spread(1, w.stride, 1, w.before - w.dilation * k))
            for d, (w, k) in enumerate(zip(geometry, offsets, strict=True), 2)
        ]
        reads.append(Read(split.number, tuple(axes)))
    if taps > MOST_TAPS:
        axes = [(0, SAME), (1, SAME), *[(None, ANYWHERE)] * rank, *[(d + 2, ANYWHERE) for d in range(rank)]]
        reads = [Read(split.number, tuple(axes))]
    return call.b.union([x.extents[0], channels, *image], *(reads if split.varies else ()))


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
    if picked.data is not None and prod(shape) <= 1 << 22:
        numbers = picked.data.astype(np.int64).reshape(-1)
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < prod(shape)):
            call.fail("an index is outside of the output")
        if shape != natural:
            # The indices count elements of the pooled tensor; a larger output has borders behind.
            within = numbers.size == 0 or numbers.max() < prod(natural)
            places = np.unravel_index(numbers, natural) if within else None
            if places is not None and all(a <= b for a, b in zip(natural, shape, strict=True)):
                numbers = np.asarray(np.ravel_multi_index(places, shape), np.int64).reshape(-1)
        empty = call.b.constant(shape)
        return write_rows(call.b, empty, call.b.reshape(x, [prod(x.extents)]), numbers, x.rank, False)
    # A pooling in this model does not leave its sample and channel.
    relation: Relation = SAME if _is_pooling(call, picked) else ANYWHERE
    axes: list[tuple[int | None, Relation]] = [(0, relation), (1, relation)]
    axes += [(d, ANYWHERE) for d in range(2, x.rank)]
    reads = [Read(x.number, tuple(axes))] if x.varies else []
    return call.b.union(shape, *reads, *steering(picked, tuple(axes)))


def _is_pooling(call: NodeCall, picked: Value) -> bool:
    return any(node.op == "MaxPool" and picked in node.outputs.values() for node in call.b.graph.nodes)


RULES: Rules = {"Col2Im": col2im, "MaxUnpool": unpool}
