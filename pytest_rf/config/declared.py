"""What the authors of models declare: the configuration as plain data, once it has been found right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from pytest_rf.calls import Call
from pytest_rf.checks.options import Options
from pytest_rf.config.positions import Keys, Place
from pytest_rf.registry import Operators
from pytest_rf.requirements.syntax import Requirement


@dataclass(frozen=True, slots=True)
class PlacedRequirement:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that the authors of a model accept: which rule, where, why, and until when."""

    rule: str
    at: str
    reason: str
    until: date | None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Call):
    """A model of the configuration, or all that its source's glob finds, with how it is called.

    Attributes:
        source: path or glob below ``root``, or ``package.module:factory``.
        name: what reports call it; empty for the file's name.
        places: where what only an analysis can refute stands: ``("spacing", "h")``, ``("accept_context", 0)``.
        requires: its requirements, with those of the configuration.
        select, ignore: rules on top of those of the configuration.
        options: what is said of rules, by code, with what the configuration says.
        waivers: the findings that its authors accept.
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
    limits: Limits = field(default_factory=Limits)
    operators: Operators = field(default_factory=dict)
    root: Path = field(default_factory=Path.cwd)
    within: Path | None = None
    file: str = ""
    line: int = 0

    def place(self, *keys: str | int) -> Place:
        """Return where a key stands in ``file``; that of the entry where it is not known."""
        return self.places.get(keys, Place(self.line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
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
