"""What the authors of a model declare about it in its requirements, as rules about such declarations need it."""

from __future__ import annotations

from collections.abc import Collection

from pytest_rf.checks.subject import Subject
from pytest_rf.requirements.syntax import Claim


def is_declared(model: Subject, names: Collection[str]) -> bool:
    """Return whether a requirement claims one of some predicates, or bounds one of some figures from above."""
    for requirement in model.requirements:
        for part in requirement.parts:
            if isinstance(part, Claim):
                if part.predicate in names and not part.negated:
                    return True
            elif part.figure.metric in names and part.comparator in ("<=", "<", "=="):
                return True
    return False
