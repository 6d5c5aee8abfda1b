"""Indexing of ATen: gathers and scatters, by constant or computed indices."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE, SAME, Read, Relation
from pytest_rf.graph import Value
from pytest_rf.operators import views
from pytest_rf.operators.aten.call import OpCall, Result, Rules, numbers
from pytest_rf.operators.aten.scatters import at_places
from pytest_rf.operators.masking import replaced
from pytest_rf.operators.pointwise import broadcast_read, broadcast_shape, expand, pointwise
from pytest_rf.operators.reductions import accumulate

_LARGEST = 1 << 24
"""Tables of (element, element) with more entries are not written out."""


def _constants(call: OpCall, indices: list[Any]) -> list[npt.NDArray[Any] | None] | None:
    """Return the elements of all indices, None if one of them depends on an input."""
    if any(isinstance(index, Value) and index.varies for index in indices):
        return None
    return [call.data(index) if isinstance(index, Value) else None for index in indices]


def index(call: OpCall) -> Value:
    """``x[i, :, j]``."""
    x, indices = call.x, list(call["indices"])
    known = _constants(call, indices)
    if known is None:
        return _index_anywhere(call, x, indices)
    lone = [axis for axis, array in enumerate(known) if array is not None]
    if len(lone) == 1 and known[lone[0]].dtype != np.bool_:  # type: ignore[union-attr]
        axis = lone[0]
        found = numbers(known[axis])  # type: ignore[arg-type]
        return views.gather(call.b, x, axis, found % max(x.extents[axis], 1))
    key = tuple(slice(None) if array is None else array for array in known)
    return views.by_index(call.b, x, lambda places: places[key])


def _index_anywhere(call: OpCall, x: Value, indices: list[Any]) -> Value:
    """Indices that data decides: some element along each indexed axis."""
    masks = any(isinstance(value, Value) and call.shape is not None and value.rank > 1 for value in indices)
    tensors = {axis: value for axis, value in enumerate(indices) if isinstance(value, Value)}
    if masks and 0 not in call.shape and _is_mask(call, tensors, x):
        return _everywhere(call, x, *tensors.values())
    common = broadcast_shape([value.extents for value in tensors.values()])
    axes = sorted(tensors)
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    first = axes[0] if adjacent else 0
    rest = [axis for axis in range(x.rank) if axis not in tensors]
    place = {axis: (n if n < first else n + len(common)) for n, axis in enumerate(rest)}
    own: list[tuple[int | None, Relation]] = [
        (place[axis], SAME) if axis in place else (None, ANYWHERE) for axis in range(x.rank)
    ]
    if len(call.shape) != len(common) + len(rest):
        return _everywhere(call, x, *tensors.values())
    reads = [Read(x.number, tuple(own))]
    for value in tensors.values():
        if value.varies:
            read = broadcast_read(value, common)
            moved = tuple((None if out is None else out + first, relation) for out, relation in read.axes)
            reads.append(Read(value.number, moved))
    return call.b.union(call.shape, *reads)


def _is_mask(call: OpCall, tensors: dict[int, Value], x: Value) -> bool:
    """Whether a computed index is a mask over several axes, which torch expands."""
    return (
        any(
            value.rank > 1 and value.extents == x.extents[axis : axis + value.rank] and len(tensors) == 1
            for axis, value in tensors.items()
        )
        and len(call.shape) == 1 + x.rank - next(iter(tensors.values())).rank
    )


def _everywhere(call: OpCall, *operands: Value) -> Value:
    """Some element of every operand, wherever: data decides."""
    reads = [
        Read(value.number, tuple((None, ANYWHERE) for _ in range(value.rank)))
        for value in operands
        if value.varies
    ]
    return call.b.union(call.shape, *reads)


def anywhere(call: OpCall) -> Result:
    """Operators whose outputs pick elements by value, over all axes (nonzero, unique, nms)."""
    return [None if shape is None else _all(call, shape) for shape in call.shapes]


def _all(call: OpCall, shape: tuple[int, ...]) -> Value:
    reads = [
        Read(value.number, tuple((None, ANYWHERE) for _ in range(value.rank)))
        for value in call.values()
        if value.varies
    ]
    return call.b.union(shape, *reads)


def index_put(call: OpCall) -> Value:
    """``x[i, j] = v``, added to what was there if ``accumulate``."""
    x, indices, source = call.x, list(call["indices"]), call.given("values")[0]
    known = _constants(call, indices)
    if known is None:
        tensors = [value for value in indices if isinstance(value, Value) and value.varies]
        return _put_anywhere(
            call, x, source, [i for i, v in enumerate(indices) if isinstance(v, Value)], tensors
        )
    key = tuple(slice(None) if array is None else array for array in known)
    places = np.arange(prod(x.extents), dtype=np.int64).reshape(x.extents)[key]
    if call.b.weights and not call.get("accumulate") and not source.rank:
        over = np.zeros(prod(x.extents), np.bool_)
        over[places.reshape(-1)] = True
        found = replaced(call.b, x, over.reshape(x.extents), source)
        if found is not None:
            return found
    if call.get("accumulate"):
        if places.size * prod(x.extents) > _LARGEST:
            return call.b.union(x.extents, *(one for value in (x, source) for one in some(value)))
        return pointwise(call.b, x, _summed(call, expand(call.b, source, places.shape), places, x.extents))
    return at_places(call.b, x, source, places)


def _put_anywhere(call: OpCall, x: Value, source: Value, axes: list[int], steering: list[Value]) -> Value:
    """A write at computed places: each element keeps its own or takes one of the source."""
    mask = len(steering) == 1 and steering[0].extents == x.extents[: steering[0].rank]
    reads = [Read(x.number, tuple((axis, SAME) for axis in range(x.rank)))]
    if mask and source.rank == 0:
        behind = [1] * (x.rank - steering[0].rank)
        steer = call.b.reshape(steering[0], [*steering[0].extents, *behind])
        reads.append(broadcast_read(steer, x.extents))
    else:
        reads += [
            Read(value.number, tuple((None, ANYWHERE) for _ in range(value.rank))) for value in steering
        ]
    if source.varies:
        reads.append(Read(source.number, tuple((None, ANYWHERE) for _ in range(source.rank))))
    return call.b.union(x.extents, *reads)


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
    x, chosen, axis = call.x, call.given("index")[0], call.axis()
    if chosen.varies:
        return views.gather_anywhere(call.b, x, axis, chosen)
    return views.gather(call.b, x, axis, numbers(call.data(chosen)).reshape(-1))


def gather(call: OpCall) -> Value:
    """Gather: along one axis an index for each element."""
    x, chosen, axis = call.x, call.given("index")[0], call.axis()
    if not chosen.varies:
        places = np.arange(prod(x.extents), dtype=np.int64).reshape(x.extents)
        array = numbers(call.data(chosen))
        cut = tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(array.shape))
        return views.by_index(call.b, x, lambda _: np.take_along_axis(places[cut], array, axis))
    own: list[tuple[int | None, Relation]] = [(place, SAME) for place in range(x.rank)]
    own[axis] = (axis, ANYWHERE)
    cut_x = views.slices(
        call.b, x, {i: (0, 1, n) for i, n in enumerate(chosen.extents) if i != axis and n != x.extents[i]}
    )
    steer = Read(chosen.number, tuple((place, SAME) for place in range(chosen.rank)))
    return call.b.union(call.shape, Read(cut_x.number, tuple(own)), steer)


def scatter(call: OpCall) -> Value:
    """Scatter: each element keeps its own or takes one of the source along an axis."""
    x, chosen, axis = call.x, call.given("index")[0], call.axis()
    sources = call.given("src")
    adds = "add" in call.name or "reduce" in call.name or call.get("reduce") is not None
    if not chosen.varies:
        array = numbers(call.data(chosen))
        numbered = np.arange(prod(x.extents), dtype=np.int64).reshape(x.extents)
        picked: list[Any] = list(np.indices(array.shape))
        picked[axis] = array
        places = numbered[tuple(picked)]
        source = sources[0] if sources else call.b.constant(array.shape)
        cut = views.slices(
            call.b, source, {i: (0, 1, n) for i, n in enumerate(array.shape) if n != source.extents[i]}
        )
        if not adds:
            return at_places(call.b, x, cut, places)
        if places.size * prod(x.extents) <= _LARGEST:
            kept = x if call.get("include_self", True) else _outside(call, x, places)
            return pointwise(call.b, kept, _summed(call, cut, places, x.extents))
    reads = [Read(x.number, tuple((place, SAME) for place in range(x.rank)))]
    for value in (chosen, *sources):
        own: list[tuple[int | None, Relation]] = [
            (place, SAME) if n == x.extents[place] else (None, ANYWHERE)
            for place, n in enumerate(value.extents)
        ]
        own[axis] = (None, ANYWHERE)
        reads.append(Read(value.number, tuple(own)))
    return call.b.union(x.extents, *reads)


def _outside(call: OpCall, x: Value, places: npt.NDArray[np.int64]) -> Value:
    """Return a tensor without what is written at some flat places, which then read nothing of it."""
    return at_places(call.b, x, call.b.constant(places.shape), places)


def _summed(call: OpCall, source: Value, places: npt.NDArray[np.int64], shape: tuple[int, ...]) -> Value:
    """Return what the elements of a source add up to at their flat places, of which several may be the same."""
    hits = np.zeros((prod(shape), places.size), np.bool_)
    hits[places.reshape(-1), np.arange(places.size)] = True
    line = call.b.reshape(source, [places.size])
    return call.b.reshape(call.b.union([prod(shape)], Read(line.number, ((0, access.Sets(hits)),))), shape)


def masked_scatter(call: OpCall) -> Value:
    """masked_scatter: the source's elements, in order, where a mask says; a constant mask says it now."""
    x, mask, source = call.x, call.given("mask")[0], call.given("source")[0]
    if mask.varies:  # the number of an element is how many are chosen before it
        flat = call.b.reshape(expand(call.b, mask, call.shape), [prod(call.shape)])
        before = call.b.reshape(accumulate(call.b, flat, 0), call.shape)
        operands = [x, before] if x.varies else [before]
        return call.b.union(call.shape, *(broadcast_read(v, call.shape) for v in operands), *some(source))
    chosen = np.flatnonzero(np.broadcast_to(call.data(mask).astype(np.bool_), call.shape))
    line = call.b.reshape(source, [prod(source.extents)])
    used = views.slices(call.b, line, {0: (0, 1, chosen.size)})
    return at_places(call.b, expand(call.b, x, call.shape), used, chosen)


