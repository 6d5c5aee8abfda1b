"""Holds a requirement against an analysis: every tensor that it selects, every input, every spatial axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.analysis.metrics import METRICS, PREDICATES
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Finding
from pytest_rf.requirements import comparisons, context, scanner, select, verdicts
from pytest_rf.requirements.places import Place, at, is_guarantee
from pytest_rf.requirements.references import References
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import (
    AbsentError,
    Claim,
    Comparison,
    Requirement,
    RequirementTextError,
)
from pytest_rf.requirements.verdicts import Verdict


def evaluate(
    analysis: Analysis,
    requirement: Requirement,
    settings: Settings | None = None,
    held: list[Finding] | None = None,
) -> list[Finding]:
    """Return what keeps a requirement from holding: an empty list means that it holds.

    Args:
        analysis: the model.
        requirement: the requirement.
        settings: who asks, and what the model's authors state.
        held: takes what was measured where its parts hold, as findings of no rule.

    Raises:
        AbsentError: it is about what the model does not have: it selects nothing, or names an axis or an input
            that there is not.
        RequirementError: it cannot be applied to this model otherwise: it uses a unit without a spacing, or a
            figure that is not declared.
    """
    settings = settings or Settings()
    found: list[Finding] = []
    for part, wrong in _parts(analysis, requirement, settings, held):
        align = part.figure.align if isinstance(part, Comparison) else None
        for one in verdicts.findings(analysis, wrong, requirement.text, settings.waived):
            from pytest_rf import witnesses  # most requirements hold

            found.append(witnesses.of_requirement(analysis, one, align, settings.origin))
    return found


def holds(analysis: Analysis, requirement: Requirement, settings: Settings | None = None) -> bool:
    """Return whether a requirement holds: as :func:`evaluate`, but nothing is explained that does not.

    Raises:
        RequirementError: as of :func:`evaluate`.
    """
    return not any(True for _, wrong in _parts(analysis, requirement, settings or Settings()) for _ in wrong)


def _parts(
    analysis: Analysis, requirement: Requirement, settings: Settings, held: list[Finding] | None = None
) -> Iterator[tuple[Comparison | Claim, Iterator[Verdict]]]:
    """Yield the parts of a requirement, each with what is wrong."""
    references = References(analysis, settings.root)
    for part in requirement.parts:
        yield part, _Held(analysis, part, requirement.text, settings, references, held).verdicts()


class _Held:
    """One part of a requirement while it is held against a model."""

    def __init__(
        self,
        analysis: Analysis,
        part: Comparison | Claim,
        text: str,
        settings: Settings,
        references: References,
        held: list[Finding] | None,
    ) -> None:
        self.analysis = analysis
        self.part = part
        self.text = text
        self.settings = settings
        self.references = references
        self.held = held
        self.subject = part.figure if isinstance(part, Comparison) else part
        self.guarantee = is_guarantee(part)
        self.joint = isinstance(part, Comparison) and METRICS[part.figure.metric].joint
        self.batch = (
            isinstance(part, Claim) and part.axis is None and PREDICATES[part.predicate].axis == "batch"
        )
        self.accepted = context.accepted(analysis)
        self.together: dict[tuple[str, int], Place] = {}
        self.judged: set[tuple[int, str, int]] = set()

    def verdicts(self) -> Iterator[Verdict]:
        """Yield what is wrong."""
        text, subject = self.text, self.subject
        source = None if subject.source is None else select.source(self.analysis, subject.source, text)
        reads_any, measured_any = False, False
        selected = list(select.tensors(self.analysis, self.part.where, text))
        self.analysis.runs.expect(tensor.value for tensor in selected)
        for tensor in selected:
            if tensor.status == "unknown":
                reads_any = measured_any = True
                yield _undecidable(at(tensor, self.part, self.settings), verdicts.unknown(tensor))
                continue
            for read, field in _fields(self.analysis, tensor, self.part, source):
                reads_any = True
                for axis, number in self.axes(read):
                    measured_any = True
                    yield from self.placed(self.along(tensor, field, read, axis, number))
        for place in self.together.values():
            yield from self.placed(_verdicts(place, self.part, self.settings, self.held))
        if not reads_any:
            what = "no input" if source is None else f'nothing of input "{source.name}"'
            raise AbsentError(f"selects only what reads {what}", text, self.part.where.position)
        if not measured_any:
            inputs = [source] if source is not None else list(self.analysis.inputs.values())
            if self.batch:
                select.no_batch(inputs, text, subject.position)
            select.no_axis(inputs, subject.axis, text, subject.position)

    def axes(self, source: Input) -> Sequence[tuple[str, int]]:
        """Return names and numbers of the axes of an input that the part is about."""
        return select.batch(source) if self.batch else select.axes(source, self.subject.axis) or ()

    def placed(self, held: Iterator[Verdict]) -> Iterator[Verdict]:
        """Yield verdicts; errors get their place in the text."""
        try:
            yield from held
        except RequirementTextError:
            raise
        except RequirementError as error:
            scanner.fail(str(error), self.text, getattr(error, "position", self.subject.position))

    def along(
        self, tensor: Tensor, field: TensorField, source: Input, axis: str, number: int
    ) -> Iterator[Verdict]:
        """Yield what is wrong along one axis of an input, seen from a tensor."""
        for own, axis_field, why in select.places(tensor, field, source, number, self.guarantee):
            key = id(own), source.name, number
            if key in self.judged:  # two outputs can have one final tensor
                continue
            self.judged.add(key)
            if why:
                yield _undecidable(at(own, self.part, self.settings, source, axis), why)
                continue
            sources = context.of(axis_field, self.accepted)
            place = Place(own, source, axis, number, axis_field, sources, False, self.references)
            if self.joint:
                self.together[source.name, number] = place.beside(self.together.get((source.name, number)))
                continue
            yield from _verdicts(place, self.part, self.settings, self.held)


def _fields(
    analysis: Analysis, tensor: Tensor, part: Comparison | Claim, source: Input | None
) -> list[tuple[Input, TensorField]]:
    """Return the inputs that a part is about, with the tensor's fields.

    What is final for one input can read another as context only, of which nothing computed has a position (a
    style image that is pooled at once); sizes are then about the others, unless the part names this one.
    Guarantees are about all.
    """
    fields = select.fields(analysis, tensor)
    if source is not None:
        return [pair for pair in fields if pair[0].name == source.name]
    if is_guarantee(part) or part.where.kind != "final" or len(fields) < 2:
        return fields
    placed = [pair for pair in fields if any(pair[1][number].stride != 0 for number in pair[0].axes.values())]
    return placed or fields


def _undecidable(found: Finding, reason: str) -> Verdict:
    """Return a verdict of which nothing but the reason is known."""
    found = replace(found, reason=reason)
    return Verdict(found, lambda: found)


def _verdicts(
    place: Place, part: Comparison | Claim, settings: Settings, held: list[Finding] | None
) -> Iterator[Verdict]:
    """Yield a verdict where a part does not hold at a place; its path is looked for when it is told."""
    for found in _wrong(place, part, settings, held):
        yield Verdict(found, lambda: next(_wrong(replace(place, traced=True), part, settings, None)))


def _wrong(
    place: Place, part: Comparison | Claim, settings: Settings, held: list[Finding] | None
) -> Iterator[Finding]:
    """Yield a finding where a part does not hold at a place; ``held`` takes what was measured where it does."""
    if isinstance(part, Claim):
        from pytest_rf.requirements import claims  # which look for the operators to blame

        return claims.verdicts(place, part, settings, held)
    return comparisons.verdicts(place, part, settings, held)
