"""Sequences and optionals of ONNX: lists of tensors whose length the graph tells, or does not."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from pytest_rf.operators import views
from pytest_rf.operators.onnx.call import Absent, Element, Items, NodeCall, Result, Rules
from pytest_rf.value import Undetermined, Value


def _items(call: NodeCall, index: int = 0) -> Items:
    value = call.operands[index] if index < len(call.operands) else None
    if isinstance(value, Items):
        return value
    if value is None:
        call.fail(f"input {index} is missing")
    if isinstance(value, Absent):
        call.fail(f"input {index} is an optional that holds nothing")
    _open(call)


def _open(call: NodeCall) -> NoReturn:
    raise Undetermined(f"{call.op} works on a sequence whose length only a run can tell")


def _place(call: NodeCall, index: int, length: int, default: int) -> int:
    """Return the constant position in a sequence that input ``index`` gives."""
    if not call.has(index):
        return default
    number = call.numbers(index)[0]
    if not -length <= number < max(length, 1) + (call.op == "SequenceInsert"):
        call.fail(f"position {number} is outside of a sequence of {length}")
    return number + length if number < 0 else number


def construct(call: NodeCall) -> Items:
    """SequenceConstruct: the inputs in order."""
    return Items(tuple(call.given))


def empty(call: NodeCall) -> Items:
    """SequenceEmpty."""
    return Items(())


def at(call: NodeCall) -> Value:
    """SequenceAt: one tensor of a sequence."""
    items = _items(call).values
    place = _place(call, 1, len(items), 0)
    if place >= len(items):
        call.fail(f"position {place} is outside of a sequence of {len(items)}")
    return items[place]


def insert(call: NodeCall) -> Items:
    """SequenceInsert: a tensor more, at the end by default."""
    items = list(_items(call).values)
    items.insert(_place(call, 2, len(items), len(items)), call.operand(1))
    return Items(tuple(items))


def erase(call: NodeCall) -> Items:
    """SequenceErase: a tensor less, the last one by default."""
    items = list(_items(call).values)
    if not items:
        call.fail("the sequence is empty")
    del items[_place(call, 1, len(items), len(items) - 1)]
    return Items(tuple(items))


def length(call: NodeCall) -> Value:
    """SequenceLength: a constant."""
    return call.constant(np.asarray(len(_items(call).values), np.int64))


def concat(call: NodeCall) -> Value:
    """ConcatFromSequence: the tensors one behind the other, along a new axis if asked for."""
    items = _items(call).values
    if not items:
        call.fail("the sequence is empty")
    rank = items[0].rank
    if call.integer("new_axis", 0):
        axis = call.axis(call.integer("axis", 0), rank + 1)
        if len({item.shape for item in items}) > 1:
            call.fail("the tensors of the sequence have different shapes")
        return views.stack(call.b, items, axis)
    axis = call.axis(call.integer("axis", 0), rank)
    return call.join(items, axis)


def split(call: NodeCall) -> Items:
    """SplitToSequence: parts of a size or of sizes; single positions without their axis by default."""
    x = call.x
    axis = call.axis(call.integer("axis", 0), x.rank)
    extent = x.extents[axis]
    if not call.has(1):
        call.limited("number of parts", extent, "inlined")
        if call.integer("keepdims", 1):
            return Items(views.split(call.b, x, [1] * extent, axis))
        return Items(tuple(views.take_axis(call.b, x, axis, index) for index in range(extent)))
    given = call.data(1)
    sizes = [int(n) for n in given.reshape(-1)]
    if given.ndim == 0:
        if sizes[0] < 1:
            call.fail(f"parts of size {sizes[0]}")
        call.limited("number of parts", -(-extent // sizes[0]), "inlined")
        sizes = [min(sizes[0], extent - start) for start in range(0, extent, sizes[0])]
    if sum(sizes) != extent or min(sizes, default=0) < 0:
        call.fail(f"{len(sizes)} parts of {sum(sizes)} in all do not make up extent {extent} of axis {axis}")
    call.limited("number of parts", len(sizes), "inlined")
    return Items(views.split(call.b, x, sizes, axis))


def optional(call: NodeCall) -> Element:
    """Optional: its input, or nothing."""
    return next((value for value in call.operands if value is not None), Absent())


def get_element(call: NodeCall) -> Element:
    """OptionalGetElement: what an optional holds."""
    value = call.operands[0] if call.operands else None
    if value is None or isinstance(value, Absent):
        call.fail("the optional holds nothing")
    return value


def has_element(call: NodeCall) -> Value:
    """OptionalHasElement: known from the graph."""
    value = call.operands[0] if call.operands else None
    return call.constant(np.asarray(not (value is None or isinstance(value, Absent))))


def sequence_map(call: NodeCall) -> Result:
    """SequenceMap: the body once for each position of its sequences."""
    assert call.body is not None
    body = call.body("body")
    first = _items(call)
    count = len(first.values)
    if count * max(body.size, 1) > call.spent(0):
        raise Undetermined(f"{call.op} over {count} tensors is too long to be written out")
    call.spent(count * body.size)
    columns: list[list[Value]] = [[] for _ in range(call.outputs)]
    for place in range(count):
        arguments = [one.values[place] if isinstance(one, Items) else one for one in call.operands]
        for column, value in zip(columns, body(arguments, f"body[{place}]"), strict=False):
            if not isinstance(value, Value):
                call.fail("its body must give tensors")
            column.append(value)
    return tuple(Items(tuple(column)) for column in columns)


COLLECTING: Rules = {
    "SequenceConstruct": construct,
    "SequenceEmpty": empty,
    "SplitToSequence": split,
    "Optional": optional,
}
"""What these make of tensors is not a tensor, so that they cannot wait until its elements are needed."""

RULES: Rules = {
    **COLLECTING,
    "SequenceAt": at,
    "SequenceInsert": insert,
    "SequenceErase": erase,
    "SequenceLength": length,
    "SequenceMap": sequence_map,
    "ConcatFromSequence": concat,
    "OptionalGetElement": get_element,
    "OptionalHasElement": has_element,
}
