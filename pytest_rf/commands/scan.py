"""``pytest-rf scan``: the figures of many model files in one table."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pytest_rf.commands import options
from pytest_rf.commands.failures import INTERRUPTED, WRONG_RUN

if TYPE_CHECKING:
    from pytest_rf.scanning import Scan
    from pytest_rf.scanning.work import Runner


@click.command(short_help="Write the figures of many model files to one table.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The table: .parquet, or .jsonl for JSON Lines. One that is there is gone on with.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=0, max=1024),
    default=0,
    metavar="N",
    help="Scan in N processes; by default as many as there are processors.",
)
@click.option(
    "--backend",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Scan on this machine, or on the workers of a dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="The cluster's scheduler, as tcp://127.0.0.1:8786.")
@click.option("--retry", is_flag=True, help="Scan files again whose rows tell an error.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 though files could not be read.")
@options.call_of_files
@options.config
@options.debug
def scan(
    paths: tuple[str, ...],
    output: str,
    jobs: int,
    backend: str,
    scheduler: str | None,
    retry: bool,
    exit_zero: bool,
    call: dict[str, Any],
    config: str | None,
    debug: bool,
) -> int:
    """Write the figures of the model files of PATH to one table, a row per file, output, input and axis.

    PATH is an .onnx file, a folder, a pattern ("models/**/*.onnx"), an URL of these ("s3://bucket/**/*.onnx"), or
    @FILE, a list of such with one a line. A file that cannot be read has a row that says why.

    A scan that was interrupted goes on with the same command: files whose rows are there, and that have not changed
    since, are not scanned again.

    Exit status: 0 all files have figures, 2 some have none.
    """
    from pytest_rf.commands import failures
    from pytest_rf.commands.progress import watched
    from pytest_rf.config.declared import Config
    from pytest_rf.reporters.files import report_place
    from pytest_rf.scanning import scan as run
    from pytest_rf.scanning import sources, tables

    if not output.endswith(tables.ENDINGS):
        raise click.UsageError(f"-o {output}: a table ends in {' or '.join(tables.ENDINGS)}")
    runner = _runner(backend, scheduler, jobs)
    settings = options.configuration(config) or Config()
    asked = sources.asked(paths, settings, call)
    place = report_place(
        output, kept=(task.target.path for task in asked.tasks if task.target.path is not None)
    )
    with watched() as watch:
        found = run(asked.tasks, place, runner, retry=retry, begun=watch.begun, ready=watch.ready)
    for text in asked.unmatched:
        failures.complain(text)
    click.echo(_told(found, output))
    if found.interrupted:
        failures.complain("interrupted; the same command goes on")
        return INTERRUPTED
    return WRONG_RUN if (found.wrong or asked.unmatched) and not exit_zero else 0


def _runner(backend: str, scheduler: str | None, jobs: int) -> Runner:
    if (backend == "dask") != (scheduler is not None):
        raise click.UsageError("--backend dask and --scheduler ADDRESS are given together")
    if scheduler is None:
        from pytest_rf.scanning.work import here

        return partial(here, jobs=jobs or os.cpu_count() or 1)
    from pytest_rf.scanning.cluster import on_dask

    return partial(on_dask, scheduler=scheduler)


def _told(found: Scan, output: str) -> str:
    """Return what a scan came to, in one line."""
    counts = [f"{found.scanned:,} scanned"]
    counts += [f"{found.kept:,} there already"] if found.kept else []
    counts += [f'{found.wrong:,} without figures (status == "error")'] if found.wrong else []
    return f"{output}: {found.total:,} {'file' if found.total == 1 else 'files'}: {', '.join(counts)}"
