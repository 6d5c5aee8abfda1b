"""``pytest-rf check``: hold models against their requirements."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pytest_rf.commands import completion, options, reporting
from pytest_rf.commands.failures import WRONG_RUN
from pytest_rf.reporters import CHECK

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_rf.isolation import Isolate
    from pytest_rf.jobs import Prove
    from pytest_rf.reporters.destinations import Destination
    from pytest_rf.reporters.pages.drawing import Drawing


@click.command(short_help="Hold models against their requirements.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=completion.models)
@click.option(
    "requires",
    "--require",
    metavar="TEXT",
    multiple=True,
    help='Also require this, as "final rf >= 224"; repeatable.',
)
@click.option(
    "--verify",
    is_flag=True,
    help="Run the models: change what each finding's witness reads, or does not, and say whether reality agrees.",
)
@reporting.judging
@options.format(list(CHECK), "full")
@click.option(
    "--hook",
    is_flag=True,
    help="As commit hooks call it: hold each PATH against the configuration nearest above it, and leave out what "
    "runs code (unless --allow-code is given) and every pyproject.toml that is not about pytest-rf.",
)
@click.option("--no-cures", is_flag=True, help="Look for no edits that would cure what is found.")
@reporting.telling
@options.working
@options.call
@options.config
@options.allow_code
@options.output
def check(
    paths: tuple[str, ...],
    requires: tuple[str, ...],
    verify: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    exit_zero: bool,
    format: str,
    hook: bool,
    no_cures: bool,
    reports: tuple[Destination, ...],
    statistics: bool,
    quiet: int,
    verbose: int,
    jobs: int | None,
    isolate: Isolate | None,
    cache: Path | None,
    call: dict[str, Any],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Check models: those of the configuration, or those of PATH.

    PATH is an .onnx file, a folder or a pattern of such files ("models/**/*.onnx"), the name of a model in the
    configuration, or package.module:factory.

    Exit status: 0 nothing wrong, 1 violations (what cannot be decided is one), 2 the run itself is wrong
    (a model that no requirement and no selected rule judged, too), 3 a bug of pytest-rf.
    """
    from pytest_rf.check import run
    from pytest_rf.commands import failures
    from pytest_rf.commands.progress import examining

    reporting.refuse(format, statistics, output, reports)
    by_file = hook and config is None and bool(paths)  # each belongs to a configuration of its own
    settings = None if by_file else options.configuration(config)
    if settings is None and not paths:
        raise click.UsageError(
            "nothing to check: give the path of a model, or write an rf.toml, which pytest-rf init does"
        )
    kept = (*paths, *([str(settings.path)] if settings is not None and settings.path else ()))
    reporting.hold(output, reports, kept)
    least = None if exit_zero else fail_on
    telling = reporting.Telling(format, verbose - quiet, statistics, output, color, reports, kept)
    drawing = _drawing() if telling.is_drawn else None
    with examining(settings, jobs, isolate, cache, untrusted=hook) as examiner:
        check_models = partial(
            run,
            requires=requires,
            call=call,
            allow_code=allow_code,
            skip_code=hook,
            select=select,
            ignore=ignore,
            fail_on=least,
            prove=_prove() if verify else None,
            cures=not no_cures and not statistics and (format != "concise" or bool(reports)),
            examiner=examiner if drawing is None else drawing.by(examiner),
        )
        if by_file:
            from pytest_rf.commands.hooked import run_hooked

            found = run_hooked(paths, check_models, least)
        else:
            found = check_models(settings, paths)
    written = telling.write(found) if drawing is None else telling.write(found, drawing.drawn)
    failures.problems(found, debug, warnings=telling.verbosity >= 0)
    if any(problem.interrupted for problem in found.problems):
        return failures.INTERRUPTED
    return found.exit_code if written else max(found.exit_code, WRONG_RUN)


def _drawing() -> Drawing:
    """Return what keeps what is drawn of models.

    Raises:
        OutputError: the extra is missing that pages need.
    """
    from pytest_rf.reporters.pages import extra
    from pytest_rf.reporters.pages.drawing import Drawing

    extra.require()
    return Drawing()


def _prove() -> Prove:
    """Return what runs models for ``--verify``."""
    from pytest_rf.probing.witnessing import proved

    return proved
