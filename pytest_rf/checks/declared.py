"""What the authors of a model declare about it, as rules about such declarations need it."""

from __future__ import annotations

from pytest_rf.checks.subject import Place, Subject
from pytest_rf.requirements.syntax import Claim, Comparison

#: What context can break.
GUARANTEES = frozenset({"causal", "bounded", "lookahead", "lookback", "halo"})
#: What says that nothing ahead is read.
CAUSAL = frozenset({"causal", "lookahead"})


def declared(model: Subject, place: Place) -> frozenset[str]:
    """Return what a model declares of an axis: the predicates that it claims, the figures that it bounds from above.

    A tiling declares the halos that are enough for it, and stands among the requirements with them. A state declares
    how much of the past is kept.

    Args:
        model: the model.
        place: the axis and input.
    """
    claimed = {
        _claimed(part)
        for requirement in model.requirements
        for part in requirement.parts
        if _is_about(part, place)
    }
    stream = model.analysis.stream
    if stream is not None and (place.input.name, place.number) in stream.advance:
        claimed.add("lookback")
    return frozenset(claimed - {""})


def _claimed(part: Claim | Comparison) -> str:
    if isinstance(part, Claim):
        return "" if part.negated else part.predicate
    return part.figure.metric if part.comparator in ("<=", "<", "==") else ""


def _is_about(part: Claim | Comparison, place: Place) -> bool:
    """Whether a requirement is about an axis of an input: it names it, or names none."""
    said = part if isinstance(part, Claim) else part.figure
    return said.axis in (None, place.axis, place.number) and (
        said.source is None or said.source.name == place.input.name
    )
