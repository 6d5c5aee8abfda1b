"""The command line: ``pytest-rf``."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click

from pytest_rf.commands import color
from pytest_rf.commands.failures import WRONG_RUN, guarded
from pytest_rf.paths import named_from
from pytest_rf.reporters.files import OutputError
from pytest_rf.version import __version__

_TELLING = frozenset({"-h", "--help", "-V", "--version"})
"""Options whose whole work is to tell something."""


_NAMES = [
    "init",
    "check",
    "show",
    "report",
    "explain",
    "tile",
    "same",
    "scan",
    "diff",
    "baseline",
    "snapshot",
    "rule",
    "schema",
]
"""The commands, each in the module of its name, in the order in which they are needed."""


class _Commands(MutableMapping[str, click.Command]):
    """The commands by name. One is imported when it is asked for: a run needs no other.

    A mapping, as click looks there for the names that it lists and those that are near a wrong one.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._there: dict[str, click.Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> click.Command:
        found = self._there[name]
        if found is None:
            found = self._there[name] = getattr(import_module(f"pytest_rf.commands.{name}"), name)
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._there[name] = command

    def __delitem__(self, name: str) -> None:
        del self._there[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._there)

    def __len__(self) -> int:
        return len(self._there)


class _InOrder(click.Group):
    """Lists its commands in their order, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)


@click.group(
    cls=_InOrder,
    commands=_Commands(_NAMES),
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__, "-V", "--version", prog_name="pytest-rf", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> int | None:
    """Check what neural networks can see: exact receptive fields of ONNX and PyTorch models.

    Exit status: 0 nothing wrong, 1 violations, 2 the run itself is wrong (usage, configuration, a model that
    cannot be read), 3 a bug of pytest-rf.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        return WRONG_RUN
    return None


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status; nothing escapes, whatever happens."""

    def action() -> int:
        if sys.stdout is None and (not arguments or _TELLING.intersection(arguments)):
            raise OutputError("standard output is closed")
        status = cli.main(args=list(arguments), prog_name="pytest-rf", standalone_mode=False)
        return status if isinstance(status, int) else 0

    with named_from(None), color.said(arguments):
        return guarded(action, debug="--debug" in arguments)


def main() -> NoReturn:
    """Run the command line in a process that is for nothing else.

    Raises:
        SystemExit: always, with the exit status.
    """
    gc.disable()  # the program ends before a search for garbage would pay
    atexit.register(gc.freeze)  # nor would the search that Python makes at the end
    # numpy's BLAS starts a thread for each core when it is imported, which compute nothing here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.platform == "win32":
        with suppress(ImportError):  # click brings it there
            from colorama import just_fix_windows_console

            just_fix_windows_console()  # which shows colours as signs of their own otherwise
    sys.exit(run(sys.argv[1:]))
