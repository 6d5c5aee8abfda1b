"""What there is to do for a model, and what is known of it: what the process that asks and the one that examines share.

Nothing here needs what models are analysed with, so that a run whose results are kept imports none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from pytest_rf import paths
from pytest_rf.config.declared import Config, PlacedRequirement, Tiling
from pytest_rf.config.sources import Target
from pytest_rf.containment import is_out_of_memory, told
from pytest_rf.errors import ModelError, PlacedConfigError, RFError
from pytest_rf.findings import Finding, Problem
from pytest_rf.recorded import Recorded
from pytest_rf.results import ModelResult, RequirementResult
from pytest_rf.siblings import Missing

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis
    from pytest_rf.bioimageio import Description

#: How a model becomes an analysis.
Load = Callable[[Target], "Analysis"]

#: Holds the witnesses of findings against runs of the model, and returns what contradicts them.
Prove = Callable[[Target, "Analysis", Sequence[Finding]], tuple[list[Finding], list[Problem]]]

#: Makes what a picture of the model needs, as text: of the analysis, and what was found.
Draw = Callable[["Analysis", ModelResult], str]


class Job(NamedTuple):
    """A model to examine, with all that it is held against.

    Attributes:
        target: the model, with its requirements.
        config: its configuration.
        rules: codes of the rules that are checked.
        asked: codes of those that somebody selected; the others judge nothing.
        recorded: the baselines and locks of the run.
        allow_code: whether ``package.module:factory`` may run code.
        today: the day that waivers are held against.
        prove: holds witnesses against runs of the model; None where nothing is run.
        cures: whether edits that would cure findings are looked for.
        draw: makes what a picture of the model needs; None where none is wanted.
    """

    target: Target
    config: Config
    rules: tuple[str, ...]
    asked: tuple[str, ...]
    recorded: Recorded
    allow_code: bool
    today: date
    prove: Prove | None = None
    cures: bool = True
    draw: Draw | None = None


class Examined(NamedTuple):
    """What was found out about a model: its result, what accepted context it misses, and what was drawn of it."""

    result: ModelResult
    missing: Missing
    drawn: str = ""


def unexamined(job: Job, problem: Problem) -> Examined:
    """Return what is known of a model that could not be analysed: nothing of what is required of it."""
    model = job.target.model
    requirements = tuple(map(stuck, model.stated))
    result = ModelResult(
        model=job.target.name,
        file=job.target.source,
        accepted=model.accept_context,
        problems=(problem,),
        requirements=requirements,
    )
    return Examined(result, {})


def failed(job: Job, reason: str) -> Examined:
    """Return what is known of a model whose process has failed: why, and nothing else."""
    model = job.target.model
    error = ModelError(f"{job.target.source}: {reason}")
    return unexamined(job, trouble(error, job.target, model.file, model.line))


def interrupted(job: Job) -> Examined:
    """Return what is known of a model that was not examined because the run was interrupted."""
    model = job.target.model
    text = f"{job.target.source}: not checked, because the run was interrupted"
    return unexamined(job, Problem(message=text, file=model.file, line=model.line, interrupted=True))


def trouble(error: Exception, target: Target, file: str = "", line: int = 0, column: int = 0) -> Problem:
    """Return why the run is wrong: what the user can put right, or a bug of our own with its traceback."""
    # What the model asks for is no bug of ours.
    demanding = is_out_of_memory(error) or isinstance(error, RecursionError)
    if demanding and not isinstance(error, RFError):
        error = ModelError(f"{target.source}: {told(error)}; give smaller inputs, or split the model")
    if isinstance(error, PlacedConfigError) and error.line:
        line, column = error.line, error.column
    if isinstance(error, RFError):
        place = paths.place(file, line, column)
        said = str(error)
        if target.path is not None:
            said = said.replace(str(target.path), target.source)  # as the reader knows the file
        about = "" if target.name in said or target.source in said else f"{target.name}: "
        text = said if place and said.startswith(file) else f"{place}{about}{said}"
        return Problem(message=text, detail=getattr(error, "detail", ""), file=file, line=line, column=column)
    import traceback

    reason = " ".join(str(error).split())[:500]
    return Problem(
        message=f"{target.source}: internal error: {type(error).__name__}{': ' if reason else ''}{reason}",
        internal=True,
        detail="".join(traceback.format_exception(error)),
        file=file,
        line=line,
        column=column,
    )


def stuck(
    stated: PlacedRequirement | Tiling | Description, line: int = 0, column: int = 0
) -> RequirementResult:
    """Return what becomes of a requirement, tiling or description that could not be held, by default at its place."""
    return RequirementResult(
        text=stated.text,
        status="error",
        file=stated.file,
        line=line or stated.line,
        column=column or stated.column,
        pack=stated.pack if isinstance(stated, PlacedRequirement) else "",
    )
