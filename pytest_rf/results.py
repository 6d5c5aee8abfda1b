"""The results of a run, model by model: what reporters render, what the JSON report is, and what processes exchange."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_rf.findings import Finding, Measurement, Problem, Required, Spacing
from pytest_rf.severity import SEVERITIES, at_least
from pytest_rf.version import __version__

if TYPE_CHECKING:
    from pytest_rf.analysis import Input

FORMAT = 3
"""Version of the form of a run's report; it grows when a reader of the old form could misread the new one."""

#: What becomes of a requirement that judges a model.
JUDGED = ("holds", "violated", "undecidable", "waived", "known")


class Held(Struct, frozen=True, kw_only=True):
    """What was measured where a part of a requirement holds, at the tensor where least is to spare.

    Attributes:
        metric: the metric that was read; of a claim the one that it is about, or its predicate.
        measured: its value, one measurement or one per side.
        required: what was required.
        spacing: the distance between neighbours on the axis, where lengths are to be shown.
        counted: what it counts where it does not count input positions: ``samples`` of the axis' front-end.
        tensor: the name of the tensor.
        op: the operator that computes it.
        axes: the axes on which the very same was measured.
        input: the graph input that the figure is about.
        tensors: how many tensors the part was held against.
    """

    metric: str
    measured: tuple[Measurement, ...]
    required: Required | None = None
    spacing: Spacing | None = None
    counted: str = ""
    tensor: str = ""
    op: str = ""
    axes: tuple[str, ...] = ()
    input: str = ""
    tensors: int = 1

    @property
    def is_claim(self) -> bool:
        """Return whether nothing is compared."""
        return self.required is None or not self.required.comparator


class RequirementResult(Struct, frozen=True, kw_only=True):
    """What became of one requirement of one model.

    Attributes:
        text: the requirement as its author wrote it.
        status: ``holds``, ``violated``, ``undecidable``, ``waived``, ``known`` where the baseline has all that is
            wrong, ``error``, or ``not applicable`` where a pack's requirement is about what the model does not have:
            an axis, an input, an operator.
        file: the config that holds the requirement, or empty.
        line: its line there, or 0.
        reason: why it is not applicable, in plain words without the requirement.
        column: its column in that line, or 0.
        held: what was measured, where it holds.
        pack: the pack that holds it; ``line`` is the one that takes it in.
    """

    text: str
    status: str
    file: str = ""
    line: int = 0
    reason: str = ""
    column: int = 0
    held: tuple[Held, ...] = ()
    pack: str = ""


def status(
    findings: Iterable[Finding], waived: Container[Finding] = (), known: Container[Finding] = ()
) -> str:
    """Return what became of a requirement that was held: by what was found, and what of that is waived or known."""
    found = list(findings)
    open_ = [one for one in found if one not in waived and one not in known]
    if not open_:
        return "holds" if not found else "known" if any(one in known for one in found) else "waived"
    return "undecidable" if all(one.undecidable for one in open_) else "violated"


def is_judged(requirements: Iterable[RequirementResult], rules: Sequence[str] = ()) -> bool:
    """Return whether one of the requirements or rules of a model judged it."""
    return bool(rules) or any(one.status in JUDGED for one in requirements)


class Extent(Struct, frozen=True, kw_only=True):
    """An extent that the model leaves open and nobody gave, and that was chosen for the analysis.

    Attributes:
        input: the input.
        axis: the axis by name; by number where it has none.
        extent: the extent that was chosen.
    """

    input: str
    axis: str
    extent: int


def chosen(inputs: Iterable[Input]) -> tuple[Extent, ...]:
    """Return the extents of a model's inputs that were chosen."""
    return tuple(
        Extent(
            input=source.name,
            axis=next((name for name, number in source.axes.items() if number == axis), str(axis)),
            extent=source.shape[axis],
        )
        for source in inputs
        for axis in source.chosen
    )


