"""A baseline taken anew from what fails now, or tightened: what no longer fails leaves, what improved is lowered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pytest_rf.baseline.entries import Entry, Failure, Place, Range, failures, is_worse
from pytest_rf.findings import Finding


def taken(findings: Iterable[Finding]) -> list[Entry]:
    """Return the entries of what fails now."""
    return [_entry(place, found) for place, found in _now(findings).items()]


def _entry(place: Place, found: Sequence[Failure]) -> Entry:
    """Return one entry for all that fails at a place, as of a requirement of several parts."""
    figures: dict[str, Range] = {column: one for now in found for column, one in now.figures.items()}
    reasons = [now.undecidable for now in found if now.undecidable is not None]
    return Entry(place, figures, reasons[0] if reasons else None)


def tightened(entries: Sequence[Entry], findings: Iterable[Finding]) -> list[Entry]:
    """Return entries without those that no longer fail, and with what has improved; nothing is added."""
    found = _now(findings)
    return [_tightened(entry, found[entry.place]) for entry in entries if entry.place in found]


def _now(findings: Iterable[Finding]) -> Mapping[Place, list[Failure]]:
    found: dict[Place, list[Failure]] = {}
    for finding in findings:
        for failure, _ in failures(finding):
            found.setdefault(failure.place, []).append(failure)
    return found


def _tightened(entry: Entry, found: Sequence[Failure]) -> Entry:
    """Return an entry with the figures that are no worse now; one that was undecidable stays as it is."""
    figures = dict(entry.figures)
    for now in found:
        for column, figure in now.figures.items():
            if column in figures and not is_worse(figures[column], figure, now):
                figures[column] = figure
    return replace(entry, figures=figures)
