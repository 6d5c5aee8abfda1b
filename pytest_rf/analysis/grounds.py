"""What the figures of a field are read from: fields that agree in it have the same figures.

Networks are made of blocks and look at height as they look at width, so most fields of a report repeat others.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import accumulate

from pytest_rf.analysis.along import Along
from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.domains.hull import LARGE, Hull
from pytest_rf.domains.layout import Axis, Key, Keys, Layout
from pytest_rf.domains.rims import Rim
from pytest_rf.domains.structure import Structure

_COUNTED: tuple[tuple[Counting, bool], ...] = (
    ("guaranteed", True),
    ("guaranteed", False),
    ("shortest", True),
)


class Grounds:
    """Tells which fields of one model have the same figures."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self._names: dict[Key, dict[Key, Hashable]] = {}
        self._axes: dict[tuple[int, Key], tuple[Axis, Hashable]] = {}
        self._settings: dict[tuple[Key, bool], Hashable] = {}

    def of(self, field: Along) -> Hashable | None:
        """Return all that the figures of a field are read from; None where that is too large to be compared.

        Left out are names of nodes, and what the dear metrics look at beside the field: the graph and its elements.
        """
        known = self.runs.structure(field.value)
        if not isinstance(known, Structure):
            return None
        key = field.key
        read = [field.theory(), field.finite(), *(field.counted(*kind) for kind in _COUNTED)]
        shortest = read[-1].hulls.get(key)
        if shortest is not None and shortest.irregular:
            read.append(field.counted("shortest", False))
        # Runs that count the same of a value have one hull.
        hulls = {id(hull): hull for one in read if (hull := one.hulls.get(key)) is not None}
        if any(hull.is_put_off or hull.lo.size > LARGE for hull in hulls.values()):
            return None
        layout, dims = self._relevant(known.layout, key, hulls.values())
        told = {number: _told(hull, dims) for number, hull in hulls.items()}
        about = (
            self._setting(field),
            field.multiple,
            field.upper_bound,
            field.rounded,
            frozenset([tie.why for tie in known.ties.get(key, ())]),
            self._rim(field),
        )
        return (about, layout, *[told.get(id(one.hulls.get(key))) for one in read])

    def _setting(self, field: Along) -> Hashable:
        """Return what is the same for all fields along one axis of an input."""
        place = (field.key, field.local)
        if place not in self._settings:
            about = self.runs.about
            self._settings[place] = (
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
        rim = self.runs.rim(field.value, field.key, field.local)
        if not isinstance(rim, Rim):
            return rim is None
        return rim.extent, rim.inner, rim.short, int(rim.before.max()), int(rim.after.max())

    def _relevant(self, layout: Layout, key: Key, hulls: Collection[Hull]) -> tuple[Hashable, list[int]]:
        """Return the axes that have to do with an input axis, and the dimensions of hulls that belong to them."""
        varying = {dim for hull in hulls for dim in _varying(hull)}
        axes: list[Hashable] = []
        dims: list[int] = []
        for axis, stop in zip(layout, accumulate(map(len, layout)), strict=True):
            own = range(stop - len(axis), stop)
            if not varying.isdisjoint(own) or any(
                key in one.carries or key in one.unlike or key in one.uneven for one in axis
            ):
                axes.append(self._axis(axis, key))
                dims += own
        return tuple(axes), dims

    def _axis(self, axis: Axis, key: Key) -> Hashable:
        """Return an axis of a tensor as it looks from one axis of the input."""
        place = (id(axis), key)
        if place not in self._axes:
            looks = tuple(
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
            self._axes[place] = (axis, looks)  # held, so that its identity stays its own
        return self._axes[place][1]

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


def _varying(hull: Hull) -> list[int]:
    """Return the dimensions along which elements read otherwise than others."""
    lo, hi, jump = hull.lo.shape, hull.hi.shape, hull.jump
    return [dim for dim in range(len(lo)) if lo[dim] != 1 or hi[dim] != 1 or (jump and jump[dim])]


def _told(hull: Hull, dims: Sequence[int]) -> Hashable:
    lo, hi, jump = hull.lo, hull.hi, hull.jump
    return (
        tuple([lo.shape[dim] for dim in dims]),
        tuple([hi.shape[dim] for dim in dims]),
        lo.tobytes(),
        hi.tobytes(),
        jump and tuple([jump[dim] for dim in dims]),
        hull.irregular,
    )
