"""Tensors of numbers that no element of an input gives, but for a few that describe them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_rf.access import progression
from pytest_rf.graph import Builder
from pytest_rf.operators.reads import Ends, all_of, indexed
from pytest_rf.value import Value


def described(b: Builder, shape: Sequence[int], *numbers: Value) -> Value:
    """Return a tensor that a few numbers describe, of which each element reads all."""
    return b.union(shape, *map(all_of, numbers))


def one_hot(b: Builder, picked: Value, axis: int, depth: int, values: Value | None = None) -> Value:
    """Return a new axis of ``depth`` places, of which one is marked; the others hold the other of two ``values``."""
    shape = [*picked.extents[:axis], depth, *picked.extents[axis:]]
    own = indexed(picked, *range(axis), *range(axis + 1, picked.rank + 1))
    if values is None or not values.varies:
        return b.union(shape, own)
    if picked.data is None:
        return b.union(shape, own, all_of(values))
    # Known indices: every place has one of the two values.
    chosen = np.expand_dims(np.where(picked.data < 0, picked.data + depth, picked.data), axis)
    hot = np.asarray(chosen == np.arange(depth).reshape([-1 if d == axis else 1 for d in range(len(shape))]))
    both = [indexed(values, Ends(progression(n)), where=place) for n, place in enumerate((~hot, hot))]
    return b.union(shape, *both)
