"""Operators of ONNX that pick elements by constant or computed indices."""

from __future__ import annotations

import numpy as np

from pytest_rf.graph import Value
from pytest_rf.operators import views
from pytest_rf.operators.onnx.call import Call, Rules
from pytest_rf.operators.pointwise import expand


def gather(call: Call) -> Value:
    """Gather: constant indices are read exactly, computed ones as the whole axis."""
    x, indices = call.x, call.operand(1)
    if not x.rank:
        call.fail("the data is a scalar")
    axis = call.axis(call.integer("axis", 0), x.rank)
    if indices.data is None:
        if not x.varies and indices.varies:
            shape = (*x.extents[:axis], *indices.extents, *x.extents[axis + 1 :])
            placed = call.b.reshape(indices, [*[1] * axis, *indices.extents, *[1] * (x.rank - axis - 1)])
            return expand(call.b, placed, shape)
        return views.gather_anywhere(call.b, x, axis, indices)
    places = indices.data.astype(np.int64)
    extent = x.extents[axis]
    if places.size and not (-extent <= places.min() and places.max() < extent):
        call.fail(f"an index is outside of axis {axis} of extent {extent}")
    return views.gather(call.b, x, axis, places % max(extent, 1))


RULES: Rules = {"Gather": gather}
