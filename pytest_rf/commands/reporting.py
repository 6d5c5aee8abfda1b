"""Options of ``check`` about what is judged, what is told, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from pytest_rf.commands import completion, failures
from pytest_rf.commands.options import Command
from pytest_rf.errors import RFError
from pytest_rf.reporters import DRAWN, FOR_READERS, NOTHING_DRAWN, Drawn, destinations
from pytest_rf.reporters.destinations import Destination
from pytest_rf.reporters.files import OutputError, report_place
from pytest_rf.severity import SEVERITIES

if TYPE_CHECKING:
    from pytest_rf.results import Run

#: With ``-qq`` nothing is told but the exit status, and what makes the run wrong.
SILENT = -2


def judging(command: Command) -> Command:
    """Add ``--select``, ``--ignore``, ``--fail-on`` and ``--exit-zero``."""
    for option in (
        click.option("--exit-zero", is_flag=True, help="Exit with 0 where there are violations only."),
        click.option(
            "--fail-on",
            type=click.Choice(SEVERITIES),
            default=SEVERITIES[0],
            show_default=True,
            help="The least severity that makes the exit status 1.",
        ),
        click.option(
            "--ignore",
            metavar="CODES",
            multiple=True,
            callback=_codes,
            shell_complete=completion.rules,
            help="Leave out these rules, too: RF301,RF4; repeatable.",
        ),
        click.option(
            "--select",
            metavar="CODES",
            multiple=True,
            callback=_codes,
            shell_complete=completion.rules,
            help="Check these rules in place of those of the configuration: RF1,RF301; repeatable.",
        ),
    ):
        command = option(command)
    return command


def telling(command: Command) -> Command:
    """Add ``--report``, ``--statistics``, ``-q`` and ``-v``; the last two come as ``quiet`` and ``verbose``."""
    for option in (
        click.option(
            "-v",
            "--verbose",
            count=True,
            help="Tell also what holds, what does not apply, why what is waived is waived, and what shows a finding.",
        ),
        click.option(
            "-q", "--quiet", count=True, help="Tell findings only; -qq: nothing but the exit status."
        ),
        click.option("--statistics", is_flag=True, help="Count the findings instead of listing them."),
        click.option(
            "reports",
            "--report",
            metavar="[KIND:]FILE",
            multiple=True,
            callback=_reports,
            help="Also write a report in this format to a file, as sarif:rf.sarif; repeatable.",
        ),
    ):
        command = option(command)
    return command


def refuse(format: str, statistics: bool, output: str | None, reports: tuple[Destination, ...]) -> None:
    """Raise where options do not go together.

    Raises:
        click.UsageError: they do not.
    """
    if statistics and format not in FOR_READERS:
        readers = " and ".join(FOR_READERS)
        raise click.UsageError(f"--statistics goes with --format {readers}, not with {format}")
    if output is not None and any(one.file == output for one in reports):
        raise click.UsageError(f"--report and --output both write {output}")


def hold(output: str | None, reports: tuple[Destination, ...], kept: tuple[str, ...]) -> None:
    """Raise, before anything is analysed, where a report could not be written.

    Raises:
        OutputError: one could not.
    """
    if output is not None:
        report_place(output, kept=kept)
    destinations.hold(reports, kept=kept)


class Telling(Struct, frozen=True):
    """What is told of a run, and where to.

    Attributes:
        format: the format of standard output, or of ``output``.
        verbosity: how often ``-v`` is given, less how often ``-q``.
        statistics: whether findings are counted instead of listed.
        output: the file that takes what standard output would get, or None.
        color: whether to colour standard output; None for what the environment asks for.
        reports: the reports beside it.
        kept: files that are never written over, beside those that the run names.
    """

    format: str
    verbosity: int
    statistics: bool
    output: str | None
    color: bool | None
    reports: tuple[Destination, ...]
    kept: tuple[str, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether something of it shows what is drawn of models."""
        return self.format in DRAWN or destinations.are_drawn(self.reports)

    def write(self, run: Run, drawn: Drawn = NOTHING_DRAWN) -> bool:
        """Write everything, each as far as it can be; say what cannot, and return whether all could."""
        wrong = destinations.write(run, self.reports, kept=self.kept, drawn=drawn)
        try:
            self._main(run, drawn)
        except RFError as error:
            wrong.append(error)
        for reason in wrong:
            failures.complain(str(reason))
        return not wrong

    def _main(self, run: Run, drawn: Drawn) -> None:
        from pytest_rf import reporters
        from pytest_rf.commands.output import emit
        from pytest_rf.reporters.wrapping import terminal_width

        if self.verbosity > SILENT or self.output is not None:
            width = terminal_width() if self.output is None else 0
            document = reporters.check(run, self.format, self.verbosity, self.statistics, width, drawn)
            kept = (*self.kept, *destinations.touched(run))
            emit(document, self.output, self.color, reporters.escape(self.format), kept)


def _codes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of an option, each once it is clear that it stands for a rule."""
    from pytest_rf import checks

    codes = [code.strip() for value in values for code in value.split(",") if code.strip()]
    for code in codes:
        try:
            checks.match(code)
        except KeyError as error:
            raise click.BadParameter(str(error.args[0]), context, parameter) from None
    return tuple(codes)


def _reports(context: click.Context, parameter: click.Parameter, values: Any) -> tuple[Destination, ...]:
    try:
        return destinations.read(values)
    except OutputError as error:
        raise click.BadParameter(str(error), context, parameter) from None
