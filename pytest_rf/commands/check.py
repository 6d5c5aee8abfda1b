"""``pytest-rf check``: hold models against their requirements."""

from __future__ import annotations

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
@options.inputs
@options.config
@options.allow_code
@options.output
def check(
    paths: tuple[str, ...],
    requires: tuple[str, ...],
    format: str,
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
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import progress
    from pytest_rf.reporters.wrapping import terminal_width

    settings = options.configuration(config)
    if settings is None and not paths:
        raise click.UsageError("nothing to check: give the path of a model, or write an rf.toml")
    shapes = options.shapes(inputs)
    with progress() as load:
        found = run(settings, paths, requires, inputs=shapes, allow_code=allow_code, load=load)
    width = terminal_width() if output is None else 0
    emit(reporters.check(found, format, width), output, color)
    _complain(found, debug)
    return found.exit_code


def _complain(found: Run, debug: bool) -> None:
    """Say on standard error why the run itself is wrong, one line per problem, and what it warns of."""
    from pytest_rf.commands import failures
    from pytest_rf.reporters import alike

    for warning in found.warnings:
        failures.warn(warning)
    for problem, models in alike.problems(found):
        others = f"; the same in {len(models) - 1:,} more models: {alike.named(models[1:])}"
        message = f"{problem.message}{others if len(models) > 1 else ''}"
        if problem.internal:
            failures.bug(message, problem.detail if debug else "")
        else:
            failures.complain(message)
            failures.explain(problem.detail)
