"""Elementwise operators on tensors of which some elements are constant -inf or 0.

Triangles bring them in always, other constants in weight-aware mode alone (SEMANTICS 7). Masked scores are a
constant -inf, which what is added to them or scales them leaves; behind a softmax they are a constant 0, which
every product leaves. The two are not the same: a softmax of 0 is no 0. A mask of -100 leaves the scores what they are,
so that all but a softmax reads them: such scores are faint. A mask that is computed from data can make all scores of a
query as low as what a constant one hides, unless that is -inf, and then it hides nothing: such scores are low.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from pytest_rf.graph import Builder
from pytest_rf.operators.pointwise import broadcast_read, broadcast_shape, pointwise
from pytest_rf.operators.sparsity import MASKED, Mask, narrow
from pytest_rf.operators.sparsity import masks as hiding
from pytest_rf.value import Value

# Names are those of ATen and of ONNX, in lower case and without underscores.
ARITHMETIC = ("add", "sub", "mul", "div")
BOTH = ("and", "logicaland", "bitwiseand")
"""Functions of two operands that are 0, or false, where either is."""
LARGER = ("max", "maximum")
READ_ONCE = ("mul", "div", "pow", *LARGER, "min", "minimum")
"""Functions that read a tensor once though it comes in twice, as ``x * sigmoid(x)``; a sum has two summands then."""
COMPARED = {
    "equal": np.equal,
    "eq": np.equal,
    "greater": np.greater,
    "gt": np.greater,
    "less": np.less,
    "lt": np.less,
}
VANISHING = ("exp", "exp2", "sigmoid", "relu", "relu6", "softplus")
"""Functions that are 0 at -inf."""
THROUGH_0 = (
    "relu",
    "relu6",
    "elu",
    "celu",
    "selu",
    "leakyrelu",
    "gelu",
    "silu",
    "swish",
    "hardswish",
    "mish",
    "tanh",
    "erf",
    "abs",
    "neg",
    "square",
    "sqrt",
    "sin",
    "sign",
    "nantonum",
    "isnan",
    "isinf",
)
"""Functions that are 0 at 0."""


def elementwise(b: Builder, op: str, *operands: Value) -> Value:
    """Return an elementwise function of which constants among the operands can cut something off.

    Args:
        b: the builder.
        op: its name: "add", "sub", "mul", "div", that of a function of one operand, or any other.
        operands: what it is a function of.
    """
    constant = not all(x.is_plain for x in operands)
    read = _different(operands) if op in READ_ONCE else operands
    if not constant and not b.weights:
        return pointwise(b, *read)
    found = None
    if len(operands) == 1:
        (x,) = operands
        name = op.lower().replace("_", "")
        zero = x.masked if name in VANISHING else None
        if zero is None and name in THROUGH_0:
            zero = x.zero
        found = None if zero is None else _vanished(b, x, zero)
    elif len(operands) == 2:
        name = op.lower().replace("_", "")
        if op in ARITHMETIC or name in BOTH:
            found = _combined(b, "mul" if name in BOTH else op, *operands)
        elif name in LARGER:
            found = clamped(b, *operands) or clamped(b, *operands[::-1])
        elif name in COMPARED:
            found = _compared(b, name, *operands)
    made = pointwise(b, *read) if found is None else found
    return _lowered(b, op, made, operands) if b.weights and op in ARITHMETIC else made


def _different(operands: Sequence[Value]) -> Sequence[Value]:
    """Return operands without those that are there already."""
    return list({x.number: x for x in operands}.values())


def choose(b: Builder, condition: Value, one: Value | float, other: Value | float) -> Value:
    """Return ``one`` where a condition holds and ``other`` elsewhere; a constant one says which an element reads."""
    operands = [x for x in (condition, one, other) if isinstance(x, Value)]
    if condition.varies or condition.data is None:
        found = _chosen(b, condition, one, other) if b.weights else None
        made = pointwise(b, *_different(operands)) if found is None else found
        return low(b, made) if b.weights and any(_is_low(b, x) for x in (one, other)) else made
    holds = narrow(condition.data.astype(np.bool_, copy=False))
    shape = broadcast_shape([x.extents for x in operands])
    sides = [
        (x, over, beside)
        for x, over, beside in ((one, ~holds, other), (other, holds, one))
        if isinstance(x, Value)
    ]
    for x, over, beside in sides if b.weights else ():
        found = replaced(b, x, over, beside)
        if found is not None:
            return found
    for x, over, _ in sides:
        if x.shape == shape and not over.any():
            return x
    y = b.union(
        shape, *(broadcast_read(x, shape)._replace(where=~over) for x, over, _ in sides if not over.all())
    )
    y.low = any(x.low for x, _, _ in sides)
    return y


def clamped(
    b: Builder, x: Value, low: Value | float | None, high: Value | float | None = None
) -> Value | None:
    """Return ``x`` held between constants, or the larger of it and one; None where nothing is known of it any more.

    Scores are kept from overflowing so: what is masked stays so before a softmax if the bound is a mask itself.
    """
    top, bottom = _numbers(b, high), _numbers(b, low)
    if not x.varies or x.is_plain or (high is not None and (top is None or (top < 0).any())):
        return None
    if low is None:
        return x
    if bottom is None or (bottom > 0).any() or broadcast_shape([x.extents, bottom.shape]) != x.extents:
        return None
    if (bottom <= _hiding(b)).all():
        return x if x.masked is None or np.isneginf(bottom).all() else masked(b, x, x.masked, finite=True)
    y = _without(b, np.zeros((), np.bool_), x)
    y.zero = x.zero if bottom.any() else _either([x.zero, x.masked])
    if (bottom <= b.mask_below).all():
        y.faint = _either([x.masked, x.faint])
        y.faints = (*x.faints, *(_faints(b, low) if isinstance(low, Value) else ()))
    return y


def masked(b: Builder, x: Value, masked: Mask, finite: bool = False) -> Value:
    """Return scores of which a constant mask (``masked``, broadcastable) makes some -inf: they read nothing.

    ``finite``: it makes them the least number that there is.
    """
    y = _without(b, masked, x)
    y.masked = masked if x.masked is None else masked | x.masked
    y.finite, y.low = x.finite or finite, x.low
    return y


def low(b: Builder, x: Value) -> Value:
    """Return a tensor of which data can make single elements as low as a mask."""
    if x.varies and not x.low:
        if x.is_plain:  # others can hold it too
            x = b.union(x.extents, broadcast_read(x, x.extents))
        x.low = True
    return x


def _lowered(b: Builder, op: str, y: Value, operands: Sequence[Value]) -> Value:
    """Return what arithmetic has made of operands: low if one of them is, or is scaled by as much as masks are."""
    scaled = op == "mul" and any(max(map(abs, _ends(b, x))) >= -b.mask_below for x in operands)
    return low(b, y) if scaled or any(x.low for x in operands) else y


def _is_low(b: Builder, x: Value | float) -> bool:
    """Whether some of a tensor, or a number, is as low as a mask."""
    return x.low if isinstance(x, Value) and x.varies else _ends(b, x)[0] <= b.mask_below


def _ends(b: Builder, x: Value | float) -> tuple[float, float]:
    """Return the least and the largest element of a constant, without NaN; 0 where there is none."""
    numbers = _numbers(b, x)
    if numbers is None or not numbers.size:
        return 0.0, 0.0
    return float(np.fmin.reduce(numbers, None)), float(np.fmax.reduce(numbers, None))


def zeroed(b: Builder, x: Value, zero: Mask) -> Value:
    """Return ``x`` with a constant 0 where ``zero`` (broadcastable) says: there it reads nothing."""
    y = _without(b, zero, x)
    y.zero = zero if x.zero is None else zero | x.zero
    return y


def replaced(b: Builder, x: Value, over: Mask, number: Value | float | None) -> Value | None:
    """Return ``x`` with a constant where ``over`` says, if that is -inf or 0; None for anything else."""
    data = (None if number.varies else number.data) if isinstance(number, Value) else number
    if not x.varies or data is None or not over.any():
        return None
    numbers = np.asarray(data, np.float64)
    cut = (
        over
        if numbers.ndim <= over.ndim and numbers.size == 1
        else np.broadcast_to(over, np.broadcast_shapes(over.shape, numbers.shape))
    )
    if (numbers <= _hiding(b)).all():
        return masked(b, x, cut, finite=not np.isneginf(numbers).all())
    if (numbers <= b.mask_below).all() and not cut.all():
        y = _without(b, cut, x)
        y.faint = cut if x.faint is None else cut | x.faint
        y.faints = (*x.faints, *_faints(b, number)) if isinstance(number, Value) else x.faints
        y.low = x.low
        return y
    return None if numbers.any() else zeroed(b, x, cut)


def _chosen(b: Builder, condition: Value, one: Value | float, other: Value | float) -> Value | None:
    """Return what a computed condition chooses; None where nothing is known of single elements.

    A softmax's 0 stays so where another 0 is put for what is no number. Where the condition is known not to hold, as
    that of a constant and a computed mask, a 0 of ``other`` is taken. Masks are not known any more: if all that a
    query may see is masked by data, what a constant masks weighs as much, or the only score left is none.
    """
    zeros = [(condition.zero, _known_zero(b, other)), (_known_zero(b, one), _known_zero(b, other))]
    zero = _either([first & second for first, second in zeros if first is not None and second is not None])
    if zero is None:
        return None
    y = _without(b, zero, *(x for x in (condition, one, other) if isinstance(x, Value)))
    y.zero = zero
    return y


def _known_zero(b: Builder, x: Value | float) -> Mask | None:
    if isinstance(x, Value) and x.varies:
        return x.zero
    numbers = _numbers(b, x)
    return None if numbers is None or numbers.all() else np.asarray(numbers == 0)


def _compared(b: Builder, name: str, left: Value, right: Value) -> Value | None:
    """Return a comparison with a constant that is known not to hold for some known 0; None where there is none."""
    constant = right if left.varies else left
    other, numbers = left if left.varies else right, _numbers(b, constant)
    if numbers is None or other.zero is None:
        return None
    sides = (0, numbers) if other is left else (numbers, 0)
    off = other.zero & ~COMPARED[name](*sides)
    return zeroed(b, pointwise(b, left, right), off) if off.any() else None


def _numbers(b: Builder, x: Value | float | None) -> np.ndarray[Any, np.dtype[Any]] | None:
    """Return the elements of a constant that are numbers; None for anything else, and weights that do not count."""
    data = (None if x.varies or not b.weights else x.data) if isinstance(x, Value) else x
    numbers = None if data is None else np.asarray(data)
    if numbers is not None and numbers.dtype == np.float16:
        numbers = numbers.astype(np.float32)  # half precision knows neither -3e38 nor -1e9
    return numbers if numbers is not None and numbers.dtype.kind in "bfiu" else None


def _combined(b: Builder, op: str, left: Value, right: Value) -> Value | None:
    """Return ``left`` and ``right`` under "add", "sub", "mul" or "div"; None where no constant cuts anything off."""
    others = {"add": (left, right), "mul": (left, right)}.get(op, (left,))
    if op in ("add", "sub"):
        masked, zeros = _either([_masked(b, x) for x in others]), (_zero(b, left), _zero(b, right))
        faint = _either([_faint(b, x) for x in others])
        if op == "sub" and (large := _faint(b, right, taken=True)) is not None:
            faint, others = _either([faint, large]), (left, right)
        if masked is None and faint is None and (zeros[0] is None or zeros[1] is None):
            return None
        y = _without(b, np.zeros((), np.bool_) if masked is None else masked, left, right)
        y.masked = masked
        y.finite = any(_is_finite(b, x) for x in others) if masked is not None else False
        if zeros[0] is not None and zeros[1] is not None:
            y.zero = zeros[0] & zeros[1]
        if faint is not None:
            y.faint, y.faints = (
                faint,
                tuple(number for x in others for number in _faints(b, x, op == "sub" and x is right)),
            )
        return y
    zero = _either([_zero(b, x) for x in others])
    # What is scaled by positive constants stays -inf.
    pairs = [(x, by) for x, by in ((left, right), (right, left)) if x in others]
    masked = _either([x.masked for x, by in pairs if x.masked is not None and _positive(by)])
    # What is scaled up by them stays as faint as it was.
    kept = [(x, by) for x, by in pairs if x.faint is not None and _enlarges(op, by)]
    cut = _either([zero, masked])
    if cut is None and not kept:
        return None
    y = _without(b, np.zeros((), np.bool_) if cut is None else cut, left, right)
    y.zero, y.masked, y.faint = zero, masked, _either([x.faint for x, _ in kept])
    y.faints = tuple(number for x, _ in kept for number in x.faints)
    y.finite = any(x.finite for x in others)
    return y


def _vanished(b: Builder, x: Value, zero: Mask) -> Value:
    """Return a function of ``x`` that is 0 at some constant elements, such as the exponential at -inf."""
    y = b.union(x.extents, broadcast_read(x, x.extents))
    y.zero = zero
    return y


def _masked(b: Builder, x: Value) -> Mask | None:
    return x.masked if x.varies or not b.weights or x.data is None else hiding(x.data, _hiding(b))


def _is_finite(b: Builder, x: Value) -> bool:
    """Whether what masks in a summand is a number."""
    if x.varies or not b.weights or x.data is None:
        return x.finite
    hidden = hiding(x.data, _hiding(b))
    return hidden is not None and bool(np.isfinite(x.data[hidden]).any())


def _hiding(b: Builder) -> float:
    """Return what scores are hidden by that is added to them, whatever they are."""
    return min(MASKED, b.mask_below)


def _faint(b: Builder, x: Value, taken: bool = False) -> Mask | None:
    """Return where a constant is a mask before a softmax; one that is so everywhere only shifts.

    ``taken``: it is taken off, so that a mask is large.
    """
    if taken and x.varies:
        return None
    if x.varies or not b.weights or x.data is None:
        return x.faint
    found = hiding(np.negative(x.data) if taken else x.data, b.mask_below)
    return None if found is None or found.all() else found


def _faints(b: Builder, x: Value, taken: bool = False) -> tuple[int, ...]:
    if x.varies or (_faint(b, x) is None and not (taken and _faint(b, x, taken) is not None)):
        return x.faints
    b.adding.setdefault(x.number, b.node)
    return (x.number,)


def _zero(b: Builder, x: Value) -> Mask | None:
    if x.varies or not b.weights or x.data is None:
        return x.zero
    zero = np.asarray(x.data == 0)
    return zero if zero.any() else None


def _positive(x: Value) -> bool:
    return not x.varies and x.data is not None and bool((x.data > 0).all())


def _enlarges(op: str, by: Value) -> bool:
    return (
        _positive(by) and by.data is not None and bool((by.data >= 1 if op == "mul" else by.data <= 1).all())
    )


def _either(masks: Sequence[Mask | None]) -> Mask | None:
    found = [mask for mask in masks if mask is not None]
    return reduce(np.logical_or, found) if found else None


def _without(b: Builder, cut: Mask, *operands: Value) -> Value:
    shape = broadcast_shape([*(x.extents for x in operands), cut.shape])
    reads = ~narrow(cut)
    return b.union(shape, *(broadcast_read(x, shape)._replace(where=reads) for x in operands if x.varies))
