"""The field of a tensor: its structure, and hulls towards the input axes that a run follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from pytest_rf.domains.hull import Hull
from pytest_rf.domains.layout import NONE, Key, Keys, Layout
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import small
from pytest_rf.interpreter import Ignorance

Hulls = Mapping[Key, Hull]
"""Input axis -> hull, one dimension per factor of the layout, for the axes that a run follows."""


class Written(Mapping[Key, Hull]):
    """Hulls that may be stretched, which are written out when they are asked for."""

    def __init__(self, kept: Hulls) -> None:
        self.kept = kept
        self._made: dict[Key, Hull] = {}

    def __getitem__(self, key: Key) -> Hull:
        if key not in self._made:
            self._made[key] = small(self.kept[key])
        return self._made[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)


class Field(Struct, eq=False):
    """What the elements of one tensor read.

    Attributes:
        structure: what every run knows of it.
        hulls: input axis -> hull, one dimension per factor, for the axes that the run follows; on the actual input
            large ones may be put off (:mod:`pytest_rf.domains.unions`).
        endless: the input axes that have no borders in this run.
    """

    structure: Structure
    hulls: Hulls
    endless: Keys = NONE

    def kept(self, key: Key) -> Hull | None:
        """Return a hull as it is kept, perhaps stretched (:mod:`pytest_rf.domains.stretched`)."""
        # Its class is asked for: whether it is one of a kind of mapping takes far longer to tell.
        hulls = self.hulls.kept if self.hulls.__class__ is Written else self.hulls
        return hulls.get(key)

    @property
    def layout(self) -> Layout:
        """The tensor's axes as products of factors."""
        return self.structure.layout


Outcome = Field | Ignorance
