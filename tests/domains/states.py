"""All domains, and what their values say of every element: where the author of the next one starts.

A new domain goes into ``DOMAINS`` with a way to make it and to write its values out; the laws are in ``test_laws``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pytest_rf.analysis import Analysis
from pytest_rf.domains.energy import Energy
from pytest_rf.domains.hull import Hull, is_rigid, shortest_period
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.intervals import Intervals, Shortest
from pytest_rf.domains.layout import Key
from pytest_rf.domains.maps import Irregular, Lost
from pytest_rf.domains.positions import Positions
from pytest_rf.domains.rims import Rim, Rims
from pytest_rf.domains.unions import settled
from pytest_rf.interpreter import Ignorance, run

Shown = tuple[Any, ...] | None
"""The arrays of a value over one period of every dimension, and its jumps; None where it has no such form."""


class Kind(NamedTuple):
    """A domain.

    Attributes:
        make: makes it, from a policy.
        shown: writes one of its values out.
        theory: whether it knows axes without end.
        sets: whether it is about what is read, so that reading twice is reading once.
        commutes: whether the order of operands does not matter.
    """

    make: Callable[[Policy], Any]
    shown: Callable[[Any, Any], Shown]
    theory: bool = True
    sets: bool = True
    commutes: bool = True


def of_hull(domain: Any, x: Hull) -> Shown:
    x = settled(x)
    if x.irregular:
        return (x.irregular, x.lo, x.hi)
    for dim in range(x.lo.ndim):
        x = shortest_period(x, dim)
    jump = None if is_rigid(x) else x.jump  # which moves no mark
    return (x.lo, x.hi, jump or (0,) * x.lo.ndim)


def of_map(domain: Any, x: Any) -> Shown:
    if isinstance(x, Lost):
        return None
    try:
        one = domain.settled(x)
    except Irregular:
        return None
    for dim in range(len(one.shape)):
        one = domain.shortest(one, dim)
    placed = domain.placed(one.arrays)
    first = np.where(placed, one.arrays[0], 0)
    # Energies are the same but for the order in which they were added.
    rounded = [np.round(array, 9) if array.dtype == float else array for array in (first, *one.arrays[1:])]
    jump = one.jump if placed.any() else None
    return (*rounded, jump or (0,) * len(one.shape))


def of_rim(domain: Any, x: Any) -> Shown:
    if not isinstance(x, Rim):
        return ("spoilt",)
    x = x.whole  # parts of elements are written out as elements
    return (x.dim, x.extent, x.short, x.flipped, x.before, x.after)


DOMAINS = {
    "intervals": Kind(Intervals, of_hull),
    "shortest": Kind(Shortest, of_hull, commutes=False),
    "positions": Kind(Positions, of_map),
    "energy": Kind(Energy, of_map, sets=False),
    "rims": Kind(lambda policy: Rims(lambda _: False, 0), of_rim, theory=False),
}


def values(analysis: Analysis, domain: Any, key: Key) -> dict[int, Any]:
    """Return what a domain knows of the values of a model along one axis."""
    found = run(analysis.runs.plan, domain, frozenset({key}))
    known = {number: of[key] for number, of in found.items() if key in of}
    return {number: x for number, x in known.items() if not isinstance(x, Ignorance)}


def same(a: Shown, b: Shown) -> bool:
    """Whether two values say the same, as far as they can be written out."""
    if a is None or b is None:
        return a is b
    if len(a) != len(b):
        return False
    return all(
        np.array_equal(*np.broadcast_arrays(x, y))
        if isinstance(x, np.ndarray) and x.ndim == np.ndim(y)
        else x == y
        for x, y in zip(a, b, strict=True)
    )


def keys(analysis: Analysis) -> Sequence[Key]:
    """Return all input axes of a model."""
    return [(name, axis) for name, source in analysis.inputs.items() for axis in range(len(source.shape))]
