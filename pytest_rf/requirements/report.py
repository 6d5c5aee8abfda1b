"""Turns what does not hold into findings: one line each, the same figure on several axes told once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from pytest_rf.findings import Finding, Step
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Claim, Comparison, Requirement
from pytest_rf.requirements.wording import claim

#: The rules that requirements report under; their explanations are in ``pytest_rf/checks``.
VIOLATED = ("RF001", "requirement-violated")
UNDECIDABLE = ("RF002", "requirement-undecidable")


class Verdict(NamedTuple):
    """What is wrong with one part of a requirement at one tensor, one input and one axis.

    ``reason`` is empty for a violation, and says why the part cannot be decided otherwise; ``note`` says more
    about what was measured.
    """

    part: Comparison | Claim
    tensor: Any
    input: str = ""
    axes: tuple[str, ...] = ()
    measured: str = ""
    required: str = ""
    reason: str = ""
    note: str = ""
    figure: str = ""
    path: tuple[Step, ...] = ()
    help: str = ""
    accepted: tuple[str, ...] = ()


def findings(
    analysis: Any, verdicts: Iterable[Verdict], requirement: Requirement, settings: Settings
) -> list[Finding]:
    """Return the findings of verdicts, in their order."""
    merged: dict[Any, Verdict] = {}
    for verdict in verdicts:
        key = (id(verdict.tensor), verdict._replace(axes=(), tensor=None))
        if key in merged:
            verdict = verdict._replace(axes=merged[key].axes + verdict.axes)
        merged[key] = verdict
    several = len(analysis.inputs) > 1
    return [_finding(analysis, verdict, requirement, settings, several) for verdict in merged.values()]


def _finding(
    analysis: Any, verdict: Verdict, requirement: Requirement, settings: Settings, several: bool
) -> Finding:
    code, rule = UNDECIDABLE if verdict.reason else VIOLATED
    tensor = verdict.tensor
    return Finding(
        code=code,
        rule=rule,
        model=settings.model or analysis.name,
        message=_message(verdict, several),
        file=settings.file or analysis.path or "",
        line=settings.line,
        requirement=requirement.text,
        tensor=tensor.name,
        node=tensor.node or "",
        op=tensor.op or "",
        module=tensor.module or "",
        source=tensor.source or "",
        axis=", ".join(verdict.axes),
        input=verdict.input,
        measured=verdict.measured,
        required=verdict.required,
        figure=verdict.figure,
        path=verdict.path,
        help=verdict.help,
        undecidable=bool(verdict.reason),
        accepted=verdict.accepted,
    )


def _message(verdict: Verdict, several: bool) -> str:
    """Return the one line: what was measured, what was required, where."""
    part = verdict.part
    on = ""
    if verdict.axes:
        on = f" on ax{'is' if len(verdict.axes) == 1 else 'es'} {' and '.join(verdict.axes)}"
    if several and verdict.input:
        on += f' of input "{verdict.input}"'
    at = f' (tensor "{verdict.tensor.name}", {verdict.tensor.op or "input"})'
    if isinstance(part, Claim):
        subject = f"{part.where} is {claim(part)}"
        if verdict.reason:
            return f"{subject}: cannot be decided{on}: {verdict.reason}{at}"
        return f"{part.where} is {verdict.measured}{on}, required {verdict.required}{verdict.note}{at}"
    figure = f"{part.where} {part.figure.metric}"
    if verdict.reason:
        known = f"; it is {verdict.measured}" if verdict.measured else ""
        return f"{figure} {verdict.required}: cannot be decided{on}: {verdict.reason}{known}{at}"
    return f"{figure} is {verdict.measured}{on}, required {verdict.required}{verdict.note}{at}"


def describe(tensor: Any) -> str:
    """Return a layer as the path shows it: ``layer3.0.conv2 3×3 stride 2``."""
    name = tensor.module or tensor.node or tensor.name
    return f"{name} {tensor.label}" if tensor.label else str(name)


def unknown(tensor: Any) -> str:
    """Say why nothing is known about a tensor."""
    return str(tensor.reason or f"operator {tensor.op} has no rule")
