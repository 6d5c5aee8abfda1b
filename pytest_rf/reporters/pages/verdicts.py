"""The section of verdicts: every requirement and every finding, with what was measured and what was required."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import msgspec

from pytest_rf import checks
from pytest_rf.analysis.metrics import METRICS, PREDICATES
from pytest_rf.figures import number
from pytest_rf.findings import Finding, Step
from pytest_rf.reporters.cures import helps
from pytest_rf.reporters.full import place as written_at
from pytest_rf.reporters.growth_path import grown, reached
from pytest_rf.reporters.witness import claim
from pytest_rf.requirements.wording import held, measured, required
from pytest_rf.results import ModelResult, RequirementResult, severity

MOST = 400
"""So many verdicts are told; the worst come first, and all are counted."""

MOST_STEPS = 24
"""So many of the layers along which a figure grew are told: those that add most."""

MOST_OTHERS = 40
"""So many further tensors are named."""

STATUSES = {
    "error": "could not be held",
    "violated": "fails",
    "undecidable": "undecidable",
    "warning": "warning",
    "info": "note",
    "waived": "waived",
    "known": "known",
    "holds": "holds",
    "not applicable": "not applicable",
}
"""What can become of what is judged, the worst first, and the word for it."""

Place = Callable[[str], int | None]


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tensor: its name, and its place among those of the page if it is one of them."""

    name: str
    place: int | None = None


class Grown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A layer along which a figure grew: what it added and what that came to, in words, and its share of the end."""

    layer: str
    growth: str
    total: str
    share: float = 0.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a requirement, or what a rule found.

    Attributes:
        status: one of :data:`STATUSES`.
        title: the requirement, or what the rule says.
        code: the rule's code.
        finding: the number of the finding among those of the model; None where it is none of these.
        message: the whole in one line.
        measured: what was measured.
        required: what was required.
        at: the tensor.
        op: the operator that computes it.
        source: the line of code that made it.
        where: the place of the requirement.
        axes: the axes that it is about.
        input: the input.
        reason: why it cannot be decided, or does not apply.
        waived: why its authors accept it, and until when.
        others: further tensors of which the same is true.
        more: how many there are beyond these.
        metric: the metric.
        meaning: what it means.
        grew: what grew along the layers.
        steps: the layers that added most, in order.
        folded: how many others there are.
        helps: what would put it right.
        witness: a unit and a position that show it.
    """

    status: str
    title: str
    code: str = ""
    finding: int | None = None
    message: str = ""
    measured: str = ""
    required: str = ""
    at: Named | None = None
    op: str = ""
    source: str = ""
    where: str = ""
    axes: tuple[str, ...] = ()
    input: str = ""
    reason: str = ""
    waived: str = ""
    others: tuple[Named, ...] = ()
    more: int = 0
    metric: str = ""
    meaning: str = ""
    grew: str = ""
    steps: tuple[Grown, ...] = ()
    folded: int = 0
    helps: tuple[str, ...] = ()
    witness: str = ""


