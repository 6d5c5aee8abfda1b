"""Operators of ATen that pick elements by constant or computed indices."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.errors import ModelError
from pytest_rf.operators import gathers, ordering, views
from pytest_rf.operators.aten.call import OpCall, Result, Rules, numbers
from pytest_rf.operators.aten.ordering import chosen_by_value
from pytest_rf.operators.gathers import Places
from pytest_rf.operators.pointwise import broadcast_shape, expand, pointwise
from pytest_rf.operators.reductions import normalise
from pytest_rf.value import Value


def places(call: OpCall, chosen: Value, extent: int) -> Places:
    """Return constant indices counted from the front; the value itself where they are computed."""
    return chosen if chosen.varies else inside(call, numbers(call.data(chosen)), extent)


def inside(call: OpCall, array: npt.NDArray[np.int64], extent: int) -> npt.NDArray[np.int64]:
    """Return indices counted from the front.

    Raises:
        ModelError: one is outside of the axis. On tensors without elements torch does not look.
    """
    outside = (array < -extent) | (array >= extent)
    if outside.any():
        raise _out_of_bounds(call, f"index {array[outside][0]} is outside of extent {extent}")
    return array % max(extent, 1)


def _out_of_bounds(call: OpCall, why: str) -> ModelError:
    node = call.b.node
    place = f" ({node.source})" if node.source else ""
    return ModelError(f"{call.op} {node.name!r}{place}: {why}; give a larger input, or mend the index")


def constants(call: OpCall) -> list[npt.NDArray[Any] | None] | None:
    """Return the elements of all ``indices``, None if one of them depends on an input."""
    if any(isinstance(one, Value) and one.varies for one in call["indices"]):
        return None
    return [call.data(one) if isinstance(one, Value) else None for one in call["indices"]]


def index(call: OpCall) -> Value:
    """``x[i, :, j]``."""
    x, known = call.x, constants(call)
    if known is None:
        return _index_anywhere(call)
    given = {axis: array for axis, array in enumerate(known) if array is not None}
    if len(given) == 1 and not any(array.dtype == np.bool_ for array in given.values()):
        ((axis, array),) = given.items()
        return gathers.gather(call.b, x, axis, inside(call, numbers(array), x.extents[axis]))
    if not any(array.dtype == np.bool_ for array in given.values()):  # a mask takes as many axes as it has
        for axis, array in given.items():
            inside(call, numbers(array), x.extents[axis])
    key = tuple(slice(None) if array is None else array for array in known)
    return views.by_index(call.b, x, lambda flat: flat[key])


def _index_anywhere(call: OpCall) -> Value:
    """Indices that data decides: some element along each indexed axis."""
    x, tensors = call.x, {axis: one for axis, one in enumerate(call["indices"]) if isinstance(one, Value)}
    common = broadcast_shape([one.extents for one in tensors.values()])
    rest = [n for axis, n in enumerate(x.extents) if axis not in tensors]
    if sorted(call.shape) != sorted([*common, *rest]):  # a mask, of which torch makes indices
        return ordering.chosen_by_value(call.b, call.shape, x, *tensors.values())
    return gathers.index_anywhere(call.b, x, tensors, call.shape)


def lifted(rule: Callable[[OpCall], Value]) -> Callable[[OpCall], Value]:
    """Return a rule that takes numbers too: tensors without axes, which are handled as if they had one."""

    def lifting(call: OpCall) -> Value:
        if all(value.rank for value in call.values()):
            return rule(call)
        wide = {
            name: call.b.reshape(value, [1]) if isinstance(value, Value) and not value.rank else value
            for name, value in call.arguments.items()
        }
        return call.b.reshape(rule(OpCall(call.b, call.op, wide, [call.shape or (1,)])), call.shape)

    return lifting


def index_select(call: OpCall) -> Value:
    """index_select: constant or computed positions of one axis."""
    axis = call.axis()
    return gathers.gather(call.b, call.x, axis, places(call, call.given("index")[0], call.x.extents[axis]))


def gather(call: OpCall) -> Value:
    """Gather: along one axis an index for each element."""
    axis = call.axis()
    chosen = places(call, call.given("index")[0], call.x.extents[axis])
    return gathers.gather_elements(call.b, call.x, axis, chosen)


def take(call: OpCall) -> Value:
    """Take: elements of the flattened tensor."""
    size = prod(call.x.extents)
    flat = call.b.reshape(call.x, [size])
    return gathers.gather(call.b, flat, 0, places(call, call.given("index")[0], size))


def masked_select(call: OpCall) -> Result:
    """masked_select: the elements, in order, that a mask chooses; a constant mask says now which they are."""
    x, mask = call.given("self")[0], call.given("mask")[0]
    if mask.varies:
        return chosen_by_value(call)
    shape = broadcast_shape([x.extents, mask.extents])
    chosen = np.broadcast_to(call.data(mask).astype(np.bool_), shape)
    return views.by_index(call.b, expand(call.b, x, shape), lambda flat: flat[chosen])


def embedding(call: OpCall) -> Value:
    """Embedding: a row of the table for each index."""
    table, chosen = call.given("weight")[0], call.given("indices")[0]
    return gathers.gather(call.b, table, 0, places(call, chosen, table.extents[0]))


def renormalised(call: OpCall) -> Value:
    """embedding_renorm: rows whose norm is too large are scaled, those that the indices name."""
    table, chosen = call.given("self")[0], call.given("indices")[0]
    return pointwise(
        call.b, normalise(call.b, table, [1]), ordering.chosen_by_value(call.b, table.extents, chosen)
    )


RULES: Rules = {
    "aten.index": index,
    "aten._unsafe_index": index,
    "aten.index_select": lifted(index_select),
    "aten.gather": lifted(gather),
    "aten.take": take,
    "aten.masked_select": masked_select,
    "aten.embedding": embedding,
    "aten.embedding_renorm": renormalised,
}
