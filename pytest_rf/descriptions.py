"""Holds a bioimage.io description against an analysis: extents, output sizes and halos, each at its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from math import lcm
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from pytest_rf import tiles
from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.bioimageio import DescribedAxis, Description, Reference
from pytest_rf.checks import DESCRIPTION_DIFFERS
from pytest_rf.errors import ModelError, RFError
from pytest_rf.figures import said
from pytest_rf.findings import Finding
from pytest_rf.requirements import Settings
from pytest_rf.requirements.verdicts import UNDECIDABLE, at
from pytest_rf.results import RequirementResult, status
from pytest_rf.tiles import Plan
from pytest_rf.tiles.borders import Borders
from pytest_rf.tiles.trial import Trial

Held = TypeVar("Held")


class _Wrong(NamedTuple):
    """What is wrong with one field.

    Attributes:
        field: the field with what it says: ``halo 16``.
        key: where it stands, by the keys of a described axis.
        told: what is so instead.
        help: what to write.
        undecidable: whether that is not known.
        severity: how grave it is.
    """

    field: str
    key: str
    told: str
    help: str = ""
    undecidable: bool = False
    severity: str = "error"


class _Along(NamedTuple):
    """A spatial axis of an input, as described and as the model has it."""

    said: DescribedAxis
    input: Input
    name: str


def hold(
    analysis: Analysis, description: Description, settings: Settings, number: int
) -> tuple[RequirementResult, list[Finding]]:
    """Return what becomes of a description, and what was found.

    Args:
        analysis: the model.
        description: the description.
        settings: what the model's authors state about it.
        number: its place among what is stated of the model.

    Raises:
        ModelError: it describes other tensors than the model has.
    """
    holder = _Holder(analysis, description)
    found = [
        replace(_finding(one, tensor, axis, wrong, description, settings), number=number)
        for one, tensor, axis, wrong in holder.wrong()
    ]
    outcome = RequirementResult(
        text=description.text, status=status(found), file=description.file, line=1, column=1
    )
    return outcome, found


def _finding(
    tensor: Tensor,
    name: str,
    axis: DescribedAxis,
    wrong: _Wrong,
    description: Description,
    settings: Settings,
) -> Finding:
    rule = DESCRIPTION_DIFFERS
    code, title = UNDECIDABLE if wrong.undecidable else (rule.code, rule.name)
    line, column = axis.places.get(wrong.key) or axis.places["axis"]
    text = f"{name}, axis {axis.name}: {wrong.field}"
    return replace(
        at(tensor, settings),
        code=code,
        rule=title,
        message=f"{text}: {wrong.told}",
        file=description.file,
        line=line,
        column=column,
        where=text,
        axes=(axis.name,),
        reason=wrong.told if wrong.undecidable else "",
        undecidable=wrong.undecidable,
        help=wrong.help,
        severity=wrong.severity,
    )


class _Holder:
    def __init__(self, analysis: Analysis, description: Description) -> None:
        self.analysis, self.description = analysis, description
        self.trial = Trial(analysis)
        self.axes: dict[tuple[str, str], _Along] = {}
        inputs = self._matched(
            "input", description.inputs, {one.name: one for one in analysis.inputs.values()}
        )
        for name, source in inputs.items():
            axes = description.inputs[name]
            self._same_rank("input", name, len(axes), len(source.shape))
            for own, number in source.axes.items():
                if number < len(axes) and axes[number].is_spatial:
                    self.axes[name, axes[number].name] = _Along(axes[number], source, own)
        tensors = {one.name: one for one in analysis.outputs}
        self.outputs = self._matched("output", description.outputs, tensors)

    def _matched(self, what: str, said: Mapping[str, object], there: Mapping[str, Held]) -> dict[str, Held]:
        """Return the model's tensors by their described names; by their order where the names are others."""
        if len(said) != len(there):
            raise ModelError(
                f"{self.description.file}: describes {len(said)} {what}s ({', '.join(said)}), and the model has "
                f"{len(there)} ({', '.join(there)})"
            )
        if set(said) == set(there):
            return {name: there[name] for name in said}
        return dict(zip(said, there.values(), strict=True))

    def _same_rank(self, what: str, name: str, said: int, there: int) -> None:
        if said != there:
            raise ModelError(
                f"{self.description.file}: describes {said} axes of {what} {name!r}, which has {there}"
            )

    def wrong(self) -> Iterator[tuple[Tensor, str, DescribedAxis, _Wrong]]:
        """Yield what is wrong, with the tensor that it is told at, the described tensor and axis."""
        first = self.analysis.outputs[0]
        for (name, _), along in self.axes.items():
            for wrong in self._extents(along):
                yield first, name, along.said, wrong
        for name, tensor in self.outputs.items():
            axes = self.description.outputs[name]
            shape = tensor.value.shape
            if shape is None:
                raise ModelError(f"{self.description.file}: output {name!r} is unknown: {tensor.reason}")
            self._same_rank("output", name, len(axes), len(shape))
            for number, axis in enumerate(axes):
                if axis.reference is not None:
                    of = self._referred(name, axis, axis.reference)
                    if of is None:
                        continue
                    for wrong in self._size(tensor, number, axis, axis.reference, of):
                        yield tensor, name, axis, wrong
                    for wrong in self._halo(tensor, number, axis, of):
                        yield tensor, name, axis, wrong
                elif axis.least is not None and axis.is_spatial and axis.least != shape[number]:
                    told = f"at the inputs' described extents it has {shape[number]}"
                    yield tensor, name, axis, _Wrong(f"size {axis.least}", "size", told)

    def _referred(self, name: str, axis: DescribedAxis, said: Reference) -> _Along | None:
        if said.tensor not in self.description.inputs:
            raise ModelError(
                f"{self.description.file}: the size of {name}, axis {axis.name}, refers to {said.tensor!r}, which is "
                "no input"
            )
        return self.axes.get((said.tensor, said.axis))

    def _plan(self, along: _Along, tile: int, overlap: int | None = None) -> Plan:
        given = None if overlap is None else {along.name: overlap}
        return tiles.plan(self.analysis, {along.name: tile}, given)

    def _extents(self, along: _Along) -> Iterator[_Wrong]:
        """Yield what is wrong with the extents that an input may have."""
        axis = along.said
        if axis.least is None:
            return
        field = f"min {axis.least}, step {axis.step}" if axis.step else f"size {axis.least}"
        plan = self._plan(along, along.input.shape[along.input.axes[along.name]])
        one = plan.axes[along.name]
        step = -(-axis.step // one.multiple) * one.multiple
        help = f"min: {one.fitting(axis.least)}, step: {step}" if axis.step else ""
        try:
            self.trial.at({along.name: axis.least})
        except RFError as error:
            told = f"the model does not run at an extent of {axis.least}: {error}"
            key = "min" if axis.step else "size"
            yield _Wrong(field, key, told, help, undecidable=not self.trial.reopens)
            return
        if axis.step and (axis.step % one.multiple or not one.fits(axis.least)):
            more = f" and {one.remainder} more" if one.remainder else ""
            told = f"extents that fit the model's strides are multiples of {one.multiple}{more}"
            yield _Wrong(field, "step" if axis.step % one.multiple else "min", told, help)

    def _size(
        self, tensor: Tensor, number: int, axis: DescribedAxis, said: Reference, along: _Along
    ) -> Iterator[_Wrong]:
        """Yield what is wrong with how an output's extent follows from an input's."""
        own = along.input.shape[along.input.axes[along.name]]
        pairs = {own: self._count(tensor, number, along, own)}
        with_more = own + lcm(along.said.step or 1, self._plan(along, own).multiple[along.name])
        with suppress(RFError):  # it may run at one extent only
            pairs[with_more] = self._count(tensor, number, along, with_more)
        field = f"scale {_number(said.scale)}, offset {_number(said.offset)}"
        for extent, count in pairs.items():
            given = math.floor(extent * said.scale + said.offset)
            if given == count:
                continue
            told = f"of an extent of {extent} it makes {given}, and the model {count}"
            help = ""
            if len(pairs) == 2:
                (first, one), (last, other) = pairs.items()
                scale = Fraction(other - one, last - first)
                help = f"scale {_number(scale)}, offset {_number(one - scale * first)}"
            yield _Wrong(field, "offset" if "offset" in axis.places else "size", told, help)
            return

    def _count(self, tensor: Tensor, number: int, along: _Along, extent: int) -> int:
        found = next(one for one in self.trial.at({along.name: extent}).outputs if one.name == tensor.name)
        shape = found.value.shape
        if shape is None:
            raise ModelError(f"output {tensor.name!r} is unknown")
        return shape[number]

    def _halo(self, tensor: Tensor, number: int, axis: DescribedAxis, along: _Along) -> Iterator[_Wrong]:
        """Yield what is wrong with the halo of an output."""
        own = along.input.shape[along.input.axes[along.name]]
        plan = self._plan(along, own)
        border = next(
            (one for one in plan.outputs[along.name] if (one.output, one.dim) == (tensor.name, number)), None
        )
        halo = axis.halo or 0
        field = f"halo {halo}" if axis.halo is not None else "no halo"
        least = plan.min_overlap[along.name]
        if border is None or math.isinf(least):
            if axis.halo:
                reason = plan.obstacles[0] if plan.obstacles else None
                told = "no halo is enough" if reason is None else f"no halo is enough: {reason.told}"
                help, open_ = ("", False) if reason is None else (reason.remedy, reason.undecidable)
                yield _Wrong(field, "halo", told, help, open_)
            return
        total = 2 * halo * border.rate
        one = plan.axes[along.name]
        tile = one.fitting(max(int(least), int(total)) + 2 * one.multiple)
        if total.denominator == 1 and self._plan(along, tile, int(total)).seamless:
            return
        needed = math.ceil(least / 2 / border.rate)
        told = f"tiles need {needed}{_uneven(border)}"
        if halo >= needed:
            every = f"tiles begin every {_number(tile - total)} positions then"
            told = f"{every}, off the grid of {one.multiple}; {needed} fits"
        severity = "error" if axis.halo is not None else "warning"
        yield _Wrong(field, "halo", told, f"halo: {needed}", severity=severity)


def _uneven(border: Borders) -> str:
    """Say what one number for both sides cannot."""
    if border.before == border.after:
        return ""
    return f" ({border.before} at the beginning and {border.after} at the end; the format has one number for both)"


def _number(value: Fraction | int) -> str:
    return said(Fraction(value))
