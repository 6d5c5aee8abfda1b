"""What rules find in a model, as short rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest_rf
from pytest_rf import checks
from pytest_rf.checks.subject import Subject
from pytest_rf.findings import Finding
from pytest_rf.requirements import Settings, parse


def findings(model: Any, rule: str, *requirements: str, inputs: Sequence[Any] = ()) -> list[Finding]:
    """Return what a rule, by its code or name, finds in a model with requirements, axis by axis."""
    analysis = model if isinstance(model, pytest_rf.Analysis) else pytest_rf.analyze(model, *inputs)
    check = checks.find(rule).check
    assert check is not None
    return list(check(Subject(analysis, Settings(), tuple(map(parse, requirements)))))


def rows(model: Any, rule: str, *requirements: str, inputs: Sequence[Any] = ()) -> list[tuple[str, str, str]]:
    """Return of each finding its tensor, its axes and its severity."""
    found = findings(model, rule, *requirements, inputs=inputs)
    return [(one.tensor, "".join(one.axes), one.severity) for one in found]


def judges(model: Any, rule: str, *requirements: str) -> bool:
    """Return whether a rule says anything about a model by being silent."""
    judge = checks.find(rule).judges
    return judge is not None and judge(
        Subject(pytest_rf.analyze(model), Settings(), tuple(map(parse, requirements)))
    )
