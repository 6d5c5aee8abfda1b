"""The field of a tensor: its structure, and hulls towards the input axes that a run follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from pytest_rf.access import WHOLE, progression
from pytest_rf.domains import bounded, hull, periodic
from pytest_rf.domains.changes import Change, Policy
from pytest_rf.domains.hull import LIMIT, Hull
from pytest_rf.domains.layout import NONE, Key, Keys, Layout
from pytest_rf.domains.seams import Seam
from pytest_rf.domains.structure import Branch, Structure

Hulls = Mapping[Key, Hull]
"""Input axis -> hull, one dimension per factor of the layout, for the axes that a run follows."""


@dataclass(slots=True, eq=False, repr=False)
class Field:
    """What the elements of one tensor read.

    Attributes:
        structure: what every run knows of it.
        hulls: input axis -> hull, one dimension per factor, for the axes that the run follows.
        endless: the input axes that have no borders in this run.
    """

    structure: Structure
    hulls: Hulls
    endless: Keys = NONE

    @property
    def layout(self) -> Layout:
        """The tensor's axes as products of factors."""
        return self.structure.layout


def of_input(name: str, shape: Sequence[int], policy: Policy) -> Hulls:
    """Return the hulls of a graph input towards itself."""
    keys = [(name, axis) for axis in range(len(shape))]
    return {
        key: hull.point(extent, key[1], len(shape), key in policy.endless)
        for key, extent in zip(keys, shape, strict=True)
        if policy.keys is None or key in policy.keys
    }


def changed(hulls: Hulls, changes: Sequence[Change], policy: Policy) -> Hulls:
    """Return hulls with changes made to them."""
    if not changes:
        return hulls
    result: dict[Key, Hull] = {}
    for key, one in hulls.items():
        for change in changes:
            one = change(one, key, policy)
        result[key] = one
    return result


def union(branches: Sequence[Hulls], policy: Policy) -> Hulls:
    """Return the union of the hulls of tensors with common factors."""
    if len(branches) == 1:
        return branches[0]
    hulls = dict(branches[0])
    for one in branches[1:]:
        for key, other in one.items():
            if key not in hulls:
                hulls[key] = other
            elif policy.shortest:
                hulls[key] = min(hull.settled(hulls[key]), hull.settled(other), key=_size)
            else:
                hulls[key] = hull.union(hulls[key], other)
    return hulls


class Joint:
    """Puts the hulls of tensors one behind the other along an axis (concat).

    Along an axis without end two different parts have no common map. Those that have no place of their own
    there (constants, statistics, what reads everything), or only pad the main one, do not disturb its map.
    """

    __slots__ = ("dim", "factors", "offsets", "seam", "total")

    def __init__(
        self, parts: Sequence[Branch], offsets: Sequence[int], axis: int, total: int, seam: Seam
    ) -> None:
        """Take the parts, whose axis ``axis`` is one factor, and their first places on one of ``total``."""
        self.dim = sum(map(len, parts[0].structure.layout[:axis]))
        self.factors = [part.structure.layout[axis][0] for part in parts]
        self.offsets = offsets
        self.total = total
        self.seam = seam

    def __call__(self, parts: Sequence[Hulls], policy: Policy) -> Hulls:
        """Return the hulls of the whole."""
        dim = self.dim
        endless = any(factor.leads & policy.endless for factor in self.factors)
        extents = [factor.extent for factor in self.factors]
        hulls: dict[Key, Hull] = {}
        for key in dict.fromkeys(key for part in parts for key in part):
            pieces = [
                (part[key], offset, extent)
                for part, offset, extent in zip(parts, self.offsets, extents, strict=True)
                if key in part
            ]
            if policy.shortest and not any(key in factor.carries for factor in self.factors):
                alone = [bounded.along(hull.settled(one), dim, WHOLE, n, 1) for one, _, n in pieces]
                hulls[key] = min(alone, key=_size)
            elif endless:
                hulls[key] = self._one_map(parts, key)
            else:
                layers = [bounded.joined(layer, dim, self.total) for layer in _layers(pieces, dim)]
                hulls[key] = reduce(hull.union, layers)
        return hulls

    def _one_map(self, parts: Sequence[Hulls], key: Key) -> Hull:
        """Return the map of parts along an axis without end."""
        maps = [
            periodic.along(hull.settled(part[key]), self.dim, progression(-offset)) if key in part else None
            for part, offset in zip(parts, self.offsets, strict=True)
        ]
        main = maps[self.seam.main]
        if self.seam.kind == "padding" and main is not None:
            return main
        known = [(one, factor) for one, factor in zip(maps, self.factors, strict=True) if one is not None]
        moving = [(one, factor) for one, factor in known if one.irregular or not hull.is_rigid(one)]
        placed = [one for one, factor in moving if key in factor.carries]
        alike = placed or [one for one, _ in moving]
        if not alike:
            return reduce(hull.union, [one for one, _ in known])
        first = alike[0]
        if any(hull.has_endless(one) for one, _ in known if not one.irregular and hull.is_rigid(one)):
            # Who reads everything has no place, but there is no map on which it does.
            return hull.irregular("interleaved", *[one for one, _ in known])
        if all(_is_same_map(one, first) for one in alike[1:]):
            return first
        apart = len(placed) > 1 and self.seam.kind == "pieces"
        return hull.irregular("uneven" if apart else "interleaved", *alike)


def _layers(pieces: Sequence[tuple[Hull, int, int]], dim: int) -> Iterable[list[tuple[Hull, int, int]]]:
    """Sort pieces (hull, offset, extent) of an axis by the other axes along which they vary.

    A table of queries by keys that nobody has made is not made for a class token beside it either.
    """
    if all(one.rest is None for one, _, _ in pieces):
        return [list(pieces)]
    layers: dict[tuple[bool, ...], dict[int, tuple[Hull, int, int]]] = {}
    for one, offset, extent in pieces:
        for part in hull.parts(one):
            varies = tuple(part.period(d) > 1 for d in range(part.lo.ndim) if d != dim)
            layer = layers.setdefault(varies, {})
            other = layer.get(offset)
            both = part if other is None else hull.settled(hull.union(other[0], part))
            layer[offset] = (both, offset, extent)
    return [list(layer.values()) for layer in layers.values()]


def _is_same_map(a: Hull, b: Hull) -> bool:
    if a is b:
        return True
    alike = a.jump == b.jump and np.array_equal(a.lo, b.lo) and np.array_equal(a.hi, b.hi)
    return alike and not (a.irregular or b.irregular)


def _size(one: Hull) -> float:
    """The largest field in a hull; infinite where it reads nothing, so that the other branch is taken."""
    if one.irregular:
        return float("inf")
    real = (np.abs(one.lo) < LIMIT) & (np.abs(one.hi) < LIMIT)
    return float((one.hi - one.lo)[real].max()) if real.any() else float("inf")
