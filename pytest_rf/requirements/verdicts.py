"""Findings at a tensor, and those of a requirement: one with its worst tensor, the same on several axes said once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.figures import Number, number
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.wording import sentence

#: The rules that requirements report under; their explanations are in ``pytest_rf/checks``.
VIOLATED = ("RF001", "requirement-violated")
UNDECIDABLE = ("RF002", "requirement-undecidable")


class Verdict(Struct, frozen=True):
    """A part of a requirement that fails at one tensor, on one axis of one input.

    Attributes:
        finding: what was found, without rule and message.
        explained: returns the same with the path that led to it and what would help, which cost more.
    """

    finding: Finding
    explained: Callable[[], Finding]


def at(tensor: Tensor, settings: Settings, message: str = "") -> Finding:
    """Return a finding at a tensor, of no rule yet."""
    return Finding(
        code="",
        rule="",
        model=settings.model or tensor.runs.about.name,
        message=message,
        file=settings.file or tensor.runs.about.path or "",
        line=settings.line,
        column=settings.column,
        pack=settings.pack,
        tensor=tensor.name,
        node=tensor.node,
        op=tensor.op,
        module=tensor.module,
        source=tensor.source,
    )


def findings(
    analysis: Analysis,
    verdicts: Iterable[Verdict],
    text: str,
    waived: Callable[[Finding], bool] | None = None,
) -> list[Finding]:
    """Return the findings of a part of a requirement: one per input, at the worst of its tensors.

    Args:
        analysis: the model.
        verdicts: what is wrong, per tensor, input and axis, in graph order.
        text: the requirement.
        waived: whether a waiver covers what is wrong at a tensor; such tensors have a finding of their own.
    """
    groups: dict[Hashable, dict[Finding, list[Verdict]]] = {}
    whole = [replace(one, finding=_coded(one.finding, text)) for one in verdicts]
    inputs = {one.finding.input for one in whole} - {""}
    for one in whole:
        # What is unknown is so towards every input.
        source = one.finding.input or (min(inputs) if len(inputs) == 1 else "")
        group = groups.setdefault((source, waived is not None and waived(one.finding)), {})
        # Two outputs can have one name, and what is true of both is said once.
        group.setdefault(replace(one.finding, axes=()), []).append(one)
    several = len(analysis.inputs) > 1
    return [_gathered(list(group.values()), several) for group in groups.values()]


def _gathered(failing: list[list[Verdict]], several: bool) -> Finding:
    """Return the finding of tensors that fail, each with its axes; the worst comes first."""
    failing.sort(key=lambda axes: badness(axes[0].finding))
    explained: dict[Finding, list[str]] = {}
    for one in failing[0]:
        found = _coded(one.explained(), one.finding.requirement)
        explained.setdefault(replace(found, axes=()), []).extend(found.axes)
    worst, *apart = (replace(found, axes=tuple(dict.fromkeys(axes))) for found, axes in explained.items())
    rest = [replace(axes[0].finding, axes=_axes(axes)) for axes in failing[1:]]
    worst = replace(worst, others=tuple(one.elsewhere() for one in (*apart, *rest)))
    return replace(worst, message=sentence(worst, several))


def _axes(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(axis for one in verdicts for axis in one.finding.axes))


def badness(found: Finding) -> tuple[bool, Number]:
    """Return what sorts the findings of a requirement: violations before the undecidable, the furthest off first."""
    return found.undecidable, 0 if found.undecidable else -_distance(found)


def _distance(found: Finding) -> Number:
    """Return how far a figure is from what is required; 0 where nothing is compared."""
    need = found.required
    if need is None or not need.comparator or need.value is None or not found.measured:
        return 0
    wanted = number(need.value)
    below = max(wanted - number(one.low) for one in found.measured)
    above = max(number(one.high) - wanted for one in found.measured)
    return {">": below, "<": above, "=": max(below, above), "!": 0}[need.comparator[0]]


def unknown(tensor: Tensor) -> str:
    """Say why nothing is known about a tensor."""
    return tensor.reason or f"operator {tensor.op} has no rule"


def _coded(verdict: Finding, text: str) -> Finding:
    """Return a verdict as a finding of its rule."""
    code, rule = UNDECIDABLE if verdict.reason else VIOLATED
    return replace(verdict, code=code, rule=rule, requirement=text, undecidable=bool(verdict.reason))
