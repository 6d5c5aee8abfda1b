"""Findings that the authors of a model accept, with their reason and until their date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from msgspec.structs import replace

from pytest_rf.checks import WAIVER_EXPIRED, WAIVER_UNUSED, Rule
from pytest_rf.config.declared import Waiver
from pytest_rf.findings import Elsewhere, Finding
from pytest_rf.globs import selects
from pytest_rf.requirements.verdicts import UNDECIDABLE, VIOLATED


def apply(
    findings: Sequence[Finding], waivers: Sequence[Waiver], model: str, rules: Sequence[Rule], today: date
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Sort the findings of a model by its waivers.

    Returns:
        What no waiver covers, what is covered at all its tensors with the reasons, and what is wrong with the waivers
        themselves: a date that has passed (the waiver then covers nothing) and, if that rule is selected, one that
        covers nothing.
    """
    kept: list[Finding] = []
    waived: list[Finding] = []
    about: list[Finding] = []
    used: set[int] = set()
    codes = {rule.code for rule in rules}
    for finding in findings:
        covering = [_covering(finding, tensor, waivers) for tensor in finding.tensors]
        used.update(index for indices in covering for index in indices)
        live = [
            next((waivers[index] for index in indices if not _expired(waivers[index], today)), None)
            for indices in covering
        ]
        reasons = dict.fromkeys(_reason(waiver) for waiver in live if waiver is not None)
        if None in live:
            kept.append(finding)
        else:
            waived.append(replace(finding, waived="; ".join(reasons)))
    for index, waiver in enumerate(waivers):
        if _expired(waiver, today):
            about.append(
                _finding(
                    WAIVER_EXPIRED,
                    waiver,
                    model,
                    f'the waiver of {waiver.rule} at "{waiver.at}" ended on {waiver.until}: {waiver.reason}',
                    "delete it, or give it a new date and a reason that is still true",
                )
            )
        elif index not in used and WAIVER_UNUSED.code in codes:
            about.append(
                _finding(
                    WAIVER_UNUSED,
                    waiver,
                    model,
                    f'the waiver of {waiver.rule} at "{waiver.at}" covers nothing',
                    "delete it, or correct the name",
                )
            )
    return kept, waived, about


def covered(waivers: Sequence[Waiver], today: date) -> Callable[[Finding], bool]:
    """Return what says whether a waiver that has not ended covers what is wrong at a finding's own tensor."""
    live = [waiver for waiver in waivers if not _expired(waiver, today)]
    return lambda finding: bool(_covering(finding, finding.elsewhere(), live))


def _covering(finding: Finding, tensor: Elsewhere, waivers: Sequence[Waiver]) -> list[int]:
    """Return which waivers, whatever their date, are about what is wrong at one of a finding's tensors."""
    code = UNDECIDABLE[0] if tensor.undecidable and finding.code == VIOLATED[0] else finding.code
    names = [name for name in (tensor.tensor, tensor.node, tensor.module) if name]
    return [
        index
        for index, waiver in enumerate(waivers)
        if waiver.rule == code and selects(waiver.at, tensor.op, names)
    ]


def _reason(waiver: Waiver) -> str:
    return waiver.reason if waiver.until is None else f"{waiver.reason} (until {waiver.until})"


def _expired(waiver: Waiver, today: date) -> bool:
    return waiver.until is not None and waiver.until < today


def _finding(rule: Rule, waiver: Waiver, model: str, message: str, advice: str) -> Finding:
    return Finding(
        code=rule.code,
        rule=rule.name,
        model=model,
        message=" ".join(message.split()),
        file=waiver.file,
        line=waiver.line,
        help=advice,
        severity=rule.severity,
    )
