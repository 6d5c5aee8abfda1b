"""Pairs of elementwise operators, reductions, normalisations, contractions and attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from operators.pair import Pair, Pairs, Random, some

Operand = tuple[int, ...] | np.ndarray


def extents(rng: Random, low: int, high: int) -> tuple[int, ...]:
    """Return a shape of ``low`` to ``high`` axes."""
    return tuple(map(int, rng.integers(2, 5, rng.integers(low, high + 1))))


def thinned(rng: Random, shape: tuple[int, ...]) -> tuple[int, ...] | np.ndarray:
    """Return an operand that is computed, or a constant of which some numbers are 0 or -inf."""
    if rng.random() < 0.5:
        return shape
    return rng.choice(np.asarray([0, -np.inf, 1, 2, -1], np.float32), shape, p=[0.3, 0.1, 0.2, 0.2, 0.2])


def computed(rng: Random, **operands: Operand) -> dict[str, Operand]:
    """Return operands of which one at least is computed."""
    if all(isinstance(one, np.ndarray) for one in operands.values()):
        name = str(rng.choice(list(operands)))
        operands[name] = np.shape(operands[name])
    return operands


def broadcasting(rng: Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape that broadcasts to another."""
    return tuple(int(rng.choice([1, n])) for n in shape)[int(rng.integers(0, len(shape))) :]


def function(rng: Random) -> Pair:
    shape = extents(rng, 0, 3)
    names = {
        "Relu": "relu",
        "LeakyRelu": "leaky_relu",
        "Gelu": "gelu",
        "Elu": "elu",
        "Abs": "abs",
        "HardSwish": "hardswish",
    }
    name = str(rng.choice(list(names)))
    return Pair({"x": shape}, (name, ("x",), {}), (f"aten.{names[name]}", {"self": "x"}), shape)


def arithmetic(rng: Random) -> Pair:
    shape = extents(rng, 1, 3)
    operands = computed(rng, x=thinned(rng, shape), y=thinned(rng, broadcasting(rng, shape)))
    names = {"Mul": "multiply", "Sub": "subtract", "Div": "divide", "Max": "maximum"}
    name = str(rng.choice(list(names)))
    return Pair(operands, (name, ("x", "y"), {}), (f"aten.{names[name]}", {"self": "x", "other": "y"}), shape)


def where(rng: Random) -> Pair:
    shape = extents(rng, 1, 3)
    sides = computed(rng, x=thinned(rng, shape), y=thinned(rng, broadcasting(rng, shape)))
    condition = rng.random(broadcasting(rng, shape)) < rng.choice([0, 0.5, 1])
    operands = {"c": condition if rng.random() < 0.8 else condition.shape, **sides}
    return Pair(
        operands,
        ("Where", ("c", "x", "y"), {}),
        ("aten.where", {"condition": "c", "self": "x", "other": "y"}),
        shape,
    )


def filled(rng: Random) -> Pair:
    shape = extents(rng, 1, 3)
    mask, number = rng.random(broadcasting(rng, shape)) < 0.5, float(rng.choice([0, -np.inf, 3]))
    return Pair(
        {"x": shape, "m": mask if rng.random() < 0.8 else mask.shape, "v": np.asarray(number, np.float32)},
        ("Where", ("m", "v", "x"), {}),
        ("aten.masked_fill", {"self": "x", "mask": "m", "value": number}),
        shape,
    )


def clamped(rng: Random) -> Pair:
    shape = extents(rng, 0, 3)
    operands = {"x": shape, "a": some(rng, "a", ()), "b": some(rng, "b", ())}
    return Pair(
        operands, ("Clip", ("x", "a", "b"), {}), ("aten.clamp", {"self": "x", "min": "a", "max": "b"}), shape
    )


def sloped(rng: Random) -> Pair:
    # ONNX broadcasts a slope from the right, torch along the channels.
    shape, slope = extents(rng, 2, 4), (1,)
    if len(shape) == 2 and rng.random() < 0.7:
        slope = shape[1:]
    return Pair(
        {"x": shape, "s": some(rng, "s", slope)},
        ("PRelu", ("x", "s"), {}),
        ("aten.prelu", {"self": "x", "weight": "s"}),
        shape,
    )


