"""The sections of a model's page, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult


class Section(NamedTuple):
    """A section of a model's page.

    ``pytest_rf.reporters.pages.NAME`` has ``of(subject)``, which returns its data as a msgspec struct, or None where
    there is nothing to show. ``templates/NAME.html`` shows it; ``static/NAME.css`` and the scripts are its own.

    Attributes:
        name: the name of its files, of its data and of its element's class.
        title: its heading.
        scripts: names of its scripts in ``static``, in order.
        is_judged: whether it is about what became of requirements and rules, which only the end of a run can tell:
            then it has ``of(result, place)``, where ``place`` finds the place of a tensor by its name.
    """

    name: str
    title: str
    scripts: tuple[str, ...] = ()
    is_judged: bool = False

    @property
    def module(self) -> Any:
        """The module that makes its data."""
        return import_module(f"pytest_rf.reporters.pages.{self.name}")


SECTIONS = (
    Section("verdicts", "Verdicts", ("verdicts",), is_judged=True),
    Section("look", "Look", ("reads", "canvas", "timeline", "picker", "told", "look")),
    Section("growth", "Growth", ("growth",)),
    Section("graph", "Graph", ("nesting", "boxes", "panel", "tree", "graph")),
)
"""All sections, in the order in which they stand on the page."""


class TensorRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tensor as the page names it; its number is its place in the list.

    Attributes:
        name: its name.
        op: the operator that computes it.
        node: that node's name, where it is another one.
        module: the path of the module that the node belongs to.
        label: the geometry in words.
        source: the source line.
        shape: its extents; None where they are not known.
        status: ``exact``, ``upper_bound`` or ``unknown``.
        reason: why it is not exact.
    """

    name: str
    op: str = ""
    node: str = ""
    module: str = ""
    label: str = ""
    source: str = ""
    shape: tuple[int, ...] | None = None
    status: str = "exact"
    reason: str = ""


class InputRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An input as the page names it.

    Attributes:
        name: its name.
        shape: its extents.
        axes: its spatial axes: name -> number.
        spacing: of an axis the distance between neighbours and its unit: ``[0.5, "mm"]``.
        chosen: numbers of the axes whose extents are our choice.
    """

    name: str
    shape: tuple[int, ...]
    axes: dict[str, int]
    spacing: dict[str, tuple[float, str]] = {}
    chosen: tuple[int, ...] = ()


class ModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one model's page.

    Attributes:
        model: the model's name.
        file: its source as a reader knows it.
        capture: how its graph was obtained; empty where it could not be.
        inputs: its inputs.
        outputs: the places of its outputs among the tensors; None for one that is none of them.
        final: likewise of the tensors that are final: input -> axis -> places.
        tensors: its tensors.
        sections: the data of the sections by their names; those with nothing to show are left out.
    """

    model: str
    file: str
    capture: str = ""
    inputs: tuple[InputRow, ...] = ()
    outputs: tuple[int | None, ...] = ()
    final: dict[str, dict[str, list[int]]] = {}
    tensors: tuple[TensorRow, ...] = ()
    sections: dict[str, Any] = {}


def of(subject: Subject) -> ModelPage:
    """Return the data of a model's page, without the sections that only the end of a run can tell."""
    found = {one.name: one.module.of(subject) for one in SECTIONS if not one.is_judged}
    sections = {name: data for name, data in found.items() if data is not None}
    return msgspec.structs.replace(named(subject), sections=sections)


def named(subject: Subject) -> ModelPage:
    """Return the page of a model without any section: what all of them name."""
    result, analysis = subject.result, subject.analysis
    spacing = analysis.spacing
    return ModelPage(
        model=result.model,
        file=result.file,
        capture=analysis.capture,
        inputs=tuple(
            InputRow(
                name=one.name,
                shape=one.shape,
                axes=dict(one.axes),
                spacing={
                    axis: (float(spacing[axis].number), spacing[axis].unit)
                    for axis in one.axes
                    if axis in spacing
                },
                chosen=one.chosen,
            )
            for one in analysis.inputs.values()
        ),
        outputs=tuple(map(subject.place, analysis.outputs)),
        final=_final(subject),
        tensors=tuple(
            TensorRow(
                name=one.name,
                op=one.op,
                node="" if one.node == one.name else one.node,
                module=one.module,
                label=one.label,
                source=one.source,
                shape=one.shape,
                status=one.status,
                reason=one.reason or "",
            )
            for one in subject.tensors
        ),
    )


def bare(result: ModelResult) -> ModelPage:
    """Return the page of a model that could not be analysed."""
    return ModelPage(model=result.model, file=result.file)


def judged(result: ModelResult, place: Callable[[str], int | None]) -> Iterator[tuple[str, msgspec.Struct]]:
    """Yield the sections about what became of requirements and rules, by their names, with their data."""
    for one in SECTIONS:
        data = one.module.of(result, place) if one.is_judged else None
        if data is not None:
            yield one.name, data


def _final(subject: Subject) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = {}
    analysis = subject.analysis
    for tensor in analysis.final:
        for name in tensor.inputs:
            for axis in analysis.inputs[name].axes:
                place = subject.place(tensor.at(axis, name))
                places = found.setdefault(name, {}).setdefault(axis, [])
                if place is not None and place not in places:
                    places.append(place)
    return found
