"""Losses of ONNX: a target picks one class at every position."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation
from pytest_rf.graph import Value
from pytest_rf.operators import views
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import broadcast_read
from pytest_rf.operators.reductions import normalise, reduce

LARGEST = 1 << 22
"""Targets of more positions are read as if data chose them."""


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
    known = target.data
    if known is not None and known.size <= LARGEST:
        parts = _known(call, scores, known.astype(np.int64), weights)
    else:
        parts = _computed(scores, target, weights)
    each = call.b.union(target.extents, *parts)
    return each if reduction == "none" else reduce(call.b, each, range(target.rank), keep=False)


def _known(call: NodeCall, scores: Value, target: npt.NDArray[np.int64], weights: Value | None) -> list[Read]:
    ignored = call.attr("ignore_index")
    counts = np.ones(target.shape, np.bool_) if ignored is None else target != ignored
    classes = scores.extents[1]
    places = np.where(counts, target, 0)
    if places.size and not (places.min() >= 0 and places.max() < classes):
        call.fail(f"a target is none of {classes} classes")
    reads = []
    if scores.varies:
        order = [0, *range(2, scores.rank), 1]
        flat = call.b.reshape(views.transpose(call.b, scores, order), [prod(scores.extents)])
        rows = np.arange(target.size) * classes + places.reshape(-1)
        picked = views.along(call.b, flat, {0: (access.indices(rows), rows.size)})
        shaped = call.b.reshape(picked, target.shape)
        read = broadcast_read(shaped, target.shape)
        reads.append(Read(read.operand, read.axes, where=None if counts.all() else counts))
    if weights is not None and weights.varies:
        picked = views.along(call.b, weights, {0: (access.indices(places), places.size)})
        shaped = call.b.reshape(picked, target.shape)
        read = broadcast_read(shaped, target.shape)
        reads.append(Read(read.operand, read.axes, where=None if counts.all() else counts))
    return [read for read in reads if call.b.graph.values[read.operand].varies]


def _computed(scores: Value, target: Value, weights: Value | None) -> list[Read]:
    reads = []
    if scores.varies:
        axes: list[tuple[int | None, Relation]] = [(0, SAME), (None, ANYWHERE)]
        axes += [(d - 1, SAME) for d in range(2, scores.rank)]
        reads.append(Read(scores.number, tuple(axes)))
    if target.varies:
        reads.append(broadcast_read(target, target.extents))
    if weights is not None and weights.varies:
        reads.append(Read(weights.number, ((None, WHOLE),)))
    return reads


RULES: Rules = {"NegativeLogLikelihoodLoss": likelihood, "SoftmaxCrossEntropyLoss": cross_entropy}
