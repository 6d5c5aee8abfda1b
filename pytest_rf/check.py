"""The use case: check every model that was asked for, and say what was found.

One model's trouble never hides another's result: whatever goes wrong while a model is read or analysed becomes
a problem of that model, and the run goes on. A problem is never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_rf.config import Config, Target
    from pytest_rf.findings import Finding, Problem

#: How a model becomes an analysis: given what to analyse, return a ``pytest_rf.analysis.Analysis``.
Load = Callable[["Target"], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """What became of one requirement of one model.

    Attributes:
        text: the requirement as its author wrote it.
        status: ``holds``, ``violated``, ``undecidable``, ``waived`` or ``error``.
        findings: what was found, waived findings included.
        file: the config that holds the requirement, or empty.
        line: its line there, or 0.
    """

    text: str
    status: str
    findings: tuple[Finding, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """What was found out about one model.

    Attributes:
        model: the model's name.
        file: the model's source as a reader knows it: a path below the root, or ``package.module:factory``.
        findings: what is wrong, requirements first, then built-in checks; waived findings are not among them.
        waived: findings that a waiver covers.
        problems: why the run itself is wrong for this model.
        requirements: every requirement with its outcome.
        accepted: context that the model's authors accept (their patterns).
    """

    model: str
    file: str = ""
    findings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    requirements: tuple[RequirementResult, ...] = ()
    accepted: tuple[str, ...] = ()

    @property
    def error(self) -> str | None:
        """Return the first problem's text, or None."""
        return self.problems[0].message if self.problems else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All results of one run, in the order of the config, then of the paths.

    Attributes:
        results: one result per model.
        config: the config file's path as a reader knows it, or empty.
    """

    results: tuple[ModelResult, ...] = ()
    config: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of all models."""
        return tuple(finding for result in self.results for finding in result.findings)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of all models."""
        return tuple(problem for result in self.results for problem in result.problems)

    @property
    def exit_code(self) -> int:
        """Return 0 for clean, 1 for findings, 2 where the run itself is wrong, 3 for a bug of our own."""
        if any(problem.internal for problem in self.problems):
            return 3
        if self.problems:
            return 2
        return 1 if self.findings else 0


def run(
    config: Config | None = None,
    paths: Sequence[str] = (),
    requires: Sequence[str] = (),
    *,
    inputs: Mapping[str, Sequence[int]] | None = None,
    models: Sequence[str] = (),
    allow_code: bool = False,
    load: Load | None = None,
    today: date | None = None,
) -> Run:
    """Check models and return what was found.

    Args:
        config: the configuration, or None for the built-in defaults.
        paths: check only these: model files (with the config's requirements where a model of the config has
            that file), ``package.module:factory``, or the config file itself, which stands for all its models.
            Without paths, every model of the config.
        requires: requirements beside the config's, for every model that is checked.
        inputs: shapes that go before the config's, by input name.
        models: of the config, only the models with these names.
        allow_code: whether ``package.module:factory`` may run code.
        load: how to turn a target into an analysis; by default ``pytest_rf.analysis.analyze``.
        today: the day that waivers are held against; by default the machine's.

    Raises:
        RequirementError: a text in ``requires`` cannot be understood.
        ConfigError: ``models`` names no model of the config.
    """
    raise NotImplementedError
