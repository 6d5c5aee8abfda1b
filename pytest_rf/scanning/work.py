"""A file scanned in a process of its own: whatever it does there, it gets a row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from pytest_rf import limits
from pytest_rf.config.sources import Target
from pytest_rf.errors import ModelError
from pytest_rf.isolation import terms
from pytest_rf.jobs import trouble
from pytest_rf.running import Outcome, outcomes
from pytest_rf.scanning import rows
from pytest_rf.scanning.extras import imported
from pytest_rf.scanning.rows import Row
from pytest_rf.scanning.sources import Task
from pytest_rf.targets import analyse

Runner = Callable[[Sequence[Task]], Iterator[tuple[int, Outcome]]]
"""Scans files: yields the place of each among those given, and what became of it, in any order."""


def here(tasks: Sequence[Task], jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Scan files on this machine, in so many processes; see :data:`Runner`."""
    with tempfile.TemporaryDirectory(prefix="pytest-rf-", ignore_cleanup_errors=True) as folder:
        taking = [terms(task.target) for task in tasks]
        yield from outcomes(partial(scanned, folder), tasks, taking, jobs)


def scanned(folder: str, task: Task) -> bytes:
    """Return the rows of a file as text.

    Args:
        folder: where files are fetched to.
        task: the file.
    """
    target = task.target
    try:
        with _there(folder, task) as target:
            found = rows.of_analysis(analyse(target), task.source)
    except Exception as error:
        model = target.model
        told = trouble(error, target, model.file, model.line).message
        found = rows.of_error(target.name, told, task.source)
    return rows.written(found).encode()


def found(task: Task, outcome: Outcome) -> list[Row]:
    """Return the rows of a file by what became of it; what its process tells is believed only if it is rows of it."""
    told = None if outcome.result is None else rows.read(outcome.result)
    if told and all(row.file == task.source.file and row.key == task.source.key for row in told):
        return told
    reason = outcome.failure or "told no result"
    return rows.of_error(task.target.name, f"{task.target.source}: {reason}", task.source)


@contextmanager
def _there(folder: str, task: Task) -> Iterator[Target]:
    """Yield how a file is analysed that is on this machine for as long as the context lasts."""
    target = task.target
    if not task.is_remote:
        yield target
        return
    most = target.model.limits.file_size or limits.current().file_size
    if (task.source.size or 0) > most:
        raise ModelError(
            f"{target.source}: {task.source.size} bytes are more than the limit of {most} (limits.file_size)"
        )
    fsspec = imported("fsspec", "scan", f"{target.source}: an URL")
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = Path(own, "model.onnx")
        try:
            system, remote = fsspec.core.url_to_fs(task.source.file)
            system.get_file(remote, str(path))
        except Exception as error:  # of any library that a file system is made with
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise ModelError(f"{target.source}: cannot be fetched: {reason}") from None
        yield replace(target, path=path)
