"""What weights that are exactly 0, and scores masked with -inf, cut off (weight-aware mode, SEMANTICS 7).

A kernel with masked taps is no product over its axes any more: it becomes a union of boxes, each of
which is one. Masked scores read nothing, become a weight of 0 under softmax, and what is multiplied
by 0 is not read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Box = tuple[tuple[int, ...], ...]
"""For each axis the indices that a box holds."""

MASKED = -3e38
"""What is added to scores leaves this as it is: -inf, or the least number of float32, which exporters write for it."""

MOST_ALIKE = 16
"""More masks than this are told apart place by place."""

PIECE = 1 << 20
"""So many scores are looked at together."""


def boxes(live: Mask) -> list[Box]:
    """Return boxes whose union is ``live``: equal slices along the first axis share theirs."""
    if live.ndim == 0:
        return [()] if live else []
    groups: dict[bytes, list[int]] = {}
    for index in range(len(live)):
        groups.setdefault(live[index].tobytes(), []).append(index)
    return [(tuple(indices), *rest) for indices in groups.values() for rest in boxes(live[indices[0]])]


def alike(tables: Mask, axis: int) -> list[tuple[Mask, Mask]] | None:
    """Return which places along an axis have the same table, and that table; None where hardly any have.

    Windows that are cut alike share one mask, heads have one each.
    """
    rows = np.moveaxis(tables, axis, 0)
    groups: dict[bytes, list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(row.tobytes(), []).append(place)
        if len(groups) > MOST_ALIKE:
            return None
    if 2 * len(groups) > len(rows):
        return None
    places = np.arange(len(rows))
    return [(np.isin(places, group), tables.take([group[0]], axis=axis)) for group in groups.values()]


def masks(scores: npt.NDArray[Any], below: float) -> Mask | None:
    """Return which elements of an additive constant mask out, as they are ``below`` or less; None where none does."""
    masked = ~let_through(scores, below)
    return masked if masked.any() else None


def let_through(scores: npt.NDArray[Any], below: float) -> Mask:
    """Return which elements of an additive constant are no masks; no copy is made of it as a whole."""
    flat = scores.reshape(-1)
    found = np.empty(flat.shape, np.bool_)
    for first in range(0, flat.size, PIECE):
        # Half precision knows no -3e38: it is compared as what it stands for.
        found[first : first + PIECE] = flat[first : first + PIECE].astype(np.float64) > below
    return found.reshape(scores.shape)


def narrow(flags: Mask) -> Mask:
    """Return flags with one element along axes along which they were broadcast."""
    return flags[tuple([slice(0, 1) if stride == 0 else slice(None) for stride in flags.strides])]