def dropped(rng: Random) -> Pair:
    shape = extents(rng, 1, 3)
    return Pair({"x": shape}, ("Dropout", ("x",), {}), ("aten.dropout", {"input": "x"}), shape)


def gated(rng: Random) -> Pair:
    n, m, half = map(int, rng.integers(1, 4, 3))
    operands = {"x": (n, m, 2 * half), "b": np.zeros(2 * half, np.float32)}
    return Pair(
        operands, ("com.microsoft::BiasSplitGelu", ("x", "b"), {}), ("aten.glu", {"self": "x"}), (n, m, half)
    )


def reduced(rng: Random) -> Pair:
    shape, keep = extents(rng, 1, 4), bool(rng.integers(0, 2))
    names = {
        "Sum": "sum",
        "Mean": "mean",
        "Max": "amax",
        "Prod": "prod",
        "L2": "linalg_vector_norm",
        "LogSumExp": "logsumexp",
    }
    name = str(rng.choice(list(names)))
    axes = sorted(map(int, rng.choice(len(shape), rng.integers(1, len(shape) + 1), replace=False)))
    left = [1 if axis in axes else n for axis, n in enumerate(shape) if keep or axis not in axes]
    return Pair(
        {"x": shape, "a": np.asarray(axes)},
        (f"Reduce{name}", ("x", "a"), {"keepdims": int(keep)}),
        (f"aten.{names[name]}", {"self": "x", "dim": axes, "keepdim": keep}),
        tuple(left),
    )


def largest(rng: Random) -> Pair:
    shape, keep = extents(rng, 1, 4), bool(rng.integers(0, 2))
    axis = int(rng.integers(0, len(shape)))
    left = [1 if place == axis else n for place, n in enumerate(shape) if keep or place != axis]
    attributes = {"axis": axis - len(shape), "keepdims": int(keep)}
    return Pair(
        {"x": shape},
        ("ArgMax", ("x",), attributes),
        ("aten.argmax", {"self": "x", "dim": axis, "keepdim": keep}),
        tuple(left),
    )


def softmax(rng: Random) -> Pair:
    shape = extents(rng, 1, 4)
    axis = int(rng.integers(0, len(shape)))
    name, own = (("Softmax", "_softmax"), ("LogSoftmax", "log_softmax"))[rng.integers(0, 2)]
    return Pair(
        {"x": shape}, (name, ("x",), {"axis": axis}), (f"aten.{own}", {"self": "x", "dim": axis}), shape
    )


def cumulative(rng: Random) -> Pair:
    shape = extents(rng, 1, 4)
    axis = int(rng.integers(0, len(shape)))
    name, own = (("CumSum", "cumsum"), ("CumProd", "cumprod"))[rng.integers(0, 2)]
    return Pair(
        {"x": shape, "a": np.asarray(axis)},
        (name, ("x", "a"), {}),
        (f"aten.{own}", {"self": "x", "dim": axis}),
        shape,
    )


def layer_norm(rng: Random) -> Pair:
    shape = extents(rng, 1, 4)
    axis = int(rng.integers(0, len(shape)))
    operands = {"x": shape, "w": some(rng, "w", shape[axis:]), "b": some(rng, "b", shape[axis:])}
    name, own, names = (
        ("LayerNormalization", "layer_norm", ("x", "w", "b")),
        ("RMSNormalization", "rms_norm", ("x", "w")),
    )[rng.integers(0, 2)]
    arguments: dict[str, Any] = {"input": "x", "weight": "w", "normalized_shape": list(shape[axis:])}
    if len(names) > 2:
        arguments["bias"] = "b"
    else:
        del operands["b"]
    return Pair(operands, (name, names, {"axis": axis}), (f"aten.{own}", arguments), shape)