class PassedOver(Struct, frozen=True, kw_only=True):
    """A checked rule that could say nothing of a model though that has what the rule is about.

    Attributes:
        rule: the rule's code.
        name: its name.
        reason: why, in plain words: ``batch 1``.
        help: what would let it judge.
        asked: whether somebody selected it; others are on by default.
    """

    rule: str
    name: str
    reason: str
    help: str = ""
    asked: bool = False


class ModelResult(Struct, frozen=True, kw_only=True):
    """What was found out about one model.

    Attributes:
        model: the model's name.
        file: the model's source as a reader knows it: a path below the root, or ``package.module:factory``; or the
            test that checked it.
        judged: whether a requirement or a selected rule judged it; if none did, it has not passed.
        rules: codes of the checked rules that found in the model what they are about. They judged it where they were
            selected, or found something: those that are on by default make no pass by themselves. The rules
            that are always checked (RF0) are not among them, but RF006 is where the configuration names a lock.
        passed_over: the checked rules that could say nothing of it though it has what they are about.
        warnings: what the configuration wants to be told, and not to fail for.
        requirements: every requirement with its outcome.
        findings: what is wrong, requirements first, then built-in checks; waived findings are not among them.
        waived: findings that a waiver covers.
        known: findings that the baseline has and that did not get worse.
        problems: why the run itself is wrong for this model.
        accepted: context that the model's authors accept (their patterns).
        chosen: the extents that the model leaves open and nobody gave.
        masks: which finite constants were counted as masks, in weight-aware mode; empty where none were.
        skipped: why it was left out, so that nothing is said of it; empty where it was not.
    """

    model: str
    file: str = ""
    judged: bool = False
    rules: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    warnings: tuple[str, ...] = ()
    requirements: tuple[RequirementResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    accepted: tuple[str, ...] = ()
    chosen: tuple[Extent, ...] = ()
    masks: str = ""
    skipped: str = ""

    @property
    def unjudged(self) -> bool:
        """Return whether nothing judged the model though nothing else is wrong with it."""
        return not self.judged and not self.skipped and all(problem.unjudged for problem in self.problems)

    @property
    def error(self) -> str | None:
        """Return the first problem's text, or None."""
        return self.problems[0].message if self.problems else None


class Run(Struct, frozen=True, kw_only=True, tag="check", tag_field="report"):
    """All results of one run: what ``check --format json`` gives.

    Attributes:
        format: the version of this form.
        version: that of pytest-rf.
        config: the config file's path as a reader knows it, or empty.
        exit_code: 0 for clean, 1 for findings that are grave enough, 2 where the run itself is wrong, 3 for a bug
            of our own.
        models: one result per model, in the order of the config, then of the paths.
    """

    format: int = FORMAT
    version: str = __version__
    config: str = ""
    exit_code: int
    models: tuple[ModelResult, ...]

    @classmethod
    def of(cls, models: Iterable[ModelResult], config: str = "", fail_on: str | None = "error") -> Run:
        """Return the run of models that were checked, with its exit status.

        Args:
            models: their results.
            config: the config file's path as a reader knows it, or empty.
            fail_on: the least severity of findings that makes the status 1; None where none does.
        """
        found = tuple(models)
        grave = () if fail_on is None else at_least(fail_on)
        return cls(config=config, exit_code=_exit_code(found, grave), models=found)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of all models."""
        return tuple(finding for model in self.models for finding in model.findings)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of all models."""
        return tuple(problem for model in self.models for problem in model.problems)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the warnings of all models."""
        return tuple(warning for model in self.models for warning in model.warnings)


def _exit_code(models: Sequence[ModelResult], grave: Container[str]) -> int:
    problems = [problem for model in models for problem in model.problems]
    if any(problem.internal for problem in problems):
        return 3
    if problems:
        return 2
    return int(any(severity(found) in grave for model in models for found in model.findings))


def severity(found: Finding) -> str:
    """Return how grave a finding is: what cannot be decided must never pass for less than an error."""
    return SEVERITIES[0] if found.undecidable else found.severity
