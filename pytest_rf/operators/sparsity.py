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
"""Scores at or below this are masks: -inf, or the least number of float32, which exporters write for it."""

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


def masks(scores: npt.NDArray[Any]) -> Mask | None:
    """Return which elements of an additive constant mask out; None where none does."""
    masked = ~let_through(scores)
    return masked if masked.any() else None


def let_through(scores: npt.NDArray[Any]) -> Mask:
    """Return which elements of an additive constant are no masks; no copy is made of it as a whole."""
    flat = scores.reshape(-1)
    found = np.empty(flat.shape, np.bool_)
    for first in range(0, flat.size, PIECE):
        # Half precision knows no -3e38: it is compared as what it stands for.
        found[first : first + PIECE] = flat[first : first + PIECE].astype(np.float64) > MASKED
    return found.reshape(scores.shape)


def narrow(flags: Mask) -> Mask:
    """Return flags with one element along axes along which they were broadcast."""
    return flags[tuple([slice(0, 1) if stride == 0 else slice(None) for stride in flags.strides])]
