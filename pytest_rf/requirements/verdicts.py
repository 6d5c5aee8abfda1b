"""Findings at a tensor, and those of a requirement: one line each, the same figure on several axes said once."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.wording import sentence

#: The rules that requirements report under; their explanations are in ``pytest_rf/checks``.
VIOLATED = ("RF001", "requirement-violated")
UNDECIDABLE = ("RF002", "requirement-undecidable")


def at(tensor: Tensor, settings: Settings, message: str = "") -> Finding:
    """Return a finding at a tensor, of no rule yet."""
    return Finding(
        code="",
        rule="",
        model=settings.model or tensor.runs.about.name,
        message=message,
        file=settings.file or tensor.runs.about.path or "",
        line=settings.line,
        tensor=tensor.name,
        node=tensor.node,
        op=tensor.op,
        module=tensor.module,
        source=tensor.source,
    )


def findings(analysis: Analysis, verdicts: Iterable[Finding], text: str) -> list[Finding]:
    """Return the findings of a requirement, in their order, from those of each axis.

    Args:
        analysis: the model.
        verdicts: a finding per tensor, input and axis, without rule and message.
        text: the requirement.
    """
    merged: dict[Finding, Finding] = {}
    for verdict in verdicts:
        alone = replace(verdict, axes=())
        axes = merged.get(alone, alone).axes
        # Two outputs can have one name, and what is true of both is said once.
        merged[alone] = replace(verdict, axes=(*axes, *(axis for axis in verdict.axes if axis not in axes)))
    several = len(analysis.inputs) > 1
    return [_finished(verdict, text, several) for verdict in merged.values()]


def unknown(tensor: Tensor) -> str:
    """Say why nothing is known about a tensor."""
    return tensor.reason or f"operator {tensor.op} has no rule"


def _finished(verdict: Finding, text: str, several: bool) -> Finding:
    code, rule = UNDECIDABLE if verdict.reason else VIOLATED
    return replace(
        verdict,
        code=code,
        rule=rule,
        message=sentence(verdict, several),
        requirement=text,
        undecidable=bool(verdict.reason),
    )
