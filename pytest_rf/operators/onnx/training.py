"""ai.onnx.preview.training: steps of optimisers, elementwise but for the norms."""

from __future__ import annotations

from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.value import Undetermined, Value

STATES = {"Adagrad": 1, "Adam": 2, "Momentum": 1}
"""Accumulators per optimised tensor."""


def step(call: NodeCall) -> tuple[Value, ...]:
    """Adagrad, Adam, Momentum: tensors, gradients and accumulators to new tensors and accumulators."""
    parts = 2 + STATES[call.op]
    given = [call.operand(index) for index in range(2, len(call.operands))]
    count, rest = divmod(len(given), parts)
    if rest:
        call.fail(f"{len(given)} tensors are not {parts} for each one that is optimised")
    tensors: list[list[Value]] = [given[place * count : (place + 1) * count] for place in range(parts)]
    rates = [call.b.reshape(call.operand(index), []) for index in (0, 1)]
    outputs: list[Value] = []
    for number in range(1 + STATES[call.op]):
        # New tensors read all; an accumulator reads itself, the tensor and its gradient.
        for own in zip(*(tensors if not number else [*tensors[:2], tensors[1 + number]]), strict=True):
            if len({value.shape for value in own}) > 1:
                call.fail("a tensor, its gradient and its accumulators have different shapes")
            steers = rates if not number or call.op == "Momentum" else []
            outputs.append(pointwise(call.b, *own, *steers))
    return tuple(outputs)


def gradient(call: NodeCall) -> Value:
    """Gradient: reads what the differentiated part of the graph reads, which is not followed."""
    raise Undetermined("the graph that Gradient differentiates is not followed")


RULES: Rules = {
    **{f"ai.onnx.preview.training::{name}": step for name in STATES},
    "ai.onnx.preview.training::Gradient": gradient,
}
