"""What differs between two states of models as types: ``diff --format json``."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pytest_rf.locks.compare import Changed, Difference, Moved
from pytest_rf.locks.figures import TensorFigures
from pytest_rf.version import __version__

FORMAT = 1
"""Version of the report's form; it grows when a reader of the old form could misread the new one."""


class MovedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that moved along axes of an input; figures are exact text, as in a lock: ``36..40``, ``1/2``."""

    input: str
    axes: tuple[str, ...]
    metric: str
    old: str
    new: str


class ChangedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A tensor with the figures that moved; ``was`` is its name in the old state."""

    tensor: str
    was: str
    op: str
    module: str
    moved: tuple[MovedReport, ...]


class NamedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A tensor that only one state has."""

    tensor: str
    op: str
    module: str


class ModelDiffReport(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two states of a model; ``old`` or ``new`` is None where there is no such model.

    ``inputs``: name -> axes with their extents, before and now; ``renamed``: how many tensors have another name.
    """

    old: str | None
    new: str | None
    inputs: dict[str, tuple[str, str]]
    changed: tuple[ChangedReport, ...]
    added: tuple[NamedReport, ...]
    removed: tuple[NamedReport, ...]
    renamed: int


class DiffReport(msgspec.Struct, frozen=True, kw_only=True, tag="diff", tag_field="report"):
    """What differs between two states of models: ``diff --format json``."""

    format: int = FORMAT
    version: str = __version__
    old: str
    new: str
    models: tuple[ModelDiffReport, ...]


def of(old: str, new: str, differences: Iterable[Difference]) -> DiffReport:
    """Return the report of what differs between two sides."""
    return DiffReport(old=old, new=new, models=tuple(_model(one) for one in differences))


def _model(found: Difference) -> ModelDiffReport:
    return ModelDiffReport(
        old=None if found.old is None else found.old.name,
        new=None if found.new is None else found.new.name,
        inputs=found.inputs,
        changed=tuple(map(_changed, found.changed)),
        added=tuple(map(_named, found.added)),
        removed=tuple(map(_named, found.removed)),
        renamed=found.renamed,
    )


def _changed(one: Changed) -> ChangedReport:
    return ChangedReport(
        tensor=one.new.name,
        was=one.old.name,
        op=one.new.op,
        module=one.new.module,
        moved=tuple(map(_moved, one.moved)),
    )


def _moved(one: Moved) -> MovedReport:
    return MovedReport(input=one.input, axes=one.axes, metric=one.metric, old=one.old, new=one.new)


def _named(tensor: TensorFigures) -> NamedReport:
    return NamedReport(tensor=tensor.name, op=tensor.op, module=tensor.module)