def group_norm(rng: Random) -> Pair:
    groups, own = map(int, rng.integers(1, 4, 2))
    shape = (2, groups * own, *extents(rng, 0, 2))
    operands = {"x": shape, **{name: some(rng, name, (groups * own,)) for name in ("w", "b")}}
    return Pair(
        operands,
        ("GroupNormalization", ("x", "w", "b"), {"num_groups": groups}),
        ("aten.group_norm", {"input": "x", "num_groups": groups, "weight": "w", "bias": "b"}),
        shape,
    )


def fused_group_norm(rng: Random) -> Pair:
    groups, own = map(int, rng.integers(1, 4, 2))
    shape = (2, groups * own, 3, 4)
    operands = {"x": shape, **{name: np.ones(groups * own, np.float32) for name in ("w", "b")}}
    return Pair(
        operands,
        ("com.microsoft::GroupNorm", ("x", "w", "b"), {"groups": groups, "channels_last": 0}),
        ("aten.group_norm", {"input": "x", "num_groups": groups, "weight": "w", "bias": "b"}),
        shape,
    )


def instance_norm(rng: Random) -> Pair:
    shape = (2, 3, *extents(rng, 1, 2))
    operands = {"x": shape, **{name: some(rng, name, (3,)) for name in ("w", "b")}}
    return Pair(
        operands,
        ("InstanceNormalization", ("x", "w", "b"), {}),
        ("aten.instance_norm", {"input": "x", "weight": "w", "bias": "b"}),
        shape,
    )


def batch_norm(rng: Random) -> Pair:
    shape, training = (2, 3, *extents(rng, 0, 2)), bool(rng.integers(0, 2))
    operands = {"x": shape, **{name: some(rng, name, (3,)) for name in ("w", "b", "m", "v")}}
    arguments = {"input": "x", "weight": "w", "bias": "b", "running_mean": "m", "running_var": "v"}
    return Pair(
        operands,
        ("BatchNormalization", ("x", "w", "b", "m", "v"), {"training_mode": int(training)}),
        ("aten.batch_norm", {**arguments, "training": training}),
        shape,
    )


def matmul(rng: Random) -> Pair:
    inner, lead = int(rng.integers(1, 5)), extents(rng, 0, 2)
    left: tuple[int, ...] = (*broadcasting(rng, (*lead, 3))[:-1], *extents(rng, 1, 1), inner)
    right: tuple[int, ...] = (*lead, inner, *extents(rng, 1, 1))
    if rng.random() < 0.3:
        left = left[-1:]
    if not lead and rng.random() < 0.3:
        right = right[:1]
    shape = np.matmul(np.zeros(left), np.zeros(right)).shape
    operands = computed(rng, x=thinned(rng, left), y=thinned(rng, right))
    return Pair(operands, ("MatMul", ("x", "y"), {}), ("aten.matmul", {"self": "x", "other": "y"}), shape)


def product_sum(rng: Random) -> Pair:
    n, k, m = map(int, rng.integers(1, 5, 3))
    summand = broadcasting(rng, (n, m))
    operands = computed(rng, x=thinned(rng, (n, k)), y=thinned(rng, (k, m)), c=thinned(rng, summand))
    beta = float(rng.choice([0, 1, -0.5, 2]))
    return Pair(
        operands,
        ("Gemm", ("x", "y", "c"), {"beta": beta}),
        ("aten.addmm", {"self": "c", "mat1": "x", "mat2": "y", "beta": beta}),
        (n, m),
    )


def linear(rng: Random) -> Pair:
    n, k, m = map(int, rng.integers(1, 5, 3))
    operands = computed(rng, x=thinned(rng, (n, k)), w=thinned(rng, (m, k)), b=some(rng, "b", (m,)))
    return Pair(
        operands,
        ("Gemm", ("x", "w", "b"), {"transB": 1}),
        ("aten.linear", {"input": "x", "weight": "w", "bias": "b"}),
        (n, m),
    )


def packed_linear(rng: Random) -> Pair:
    shape, features = extents(rng, 1, 3), int(rng.integers(1, 5))
    weights = np.ones((features, shape[-1]), np.float32)
    return Pair(
        {"x": shape, "w": weights},
        ("com.microsoft::MatMulNBits", ("x", "w"), {"N": features, "K": shape[-1]}),
        ("aten.linear", {"input": "x", "weight": "w"}),
        (*shape[:-1], features),
    )


