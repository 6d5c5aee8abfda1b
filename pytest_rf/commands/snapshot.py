"""``pytest-rf snapshot``: all figures in a lock, and whether they are still those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_rf.commands import options

if TYPE_CHECKING:
    from pytest_rf.config.declared import Config
    from pytest_rf.renewing import Snapshot


@click.command(short_help="Lock all figures, or tell what moved.")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--update", is_flag=True, help="Renew the lock; models that are not given stay as they are in it."
)
@options.config
@options.allow_code
@options.debug
def snapshot(
    paths: tuple[str, ...],
    update: bool,
    config: str | None,
    allow_code: bool,
    debug: bool,
) -> int:
    """Lock all figures of all models of the configuration, or of those of PATH.

    The lock is rf.lock beside the configuration, or what its key "lock" names; "check" holds the models to the one
    that the key names. Where there is no lock it is written. Where there is one, the models are held to it, and what
    moved is shown as by "diff".

    Exit status: 0 written or nothing moved, 1 something moved, 2 the run itself is wrong (a model that cannot be
    analysed stays as it is in the lock), 3 a bug of pytest-rf.
    """
    from pytest_rf import renewing
    from pytest_rf.commands import failures
    from pytest_rf.commands.progress import progress

    settings = options.configuration(config)
    if settings is None and not paths:
        raise click.UsageError("nothing to lock: give the path of a model, or write an rf.toml")
    with progress() as load:
        found = renewing.snapshot(settings, paths, allow_code=allow_code, load=load)
    failures.problems(found.run, debug)
    moved = False
    if found.before is None or update:
        _write(found)
    else:
        moved = bool(found.now or found.gone) and _compare(found, settings)
    return found.run.exit_code if found.run.problems else int(moved)


def _write(found: Snapshot) -> None:
    """Write the lock, unless there is nothing to lock."""
    from pytest_rf.commands.output import emit
    from pytest_rf.locks import lockfile
    from pytest_rf.paths import display
    from pytest_rf.reporters.files import save
    from pytest_rf.reporters.lines import line
    from pytest_rf.reporters.text import count

    models = found.renewed().values()
    if models or found.before is not None:
        save(lockfile.text(models), found.path.name, found.path.parent)
        tensors = sum(len(model.tensors) for model in models)
        told = f"{count(len(models), 'model')}, {count(tensors, 'tensor')}"
        emit([line(f"Wrote {display(found.path)}: {told}.")])


def _compare(found: Snapshot, config: Config | None) -> bool:
    """Show what differs from the lock, and return whether anything does."""
    from pytest_rf.commands import failures
    from pytest_rf.commands.output import emit
    from pytest_rf.config.records import command
    from pytest_rf.paths import display
    from pytest_rf.reporters import difference
    from pytest_rf.reporters.wrapping import terminal_width

    comparison = found.comparison()
    emit(difference.diff(comparison, "table", terminal_width()))
    if comparison:
        name = display(found.path)
        remedy = command("snapshot --update", config)
        failures.warn(f"{name} holds other figures; if the change is meant, renew it: {remedy}")
    return bool(comparison)
