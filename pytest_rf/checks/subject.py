"""A model as the built-in rules look at it: its tensors, its final fields, and findings at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.checks.options import Options
from pytest_rf.figures import Number, value
from pytest_rf.findings import Finding, Measurement, Required
from pytest_rf.requirements import verdicts
from pytest_rf.requirements.select import fields, places
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Requirement

Own = TypeVar("Own", bound=Options)


class Subject(Struct, frozen=True):
    """A model that rules are held against.

    Attributes:
        analysis: the model.
        settings: what its authors state about it, as far as findings tell it.
        requirements: what they require of it.
        options: what they say of rules, by code.
    """

    analysis: Analysis
    settings: Settings
    requirements: tuple[Requirement, ...] = ()
    options: Mapping[str, Options] = msgspec.field(default_factory=dict)

    def of(self, kind: type[Own]) -> Own:
        """Return what is said of the rule whose options are of this class."""
        return next((one for one in self.options.values() if isinstance(one, kind)), None) or kind()

    def known(self) -> Iterator[Tensor]:
        """Yield the tensors whose fields are known, in graph order."""
        return (tensor for tensor in self.analysis if tensor.status != "unknown")

    def at(self, tensor: Tensor, message: str, **fields: Any) -> Finding:
        """Return a finding at a tensor; ``fields`` are those of :class:`Finding`."""
        return replace(verdicts.at(tensor, self.settings, message), **fields)

    def places(self) -> Iterator[Place]:
        """Yield the spatial axes of all known tensors."""
        for tensor in self.known():
            for source, field in fields(self.analysis, tensor):
                for axis, number in source.axes.items():
                    yield Place(self, tensor, source, axis, number, field[number])

    def is_chosen(self, found: Finding) -> bool:
        """Return whether a finding is about axes whose extents are our choice."""
        source = self.analysis.inputs.get(found.input)
        chosen = () if source is None else source.chosen
        return bool(found.axes) and all(
            source is not None and source.axes.get(axis) in chosen for axis in found.axes
        )

    def has_extents(self) -> bool:
        """Return whether there is a spatial axis whose extent is given, and not our choice."""
        return any(place.number not in place.input.chosen for place in self.finals())

    def finals(self, guarantee: bool = False) -> Iterator[Place]:
        """Yield the spatial axes of the final tensors that are known, each at the tensor that is final for it.

        ``guarantee``: the places at which guarantees are held, which can be several for an axis.
        """
        seen: set[tuple[int, str, int]] = set()
        for tensor in self.analysis.final:
            if tensor.status == "unknown":
                continue
            for source, field in fields(self.analysis, tensor):
                for axis, number in source.axes.items():
                    for own, at, why in places(tensor, field, source, number, guarantee):
                        if not why and (id(own), source.name, number) not in seen:
                            seen.add((id(own), source.name, number))
                            yield Place(self, own, source, axis, number, at)


class Place(Struct, frozen=True):
    """One spatial axis of one input, seen from one tensor.

    Attributes:
        subject: the model.
        tensor: the tensor.
        input: the input.
        axis: the axis' name.
        number: its number.
        field: the tensor's field along it.
    """

    subject: Subject
    tensor: Tensor
    input: Input
    axis: str
    number: int
    field: AxisField

    @property
    def extent(self) -> int:
        """The input's extent along the axis."""
        return self.input.shape[self.number]

    def finding(
        self,
        message: str,
        *,
        metric: str,
        measured: tuple[Measurement, ...],
        required: Required,
        local: tuple[Measurement, ...] = (),
        context: tuple[str, ...] = (),
        help: str = "",
        note: str = "",
        severity: str = "error",
        reason: str = "",
        grown: bool = False,
    ) -> Finding:
        """Return a finding at the place; its fields are those of :class:`Finding`.

        Args:
            message: the sentence.
            metric: see there, as all up to ``severity``.
            measured: see there.
            required: see there.
            local: see there.
            context: see there.
            help: see there.
            note: see there.
            severity: see there.
            reason: why it cannot be decided, where it cannot.
            grown: whether it tells how the field grew.
        """
        from pytest_rf.requirements.explain import steps

        path = steps(self.tensor.path(self.number, self.input.name), METRICS["rf"]) if grown else ()
        return replace(
            verdicts.at(self.tensor, self.subject.settings, message),
            axes=(self.axis,),
            input=self.input.name,
            metric=metric,
            measured=measured,
            required=required,
            local=local,
            context=context,
            help=help,
            note=note,
            severity=severity,
            reason=reason,
            undecidable=bool(reason),
            figure="rf" if grown else "",
            path=path,
        )


def measured(low: Number, high: Number | None = None) -> tuple[Measurement, ...]:
    """Return a figure, or the smallest and the largest of one, as findings hold it."""
    return (Measurement(low=value(low), high=value(low if high is None else high)),)


def has_places(model: Subject) -> bool:
    """Return whether a final tensor that is known reads an input that has a spatial axis."""
    return any(True for _ in model.finals())
