"""``assert_rf``: requirements held against a model in any code, and what a failure says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_rf import loading
from pytest_rf.checkable import Analysis
from pytest_rf.errors import ModelError, RequirementError
from pytest_rf.judging import judge
from pytest_rf.paths import display
from pytest_rf.reporters import full
from pytest_rf.reporters.lines import plain
from pytest_rf.requirements import Settings
from pytest_rf.results import ModelResult
from pytest_rf.written import in_call, placed

#: How the files of this package begin.
OURS = str(Path(__file__).parent) + os.sep

#: What the authors of a model can say of it, once it is analysed too.
SAID = ("axes", "accept_context", "stands_for")


def assert_rf(model: Any, *args: Any, inputs: Any = None, **options: Any) -> None:
    """Hold a model against requirements, in any code: ``assert_rf(net, x, "final rf >= 224")``.

    Args:
        model: an .onnx path, an ONNX model, a PyTorch module, or an analysis.
        args: for PyTorch example inputs, then the requirements.
        inputs: shapes that the model leaves open.
        options: what else :func:`pytest_rf.analyze` takes.

    Raises:
        AssertionError: a requirement does not hold, or cannot be decided; with the full explanation.
        RFError: the model cannot be analysed, or a requirement cannot be understood.
    """
    __tracebackhide__ = True
    example, requirements = divided(args)
    analysis = analyze(model, *example, inputs=inputs, **options)
    caller = sys._getframe(1)
    file, line = caller.f_code.co_filename, caller.f_lineno
    settings = Settings(model=analysis.name, file=display(file), line=line)
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


def analyze(model: Any, *example: Any, inputs: Any = None, **options: Any) -> Analysis:
    """Analyse a model; what is said of an analysis is added to it, and the one input of a file needs no name."""
    if isinstance(model, Analysis):
        if example or inputs is not None or not {*options} <= {*SAID}:
            raise ModelError(f"an analysis is made: of it can only be said {', '.join(SAID)}")
        return loading.described(model, **options) if options else model
    if isinstance(model, (str, PathLike)) and inputs is not None and not isinstance(inputs, Mapping):
        inputs = _named(fspath(model), inputs)
    return loading.analyze(model, *example, inputs=inputs, **options)


def _named(path: str, shape: Sequence[int]) -> dict[str, Sequence[int]]:
    """Return the shape by the name of the file's one input."""
    from pytest_rf.frontends.onnx import read

    graph = read(path).graph
    weights = {one.name for one in graph.initializer}
    names = [one.name for one in graph.input if one.name not in weights]
    if len(names) != 1:
        listed = ", ".join(map(repr, names)) or "none"
        raise ModelError(f"{path}: one bare shape needs a model with one input; its inputs are {listed}")
    return {names[0]: shape}


def explain(result: ModelResult) -> str:
    """Return all that is wrong with a model as text, problems first."""
    parts = [f"{problem.message}\n{problem.detail}".strip() for problem in result.problems]
    parts += ["\n".join(plain(full.finding(one))) for one in result.findings[: full.MOST]]
    hidden = len(result.findings) - full.MOST
    if hidden > 0:
        parts.append(f"… and {hidden:,} more findings")
    return "\n\n".join(parts)
