"""What was seen: which rows of the inputs influence which elements of the tensors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Hull = tuple[np.ndarray, np.ndarray]


def hull(rows: np.ndarray) -> Hull:
    """Return the first and the last true index along the first axis; first > last where there is none."""
    extent = rows.shape[0]
    if not extent:
        return np.zeros(rows.shape[1:], int), np.full(rows.shape[1:], -1)
    found = rows.any(axis=0)
    low = np.where(found, rows.argmax(axis=0), extent)
    high = np.where(found, extent - 1 - rows[::-1].argmax(axis=0), -1)
    return low, high


def differs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return where two results differ; two NaN are the same, a change of shape is a change everywhere."""
    if a.shape != b.shape:
        return np.ones(b.shape, bool)
    if a.dtype.kind not in "biuSUO":  # the short floats of ml_dtypes are of no kind that numpy knows
        return np.asarray((a != b) & ~((a != a) & (b != b)), bool)
    return np.asarray(a != b, bool)


@dataclass
class Influence:
    """Which rows of the inputs were seen to change which elements.

    ``rows[tensor, input, axis]`` has the shape ``(extent of the axis, *shape of the tensor)``: true where
    changing the input at that index of the axis (and at any index of the others) changed the element.
    """

    rows: dict[tuple[str, str, int], np.ndarray] = field(default_factory=dict)

    def add(self, key: tuple[str, str, int], index: int, extent: int, moved: np.ndarray) -> None:
        """Enter which elements of a tensor a change at one index of an axis has changed."""
        if key not in self.rows:
            self.rows[key] = np.zeros((extent, *moved.shape), bool)
        self.rows[key][index] |= moved

    def hull(self, tensor: str, source: str, axis: int) -> Hull:
        """Return the first and the last influencing index per element; first > last where there is none."""
        return hull(self.rows[tensor, source, axis])

    def merge(self, other: Influence) -> Influence:
        """Return what either has seen, over the tensors that both have looked at."""
        return Influence({k: rows | other.rows[k] for k, rows in self.rows.items() if k in other.rows})

    def tensors(self) -> list[str]:
        """Return the tensors looked at, in the order of the graph."""
        return list(dict.fromkeys(tensor for tensor, _, _ in self.rows))
