"""Where a part of a requirement is held: one axis of one input, seen from one tensor; and a finding there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.analysis import Input, Tensor
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.tensors import Contribution
from pytest_rf.figures import value
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements import context, verdicts
from pytest_rf.requirements.expressions import Value
from pytest_rf.requirements.references import References
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Claim, Comparison

if TYPE_CHECKING:
    from pytest_rf.analysis.paths import Measure
    from pytest_rf.requirements import advice


class Place(Struct, frozen=True):
    """Where a part is held: one axis of one input, seen from one tensor."""

    tensor: Tensor
    source: Input
    axis: str
    number: int
    field: AxisField
    context: context.Context
    traced: bool
    references: References

    def beside(self, other: Place | None) -> Place:
        """Return the place with the fields of another one beside its own, which are read together."""
        if other is None:
            return self
        fields = (*other.field.beside, other.field)
        return replace(self, field=dataclasses.replace(self.field, beside=fields))

    @property
    def in_samples(self) -> Place:
        """The place with its figures in samples of the axis' front-end."""
        return replace(self, field=self.field.in_samples)

    def path(self, read: Measure) -> list[Contribution]:
        """Return how a figure grew along the axis, if this place is one whose path is told."""
        return self.tensor.path(self.number, self.source.name, read) if self.traced else []

    def case(self, path: Sequence[Contribution], holds: Callable[[AxisField], bool | None]) -> advice.Case:
        """Return what advice is made from."""
        from pytest_rf.requirements import advice

        return advice.Case(self.field, self.context, path, holds)

    def verdict(self, part: Comparison | Claim, settings: Settings) -> Finding:
        """Return a finding at the place, of which nothing is known yet but what was required."""
        verdict = at(self.tensor, part, settings, self.source, self.axis)
        verdict = replace(verdict, counted="samples" if self.field.framed else "")
        return replace(verdict, accepted=self.context.accepted) if is_guarantee(part) else verdict


def at(
    tensor: Tensor,
    part: Comparison | Claim,
    settings: Settings,
    source: Input | None = None,
    axis: str | None = None,
) -> Finding:
    """Return a finding about a part of a requirement at a tensor, of which nothing is known yet."""
    return replace(
        verdicts.at(tensor, settings),
        where=str(part.where),
        metric=part.predicate if isinstance(part, Claim) else part.figure.metric,
        span=part.span,
        required=required(part),
        input="" if source is None else source.name,
        axes=() if axis is None else (axis,),
    )


def is_guarantee(part: Comparison | Claim) -> bool:
    """Return whether context counts in a part, unless the model's authors accept it."""
    return isinstance(part, Claim) or METRICS[part.figure.metric].guarantee


def required(part: Comparison | Claim, wanted: Fraction | None = None) -> Required:
    """Return what is required, with what it comes to where that is known."""
    if isinstance(part, Claim):
        text = f"{'not ' if part.negated else ''}{part.predicate}"
        return Required(text=text, value=not part.negated)
    truth = METRICS[part.figure.metric].kind == "truth"
    resolved = None if wanted is None else value(bool(wanted) if truth else wanted)
    text = str(part.value) if isinstance(part.value, Value) else part.written or str(part.value)
    return Required(text=text, comparator=part.comparator, value=resolved)
