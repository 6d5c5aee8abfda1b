"""Holds a requirement against an analysis: every tensor that it selects, every input, every spatial axis."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.analysis.metrics import METRICS, PREDICATES
from pytest_rf.analysis.tensors import TensorField
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Finding
from pytest_rf.requirements import claims, comparisons, context, scanner, select, verdicts
from pytest_rf.requirements.places import Place, at, is_guarantee
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Claim, Comparison, Requirement, RequirementTextError

#: At most this many tensors have their path told; a requirement that hundreds of tensors break is about something else.
_PATHS = 5


def evaluate(analysis: Analysis, requirement: Requirement, settings: Settings | None = None) -> list[Finding]:
    """Return what keeps a requirement from holding: an empty list means that it holds.

    Raises:
        RequirementError: the requirement cannot be applied to this model: it selects nothing, names an axis
            that there is not, uses a unit without a spacing, or a metric that the engine does not have.
    """
    settings = settings or Settings()
    found: list[Finding] = []
    for part in requirement.parts:
        wrong = list(_part(analysis, part, requirement.text, settings))
        found += verdicts.findings(analysis, wrong, requirement.text)
    return found


def _part(analysis: Analysis, part: Comparison | Claim, text: str, settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with one part of a requirement."""
    subject = part.figure if isinstance(part, Comparison) else part
    position = subject.position
    batch = isinstance(part, Claim) and part.axis is None and PREDICATES[part.predicate].axis == "batch"
    reads_any, measured_any = False, False
    guarantee = is_guarantee(part)
    joint = isinstance(part, Comparison) and METRICS[part.figure.metric].joint
    together: dict[tuple[str, int], Place] = {}
    told: set[str] = set()
    judged: set[tuple[int, str, int]] = set()
    accepted = context.accepted(analysis)
    for tensor in select.tensors(analysis, part.where, text):
        if tensor.status == "unknown":
            reads_any = measured_any = True
            yield replace(at(tensor, part, settings), reason=verdicts.unknown(tensor))
            continue
        for source, field in _fields(analysis, tensor, part):
            reads_any = True
            axes = select.batch(source) if batch else select.axes(source, subject.axis)
            for axis, number in axes or ():
                measured_any = True
                try:
                    for own, axis_field, why in select.places(tensor, field, source, number, guarantee):
                        # Two outputs can have one final tensor.
                        if (id(own), source.name, number) in judged:
                            continue
                        judged.add((id(own), source.name, number))
                        if why:
                            yield replace(at(own, part, settings, source, axis), reason=why)
                            continue
                        sources = context.of(axis_field, accepted)
                        traced = len(told) < _PATHS
                        place = Place(own, source, axis, number, axis_field, sources, traced)
                        if joint:
                            together[source.name, number] = place.beside(together.get((source.name, number)))
                            continue
                        for verdict in _wrong(place, part, settings):
                            told.add(own.name)
                            yield verdict
                except RequirementTextError:
                    raise
                except RequirementError as error:
                    scanner.fail(str(error), text, position)
    for place in together.values():
        yield from _wrong(place, part, settings)
    if not reads_any:
        scanner.fail("selects only what reads no input", text, part.where.position)
    if not measured_any and batch:
        select.no_batch(analysis.inputs.values(), text, position)
    if not measured_any:
        select.no_axis(analysis.inputs.values(), subject.axis, text, position)


def _fields(analysis: Analysis, tensor: Tensor, part: Comparison | Claim) -> list[tuple[Input, TensorField]]:
    """Return the inputs that a part is about, with the tensor's fields.

    What is final for one input can read another as context only, of which nothing computed has a position (a
    style image that is pooled at once); sizes are then about the others. Guarantees are about all.
    """
    fields = select.fields(analysis, tensor)
    if is_guarantee(part):
        return fields
    if part.where.kind != "final" or len(fields) < 2:
        return fields
    placed = [pair for pair in fields if any(pair[1][number].stride != 0 for number in pair[0].axes.values())]
    return placed or fields


def _wrong(place: Place, part: Comparison | Claim, settings: Settings) -> Iterator[Finding]:
    """Yield a verdict where a part does not hold at a place."""
    return (
        claims.verdicts(place, part, settings)
        if isinstance(part, Claim)
        else comparisons.verdicts(place, part, settings)
    )
