"""A model held to its lock: what has moved is one finding of rule RF006, at the first layer that did."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from pytest_rf.analysis import Analysis
from pytest_rf.checks import FIGURES_CHANGED
from pytest_rf.findings import Finding, Required
from pytest_rf.locks.compare import Changed, Difference, Moved, difference
from pytest_rf.locks.figures import ModelFigures
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.wording import located

#: What moved of one tensor is told up to so many figures.
_MOST = 2

#: The figures that are told first.
_FIRST = ("status", "input", "rf", "stride", "halo", "lookahead")


def held(
    analysis: Analysis,
    now: ModelFigures,
    locked: ModelFigures | None,
    settings: Settings,
    lock: str,
    remedy: str = "pytest-rf snapshot --update",
) -> list[Finding]:
    """Return what has moved since the lock was written; nothing where its figures are the same.

    Args:
        analysis: the model.
        now: its figures.
        locked: its figures in the lock; None where it has no such model.
        settings: what findings say of the model.
        lock: the lock, as a reader knows it.
        remedy: the command that renews it.
    """
    rule = FIGURES_CHANGED
    finding = Finding(
        code=rule.code,
        rule=rule.name,
        model=settings.model or analysis.name,
        message="",
        file=lock,
        required=Required(text=f"the figures of {lock}"),
        help=f"if this is meant, renew it: {remedy}",
    )
    if locked is None:
        return [replace(finding, message=f"{lock} has no figures of this model")]
    found = difference(locked, now)
    if not found:
        return []
    return [_told(finding, found, analysis, locked)]


def _told(finding: Finding, found: Difference, analysis: Analysis, locked: ModelFigures) -> Finding:
    """Return the finding of a model that differs from its lock."""
    message = f"the figures are not those of {finding.file}: {summary(found)}"
    finding = replace(finding, line=locked.line)
    ends = end(found)
    if ends is not None:
        message += f"; final {moves(ends)}"
    if not found.changed:
        return replace(finding, message=message)
    first = found.changed[0]
    tensor = analysis.tensors[first.new.name]
    if ends is None or ends.new is not first.new:
        message += f'; first at tensor "{first.new.name}" ({first.new.op}): {moves(first)}'
    else:
        message += located(first.new.name, first.new.op)
    return replace(
        finding,
        message=message,
        line=first.old.line,
        tensor=tensor.name,
        node=tensor.node,
        op=tensor.op,
        module=tensor.module,
        source=tensor.source,
    )


def summary(found: Difference) -> str:
    """Return how much differs: ``12 of 130 tensors changed, 2 added``."""
    if found.old is None or found.new is None:
        return "the model is new" if found.old is None else "the model is gone"
    total = len(found.new.tensors)
    parts = [f"input {name} was {old}, now {new}" for name, (old, new) in found.inputs.items()]
    if found.changed:
        parts.append(f"{len(found.changed):,} of {total:,} tensor{'' if total == 1 else 's'} changed")
    parts += [
        f"{len(some):,} {word}" for some, word in ((found.added, "added"), (found.removed, "removed")) if some
    ]
    if found.renamed:
        parts.append(f"{found.renamed:,} renamed")
    return ", ".join(parts) or "nothing differs"


def moves(changed: Changed) -> str:
    """Return what moved in words, the most telling first: ``rf was 427, now 395, stride on h was 32, now 16``."""
    order = {name: place for place, name in enumerate(_FIRST)}
    told = sorted(changed.moved, key=lambda one: order.get(one.metric, len(order)))[:_MOST]
    everywhere = changed.new.along()
    return ", ".join(
        f"{one.metric}{_on(one, everywhere)} was {words(one.old)}, now {words(one.new)}" for one in told
    )


def words(figure: str) -> str:
    """Return a figure as people read it: ``36..40`` is ``36 to 40``, ``3,2`` is ``3 and 2``, ``18,18`` is ``18``."""
    before, _, after = figure.partition(",")
    if before == after:
        return before
    return "none" if figure == "-" else figure.replace("..", " to ").replace(",", " and ")


def _on(moved: Moved, everywhere: Collection[tuple[str, str]]) -> str:
    """Return on which axes a figure moved, unless it did so on all."""
    if not moved.axes or len(moved.axes) == len(everywhere):
        return ""
    return f" on {' and '.join(moved.axes)}"


def end(found: Difference) -> Changed | None:
    """Return what became of the first final tensor that changed."""
    finals = () if found.new is None else found.new.finals
    return next((one for one in found.changed if one.new.name in finals), None)
