"""``pytest-rf baseline``: write down what fails now, so that later runs fail on what is new or worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_rf.commands import options

if TYPE_CHECKING:
    from pytest_rf.renewing import Baselined


@click.command(short_help="Write down what fails now; check fails on what is new.")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--prune", is_flag=True, help="Take out what no longer fails, tighten what improved, add nothing."
)
@click.option("--update", is_flag=True, help="Write what fails now, also where that is new or worse.")
@options.config
@options.allow_code
@options.debug
def baseline(
    paths: tuple[str, ...], prune: bool, update: bool, config: str | None, allow_code: bool, debug: bool
) -> int:
    """Write down what fails now: of all models of the configuration, or of those of PATH.

    The file is rf-baseline.toml beside the configuration, or what its key "baseline" names. "check" then fails on
    what is new or worse than there. A first baseline is written without an option, an existing one is never
    overwritten without.

    Exit status: 0 written, 2 the run itself is wrong (then nothing is written), 3 a bug of pytest-rf.
    """
    from pytest_rf import renewing
    from pytest_rf.baseline import file
    from pytest_rf.commands import failures
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import examining
    from pytest_rf.reporters.files import save
    from pytest_rf.reporters.lines import line
    from pytest_rf.reporters.wrapping import terminal_width, wrapped

    if prune and update:
        raise click.UsageError(
            "--prune and --update exclude each other: one tightens, the other takes what is"
        )
    settings = options.configuration(config)
    if settings is None or settings.path is None:
        raise click.UsageError("a baseline belongs to a configuration: write an rf.toml, or give --config")
    mode: renewing.Mode = "prune" if prune else "update" if update else "write"
    with examining(settings, None, None, None, untrusted=False) as examiner:
        found = renewing.baseline(settings, paths, mode, allow_code=allow_code, examiner=examiner)
    if found.run.problems:
        failures.problems(found.run, debug)
        failures.complain("no baseline was written: what cannot be analysed cannot be known to fail")
        return found.run.exit_code
    if not found.now and not found.before:
        emit([line("Nothing fails: no baseline is needed.")])
        return 0
    save(file.text(found.now), found.path.name, found.path.parent)
    emit(wrapped([line(_told(found))], terminal_width()))
    return 0


def _told(found: Baselined) -> str:
    from pytest_rf.paths import display
    from pytest_rf.reporters.text import count

    before, now = (
        {(called, entry.place): entry for called, entries in one.items() for entry in entries}
        for one in (found.before, found.now)
    )
    text = f"Wrote {display(found.path)}: {count(len(now), 'place')} of {count(len(found.now), 'model')}"
    text += f" {'is' if len(now) == 1 else 'are'} known to fail"
    added, left = len(now.keys() - before.keys()), len(before.keys() - now.keys())
    changed = sum(before[place] != now[place] for place in now.keys() & before.keys())
    if not found.before:
        return f"{text}."
    return f"{text} ({added:,} added, {left:,} taken out, {changed:,} with another value)."
