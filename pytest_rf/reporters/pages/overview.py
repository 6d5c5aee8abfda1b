"""All models of a run at a glance, those first with which most is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from pytest_rf.figures import per_axis
from pytest_rf.results import ModelResult, severity
from pytest_rf.severity import SEVERITIES

State = Literal["wrong", "fails", "warns", "not judged", "holds", "skipped"]

#: The states of models, the worst first, with a sign and a word for each.
STATES: Mapping[State, tuple[str, str]] = {
    "wrong": ("✕", "could not be checked"),
    "fails": ("●", "failing"),
    "warns": ("▲", "warnings only"),
    "not judged": ("○", "not judged"),
    "holds": ("✓", "passing"),
    "skipped": ("–", "left out"),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A model of a run.

    Attributes:
        number: its place in the run.
        name: its name.
        file: its source.
        state: what became of it.
        failing: how many findings fail, of which ``open`` could not be decided.
        open: how many could not be decided.
        warnings: how many findings are less than errors.
        holding: how many requirements hold.
        accepted: how many findings are waived, or known to the baseline.
        says: the first that is wrong, in one line; of a model that was left out, why.
        field: the size of its final field towards its first input, axis by axis; empty where it is not known.
    """

    number: int
    name: str
    file: str
    state: State
    failing: int
    open: int
    warnings: int
    holding: int
    accepted: int
    says: str
    field: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The models of a run.

    Attributes:
        rows: the models, the worst first.
        counts: the states that there are, with how many models are in each.
        states: a sign and a word for each state.
    """

    rows: list[Row]
    counts: dict[str, int]
    states: Mapping[State, tuple[str, str]]


def of(results: Sequence[ModelResult], pages: Sequence[Any]) -> Overview:
    """Return the models of a run at a glance.

    Args:
        results: their results.
        pages: the data of their pages, as plain data.
    """
    rows = [_row(number, *both) for number, both in enumerate(zip(results, pages, strict=True))]
    states = list(STATES)
    rows.sort(key=lambda row: (states.index(row.state), -row.failing, -row.warnings, row.number))
    return Overview(rows=rows, counts=dict(Counter(row.state for row in rows)), states=STATES)


def _row(number: int, result: ModelResult, page: Any) -> Row:
    grave = [one for one in result.findings if severity(one) == SEVERITIES[0]]
    light = [one for one in result.findings if severity(one) != SEVERITIES[0]]
    state = _state(result, bool(grave), bool(light))
    told = [*(one.message for one in result.problems), *(one.message for one in (*grave, *light))]
    first = told[0] if told else " ".join(result.warnings)
    return Row(
        number=number,
        name=result.model,
        file=result.file,
        state=state,
        failing=len(grave),
        open=sum(one.undecidable for one in grave),
        warnings=len(light),
        holding=sum(one.status == "holds" for one in result.requirements),
        accepted=len(result.waived) + len(result.known),
        says=result.skipped or first,
        field=_field(page),
    )


def _state(result: ModelResult, grave: bool, light: bool) -> State:
    if result.skipped:
        return "skipped"
    if any(not problem.unjudged for problem in result.problems):
        return "wrong"
    if grave:
        return "fails"
    if not result.judged:
        return "not judged"
    return "warns" if light else "holds"


def _field(page: Any) -> str:
    """Return the size of the final field of a page, ``h 427, w 215``, towards the first input that has axes."""
    graph = page["sections"].get("graph")
    for name, axes in page["final"].items() if graph is not None else ():
        found = {}
        for axis, places in axes.items():
            row = graph["rows"][graph["tensors"].index(places[0])] if places else -1
            if row >= 0:
                found[axis] = graph["figures"][row][graph["towards"].index([name, axis])][0]
        if found:
            return per_axis(found)
    return ""
