"""Sorts the findings of a model: what its baseline knows, and what is new or has got worse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from pytest_rf.baseline.entries import Entry, Place, failures, worse
from pytest_rf.findings import Elsewhere, Finding
from pytest_rf.requirements.wording import sentence


@dataclass(frozen=True, slots=True)
class Sorted:
    """The findings of a model, sorted by its baseline.

    Attributes:
        kept: what fails the run.
        known: what the baseline has, and what did not get worse.
        unused: the entries that no finding is about: they no longer apply.
    """

    kept: list[Finding]
    known: list[Finding]
    unused: list[Entry]


def sort(findings: Iterable[Finding], entries: Sequence[Entry], several: bool = False) -> Sorted:
    """Return the findings of a model, sorted by the entries that its baseline has.

    Args:
        findings: what was found.
        entries: what the baseline has of the model.
        several: whether the model has several inputs, so that sentences have to name them.
    """
    by_place: dict[Place, Entry] = {entry.place: entry for entry in entries}
    used: set[Place] = set()
    kept: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        left = _left(finding, by_place, used, several)
        if left is None:
            known.append(finding)
        else:
            kept.append(left)
    return Sorted(kept, known, [entry for entry in entries if entry.place not in used])


def _left(finding: Finding, entries: dict[Place, Entry], used: set[Place], several: bool) -> Finding | None:
    """Return what is left of a finding: None where all is known, otherwise what is new or worse, and why."""
    changes: list[str] = []
    new: list[str] = []
    wrong: set[int] = set()
    own = False
    for now, other in failures(finding):
        entry = entries.get(now.place)
        change = "new" if entry is None else worse(entry, now)
        if entry is not None:
            used.add(now.place)
        if not change:
            continue
        own = own or other is None
        wrong.add(id(other))
        if entry is None:
            new.append(now.place.tensor)
        else:
            at = "" if other is None else f' at tensor "{now.place.tensor}"'
            changes.append(f"{change}{at}")
    if not wrong:
        return None
    others: tuple[Elsewhere, ...] = tuple(one for one in finding.others if id(one) in wrong)
    left = replace(finding, others=others) if own else _at(others[0], finding, others[1:], several)
    message = f"; worse than in the baseline: {'; '.join(dict.fromkeys(changes))}" if changes else ""
    if new and (changes or not own):
        message += f'; not in the baseline: tensor "{new[0]}"'
    return replace(left, message=left.message + message)


def _at(worst: Elsewhere, finding: Finding, others: tuple[Elsewhere, ...], several: bool) -> Finding:
    """Return a finding at another of its tensors, without what is known of its own alone: path, blame and advice."""
    moved = replace(
        finding,
        tensor=worst.tensor,
        node=worst.node,
        op=worst.op,
        module=worst.module,
        source=worst.source,
        axes=worst.axes,
        input=worst.input,
        measured=worst.measured,
        reason=worst.reason,
        undecidable=worst.undecidable,
        others=others,
        local=(),
        context=(),
        note="",
        figure="",
        side="",
        path=(),
        help="",
    )
    return replace(moved, message=sentence(moved, several)) if moved.requirement else moved
