"""What the two rules of an operator, one for each front-end, are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Random = np.random.Generator


class Pair(NamedTuple):
    """What both rules get: operands by name (a shape, or elements), and the arguments of either.

    Attributes:
        operands: name -> shape of what is computed, or the elements of a constant.
        onnx: the operator, its operands in order, its attributes.
        aten: the operator, its arguments; those that name an operand stand for it.
        shape: the result's.
    """

    operands: Mapping[str, tuple[int, ...] | np.ndarray]
    onnx: tuple[str, tuple[str, ...], dict[str, Any]]
    aten: tuple[str, dict[str, Any]]
    shape: tuple[int, ...]


def some(rng: Random, name: str, shape: tuple[int, ...], chance: float = 0.5) -> tuple[int, ...] | np.ndarray:
    """Return an operand that is computed, or a constant one."""
    return shape if rng.random() < chance else rng.uniform(-1, 1, shape).astype(np.float32)


Pairs = dict[str, Callable[[Random], Pair]]
"""What draws the arguments of a pair, by a name for it."""