def some(value: Value) -> list[Read]:
    """Return a read of a tensor of which data decides which elements; none of a constant."""
    return [Read(value.number, tuple((None, ANYWHERE) for _ in range(value.rank)))] if value.varies else []


def index_add(call: OpCall) -> Value:
    """index_add, index_copy, index_fill, index_reduce: rows of the source at positions of one axis."""
    x, chosen, axis = call.x, call.given("index")[0], call.axis()
    sources = call.given("source")
    reads = []
    keeps = True
    if not chosen.varies:
        array = numbers(call.data(chosen)).reshape(-1) % max(x.extents[axis], 1)
        table = np.full(x.extents[axis], -1, np.int64)
        table[array] = np.arange(array.size)
        unique = len(set(array.tolist())) == array.size
        for source in sources:
            axes: list[tuple[int | None, Relation]] = [(place, SAME) for place in range(x.rank)]
            if unique:
                axes[axis] = (axis, access.Table(table))
            else:
                hits = np.zeros((x.extents[axis], array.size), np.bool_)
                hits[array, np.arange(array.size)] = True
                axes[axis] = (axis, access.Sets(hits))
            reads.append(Read(source.number, tuple(axes)))
        keeps = call.name == "index_add" or (call.name == "index_reduce" and call["include_self"])
        kept = None if keeps else (table < 0).reshape([-1 if i == axis else 1 for i in range(x.rank)])
    else:
        kept = None
        for value in (chosen, *sources):
            own: list[tuple[int | None, Relation]] = [(place, SAME) for place in range(value.rank)]
            own[axis if value.rank == x.rank else 0] = (None, ANYWHERE)
            reads.append(Read(value.number, tuple(own)))
    for value in call.given("value"):  # index_fill with a computed number
        over = None if kept is None else np.broadcast_to(~kept, x.extents)
        reads.append(Read(value.number, tuple((None, SAME) for _ in range(value.rank)), where=over))
    same = tuple((place, SAME) for place in range(x.rank))
    return call.b.union(x.extents, Read(x.number, same, where=kept), *reads)


