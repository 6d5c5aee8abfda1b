"""Operators of ONNX that make tensors of numbers which no element of an input gives: ranges, noise, tables."""

from __future__ import annotations

from math import ceil, isfinite

import numpy as np

from pytest_rf.operators import generators, ordering, views
from pytest_rf.operators.onnx.call import RANDOM, NodeCall, Rules
from pytest_rf.value import Undetermined, Value


def number_range(call: NodeCall) -> Value:
    """Range: from start to limit by delta, all of which must be known for its length."""
    numbers = [call.data(index).reshape(-1) for index in range(3)]
    if any(one.size != 1 for one in numbers):
        call.fail("start, limit and delta must be single numbers")
    start, limit, delta = (one[0].item() for one in numbers)
    if delta == 0 or not all(map(isfinite, (start, limit, delta))):
        call.fail(f"a range from {start} to {limit} by {delta} has no end")
    count = max(ceil((limit - start) / delta), 0)
    return call.constant((start + np.arange(call.limited("length", count)) * delta).astype(numbers[0].dtype))


def one_hot(call: NodeCall) -> Value:
    """OneHot: each element reads the index at its place and the two values."""
    picked, values = call.operand(0), call.operand(2)
    depth = call.numbers(1)[0]
    if depth < 1:
        call.fail(f"depth {depth} must be at least 1")
    if values.varies:
        call.limited("depth", depth)
    axis = call.axis(call.integer("axis", -1), picked.rank + 1)
    return generators.one_hot(call.b, picked, axis, depth, values)


def triangle(call: NodeCall) -> Value:
    """Trilu: one side of a diagonal, zeros on the other."""
    x = call.x
    if x.rank < 2:
        call.fail(f"needs an input of rank 2 or more, not {x.rank}")
    shift = call.optional(1)
    if shift is not None and call.single("the diagonal", shift).varies:
        return ordering.either(call.b, x.extents, shift, x)
    for extent in x.extents[-2:]:
        call.limited("extent", extent)
    k = call.numbers(1)[0] if shift is not None else 0
    return views.triangle(call.b, x, k, bool(call.integer("upper", 1)))


def constant_like(call: NodeCall) -> Value:
    """EyeLike: numbers in the shape of the input, which is not read."""
    return call.b.constant(call.x.shape)


def random_like(call: NodeCall) -> Value:
    """Noise in the shape of the input, which is not read."""
    return call.b.constant(call.x.shape, missing=RANDOM)


def random(call: NodeCall) -> Value:
    """Noise of a given shape."""
    shape = call.integers("shape")
    if min(shape, default=0) < 0:
        call.fail(f"shape {shape} is negative")
    return call.b.constant(tuple(shape), missing=RANDOM)


def bernoulli(call: NodeCall) -> Value:
    """Bernoulli: each element is drawn with the probability at its place."""
    return call.x if call.x.varies else call.b.constant(call.x.shape, missing=RANDOM)


def multinomial(call: NodeCall) -> Value:
    """Multinomial: samples are drawn by all probabilities of their row."""
    x = call.x
    if x.rank != 2:
        call.fail(f"needs an input of rank 2, not {x.rank}")
    shape = (x.extents[0], call.integer("sample_size", 1))
    return ordering.by_row(call.b, x, shape) if x.varies else call.b.constant(shape, missing=RANDOM)


def window(call: NodeCall) -> Value:
    """HannWindow, HammingWindow, BlackmanWindow: the length is all that matters."""
    size = call.numbers(0)
    if len(size) != 1 or size[0] < 0:
        call.fail(f"size {size} is no length")
    return call.b.constant((size[0],))


def mel_weights(call: NodeCall) -> Value:
    """MelWeightMatrix: a matrix that five numbers describe."""
    bins, length = call.numbers(0)[0], call.numbers(1)[0]
    shape = (length // 2 + 1, bins)
    if min(shape) < 0:
        call.fail(f"{bins} bins over a transform of {length} are impossible")
    return generators.described(call.b, shape, *call.given)


def constant_of_shape(call: NodeCall) -> Value:
    """ConstantOfShape: reads nothing."""
    shape = tuple(call.numbers(0))
    if min(shape, default=0) < 0:
        call.fail(f"shape {shape} is negative")
    return call.b.constant(shape)


def constant(call: NodeCall) -> Value:
    """Constant: its elements stand in an attribute."""
    for name in ("value", "sparse_value"):
        if name in call.attributes:
            assert call.tensor is not None
            return call.tensor(name)
    for name in ("value_int", "value_ints", "value_float", "value_floats"):
        if name in call.attributes:
            return call.constant(np.asarray(call.attributes[name]))
    for name in ("value_string", "value_strings"):
        if name in call.attributes:
            return call.constant(np.asarray(call.attributes[name], dtype=object))
    raise Undetermined("a Constant has no value that is known here")


RULES: Rules = {
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Range": number_range,
    "OneHot": one_hot,
    "Trilu": triangle,
    "EyeLike": constant_like,
    **dict.fromkeys(["RandomNormalLike", "RandomUniformLike"], random_like),
    **dict.fromkeys(["RandomNormal", "RandomUniform"], random),
    "Bernoulli": bernoulli,
    "Multinomial": multinomial,
    **dict.fromkeys(["HannWindow", "HammingWindow", "BlackmanWindow"], window),
    "MelWeightMatrix": mel_weights,
}
