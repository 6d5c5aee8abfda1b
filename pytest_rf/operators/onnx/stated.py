"""Turns what users state about operators and functions of ONNX files into rules."""

from __future__ import annotations

from typing import cast

from pytest_rf.operators.masking import elementwise
from pytest_rf.operators.onnx.call import NodeCall, Rule, fitting
from pytest_rf.operators.pointwise import mixture
from pytest_rf.operators.stated import geometry, windowed
from pytest_rf.registry import Stated, Statement
from pytest_rf.value import Shape, Undetermined, Value


def rule_of(statement: Statement) -> Rule:
    """Return the rule that a statement means."""
    if isinstance(statement, Stated):
        stated = statement
        return lambda call: tuple(_windowed(call, stated, place) for place in range(call.outputs))
    if statement == "elementwise":
        return lambda call: tuple(_pointwise(call, place) for place in range(call.outputs))
    if statement == "mixing":
        return lambda call: tuple(
            mixture(call.b, _told(call, place), *call.given) for place in range(call.outputs)
        )
    if statement == "nothing":
        return lambda call: tuple(_nothing(call, place) for place in range(call.outputs))
    return cast(Rule, statement)


def _pointwise(call: NodeCall, place: int) -> Value:
    with fitting():
        y = elementwise(call.b, call.op.lower(), *call.given)
    told = call.declared(place)
    if told is not None and not _agree(told, y.extents):
        raise Undetermined(
            f"{call.op} is stated to be elementwise, which makes {list(y.extents)}, and the file says {_shown(told)}"
        )
    return y


def _nothing(call: NodeCall, place: int) -> Value:
    told = call.declared(place)
    if told is None or None in told:
        return call.b.constant(None, missing=f"is made by {call.op}, and the file does not tell its shape")
    return call.b.constant(cast(Shape, told))


def _told(call: NodeCall, place: int) -> Shape:
    """Return the shape that the file gives an output."""
    told = call.declared(place)
    if told is None or None in told:
        raise Undetermined(
            f"{call.op} is stated to mix, and the file does not tell the shape of what it makes; save the file with "
            "the shapes of its tensors (value_info)"
        )
    return cast(Shape, told)


def _windowed(call: NodeCall, stated: Stated, place: int) -> Value:
    """Return an output whose shape is the file's, where that tells it, and else what the window makes."""
    told = call.declared(place)
    live = [value for value in call.given if value.varies] or call.given
    rank = len(told) if told is not None else max((value.rank for value in live), default=0)
    x = next((value for value in live if value.rank == rank), None)
    if rank < 3 or x is None:
        raise Undetermined(
            f"{call.op} is stated to have a window, which needs a batch, channels and spatial axes; "
            f"its inputs have {', '.join(str(value.rank) for value in live) or 'no'} axes"
        )
    window = geometry(call.op, stated, rank - 2)
    for axis, one in enumerate(window.windows):
        call.limited("kernel", one.kernel)
        call.limited("stride", one.stride)
        call.limited("dilation", one.dilation)
        call.limited("padding", max(abs(one.before), abs(one.after), window.extra[axis]))
    natural = (
        x.extents[0],
        stated.channels or x.extents[1],
        *(window.counts(axis, extent)[0] for axis, extent in enumerate(x.extents[2:])),
    )
    shape = (
        natural if told is None else tuple(n if t is None else t for n, t in zip(natural, told, strict=True))
    )
    if stated.channels is not None and shape[1] != stated.channels:
        raise Undetermined(
            f"{call.op} is stated to make {stated.channels} channels, and the file says {shape[1]}"
        )
    window.check(x.extents[2:], shape[2:])
    return windowed(call.b, shape, window, call.given)


def _agree(told: tuple[int | None, ...], shape: Shape) -> bool:
    return len(told) == len(shape) and all(t in (None, n) for t, n in zip(told, shape, strict=True))


def _shown(told: tuple[int | None, ...]) -> str:
    return f"[{', '.join('?' if extent is None else str(extent) for extent in told)}]"
