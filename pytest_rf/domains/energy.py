"""Energy as a domain: the distribution over input positions of the gradient of each element (SEMANTICS 8).

An element has energy 1 and hands it on to the elements that it reads, in equal parts; every summand of a sum gets the
whole. Seen from the input: an element that reads n others holds their mean, and one that adds two holds their sum.
Of each distribution the mass, the mean and the variance are kept, which determine those of any mixture of them.
This is the expectation of the squared gradient of a net with independent random weights (Luo et al., 2016,
"Understanding the Effective Receptive Field in Deep Convolutional Neural Networks").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.domain import Beyond
from pytest_rf.domains.elementwise import Maps
from pytest_rf.domains.maps import Arrays, Flags, Map


class Energy(Maps):
    """Arrays: the mean position, the mass and the variance; without mass nothing is read."""

    def start(self, places: npt.NDArray[np.int64]) -> Arrays:
        """Return the whole energy of each element at its own place."""
        return places.astype(float), np.ones(places.shape), np.zeros(places.shape)

    def nothing(self, shape: Sequence[int]) -> Arrays:
        """Return no energy."""
        return np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def where(self, flags: Flags, arrays: Arrays) -> Arrays:
        """Return the energy of flagged elements."""
        mean, mass, variance = np.broadcast_arrays(arrays[0], np.where(flags, arrays[1], 0.0), arrays[2])
        return mean, mass, np.where(mass > 0, variance, 0.0)

    def placed(self, arrays: Arrays) -> Flags:
        """Return which elements have a mean."""
        return np.asarray((arrays[1] > 0) & np.isfinite(arrays[2]))

    def alike(self, a: Arrays, b: Arrays) -> bool:
        """Return whether distributions are the same but for rounding."""
        same = all(np.allclose(x, y, rtol=1e-12, atol=1e-12) for x, y in zip(a[1:], b[1:], strict=True))
        placed = self.placed(a)
        return same and np.allclose(a[0][placed], b[0][placed], rtol=1e-12, atol=1e-9)

    def reads_everything(self, x: Map) -> bool:
        """Return whether some energy has no bounds."""
        return bool(np.isinf(x.arrays[2]).any())

    def both(self, a: Arrays, b: Arrays) -> Arrays:
        """Return the sums of energies."""
        (mean_a, mass_a, var_a), (mean_b, mass_b, var_b) = a, b
        with np.errstate(over="ignore"):
            mass = mass_a + mass_b
        if np.isinf(mass).any():
            raise Beyond("so many branches add up that its energy is no number")
        part = np.divide(mass_b, mass, out=np.zeros(mass.shape), where=mass > 0)
        mean = np.where(mass_a > 0, mean_a, mean_b) + np.where(
            (mass_a > 0) & (mass_b > 0), part * (mean_b - mean_a), 0
        )
        spread = part * (1 - part) * np.where((mass_a > 0) & (mass_b > 0), mean_b - mean_a, 0.0) ** 2
        own = np.where(mass_a > 0, (1 - part) * np.where(mass_a > 0, var_a, 0.0), 0.0)
        other = np.where(mass_b > 0, part * np.where(mass_b > 0, var_b, 0.0), 0.0)
        return mean, mass, own + other + spread

    def finished(self, arrays: Arrays, counts: npt.NDArray[np.int64]) -> Arrays:
        """Return the mean of what was read, in equal parts."""
        mean, mass, variance = arrays
        return mean, mass / np.maximum(counts, 1), variance

    def everything(self, rank: int) -> Arrays:
        """Return energy that is spread over an axis without end."""
        one = np.ones((1,) * rank)
        return 0 * one, one, np.inf * one

    def endless(self, x: Map, dim: int) -> Arrays:
        """Return energy that is spread over an axis without end."""
        mass = x.arrays[1].mean(axis=dim, keepdims=True)
        return np.zeros(mass.shape), mass, np.where(mass > 0, np.inf, 0.0)
