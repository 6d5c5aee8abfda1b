"""What is the same in many models, told once: findings, problems, and how models came out."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from msgspec import Struct

from pytest_rf.findings import Finding, Problem
from pytest_rf.results import ModelResult, Run

#: What is the same in as many models is still told for each of them, with the tensors and paths of each.
FEW = 3


class Group(Struct, frozen=True):
    """A finding, and the models in which the same is found."""

    finding: Finding
    models: tuple[str, ...]


def findings(run: Run, most: int) -> Iterator[Group | ModelResult]:
    """Yield what was found, in order: once for all models that have it, and a model where more was found than told.

    Args:
        run: the run.
        most: at most as many findings of a model are told.
    """
    having: dict[Hashable, dict[str, None]] = {}
    for result in run.models:
        for one in result.findings:
            having.setdefault(_cause(one), {})[result.model] = None
    told: set[Hashable] = set()
    for result in run.models:
        for one in result.findings[:most]:
            cause = _cause(one)
            models = tuple(having[cause])
            if len(models) <= FEW:
                yield Group(one, (result.model,))
            elif cause not in told:
                told.add(cause)
                yield Group(one, models)
        if len(result.findings) > most:
            yield result


def problems(run: Run) -> Iterator[tuple[Problem, tuple[str, ...]]]:
    """Yield every problem with the models that have it, the same problem of many models once."""
    having: dict[str, dict[str, None]] = {}
    for result in run.models:
        for one in result.problems:
            having.setdefault(_unnamed(one.message, result), {})[result.model] = None
    told: set[str] = set()
    for result in run.models:
        for one in result.problems:
            text = _unnamed(one.message, result)
            models = tuple(having[text])
            if len(models) <= FEW:
                yield one, (result.model,)
            elif text not in told:
                told.add(text)
                yield one, models


def named(models: Sequence[str], most: int = FEW) -> str:
    """Return a few names and how many more there are: ``a, b, c, … and 117 more``."""
    shown = ", ".join(models[:most])
    return shown if len(models) <= most else f"{shown}, … and {len(models) - most:,} more"


def outcomes(results: Sequence[tuple[ModelResult, Hashable]], few: int) -> Iterator[list[ModelResult]]:
    """Yield models in order, those that came out the same together where they are more than a few."""
    groups: dict[Hashable, list[ModelResult]] = {}
    for result, outcome in results:
        groups.setdefault(outcome, []).append(result)
    for result, outcome in results:
        group = groups[outcome]
        if len(group) <= few:
            yield [result]
        elif group[0] is result:
            yield group


def _cause(found: Finding) -> Hashable:
    """Return what makes findings of different models the same: what is required, and why or by how much it fails."""
    about = (found.code, found.requirement, found.where, found.metric, found.required)
    if found.reason:
        return (*about, found.reason)
    what = (found.measured, found.axes, found.note) if found.requirement else (found.message,)
    return (*about, *what)


def _unnamed(text: str, result: ModelResult) -> str:
    """Return a text without the names of the model that it is about."""
    for name in filter(None, (result.file, result.model)):
        text = text.replace(name, "\0")
    return text
