"""Losses of ONNX: a target picks one class at every position."""

from __future__ import annotations

from pytest_rf.operators import losses
from pytest_rf.operators.onnx.call import NodeCall, Rules, fitting
from pytest_rf.operators.reductions import normalise, reduce
from pytest_rf.value import Value


def likelihood(call: NodeCall) -> Value:
    """NegativeLogLikelihoodLoss: the score of the target's class at each position, and its weight."""
    return _loss(call, call.x)


def cross_entropy(call: NodeCall) -> tuple[Value, ...]:
    """SoftmaxCrossEntropyLoss: the same of the logarithm of a softmax over the classes."""
    scores = normalise(call.b, call.x, [1])
    return (_loss(call, scores), scores)[: call.outputs]


def _loss(call: NodeCall, scores: Value) -> Value:
    target, weights = call.operand(1), call.optional(2)
    if scores.rank < 2 or target.extents != (scores.extents[0], *scores.extents[2:]):
        call.fail(f"targets {target.shape} do not fit scores {scores.shape}")
    reduction = call.text("reduction", "mean")
    if reduction not in ("none", "mean", "sum"):
        call.fail(f"reduction {reduction!r} is none of none, mean, sum")
    with fitting():
        each = losses.likelihood(call.b, scores, target, weights, call.attr("ignore_index"))
    return each if reduction == "none" else reduce(call.b, each, range(target.rank), keep=False)


RULES: Rules = {"NegativeLogLikelihoodLoss": likelihood, "SoftmaxCrossEntropyLoss": cross_entropy}