class RuleText(msgspec.Struct, frozen=True):
    """A rule that found something: its summary and its explanation, heading by heading."""

    code: str
    name: str
    summary: str
    parts: dict[str, str]


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What the section shows.

    Attributes:
        verdicts: everything, the worst first, or the worst of many.
        more: how many others there are.
        counts: how many there are of each status, those that there are, with the word for it.
        rules: the rules that found something.
        held: codes of the rules that found nothing of what they are about.
        problems: why the run itself is wrong.
        accepted: the patterns of context that the model's authors accept.
    """

    verdicts: tuple[Verdict, ...]
    more: int
    counts: tuple[tuple[str, str, int], ...]
    rules: tuple[RuleText, ...]
    held: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def of(result: ModelResult, place: Place) -> Data | None:
    """Return the data of the section; None where nothing was judged.

    Args:
        result: what became of the model.
        place: finds the place of a tensor on the page.
    """
    every = sorted(_verdicts(result, place), key=lambda one: list(STATUSES).index(one.status))
    if not every and not result.problems and not result.rules:
        return None
    codes = dict.fromkeys(one.code for one in every[:MOST] if one.code)
    numbers = {status: sum(one.status == status for one in every) for status in STATUSES}
    return Data(
        verdicts=tuple(every[:MOST]),
        more=max(len(every) - MOST, 0),
        counts=tuple((status, word, numbers[status]) for status, word in STATUSES.items() if numbers[status]),
        rules=tuple(
            RuleText(one.code, one.name, one.summary, dict(one.explanation))
            for one in map(_rules().get, codes)
            if one is not None
        ),
        held=tuple(code for code in result.rules if code not in codes),
        problems=tuple(one.message for one in result.problems if not one.unjudged),
        accepted=result.accepted,
    )


def _verdicts(result: ModelResult, place: Place) -> Iterator[Verdict]:
    for number_, found in enumerate(result.findings):
        yield _finding(found, _status(found), place, number_)
    for found in result.waived:
        yield _finding(found, "waived", place, None)
    for found in result.known:
        yield _finding(found, "known", place, None)
    told = {found.number for found in (*result.findings, *result.waived, *result.known)}
    for number_, one in enumerate(result.requirements):
        if number_ not in told:
            yield _requirement(one, place)


def _status(found: Finding) -> str:
    if found.undecidable:
        return "undecidable"
    grave = severity(found)
    return "violated" if grave == "error" else grave


def _finding(found: Finding, status: str, place: Place, number_: int | None) -> Verdict:
    rule = _rules().get(found.code)
    metric = METRICS.get(found.metric) or PREDICATES.get(found.metric)
    grew = METRICS.get(found.figure)
    steps, folded = _steps(found.path)
    others = [one.tensor for one in found.others if one.tensor != found.tensor]
    return Verdict(
        status=status,
        title=found.requirement or (found.message if rule is None else rule.summary.rstrip(".")),
        code=found.code,
        finding=number_,
        message=found.message,
        measured=measured(found) if found.measured else "",
        required=required(found),
        at=Named(found.tensor, place(found.tensor)) if found.tensor else None,
        op=found.op,
        source=found.source,
        where=written_at(found),
        axes=found.axes,
        input=found.input,
        reason=found.reason,
        waived=found.waived,
        others=tuple(Named(name, place(name)) for name in others[:MOST_OTHERS]),
        more=max(len(others) - MOST_OTHERS, 0),
        metric=found.metric,
        meaning=metric.meaning if metric is not None else "",
        grew=grew.grows if grew is not None else found.figure,
        steps=steps,
        folded=folded,
        helps=tuple(helps(found)),
        witness=claim(found.witness) if found.witness is not None else "",
    )


def _requirement(one: RequirementResult, place: Place) -> Verdict:
    nearest = one.held[0] if one.held else None
    inputs = {part.input for part in one.held} - {""}
    metric = None if nearest is None else METRICS.get(nearest.metric) or PREDICATES.get(nearest.metric)
    need = None if nearest is None else nearest.required
    return Verdict(
        status=one.status,
        title=one.text,
        measured=held(one.held, len(inputs) > 1),
        required=f"{need.comparator} {need.text}".strip() if need is not None else "",
        at=Named(nearest.tensor, place(nearest.tensor)) if nearest is not None and nearest.tensor else None,
        op="" if nearest is None else nearest.op,
        where=f"{one.file}:{one.line}" if one.line else one.file,
        axes=() if nearest is None else nearest.axes,
        reason=one.reason,
        metric="" if metric is None else metric.name,
        meaning="" if metric is None else metric.meaning,
    )


def _steps(path: Sequence[Step]) -> tuple[tuple[Grown, ...], int]:
    """Return the steps of a path that add most, in order, and how many are left out."""
    end = max((float(number(step.total)) for step in path if math.isfinite(number(step.total))), default=0.0)
    ranked = sorted(range(len(path)), key=lambda place: -abs(float(number(path[place].growth))))
    kept = sorted(ranked[:MOST_STEPS])
    told = tuple(
        Grown(
            path[place].layer,
            grown(path[place]),
            reached(path[place]),
            round(_share(path[place], end), 4),
        )
        for place in kept
    )
    return told, len(path) - len(kept)


def _share(step: Step, end: float) -> float:
    total = float(number(step.total))
    return 1.0 if not math.isfinite(total) or not end else max(min(total / end, 1.0), 0.0)


def _rules() -> dict[str, checks.Rule]:
    return {rule.code: rule for rule in checks.RULES}