def take(call: OpCall) -> Value:
    """Take: elements of the flattened tensor."""
    x, chosen = call.x, call.given("index")[0]
    flat = call.b.reshape(x, [prod(x.extents)])
    if chosen.varies:
        return views.gather_anywhere(call.b, flat, 0, chosen)
    return views.gather(call.b, flat, 0, numbers(call.data(chosen)) % max(prod(x.extents), 1))


def put(call: OpCall) -> Value:
    """Put: elements written into the flattened tensor."""
    x, chosen, source = call.x, call.given("index")[0], call.given("source")[0]
    if chosen.varies:
        return call.b.union(
            x.extents,
            Read(x.number, tuple((axis, SAME) for axis in range(x.rank))),
            *some(chosen),
            *some(source),
        )
    places = numbers(call.data(chosen)) % max(prod(x.extents), 1)
    if call.get("accumulate"):
        return pointwise(call.b, x, _summed(call, source, places, x.extents))
    return at_places(call.b, x, source, places)


def masked_select(call: OpCall) -> Result:
    """masked_select: the elements, in order, that a mask chooses; a constant mask says now which they are."""
    x, mask = call.given("self")[0], call.given("mask")[0]
    if mask.varies:
        return anywhere(call)
    shape = broadcast_shape([x.extents, mask.extents])
    chosen = np.broadcast_to(call.data(mask).astype(np.bool_), shape)
    return views.by_index(call.b, expand(call.b, x, shape), lambda places: places[chosen])


