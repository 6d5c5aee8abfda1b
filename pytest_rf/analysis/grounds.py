"""What the figures of a field are read from: fields that agree in it have the same figures.

Networks are made of blocks and look at height as they look at width, so most fields of a report repeat others.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import accumulate
from typing import NamedTuple

from pytest_rf.analysis.along import Along
from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.domains.hull import LARGE, Hull
from pytest_rf.domains.layout import Axis, Key, Keys, Layout
from pytest_rf.domains.rims import Rim
from pytest_rf.domains.structure import Structure


class _Looks(NamedTuple):
    """How a layout looks from an axis of the input.

    Attributes:
        layout: it; held, so that its identity stays its own.
        number: a number for the looks of the axes that have to do with that axis.
        dims: the dimensions that belong to them.
        others: those that do not, as long as nothing varies along them.
    """

    layout: Layout
    number: int
    dims: Sequence[int]
    others: Sequence[int]


class Grounds:
    """Tells which fields of one model have the same figures."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self._names: dict[Key, dict[Key, Hashable]] = {}
        self._layouts: dict[tuple[int, Key, tuple[int, ...]], _Looks] = {}
        self._settings: dict[tuple[Key, bool], int] = {}
        self._numbers: dict[Hashable, int] = {}

    def of(self, field: Along) -> Hashable | None:
        """Return all that the figures of a field in positions are read from; None where it is too large to compare.

        Left out are names of nodes, and what the dear metrics look at beside the field: the graph and its elements.
        """
        runs, value, key = self.runs, field.value, field.key
        known = runs.structure(value)
        if not isinstance(known, Structure):
            return None
        read = self._read(value.number, key, known, field.local)
        hulls = {id(hull): hull for hull in read if hull is not None}
        if any(_is_union(hull) or hull.lo.size > LARGE for hull in hulls.values()):
            return None
        layout, dims = self._relevant(known.layout, key, hulls.values())
        told = {number: _told(hull, dims) for number, hull in hulls.items()}
        about = (
            self._setting(field),
            runs.multiple(value, key),
            key in known.uncertain,
            key in known.rounded,
            frozenset([tie.why for tie in known.ties.get(key, ())]),
            self._rim(field),
        )
        return (about, layout, *[told.get(id(hull)) for hull in read])

    def _read(self, number: int, key: Key, known: Structure, local: bool) -> list[Hull | None]:
        """Return what a value reads in the runs that its figures look at."""
        runs = self.runs
        kinds: dict[Counting, None] = {runs.usual(known, key): None}
        kinds["local" if local or not known.context.get(key) else "guaranteed"] = None
        read = [runs.hull(kind, number, key, theory) for kind in kinds for theory in (True, False)]
        shortest = runs.hull("shortest", number, key, theory=True)
        if shortest is not None and shortest.irregular:
            read.append(runs.hull("shortest", number, key, theory=False))
        return [*read, shortest]

    def _setting(self, field: Along) -> int:
        """Return what is the same for all fields along one axis of an input."""
        place = (field.key, field.local)
        if place not in self._settings:
            about = self.runs.about
            self._settings[place] = self._number(
                field.extent,
                field.key in self.runs.spatial,
                field.local,
                about.stands_for.get(field.axis_name),
                field.chunk,
                self.runs.grid(field.key),
            )
        return self._settings[place]

    def _rim(self, field: Along) -> Hashable:
        """Return what a tile gets wrong at its borders, as far as figures look at it."""
        if not self.runs.is_tiled(field.value, field.key):
            return None
        rim = self.runs.rim(field.value, field.key, field.local)
        if not isinstance(rim, Rim):
            return rim is None
        return rim.extent, rim.inner, rim.short, rim.most

    def _relevant(self, layout: Layout, key: Key, hulls: Collection[Hull]) -> tuple[Hashable, Sequence[int]]:
        """Return the axes that have to do with an input axis, and the dimensions of hulls that belong to them."""
        found = self._looks(layout, key)
        varying = tuple([dim for dim in found.others if any(_varies(hull, dim) for hull in hulls)])
        found = self._looks(layout, key, varying) if varying else found
        return found.number, found.dims

    def _looks(self, layout: Layout, key: Key, varying: tuple[int, ...] = ()) -> _Looks:
        """Return how a layout looks from an axis of the input, if hulls vary along these dimensions too."""
        place = (id(layout), key, varying)
        if place not in self._layouts:
            self._layouts[place] = self._looked(layout, key, varying)
        return self._layouts[place]

    def _looked(self, layout: Layout, key: Key, varying: Collection[int]) -> _Looks:
        axes: list[Hashable] = []
        dims: list[int] = []
        others: list[int] = []
        for axis, stop in zip(layout, accumulate(map(len, layout)), strict=True):
            own = range(stop - len(axis), stop)
            if any(key in one.carries or key in one.unlike or key in one.uneven for one in axis) or any(
                dim in own for dim in varying
            ):
                axes.append(self._axis(axis, key))
                dims += own
            else:
                others += own
        return _Looks(layout, self._number(*axes), tuple(dims), tuple(others))

    def _number(self, *what: Hashable) -> int:
        """Return a number in place of what is looked up often."""
        return self._numbers.setdefault(what, len(self._numbers))

    def _axis(self, axis: Axis, key: Key) -> Hashable:
        """Return an axis of a tensor as it looks from one axis of the input."""
        return tuple(
            [
                (
                    factor.extent,
                    self._seen(factor.carries, key),
                    self._seen(factor.leads, key),
                    factor.mixed,
                    factor.within,
                    frozenset([(self._name(other, key), step) for other, step in factor.strides.items()]),
                    self._seen(factor.unlike, key),
                    self._seen(factor.uneven, key),
                )
                for factor in axis
            ]
        )

    def _seen(self, keys: Keys, key: Key) -> Hashable:
        return frozenset([self._name(other, key) for other in keys]) if keys else keys

    def _name(self, other: Key, key: Key) -> Hashable:
        """Return what an input axis is called from another one: the same for what is alike."""
        if key not in self._names:
            self._names[key] = self._naming(key)
        return self._names[key][other]

    def _naming(self, key: Key) -> dict[Key, Hashable]:
        names: dict[Key, Hashable] = {}
        for name, source in self.runs.inputs.items():
            others = [one for axis in range(len(source.shape)) if (one := (name, axis)) != key]
            for spatial in (True, False):
                alike = [one for one in others if (one in self.runs.spatial) is spatial]
                own = "" if name == key[0] else name
                names.update({one: (own, spatial, number) for number, one in enumerate(alike)})
        return {**names, key: ()}


def _is_union(hull: Hull) -> bool:
    """Whether the arrays do not tell all: a union, or what is under a mask."""
    return hull.rest is not None or hull.where is not None


def _varies(hull: Hull, dim: int) -> bool:
    """Whether elements read otherwise than others along a dimension."""
    if hull.lo.shape[dim] != 1 or hull.hi.shape[dim] != 1:
        return True
    return hull.moves(dim) != 0 or (hull.stretch is not None and hull.stretch.dim == dim)


def _told(hull: Hull, dims: Sequence[int]) -> Hashable:
    lo, hi, jump = hull.lo, hull.hi, hull.jump
    return (
        tuple([lo.shape[dim] for dim in dims]),
        tuple([hi.shape[dim] for dim in dims]),
        lo.tobytes(),
        hi.tobytes(),
        jump and tuple([jump[dim] for dim in dims]),
        hull.irregular,
        hull.stretch and (*hull.stretch[1:], dims.index(hull.stretch.dim)),
    )
