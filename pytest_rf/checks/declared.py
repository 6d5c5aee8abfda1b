"""What the authors of a model declare about it in its requirements, as rules about such declarations need it."""

from __future__ import annotations

from collections.abc import Collection

from pytest_rf.checks.subject import Place, Subject
from pytest_rf.requirements.syntax import Claim, Comparison

#: What context can break.
GUARANTEES = frozenset({"causal", "bounded", "lookahead", "lookback", "halo"})


def is_declared(model: Subject, names: Collection[str], place: Place) -> bool:
    """Return whether a requirement claims one of some predicates, or bounds one of some figures from above.

    Args:
        model: the model.
        names: the predicates and metrics.
        place: the axis and input that it must be about.
    """
    return any(
        _claims(part, names) and _is_about(part, place)
        for requirement in model.requirements
        for part in requirement.parts
    )


def _claims(part: Claim | Comparison, names: Collection[str]) -> bool:
    if isinstance(part, Claim):
        return part.predicate in names and not part.negated
    return part.figure.metric in names and part.comparator in ("<=", "<", "==")


def _is_about(part: Claim | Comparison, place: Place) -> bool:
    """Whether a requirement is about an axis of an input: it names it, or names none."""
    said = part if isinstance(part, Claim) else part.figure
    return said.axis in (None, place.axis, place.number) and (
        said.source is None or said.source.name == place.input.name
    )