def sort(call: OpCall) -> Result:
    """Sort, topk, kthvalue, median, mode, cummax: data decides the place along one axis."""
    x = call.x
    if call.arguments.get("dim") is None and (not call.shape or "dim" in call.arguments):
        return [_all(call, shape) for shape in call.shapes if shape is not None]
    axis = call.axis(default=-1)
    shape = call.shape
    own: list[tuple[int | None, Relation]] = []
    for place in range(x.rank):
        if place == axis:
            own.append((axis if len(shape) == x.rank else None, ANYWHERE))
        else:
            own.append((place if len(shape) == x.rank or place < axis else place - 1, SAME))
    y = call.b.union(shape, Read(x.number, tuple(own)))
    return (y,) * len(call.shapes)


_ROWS = ("index_add", "index_copy", "index_fill", "index_reduce")
_ANYWHERE = """
    nonzero nonzero_static unique _unique _unique2 unique_dim unique_consecutive histc
    bincount histogram multinomial repeat_interleave.Tensor _histogramdd_from_bin_cts
    _histogramdd_bin_edges _histogramdd_from_bin_tensors
"""

RULES: Rules = {
    "aten.index": index,
    "aten._unsafe_index": index,
    "aten.index_put": index_put,
    "aten._index_put_impl": index_put,
    "aten._unsafe_index_put": index_put,
    "aten.index_select": lifted(index_select),
    "aten.gather": lifted(gather),
    **{f"aten.{name}": lifted(scatter) for name in ("scatter", "scatter_add", "scatter_reduce")},
    **{f"aten.{name}": lifted(index_add) for name in _ROWS},
    "aten.take": take,
    "aten.put": put,
    "aten.masked_scatter": masked_scatter,
    "aten.masked_select": masked_select,
    **{
        f"aten.{name}": sort
        for name in ("sort", "topk", "kthvalue", "median", "nanmedian", "mode", "argsort", "msort")
    },
    **{f"aten.{name}": anywhere for name in _ANYWHERE.split()},
    "torchvision.nms": anywhere,
    "aten.where.default": anywhere,
}
