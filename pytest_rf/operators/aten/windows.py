"""Operators of ATen that take an image apart into windows, or put them back: unfold, fold, max_unpool."""

from __future__ import annotations

from math import prod

import numpy as np

from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.aten.convolutions import batched, geometry_of, unbatched
from pytest_rf.value import Value


def unfold(call: OpCall) -> Value:
    """im2col: columns of windows."""
    x, alone = batched(call.b, call.x, 2)
    geometry = geometry_of(call, call.listed("kernel_size", 2))
    return unbatched(call.b, windows.unfold(call.b, x, geometry), alone)


def fold(call: OpCall) -> Value:
    """col2im: each pixel sums the columns that hold it."""
    x, alone = batched(call.b, call.x, 1)
    geometry = geometry_of(call, call.listed("kernel_size", 2))
    return unbatched(call.b, windows.fold(call.b, x, geometry, call.listed("output_size", 2)), alone)


def unpool(call: OpCall) -> Value:
    """max_unpool: a position gets a value from wherever the indices say; constant ones say it now."""
    rank = int(call.name[-2])
    x, chosen = call.given("self", "indices")
    places = None
    if not chosen.varies:
        flat = call.data(chosen).astype(np.int64).reshape(-1, prod(x.extents[-rank:]))
        places = flat + prod(call.shape[-rank:]) * np.arange(len(flat))[:, None]
    return windows.unpool(call.b, x, chosen, call.shape, x.rank - rank, places)


RULES: Rules = {
    **{f"aten.max_unpool{n}d": unpool for n in (2, 3)},
    "aten.im2col": unfold,
    "aten.col2im": fold,
}
