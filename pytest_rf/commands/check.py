"""``pytest-rf check``: hold models against their requirements."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from pytest_rf.commands import options
from pytest_rf.reporters import CHECK

if TYPE_CHECKING:
    from pytest_rf.results import Run


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "requires",
    "--require",
    metavar="TEXT",
    multiple=True,
    help='Also require this, as "final rf >= 224"; repeatable.',
)
@click.option("--format", "format", type=click.Choice(list(CHECK)), default="full", show_default=True)
@click.option(
    "--hook",
    is_flag=True,
    help="As commit hooks call it: hold each PATH against the configuration nearest above it, and leave out what "
    "runs code (unless --allow-code is given) and every pyproject.toml that is not about pytest-rf.",
)
@options.inputs
@options.config
@options.allow_code
@options.output
def check(
    paths: tuple[str, ...],
    requires: tuple[str, ...],
    format: str,
    hook: bool,
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Check models: those of the configuration, or the .onnx files (or package.module:factory) of PATH.

    Exit status: 0 nothing wrong, 1 violations (what cannot be decided is one), 2 the run itself is wrong
    (a model that no requirement and no selected rule judged, too), 3 a bug of pytest-rf.
    """
    from pytest_rf import reporters
    from pytest_rf.check import run
    from pytest_rf.commands.hooked import run_hooked
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import progress

    shapes = options.shapes(inputs)
    check_models = partial(run, requires=requires, inputs=shapes, allow_code=allow_code, skip_code=hook)
    if hook and config is None and paths:
        with progress() as load:
            found = run_hooked(paths, partial(check_models, load=load))
    else:
        settings = options.configuration(config)
        if settings is None and not paths:
            raise click.UsageError("nothing to check: give the path of a model, or write an rf.toml")
        with progress() as load:
            found = check_models(settings, paths, load=load)
    emit(reporters.check(found, format), output, color)
    _complain(found, debug)
    return found.exit_code


def _complain(found: Run, debug: bool) -> None:
    """Say on standard error why the run itself is wrong, one line per problem, and what it warns of."""
    from pytest_rf.commands import failures

    for warning in found.warnings:
        failures.warn(warning)
    for problem in found.problems:
        if problem.internal:
            failures.bug(problem.message, problem.detail if debug else "")
        else:
            failures.complain(problem.message)
            failures.explain(problem.detail)
