"""Holds one requirement against an analysis, with what its user says beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.accepting import verified
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Finding
from pytest_rf.requirements.evaluating import evaluate
from pytest_rf.requirements.parser import parse
from pytest_rf.requirements.settings import Settings, spacings
from pytest_rf.requirements.units import Quantity
from pytest_rf.requirements.vocabulary import nearest


def check(
    analysis: Analysis,
    text: str,
    *,
    model: str = "",
    file: str = "",
    line: int = 0,
    spacing: Mapping[str, str | Quantity] | None = None,
    origin: Literal["end", "start", "center"] = "end",
    accept_context: Sequence[str] = (),
) -> list[Finding]:
    """Hold a requirement against an analysis and return what is wrong: an empty list means that it holds.

    Args:
        analysis: what ``pytest_rf.analyze`` returned.
        text: the requirement.
        model: the model's name in findings.
        file: the file that holds the requirement.
        line: its line there.
        spacing: the distance between neighbours on an axis, such as ``{"t": "1/16000 s"}``.
        origin: which input step an output step stands for, in look-ahead and look-back.
        accept_context: what may bring context in: ``op:NAME`` or globs over names; beside what the analysis
            was made with.

    Raises:
        RequirementError: the requirement cannot be understood, or not be applied to this model; the spacing is of an
            axis that it does not have.
        ModelError: a pattern of ``accept_context`` matches nothing.
    """
    settings = Settings(
        model=model,
        file=file,
        line=line,
        spacing=spacings(spacing or {}),
        origin=origin,
    )
    known = {axis for source in analysis.inputs.values() for axis in source.axes}
    for axis in settings.spacing:
        if axis not in known:
            raise RequirementError(f'spacing: the model has no axis "{axis}"{nearest(axis, known)}')
    if accept_context:
        analysis = verified(replace(analysis, accept_context=(*analysis.accept_context, *accept_context)))
    return evaluate(analysis, parse(text), settings)
