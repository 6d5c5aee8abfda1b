"""The command line: ``pytest-rf``."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from pytest_rf.commands.baseline import baseline
from pytest_rf.commands.check import check
from pytest_rf.commands.diff import diff
from pytest_rf.commands.explain import explain
from pytest_rf.commands.failures import WRONG_RUN, guarded
from pytest_rf.commands.init import init
from pytest_rf.commands.report import report
from pytest_rf.commands.rule import rule
from pytest_rf.commands.same import same
from pytest_rf.commands.scan import scan
from pytest_rf.commands.schema import schema
from pytest_rf.commands.show import show
from pytest_rf.commands.snapshot import snapshot
from pytest_rf.commands.tile import tile
from pytest_rf.paths import named_from
from pytest_rf.reporters.files import OutputError
from pytest_rf.version import __version__

_TELLING = frozenset({"-h", "--help", "-V", "--version"})
"""Options whose whole work is to tell something."""


class _InOrder(click.Group):
    """Lists its commands in the order in which they are needed, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)


@click.group(
    cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True
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


for command in (init, check, show, report, explain, tile, same, scan, diff, baseline, snapshot, rule, schema):
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status; nothing escapes, whatever happens."""

    def action() -> int:
        if sys.stdout is None and (not arguments or _TELLING.intersection(arguments)):
            raise OutputError("standard output is closed")
        status = cli.main(args=list(arguments), prog_name="pytest-rf", standalone_mode=False)
        return status if isinstance(status, int) else 0

    with named_from(None):
        return guarded(action, debug="--debug" in arguments)


def main() -> None:
    """Run the command line as a program."""
    gc.disable()  # the program ends before a search for garbage would pay
    # numpy's BLAS starts a thread for each core when it is imported, which compute nothing here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.platform == "win32":
        with suppress(ImportError):  # click brings it there
            from colorama import just_fix_windows_console

            just_fix_windows_console()  # which shows colours as signs of their own otherwise
    sys.exit(run(sys.argv[1:]))
