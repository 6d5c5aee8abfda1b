"""How commands have models examined, and what a person who waits is told meanwhile on standard error."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_rf.commands import failures
from pytest_rf.commands.color import wants_color
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.signs import fitting

if TYPE_CHECKING:
    from rich.progress import Progress

    from pytest_rf import Analysis
    from pytest_rf.config.declared import Config
    from pytest_rf.config.sources import Target
    from pytest_rf.isolation import Examiners, Isolate
    from pytest_rf.jobs import Load
    from pytest_rf.running import Outcome
    from pytest_rf.running.cache import Cache

T = TypeVar("T")

#: Shorter runs say nothing.
PATIENCE = 1.0

#: Lines that are shown of what a model has printed.
LINES = 50


@contextlib.contextmanager
def examining(
    config: Config | None, jobs: int | None, isolate: Isolate | None, cache: Path | None, untrusted: bool
) -> Iterator[Examiners]:
    """Yield what examines models, and tells how far it is.

    Args:
        config: the configuration, if there is one.
        jobs: how many processes work, 0 for one a processor; None for what the configuration says.
        isolate: which files have a process of their own; None for what the configuration says. It does not say that
            none has where it is not trusted itself.
        cache: the folder of results that are kept; None where none are.
        untrusted: whether neither the configuration nor the models are to be trusted; it cannot ask for more
            processes than there are processors, either.
    """
    from pytest_rf import isolation

    processors = os.cpu_count() or 1
    wanted = jobs if jobs is not None else 1 if config is None else config.jobs
    if untrusted and jobs is None:
        wanted = min(wanted, processors)
    declared = "auto" if config is None or untrusted else config.isolate
    printed: list[tuple[Target, Outcome]] = []
    with watched() as watch:
        yield isolation.Examiners(
            jobs=wanted or processors,
            isolate=isolate or declared,
            untrusted=untrusted,
            cache=None if cache is None else _cache(cache),
            heard=lambda target, outcome: printed.append((target, outcome)),
            begun=watch.begun,
            ready=watch.ready,
        )
    for target, outcome in sorted(printed, key=lambda one: one[0].source):  # whichever was ready first
        heard(target, outcome)


def _cache(folder: Path) -> Cache:
    from pytest_rf.running.cache import Cache  # with what it is signed by

    return Cache(folder)


@contextlib.contextmanager
def progress() -> Iterator[Load]:
    """Yield a way to analyse models that tells which one is in work; code has a process of its own."""
    from pytest_rf import targets

    with watched() as watch:

        def load(target: Target) -> Analysis:
            watch.name(target)
            return made(target, targets.analyse)

        yield load


def made(target: Target, make: Callable[[Target], T]) -> T:
    """Return what is made of a target; of code, in a process of its own.

    Raises:
        RFError: it cannot be made.
    """
    if not target.is_code:
        return make(target)
    from pytest_rf import isolation

    return isolation.isolated(target, make, heard)


def heard(target: Target, outcome: Outcome) -> None:
    """Tell what a model has printed in its process, line by line, so that nothing of it can pass for our own."""
    lines = outcome.printed.splitlines()
    for text in lines[:LINES]:
        failures.tell(f"{target.source}: {text}")
    if lines[LINES:] or outcome.more:
        failures.tell(f"{target.source}: … and more")


class Watch:
    """Tells how far a run is, to a person who has waited for a while: how many models of how many, and the time.

    Where it is not known how many there are, the model in work is told.
    """

    def __init__(self) -> None:
        self._watched = sys.stderr is not None and sys.stderr.isatty()
        self._start = time.monotonic()
        self._number = self._total = 0
        self._bar: Progress | None = None

    def begun(self, total: int) -> None:
        """Take so many models more into account."""
        self._total += total
        self._show("")

    def ready(self, target: Target) -> None:
        """Take a model off."""
        self._number += 1
        self._show(target.name)

    def name(self, target: Target) -> None:
        """Tell the model in work."""
        self._number += 1
        if self._waits:
            _write(f"\r\x1b[Kanalysing {visible(target.name, 60)} ({self._number}) …")

    def end(self) -> None:
        """Wipe what was told."""
        if self._bar is not None:
            self._bar.stop()
        elif self._waits and self._number:
            _write("\r\x1b[K")

    def _show(self, name: str) -> None:
        if not self._waits:
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.add_task("", total=self._total)
            self._bar.start()
        (task,) = self._bar.task_ids
        self._bar.update(task, total=self._total, completed=self._number, description=visible(name, 30))
        self._bar.refresh()

    @property
    def _waits(self) -> bool:
        return self._watched and time.monotonic() - self._start > PATIENCE


def _bar() -> Progress:
    """Return a bar that draws itself only when it is told to: a thread that does would keep us from forking."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.theme import Theme

    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(
            stderr=True,
            no_color=not wants_color(sys.stderr),
            theme=Theme({"progress.elapsed": "none"}),  # it is yellow, on white, too
        ),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Yield what tells how far a run is, and wipe what it told."""
    watch = Watch()
    try:
        yield watch
    finally:
        watch.end()


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(fitting(text, sys.stderr.encoding or "utf-8"))
        sys.stderr.flush()
