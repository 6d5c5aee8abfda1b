"""``pytest-rf check``: hold models against their requirements."""

from __future__ import annotations

import click

from pytest_rf.commands import options
from pytest_rf.reporters import CHECK


@click.command(short_help="Hold models against their requirements.")
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
    from pytest_rf.commands import failures
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import progress

    settings = options.configuration(config)
    if settings is None and not paths:
        raise click.UsageError("nothing to check: give the path of a model, or write an rf.toml")
    shapes = options.shapes(inputs)
    with progress() as load:
        found = run(settings, paths, requires, inputs=shapes, allow_code=allow_code, load=load)
    emit(reporters.check(found, format), output, color)
    failures.problems(found, debug)
    return found.exit_code
