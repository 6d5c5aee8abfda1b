"""Quantised operators: the same geometry, with weights in packed objects."""

from __future__ import annotations

from typing import Any

from pytest_rf.operators import contractions, quantised, windows
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.aten.convolutions import batched, unbatched
from pytest_rf.operators.aten.pointwise import elementwise
from pytest_rf.operators.pointwise import expand, steered
from pytest_rf.operators.reductions import normalise, reduce
from pytest_rf.value import Undetermined, Value


def _packed(call: OpCall) -> Any:
    """Return the object that holds weights and geometry."""
    for argument in call.arguments.values():
        if hasattr(argument, "unpack"):
            return argument
    raise Undetermined(f"{call.op}: has no packed weights")


def _scaled(call: OpCall) -> Value:
    """Return the input; a dynamically quantised one is scaled by the least and the largest of all its elements."""
    if "dynamic" not in call.name or "fp16" in call.name:
        return call.x
    return by_range(call)


def convolution(call: OpCall) -> Value:
    """quantized::conv1d, conv2d, conv3d and their transposes."""
    packed = _packed(call)
    weight = packed.unpack()[0]
    rank = len(packed.stride())
    x, alone = batched(call.b, _scaled(call), int(call.name.replace("_transpose", "")[4]))
    lifted = rank - (x.rank - 2)  # one axis is handled as two
    numbers = (weight.shape[-rank:], packed.stride(), packed.dilation(), packed.padding())
    geometry = windows.geometry(*([int(n) for n in one[lifted:]] for one in numbers))
    groups = int(packed.groups())
    windows.describe(call.b, geometry, groups, transposed="transpose" in call.name)
    if "transpose" in call.name:
        outputs = call.shape[-len(geometry) :]
        y = windows.transposed_convolution(call.b, x, weight.shape[1] * groups, geometry, outputs, groups)
    else:
        y = windows.convolution(call.b, x, weight.shape[0], geometry, groups)
    return unbatched(call.b, y, alone)


def linear(call: OpCall) -> Value:
    """quantized::linear: contracts the last axis."""
    return contractions.linear(call.b, _scaled(call), call.shape[-1])


def concatenation(call: OpCall) -> Value:
    """quantized::cat."""
    return call.b.join(call["qx"], call.axis(rank=len(call.shape)))


def by_range(call: OpCall) -> Value:
    """Dynamic quantisation: each element, and the least and the largest of all."""
    return quantised.by_range(call.b, call.x)[0]


def per_axis(call: OpCall) -> Result:
    """Quantisation per channel: scales and offsets along one axis."""
    x, *parameters = call.values()
    return (quantised.scaled(call.b, x, call.axis("axis"), *parameters),) * len(call.shapes)


def observed(call: OpCall) -> Result:
    """Fake quantisation of quantisation-aware training: while it observes, by the range of all that it gets."""
    x, on = call.given("self", "observer_on")
    axes = [axis for axis in range(x.rank) if not (call["per_row_fake_quant"] and axis == call["ch_axis"])]
    watching = on.varies or bool(call.data(on).any())
    seen = call.given("running_min", "running_max", "scale", "zero_point")
    y = steered(call.b, normalise(call.b, x, axes if watching else []), *seen)
    own = reduce(call.b, x, range(x.rank), keep=False) if watching else call.b.constant(())
    return (y, y, *(steered(call.b, expand(call.b, own, shape or ()), *seen) for shape in call.shapes[2:]))


_CONVOLUTIONS = [
    f"quantized.conv{kind}{n}d{end}"
    for kind in ("", "_transpose")
    for n in (1, 2, 3)
    for end in ("", "_relu", "_dynamic")
]
_LINEAR = (
    "linear linear_relu linear_dynamic linear_relu_dynamic linear_dynamic_fp16 linear_leaky_relu linear_tanh"
)
_SAME = """
    add add_relu mul mul_relu add_scalar mul_scalar add_scalar_relu mul_scalar_relu batch_norm batch_norm2d
    batch_norm3d batch_norm1d batch_norm_relu batch_norm2d_relu leaky_relu hardswish elu relu6 sigmoid celu prelu
"""
_PER_AXIS = """
    quantize_per_channel fake_quantize_per_channel_affine fake_quantize_per_channel_affine_cachemask
"""

RULES: Rules = {
    **dict.fromkeys(_CONVOLUTIONS, convolution),
    **{f"quantized.{name}": linear for name in _LINEAR.split()},
    **{f"quantized.{name}": elementwise for name in _SAME.split()},
    "aten.quantize_per_tensor_dynamic": by_range,
    **{f"aten.{name}": per_axis for name in _PER_AXIS.split()},
    "aten._fused_moving_avg_obs_fq_helper": observed,
    "quantized.cat": concatenation,
    "quantized.cat_relu": concatenation,
}
