"""``assert_rf``: requirements held against a model in any code, and what a failure says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_rf.analyzing import analyzed, nearest
from pytest_rf.containment import OURS
from pytest_rf.errors import RequirementError
from pytest_rf.judging import judge
from pytest_rf.paths import display
from pytest_rf.reporters import full
from pytest_rf.reporters.lines import plain
from pytest_rf.results import ModelResult
from pytest_rf.written import in_call, placed


def assert_rf(model: Any, *args: Any, **options: Any) -> None:
    """Hold a model against requirements, in any code: ``assert_rf(net, x, "final rf >= 224")``.

    Args:
        model: whatever :func:`pytest_rf.analyze` takes, or an analysis.
        args: for PyTorch example inputs, then the requirements.
        options: how it is called, as for :func:`pytest_rf.analyze`: ``inputs={"x": (1, 3, 224, 224)}``.

    Raises:
        AssertionError: a requirement does not hold, or cannot be decided; with the full explanation.
        RFError: the model cannot be analysed, or a requirement cannot be understood.
    """
    __tracebackhide__ = True
    example, requirements = divided(args)
    name = options.pop("name", None)
    analysis = analyzed(model, example, options, nearest, Path.cwd(), name=name)
    caller = sys._getframe(1)
    file, line = caller.f_code.co_filename, caller.f_lineno
    settings = analysis.settings(display(file), line)
    result = judge(analysis, requirements, settings, analysis.name)
    if result.findings:
        raise AssertionError(explain(placed(result, settings.file, in_call(file, line, requirements))))


def is_ours(frame: FrameType) -> bool:
    """Return whether a frame runs code of this package."""
    return frame.f_code.co_filename.startswith(OURS)


def divided(args: Sequence[Any]) -> tuple[Sequence[Any], Sequence[str]]:
    """Return example inputs and requirements apart: these begin at the first text.

    Raises:
        RequirementError: there are no requirements.
    """
    first = next((place for place, one in enumerate(args) if isinstance(one, str)), len(args))
    requirements = args[first:]
    if not requirements or not all(isinstance(one, str) for one in requirements):
        raise RequirementError('give requirements as text after the model and its inputs: "final rf >= 224"')
    return args[:first], requirements


def explain(result: ModelResult) -> str:
    """Return all that is wrong with a model as text, problems first."""
    parts = [f"{problem.message}\n{problem.detail}".strip() for problem in result.problems]
    told: full.Told = {}
    parts += ["\n".join(plain(full.finding(one, told=told))) for one in result.findings[: full.MOST]]
    hidden = len(result.findings) - full.MOST
    if hidden > 0:
        parts.append(f"… and {hidden:,} more findings")
    return "\n\n".join(parts)
