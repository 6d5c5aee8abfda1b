"""The use case: scan files that have no rows yet, and keep whatever is known however it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pytest_rf.config.sources import Target
from pytest_rf.scanning import tables
from pytest_rf.scanning.journal import Journal
from pytest_rf.scanning.rows import ERROR, Row
from pytest_rf.scanning.sources import Task
from pytest_rf.scanning.work import Runner, found


class Scan(NamedTuple):
    """What a scan came to, in numbers of files.

    Attributes:
        total: those that were asked for.
        kept: those of them that had their rows already.
        scanned: those that got theirs now.
        wrong: those of them, kept or scanned, that have no figures.
        interrupted: whether it was interrupted.
    """

    total: int
    kept: int
    scanned: int
    wrong: int
    interrupted: bool = False


def scan(
    tasks: Sequence[Task],
    output: Path,
    run: Runner,
    *,
    retry: bool = False,
    begun: Callable[[int], None] = lambda total: None,
    ready: Callable[[Target], None] = lambda target: None,
) -> Scan:
    """Scan files into a table. Ctrl-C ends it; then, as after any other end, the same call goes on.

    Args:
        tasks: the files.
        output: the table. Rows of files that are not asked for stay in it.
        run: scans files.
        retry: whether files are scanned again that have no figures.
        begun: is told how many files there are to scan.
        ready: is told each file that is scanned.

    Raises:
        RFError: the table is none, cannot be written, or another scan is at work on it.
    """
    tables.ready(output)
    journal = Journal(output)
    done = False
    try:
        known = tables.read(output)
        known.update(journal.left)
        left = [task for task in tasks if not _is_known(known.get(task.source.file), task, retry)]
        begun(len(left))
        scanned, interrupted = 0, False
        try:
            with closing(run(left)) as outcomes:  # type: ignore[type-var]
                for place, outcome in outcomes:
                    task = left[place]
                    rows = found(task, outcome)
                    known[task.source.file] = rows  # first: an interrupt after it loses nothing
                    journal.add(rows)
                    scanned += 1
                    ready(task.target)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            if scanned or journal.left or interrupted or not output.exists():
                tables.write(output, [row for file in sorted(known) for row in known[file]])
            done = True
    finally:
        journal.close(done)
    wrong = sum(_is_wrong(known, task) for task in tasks)
    return Scan(len(tasks), len(tasks) - len(left), scanned, wrong, interrupted)


def _is_known(rows: Sequence[Row] | None, task: Task, retry: bool) -> bool:
    """Return whether a file has rows that rest on what it is now."""
    if not rows or any(row.key != task.source.key for row in rows):
        return False
    return not (retry and rows[0].status == ERROR)


def _is_wrong(known: Mapping[str, Sequence[Row]], task: Task) -> bool:
    rows = known.get(task.source.file, ())
    return any(row.status == ERROR for row in rows)
