"""What the authors of models declare: the configuration as plain data, once it has been found right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from pytest_rf.calls import Call
from pytest_rf.checks.options import Options
from pytest_rf.config.positions import Keys, Place
from pytest_rf.registry import Operators
from pytest_rf.requirements import parse
from pytest_rf.requirements.syntax import Requirement

if TYPE_CHECKING:
    from pytest_rf.bioimageio import Description


class PlacedRequirement(Struct, frozen=True):
    """A requirement and the place where it is stated; no file means the command line.

    Attributes:
        requirement: the requirement.
        file: the file that a reader can change, to be rid of it.
        line: the line there.
        shared: whether it comes from a pack or another file that the configuration extends; such a requirement
            is about models of many kinds, and does not apply to one without its axis.
        column: the column in that line, counted from 1; 0 where it is not known.
        pack: the pack that holds it, which the line takes in; empty where none does.
    """

    requirement: Requirement
    file: str = ""
    line: int = 0
    shared: bool = False
    column: int = 0
    pack: str = ""

    @property
    def text(self) -> str:
        """The requirement as its author wrote it."""
        return self.requirement.text


class Waiver(Struct, frozen=True, kw_only=True):
    """A finding that the authors of a model accept: which rule, where, why, and until when."""

    rule: str
    at: str
    reason: str
    until: date | None
    file: str = ""
    line: int = 0


class Tiling(Struct, frozen=True, kw_only=True):
    """A tiling that the authors of a model run it in; all by axis and in input positions.

    Attributes:
        tile: the extent of a tile.
        overlap: what neighbours share, *total*.
        context: instead, the context on either side, ``(before, after)``.
        align: tiles begin on multiples of this, too.
        crop: by how many positions outputs are smaller than inputs, ``(before, after)``.
        file: the configuration.
        place: where it stands there.
        places: where its keys and their axes stand: ``("tile", "h")``.
    """

    tile: Mapping[str, int]
    overlap: Mapping[str, int] = field(default_factory=dict)
    context: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    align: Mapping[str, int] = field(default_factory=dict)
    crop: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    file: str = ""
    place: Place = field(default_factory=Place)
    places: Mapping[Keys, Place] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """The line there."""
        return self.place.line

    @property
    def column(self) -> int:
        """The column in that line."""
        return self.place.column

    @property
    def text(self) -> str:
        """The tiling in a line, in the form of the command line: ``tile h=512,w=512 overlap h=64,w=64``."""
        return " ".join(f"{key} {','.join(map(_sized, axes.items()))}" for key, axes in self._said() if axes)

    @property
    def requirement(self) -> Requirement:
        """What is enough for it: halos that lie within the context, wherever tiles begin."""
        sides = {axis: (total // 2, total - total // 2) for axis, total in self.overlap.items()}
        context = {axis: min({**sides, **self.context}.get(axis, (0, 0))) for axis in self.tile}
        return parse(" and ".join(f"output halo.{axis} <= {size}" for axis, size in context.items()))

    def span(self, key: str, axis: str) -> tuple[int, int]:
        """Return where in ``text`` stands what a key says of an axis."""
        start = 0
        for said, axes in self._said():
            start += len(said) + 1 if axes else 0
            for item in axes.items():
                length = len(_sized(item))
                if (said, item[0]) == (key, axis):
                    return start, start + length
                start += length + 1
        return 0, start

    def _said(self) -> Iterator[tuple[str, Mapping[str, int | tuple[int, int]]]]:
        for key in ("tile", "overlap", "context", "align", "crop"):
            yield key, getattr(self, key)


def _sized(item: tuple[str, int | tuple[int, int]]) -> str:
    axis, size = item
    return f"{axis}={size if isinstance(size, int) else ':'.join(map(str, size))}"


class Limits(Struct, frozen=True, kw_only=True):
    """What a model may take; None leaves the default."""

    file_size: int | None = None
    graph_size: int | None = None
    nodes: int | None = None
    inlined: int | None = None
    depth: int | None = None
    fields: int | None = None
    unknown_fields: int | None = None
    extent: int | None = None
    kernel: int | None = None
    work: int | None = None
    array: int | None = None
    seconds: float | None = None
    memory: int | None = None


class Model(Call, frozen=True, kw_only=True):
    """A model of the configuration, or all that its source's glob finds, with how it is called.

    Attributes:
        source: path or glob below ``root``, or ``package.module:factory``.
        name: what reports call it; empty for the file's name.
        places: where what only an analysis can refute stands: ``("spacing", "h")``, ``("accept_context", 0)``.
        requires: its requirements, with those of the configuration.
        select, ignore: rules on top of those of the configuration.
        options: what is said of rules, by code, with what the configuration says.
        waivers: the findings that its authors accept.
        tilings: the tilings that it is run in.
        descriptions: the bioimage.io descriptions that it is held against.
        limits: what it may take.
        operators: what the configuration states of operators.
        root: the folder that ``source`` is relative to.
        within: the folder that it must stay in; by default ``root``.
        file: the configuration.
        line: the line of its entry there.
    """

    source: str
    name: str = ""
    places: Mapping[Keys, Place] = field(default_factory=dict)
    requires: tuple[PlacedRequirement, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    tilings: tuple[Tiling, ...] = ()
    descriptions: tuple[Description, ...] = ()
    limits: Limits = field(default_factory=Limits)
    operators: Operators = field(default_factory=dict)
    root: Path = field(default_factory=Path.cwd)
    within: Path | None = None
    file: str = ""
    line: int = 0

    @property
    def stated(self) -> tuple[PlacedRequirement | Tiling | Description, ...]:
        """What it is held against, in the order of the numbers that findings have."""
        return (*self.requires, *self.tilings, *self.descriptions)

    def place(self, *keys: str | int) -> Place:
        """Return where a key stands in ``file``; that of the entry where it is not known."""
        return self.places.get(keys, Place(self.line))


class Config(Struct, frozen=True, kw_only=True):
    """A configuration that was read and found right.

    Attributes:
        path: the file.
        file: the file as a reader in the working directory would write it.
        root: the folder that sources are relative to and, unless the command line gives another, must stay in.
        select: codes, prefixes or names of the rules to check; empty means the defaults.
        ignore: codes, prefixes or names of rules to leave out.
        requires: requirements of every model, also of those that are not in the configuration.
        options: what is said of rules, by code, for those as well.
        models: the models; their requirements include those of ``requires``.
        uncovered: what a model is that no requirement and no selected rule judges: an ``error``, a warning
            (``warn``), or nothing to speak of (``ignore``).
        lfs: what a model file is that is still a Git LFS pointer: an ``error``, or left out (``skip``).
        limits: what a model may take.
        operators: what it states of operators, ``domain::Operator`` -> statement.
        baseline: the file of what is known to fail; None where there is none.
        lock: the file of figures that the models are held to; None where none is named.
        jobs: how many processes work on models; 0 for as many as there are processors.
        isolate: which model files have a process of their own: those where that pays (``auto``), all or none.
    """

    path: Path | None = None
    file: str = ""
    root: Path = field(default_factory=Path.cwd)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    requires: tuple[PlacedRequirement, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict)
    models: tuple[Model, ...] = ()
    uncovered: Literal["error", "warn", "ignore"] = "error"
    lfs: Literal["error", "skip"] = "error"
    limits: Limits = field(default_factory=Limits)
    operators: Operators = field(default_factory=dict)
    baseline: Path | None = None
    lock: Path | None = None
    jobs: int = 1
    isolate: Literal["auto", "always", "never"] = "auto"
