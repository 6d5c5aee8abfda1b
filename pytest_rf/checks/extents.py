"""Other extents of an input at which something holds, found by analysing the model there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pytest_rf.analysis import Analysis
from pytest_rf.checks.subject import Place, Subject
from pytest_rf.errors import RFError

MOST = 64
"""How far from the declared extent one is looked for, on either side."""


def at(analysis: Analysis, input: str, axis: int) -> Callable[[int], Analysis | None]:
    """Return what analyses a model at another extent of an input axis; None where it does not run there.

    Args:
        analysis: the model.
        input: the input's name.
        axis: the number of its axis.
    """
    lower = analysis.reopen() if analysis.reopen is not None else None
    shape = analysis.inputs[input].shape

    def analysed(extent: int) -> Analysis | None:
        if lower is None or extent < 1:
            return None
        try:
            graph = lower({input: (*shape[:axis], extent, *shape[axis + 1 :])})
            return dataclasses.replace(analysis, graph=graph, reopen=None)
        except RFError:
            return None

    return analysed


def nearest(place: Place, holds: Callable[[Place], bool]) -> list[int]:
    """Return the nearest extents below and above the declared one at which something holds of the same tensor.

    Args:
        place: a tensor and an axis.
        holds: whether it holds there.
    """

    def tried(model: Subject) -> bool:
        again = _same(place, model)
        return again is not None and holds(again)

    return nearest_of_model(place.subject, place.input.name, place.number, tried)


def nearest_of_model(subject: Subject, input: str, axis: int, holds: Callable[[Subject], bool]) -> list[int]:
    """Return the same where it is asked of the whole model."""
    analysis = subject.analysis
    extent, reach = analysis.inputs[input].shape[axis], _reach(analysis, input, axis)
    analysed = at(analysis, input, axis)

    def first(extents: Iterator[int]) -> list[int]:
        for tried in extents:
            other = analysed(tried)
            if other is not None and holds(replace(subject, analysis=other)):
                return [tried]
        return []

    below, above = range(extent - 1, extent - 1 - reach, -1), range(extent + 1, extent + 1 + reach)
    return first(iter(below)) + first(iter(above))


def _reach(analysis: Analysis, input: str, axis: int) -> int:
    """Return how far to look: what holds at none of one period of strides does not begin to hold further out."""
    return min(analysis.runs.grid((input, axis)), MOST) if analysis.reopen is not None else 0


def _same(place: Place, model: Subject) -> Place | None:
    """Return the place of the same name in another analysis of the model."""
    tensor = next((one for one in model.analysis.outputs if one.name == place.tensor.name), None)
    tensor = tensor or model.analysis.tensors.get(place.tensor.name)
    if tensor is None or tensor.status == "unknown" or place.input.name not in tensor.inputs:
        return None
    source = model.analysis.inputs[place.input.name]
    return Place(model, tensor, source, place.axis, place.number, tensor.field(source.name)[place.number])
