"""Findings that the authors of a model accept, with their reason and until their date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from pytest_rf.checks import Rule, waiver_expired, waiver_unused
from pytest_rf.config.declared import Waiver
from pytest_rf.findings import Finding
from pytest_rf.globs import selects


def apply(
    findings: Sequence[Finding], waivers: Sequence[Waiver], model: str, rules: Sequence[Rule], today: date
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Sort the findings of a model by its waivers.

    Returns:
        What no waiver covers, what one covers with its reason, and what is wrong with the waivers themselves: a
        date that has passed (the waiver then covers nothing) and, if that rule is selected, one that covers nothing.
    """
    kept: list[Finding] = []
    waived: list[Finding] = []
    about: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        covering = [index for index, waiver in enumerate(waivers) if covers(waiver, finding)]
        used.update(covering)
        live = [waivers[index] for index in covering if not _expired(waivers[index], today)]
        if live:
            waived.append(replace(finding, waived=_reason(live[0])))
        else:
            kept.append(finding)
    for index, waiver in enumerate(waivers):
        if _expired(waiver, today):
            about.append(
                _finding(
                    waiver_expired.RULE,
                    waiver,
                    model,
                    f'the waiver of {waiver.rule} at "{waiver.at}" ended on {waiver.until}: {waiver.reason}',
                    "delete it, or give it a new date and a reason that is still true",
                )
            )
        elif index not in used and waiver_unused.RULE in rules:
            about.append(
                _finding(
                    waiver_unused.RULE,
                    waiver,
                    model,
                    f'the waiver of {waiver.rule} at "{waiver.at}" covers nothing',
                    "delete it, or correct the name",
                )
            )
    return kept, waived, about


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Return whether a waiver is about a finding, whatever its date."""
    names = (name for name in (finding.tensor, finding.node, finding.module) if name)
    return waiver.rule == finding.code and selects(waiver.at, finding.op, names)


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