def einsum(rng: Random) -> Pair:
    equation = str(
        rng.choice(["ij,jk->ik", "bij,bkj->bik", "ii->i", "ij->ji", "i,j->ij", "ij,ij->", "...i,ji->...j"])
    )
    sizes = {label: int(rng.integers(1, 5)) for label in "bijk"}
    terms, result = equation.replace("...", "b").split("->")
    shapes = [tuple(sizes[label] for label in term) for term in terms.split(",")]
    operands = computed(rng, **{name: thinned(rng, shape) for name, shape in zip("xy", shapes, strict=False)})
    return Pair(
        operands,
        ("Einsum", tuple(operands), {"equation": equation}),
        ("aten.einsum", {"equation": equation, "tensors": list(operands)}),
        tuple(sizes[label] for label in result),
    )


def attention(rng: Random) -> Pair:
    batch, groups, share, queries, keys = map(int, rng.integers(1, 4, 5))
    shapes = {
        "q": (batch, groups * share, queries, 4),
        "k": (batch, groups, keys, 4),
        "v": (batch, groups, keys, 5),
    }
    operands = computed(rng, **{name: some(rng, name, shape, 0.8) for name, shape in shapes.items()})
    names, attributes, arguments = ["q", "k", "v"], {}, {"query": "q", "key": "k", "value": "v"}
    kind = rng.integers(0, 5)
    if kind == 1:
        attributes["is_causal"], arguments["is_causal"] = 1, True
    elif kind > 1:
        wide = (batch, groups * share, queries, keys)
        rank = int(rng.integers(2, 5))
        shape = tuple(int(rng.choice([1, n])) for n in wide[4 - rank : -2]) + wide[-2:]
        choices: list[Operand] = [shape, rng.random(shape) < 0.7, thinned(rng, shape)]
        operands["m"] = choices[kind - 2]
        names.append("m")
        arguments["attn_mask"] = "m"
    return Pair(
        operands,
        ("Attention", tuple(names), attributes),
        ("aten.scaled_dot_product_attention", arguments),
        (*shapes["q"][:3], 5),
    )


def determinant(rng: Random) -> Pair:
    lead, n = extents(rng, 0, 2), int(rng.integers(1, 4))
    return Pair({"x": (*lead, n, n)}, ("Det", ("x",), {}), ("aten._linalg_det", {"A": "x"}), lead)


def quantised(rng: Random) -> Pair:
    shape = extents(rng, 1, 4)
    axis = int(rng.integers(0, len(shape)))
    name = str(rng.choice(["QuantizeLinear", "DequantizeLinear"]))
    lone = rng.random() < 0.3
    operands = {"x": shape, **{one: some(rng, one, () if lone else shape[axis : axis + 1]) for one in "sz"}}
    own = "quantize_per_tensor" if lone else "quantize_per_channel"
    arguments = {"self": "x", "scales": "s", "zero_points": "z", "axis": axis}
    return Pair(operands, (name, ("x", "s", "z"), {"axis": axis}), (f"aten.{own}", arguments), shape)


def quantised_by_range(rng: Random) -> Pair:
    shape = extents(rng, 1, 4)
    return Pair(
        {"x": shape},
        ("DynamicQuantizeLinear", ("x",), {}),
        ("aten.quantize_per_tensor_dynamic", {"self": "x"}),
        shape,
    )


PAIRS: Pairs = {
    draw.__name__: draw
    for draw in (
        function,
        arithmetic,
        where,
        filled,
        clamped,
        sloped,
        dropped,
        gated,
        reduced,
        largest,
        softmax,
        cumulative,
        layer_norm,
        group_norm,
        fused_group_norm,
        instance_norm,
        batch_norm,
        matmul,
        product_sum,
        linear,
        packed_linear,
        einsum,
        attention,
        determinant,
        quantised,
        quantised_by_range,
    )
}
