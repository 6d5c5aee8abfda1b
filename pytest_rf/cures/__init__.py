"""Cures: edits of a model that were tried, and after which a finding is gone.

``sites``      where a graph can be edited: layers, what pads and crops around them
``change``     what an edit is, and the analysis of the edited model
``geometry``   another kernel or dilation with the padding that keeps the shape; padding moved to the front
``inserted``   a layer more
``strides``    a stride moved to the next layer
``replaced``   other norms, resize modes, borders; what lies ahead masked
``proposals``  which edits are tried for which finding (``ahead``, ``context``, ``aligned``: those for these causes)
``ladders``    the least of a row of edits that is enough
``trial``      what an edit is held against: the finding, and all that held
``wording``    cures in words

An edit keeps the shape of whatever is not inside of a layer. It is made in the graph that was analysed and judged by
analysing that again; nothing is proposed that was not tried.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pytest_rf import checkable
from pytest_rf.analysis import Analysis
from pytest_rf.cures.ladders import Step, least
from pytest_rf.cures.proposals import proposals
from pytest_rf.cures.sites import Sites
from pytest_rf.cures.trial import Exhausted, Judged, Trial
from pytest_rf.errors import ModelError
from pytest_rf.findings import Cure, Finding, Search
from pytest_rf.requirements import evaluate, parse

__all__ = ["MOST", "Judged", "check", "cured"]

#: Cures are looked for of the first so many findings of a model.
MOST = 10
#: A finding has at most so many.
SHOWN = 3
#: At most so many edits are tried for a finding.
TRIED = 150
#: No edit is begun for a finding once those before it have taken so much work (see ``limits.Meter``): a second or two.
#: Half of it is left to hold what was found against all that held. Work is counted and not time, so that a model has
#: the same cures on every machine.
WORK = 240_000
#: The same for all findings of a model.
WORK_OF_ALL = 3 * WORK
#: Nothing is tried with models of more steps than this, or of more positions in all of them: that takes minutes.
_LARGEST = 5000
_POSITIONS = 1 << 24


def check(analysis: checkable.Analysis, text: str) -> list[Finding]:
    """Return what violates a requirement ("final rf >= 480"), with what would cure it; empty where it holds.

    Raises:
        RequirementError: the requirement cannot be understood, or selects nothing.
    """
    requirement, settings = parse(text), analysis.settings()
    found = [replace(one, number=0) for one in evaluate(analysis, requirement, settings)]
    return cured(analysis, Judged(settings, (requirement,), findings=tuple(found)), found)


def cured(analysis: Analysis, judged: Judged, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with what would cure the first of them, as far as that is found.

    Args:
        analysis: the model.
        judged: what it was held against, and all that was found.
        findings: those that are told; those of a requirement have its number.
    """
    steps = len(analysis.graph.program)
    longest = max((max(source.shape, default=0) for source in analysis.inputs.values()), default=0)
    # An edit of a step model is one of every call.
    if steps > _LARGEST or steps * longest > _POSITIONS or not findings or analysis.stream is not None:
        return list(findings)
    sites, left, work, told = Sites(analysis.graph), MOST, WORK_OF_ALL, []
    for one in findings:
        if left and work > 0 and not one.undecidable:
            trial = Trial(analysis, one, judged, sites, TRIED, min(WORK, work))
            one = _searched(trial)
            left -= bool(one.cures or one.search)
            work -= trial.work
        told.append(one)
    return told


def _searched(trial: Trial) -> Finding:
    """Return the finding of a trial with its cures, or with what became of the search."""
    enough: list[Step] = []
    try:
        for ladder in proposals(trial):
            step = least(trial, ladder)
            if step is not None:
                enough.append(step)
            if len({one.change.kind for one in enough}) == SHOWN:
                break  # those that come later are of layers that would have to change more
    except Exhausted:
        pass
    except ModelError:  # an edited model goes beyond a limit, or beyond the memory that there is
        enough = []
    cures = _chosen(trial, enough)
    if cures or not trial.failed:
        return replace(trial.found, cures=tuple(cures))
    nearest = None if trial.nearest is None else trial.nearest.cure()
    return replace(trial.found, search=Search(tried=trial.failed, nearest=nearest))


def _chosen(trial: Trial, enough: Sequence[Step]) -> list[Cure]:
    """Return the smallest edits that cure the finding, one of each kind before a second one of any."""
    in_order = sorted(enough, key=lambda step: step.change.size(trial.sites).order)
    kinds: dict[str, int] = {}
    turns = []
    for step in in_order:
        turns.append(kinds.get(step.change.kind, 0))
        kinds[step.change.kind] = turns[-1] + 1
    waiting = [step for _, step in sorted(zip(turns, in_order, strict=True), key=lambda pair: pair[0])]
    chosen: list[Step] = []
    for step in waiting:
        needless = any(set(one.tried.edits) <= set(step.tried.edits) for one in chosen)
        try:
            if len(chosen) < SHOWN and not needless and trial.accepts(step.tried):
                chosen.append(step)
        except (Exhausted, ModelError):
            break
    return [step.tried.cure() for step in sorted(chosen, key=in_order.index)]
