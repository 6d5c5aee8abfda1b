"""Losses: a target picks one class at every position, or an alignment of classes along time."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from pytest_rf.access import ANYWHERE
from pytest_rf.graph import Builder
from pytest_rf.operators.gathers import gather
from pytest_rf.operators.reads import Ends, all_of, along, indexed
from pytest_rf.operators.views import transpose
from pytest_rf.value import Value

LARGEST = 1 << 22
"""Targets of more positions are read as if data chose them."""


def likelihood(b: Builder, scores: Value, target: Value, weights: Value | None, ignored: int | None) -> Value:
    """Return the score of the target's class at each position, and the weight of that class.

    Args:
        b: the builder.
        scores: a score for each class, (batch, classes, ...).
        target: the classes, (batch, ...); where they are not known, data chooses among all of them.
        weights: a weight for each class.
        ignored: the class whose positions read nothing.

    Raises:
        ValueError: there is no such class, or not one weight for each.
    """
    shape, classes = target.extents, scores.extents[1]
    if weights is not None and weights.extents != (classes,):
        raise ValueError(f"weights of shape {weights.extents} are not one for each of {classes} classes")
    if target.data is None or target.data.size > LARGEST:
        own = indexed(scores, 0, Ends(ANYWHERE), *range(1, scores.rank - 1))
        return b.union(shape, own, along(target), *([] if weights is None else [all_of(weights)]))
    known = target.data.astype(np.int64)
    counts = np.ones(shape, np.bool_) if ignored is None else known != ignored
    places = np.where(counts, known, 0)
    if places.size and not (places.min() >= 0 and places.max() < classes):
        raise ValueError(f"a target is none of {classes} classes")
    flat = b.reshape(transpose(b, scores, [0, *range(2, scores.rank), 1]), [prod(scores.extents)])
    picked = [gather(b, flat, 0, np.arange(known.size).reshape(shape) * classes + places)]
    picked += [] if weights is None else [gather(b, weights, 0, places)]
    return b.union(shape, *(along(x, where=None if counts.all() else counts) for x in picked))


def alignment(b: Builder, scores: Value, shape: Sequence[int], *others: Value) -> Value:
    """Return what reads steps and classes of a sample's scores (time, batch, classes) as data decides, as all else."""
    some = Ends(ANYWHERE)
    own = indexed(scores, some, *range(scores.rank - 2), some)
    return b.union(shape, own, *(all_of(x, some) for x in others))
