"""Runs in which an operator that reads without end can be made to read as if it did not, so that others are seen."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from pytest_rf.analysis.branches import stepped
from pytest_rf.analysis.field import Field
from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.analysis.steps import Steps
from pytest_rf.domains.hull import LIMIT, Hull, has_endless, shifted
from pytest_rf.domains.layout import Key, carried, place_dims
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import settled, small
from pytest_rf.errors import UnknownError
from pytest_rf.interpreter import Ignorance
from pytest_rf.value import Value


class Healed(Runs):
    """Runs along one axis, made value by value, in which what reads without end can be made to read less."""

    def __init__(self, whole: Runs, key: Key) -> None:
        """Begin with the input, of the runs over the whole model, along one of its axes."""
        vars(self).update(vars(whole))
        self._key = key
        self._domains = {theory: whole.domain("guaranteed", theory) for theory in (True, False)}
        self._live: dict[bool, dict[int, Mapping[Key, Hull]]] = {True: {}, False: {}}
        value = self.graph.inputs[key[0]]
        for theory, domain in self._domains.items():
            point = domain.point(key, value.extents[key[1]], len(value.extents))
            self._live[theory][value.number] = {key: point}

    @property
    def _last(self) -> int:
        """The last position of the actual input."""
        return self.inputs[self._key[0]].shape[self._key[1]] - 1

    def make(self, number: int) -> None:
        """Work out what a value reads, from what its operands do."""
        for theory, domain in self._domains.items():
            live = self._live[theory]
            live[number] = dict(stepped(self.plan, number, domain, live, self._key))

    def counted(self, counting: Counting, value: Value, key: Key, theory: bool) -> Field:
        """Return the field of a value, whatever is counted."""
        known = self.structure(value)
        if isinstance(known, Ignorance):
            raise UnknownError(f"unknown: {known.reason}")
        own = self._live[theory].get(value.number, {})
        hulls = {one: settled(hull) if theory else small(hull) for one, hull in own.items()}
        return Field(known, hulls, self.spatial if theory else frozenset())

    def heal(self, value: Value, steps: Steps | None, ahead: int) -> bool:
        """Make a value read what its steps stand for, and so much beyond that; return whether that could be done."""
        structure = self.structure(value)
        assert isinstance(structure, Structure)
        if self._key not in carried(structure.layout):
            for live in self._live.values():
                live[value.number] = {}
            return True
        flat = [factor for axis in structure.layout for factor in axis]
        dims = sorted(place_dims(structure.layout, self._key))
        if steps is None or self._key not in flat[dims[0]].leads:
            return False
        for theory, live in self._live.items():
            extents = [flat[dim].extent for dim in dims]
            inner, endless = prod(extents[1:]), theory and self._key in self.spatial
            pace = inner * steps.rate
            extents[0] = pace.denominator if endless else extents[0]
            ends = steps.ends(np.arange(prod(extents))) // steps.scale + ahead
            if not endless:
                ends = np.minimum(ends, self._last)
            shape = [1] * len(flat)
            for dim, extent in zip(dims, extents, strict=True):
                shape[dim] = extent
            jump = tuple([int(pace * extents[0]) if dim == dims[0] else 0 for dim in range(len(flat))])
            ends = ends.reshape(shape)
            live[value.number] = {self._key: Hull(ends, ends, jump if endless else None)}
        return True

    def without_ends(self, value: Value) -> bool:
        """Make a value read near the input's ends what it reads far from them; return whether that could be done."""
        hull = self._live[True][value.number].get(self._key)
        structure = self.structure(value)
        if hull is None or hull.irregular or has_endless(hull) or not isinstance(structure, Structure):
            return False
        lo, hi = hull.lo, hull.hi
        for dim, factor in enumerate(factor for axis in structure.layout for factor in axis):
            if hull.varies(dim):
                turn, phase = np.divmod(np.arange(factor.extent), hull.period(dim))
                moved = (turn * hull.moves(dim)).reshape([-1 if d == dim else 1 for d in range(lo.ndim)])
                lo, hi = (shifted(side.take(phase, axis=dim), moved) for side in (lo, hi))
        lo, hi = (np.where(np.abs(side) < LIMIT, side.clip(0, self._last), side) for side in (lo, hi))
        self._live[False][value.number] = {self._key: Hull(lo, hi)}
        return True
