"""Figures of what every single element reads: holes in fields, and how a unit's energy is spread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from pytest_rf.analysis.along import Along
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.domain import Beyond
from pytest_rf.domains.energy import Energy
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.layout import Key, Layout, carried, place_dims
from pytest_rf.domains.maps import Irregular, Lost, Map
from pytest_rf.domains.positions import Positions, counts, members, sizes
from pytest_rf.interpreter import Ignorance
from pytest_rf.value import Value

Kind = type[Positions] | type[Energy]

Range = tuple[float, float]
NO_MAP = Ignorance("the units have no common map")


def density(field: Along) -> Range | None:
    """Return the smallest and largest share of the positions in a unit's field that it reads (SEMANTICS 4).

    1 where nothing is read or everything: there are no holes. In theory; over the actual units where there is no map.
    """
    found = _units(field, Positions)
    if isinstance(found, Ignorance):
        return None
    if found is None:
        return 1.0, 1.0
    bits = np.asarray(np.maximum(found.arrays[1], 0), object)  # of a scalar numpy makes a plain number
    share = np.ones(bits.shape)
    np.divide(counts(bits), sizes(bits), out=share, where=(bits > 0).astype(bool))
    return float(share.min()), float(share.max())


def effective(field: Along) -> Range | None:
    """Return the smallest and largest effective field: ``√(1 + 12 σ²)`` of a unit's energy (SEMANTICS 8).

    0 where nothing is read, infinite where something mixes an axis without end.
    """
    found = _units(field, Energy)
    if isinstance(found, Ignorance):
        return None
    if found is None:
        return 0.0, 0.0
    _, mass, variance = found.arrays
    if field.framed:
        variance = variance * field.framing.hop**2 + float(field.framing.variance)
    width = np.where(mass > 0, np.sqrt(1 + 12 * np.where(mass > 0, variance, 0.0)), 0.0)
    return float(width.min()), float(width.max())


def sets(field: Along, theory: bool) -> Map | Ignorance | None:
    """Return the set of positions that each unit reads, context counted, with one dimension per factor of the layout.

    A unit is a place along the axis, with all that is there. None where nothing is read.
    """
    found = _map(field.runs, field.value, field.key, Positions, theory, context=True)
    if found is None or isinstance(found, Ignorance):
        return found
    return _whole(Positions(Policy()), found, place_dims(_layout(field.runs, field.value), field.key))


def why_no_density(field: Along) -> str:
    """Say why the density of a field is not known."""
    return _why(field, Positions)


def why_no_energy(field: Along) -> str:
    """Say why the effective field is not known."""
    return _why(field, Energy)


def _why(field: Along, kind: Kind) -> str:
    found = _units(field, kind)
    return found.reason if isinstance(found, Ignorance) else ""


def unused(field: Along) -> int | None:
    """Return how many positions of the actual input no unit of a tensor, or of those beside it, reads in any way.

    None where that is not known of some tensor.
    """
    read: set[int] = set()
    for one in (field, *field.beside):
        one.theory()  # which raises where nothing is known
        layout = _layout(one.runs, one.value)
        found = reads(one.runs, one.value, one.key, [None] * len(layout), context=True)
        if isinstance(found, Ignorance):
            return None
        read.update(found)
    if not field.framed:
        return field.extent - len(read)
    from pytest_rf.framing.samples import count  # most axes have no front-end

    return field.extent - count(field.framing, sorted(read))


def reads(
    runs: Runs, value: Value, key: Key, places: Sequence[int | None], context: bool = False
) -> list[int] | Ignorance:
    """Return the positions that a unit of the actual input reads, in order.

    Args:
        runs: the runs over the model.
        value: the tensor.
        key: the input axis.
        places: along each axis of the tensor the unit's place; None for all.
        context: whether context counts.
    """
    found = _of_unit(runs, value, key, Positions, places, context)
    if found is None or isinstance(found, Ignorance):
        return found or []
    first, bits = found.arrays
    return members(int(first.flat[0]), int(bits.flat[0]))


def spread(
    runs: Runs, value: Value, key: Key, places: Sequence[int | None]
) -> tuple[float, float] | Ignorance | None:
    """Return mean and standard deviation of the energy of a unit of the actual input (SEMANTICS 8).

    None where no energy arrives. What it takes is as for :func:`reads`.
    """
    found = _of_unit(runs, value, key, Energy, places, key not in carried(_layout(runs, value)))
    if found is None or isinstance(found, Ignorance):
        return found
    mean, mass, variance = (float(array.flat[0]) for array in found.arrays)
    return (mean, variance**0.5) if mass > 0 else None


def _of_unit(
    runs: Runs, value: Value, key: Key, kind: Kind, places: Sequence[int | None], context: bool
) -> Map | Ignorance | None:
    """Return what a unit of the actual input holds, all elements at its places together."""
    found = _map(runs, value, key, kind, theory=False, context=context)
    if found is None or isinstance(found, Ignorance):
        return found
    dim = 0
    for axis, place in zip(_layout(runs, value), places, strict=True):
        extents = [factor.extent for factor in axis]
        for factor in range(len(axis)) if place is not None else ():
            index = np.unravel_index(place or 0, extents)[factor]
            if found.shape[dim + factor] > 1:
                found = Map(tuple([array.take([index], axis=dim + factor) for array in found.arrays]))
        dim += len(axis)
    return _whole(kind(Policy()), found, set())


def of_units(
    runs: Runs, value: Value, key: Key, kind: Kind, theory: bool, unit: Collection[int]
) -> Map | Ignorance | None:
    """Return what every unit holds along an input axis, context left out; None where nothing is read.

    Args:
        runs: the runs over the model.
        value: the tensor.
        key: the input axis.
        kind: what is held: sets of positions, or energy.
        theory: on an input without end instead of the actual one.
        unit: the axes of the tensor along which units lie; elements along the others are put together.

    Returns:
        A map with one dimension per factor of the layout, of extent 1 along all that are no unit's.
    """
    found = _map(runs, value, key, kind, theory)
    if not isinstance(found, Map):
        return found
    dims = [number for number, axis in enumerate(_layout(runs, value)) for _ in axis]
    return _whole(kind(Policy()), found, {dim for dim, number in enumerate(dims) if number in unit})


def _layout(runs: Runs, value: Value) -> Layout:
    known = runs.structure(value)
    return () if isinstance(known, Ignorance) else known.layout


def _units(field: Along, kind: Kind) -> Map | Ignorance | None:
    """Return what units hold in theory, or on the actual input where there is no map; a unit is a position."""
    field.theory()  # which raises where nothing is known
    if field.upper_bound:
        return Ignorance(f"{field.chosen_by} leaves it open")
    runs, key = field.runs, field.key
    layout = _layout(runs, field.value)
    # What has no position of the axis left has nothing local to set context apart from.
    context = key not in carried(layout)
    spatial = {(key[0], axis) for axis in (*field.input.axes.values(), key[1])}
    own = set().union(*(place_dims(layout, one) for one in spatial))
    for theory in (True, False):
        found = _map(runs, field.value, key, kind, theory, context)
        if found is None or (isinstance(found, Ignorance) and found is not NO_MAP):
            return found
        if isinstance(found, Map):
            return _whole(kind(Policy()), found, own)
    return NO_MAP


def _whole(domain: Positions | Energy, found: Map, own: set[int]) -> Map | Ignorance:
    """Return a map of which only some dimensions are left: what all elements along the others hold together."""
    try:
        for dim in range(len(found.shape)):
            if dim not in own and found.shape[dim] > 1:
                found = domain.whole(found, dim, endless=False)
    except Beyond as limit:
        return Ignorance(str(limit))
    return found


def _map(
    runs: Runs,
    value: Value,
    key: Key,
    kind: Kind,
    theory: bool,
    context: bool = False,
) -> Map | Ignorance | None:
    structure = runs.structure(value)
    if isinstance(structure, Ignorance):
        return structure
    found: Any = runs.of_element(kind, value, key, theory, context)
    if found is None or isinstance(found, Ignorance):
        return found
    try:
        return NO_MAP if isinstance(found, Lost) else kind(Policy()).settled(found)
    except Irregular:
        return NO_MAP
    except Beyond as limit:
        return Ignorance(str(limit))
