"""Where reports go beside standard output: ``kind:file``, or a file whose ending tells the kind.

Read by ``check --report`` and by ``pytest --rf-report``; at pytest's start, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_rf import paths, reporters
from pytest_rf.errors import RFError
from pytest_rf.reporters.files import OutputError, report_place, save
from pytest_rf.reporters.lines import text

if TYPE_CHECKING:
    from pytest_rf.results import Run

#: What the ending of a file says about its kind.
BY_ENDING = {
    ".sarif": "sarif",
    ".json": "json",
    ".xml": "junit",
    ".md": "markdown",
    ".txt": "full",
    ".html": "html",
}

#: Two letters or more before a colon: a single one is a drive of Windows.
_KIND = r"([A-Za-z][A-Za-z0-9-]+):(.*)"


class Destination(Struct, frozen=True):
    """A report to write: one of the formats of ``check``, and the file."""

    format: str
    file: str


def read(words: Iterable[str]) -> tuple[Destination, ...]:
    """Return the reports that somebody asked for.

    Raises:
        OutputError: one is not a report that can be written, or two go to the same file.
    """
    found = tuple(map(_read, words))
    for number, one in enumerate(found):
        if any(Path(one.file) == Path(other.file) for other in found[:number]):
            raise OutputError(f"{one.file}: is asked for twice; give each report a file of its own")
    return found


def hold(wanted: Iterable[Destination], root: Path | None = None, kept: Iterable[str | Path] = ()) -> None:
    """Raise, before anything is analysed, where one of the reports could not be written.

    Raises:
        OutputError: one could not.
    """
    kept = tuple(kept)
    for one in wanted:
        report_place(one.file, root, kept)
        if one.format in reporters.DRAWN:
            from pytest_rf.reporters.pages import extra

            extra.require()


def are_drawn(wanted: Iterable[Destination]) -> bool:
    """Return whether a report shows what is drawn of models."""
    return any(one.format in reporters.DRAWN for one in wanted)


def write(
    run: Run,
    wanted: Iterable[Destination],
    root: Path | None = None,
    kept: Iterable[str | Path] = (),
    drawn: reporters.Drawn = reporters.NOTHING_DRAWN,
) -> list[RFError]:
    """Write every report and return what went wrong; one that fails hides no other.

    Args:
        run: what was found.
        wanted: the reports.
        root: the folder that their files are relative to, by default the working directory.
        kept: files that are never written over, beside those that the run names itself.
        drawn: what was drawn of the models.
    """
    wrong: list[RFError] = []
    protected = (*kept, *touched(run))
    for one in wanted:
        try:
            report_place(one.file, root, protected)
            save(text(reporters.check(run, one.format, drawn=drawn)), one.file, root, protected)
        except RFError as error:
            wrong.append(error)
    return wrong


def touched(run: Run) -> set[str]:
    """Return the files that a run is about: its models and configurations, which are named from the root."""
    top = paths.root() or Path.cwd()
    files = {run.config, *(problem.file for problem in run.problems), *(one.file for one in run.findings)}
    for model in run.models:
        files |= {model.file, *(one.file for one in model.requirements), *(one.file for one in model.waived)}
    return {str(top / file) for file in files if file}


def _read(word: str) -> Destination:
    match = re.fullmatch(_KIND, word, re.DOTALL)
    if match is not None:
        kind, file = match[1].lower(), match[2]
        if kind not in reporters.CHECK:
            import difflib

            near = difflib.get_close_matches(kind, reporters.CHECK, 1)
            hint = f'did you mean "{near[0]}"?' if near else f"the kinds are {', '.join(reporters.CHECK)}"
            raise OutputError(f'{word}: "{match[1]}" is not a kind of report; {hint}')
        if not file:
            raise OutputError(f"{word}: names no file; write {kind}:FILE")
        return Destination(kind, file)
    ending = PurePosixPath(word.replace("\\", "/")).suffix.lower()
    if ending not in BY_ENDING:
        raise OutputError(
            f"{word}: its ending does not tell the kind of report; "
            f"end it in {', '.join(BY_ENDING)}, or write KIND:FILE"
        )
    return Destination(BY_ENDING[ending], word)
