"""Sizes and places of a field along one axis: what a unit reads in theory, wherever borders are."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from pytest_rf.analysis.along import Along, once, plain
from pytest_rf.analysis.field import Field
from pytest_rf.domains import span
from pytest_rf.domains.hull import LIMIT, Hull
from pytest_rf.domains.layout import place_dims
from pytest_rf.domains.unions import cut, settled, together
from pytest_rf.figures import Number

Range = tuple[Number, Number]
"""The smallest and the largest of all units."""


@once
def rf(field: Along) -> Range:
    """Return the smallest and the largest theoretical size over phases and units; infinite where unbounded.

    The unit is a position, with all channels and samples there: a concat of a 1×1 and a 3×3 branch
    sees 3. ``Tensor.bounds`` tells channels apart.
    """
    return _range(field, field.theory(), field.finite)


def rf_certain(field: Along) -> Range:
    """Return the smallest and the largest size of what is read for certain, whatever data chooses."""
    if not field.upper_bound:
        return rf(field)
    return _range(field, field.counted("certain", True), lambda: field.counted("certain", False))


def rf_min(field: Along) -> Number:
    """Return the theoretical size over the shortest path: at every merge the smaller branch."""
    return _range(field, field.counted("shortest", True), lambda: field.counted("shortest", False))[0]


def _range(about: Along, theory: Field, finite: Callable[[], Field]) -> Range:
    hull = theory.hulls.get(about.key)
    if hull is None:
        return 0, 0
    # The actual input is looked at only where there is no theoretical map.
    field = finite() if hull.irregular else theory
    smallest, largest = span.sizes(_by_place(about, field, field.hulls[about.key]))
    return plain(smallest), plain(largest)


def _by_place(about: Along, field: Field, hull: Hull) -> Hull:
    """Return the hulls of positions: what all channels and samples there read together."""
    if hull.is_one:
        return hull
    spatial = {(about.input.name, axis) for axis in (*about.input.axes.values(), about.axis)}
    own = set().union(*(place_dims(field.layout, key) for key in spatial))
    return together(hull, [dim for dim in range(hull.lo.ndim) if dim not in own])


@once
def start(about: Along) -> Number | None:
    """Return the first position of unit 0 in the theoretical field; where that is unbounded, on the actual input.

    None where the units do not move evenly.
    """
    if about.uneven:
        return None
    for read in (about.theory, about.finite):
        field = read()
        hull = field.hulls.get(about.key)
        if hull is not None and not hull.irregular:
            own = place_dims(field.layout, about.key)
            first = tuple([slice(0, 1 if dim in own else None) for dim in range(hull.lo.ndim)])
            low = settled(cut(hull, first)).lo if hull.is_put_off else hull.lo[first]
            real = low[np.abs(low) < LIMIT]
            if real.size:
                return int(real.min())
    return 0


@once
def center(field: Along) -> Number | None:
    """Return ``start + (rf - 1) / 2``; None where the units do not move evenly."""
    first, size = start(field), rf(field)[1]
    if first is None:
        return None
    if size == math.inf:
        return math.inf
    return plain(Fraction(first) + Fraction(Fraction(size) - 1, 2))


def coverage(field: Along) -> float:
    """Return the theoretical size as a part of the input's extent."""
    return float(rf(field)[1]) / field.extent if field.extent else math.inf
