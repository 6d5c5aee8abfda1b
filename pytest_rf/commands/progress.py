"""Says on standard error which model is being analysed, when that takes long and a person is watching."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.signs import fitting

if TYPE_CHECKING:
    from pytest_rf import Analysis
    from pytest_rf.check import Load
    from pytest_rf.config.sources import Target

#: Shorter runs say nothing.
PATIENCE = 1.0


@contextlib.contextmanager
def progress() -> Iterator[Load]:
    """Yield a way to analyse models that tells which one is in work, and gives code its time."""
    from pytest_rf.targets import analyse

    watched = sys.stderr is not None and sys.stderr.isatty()
    start = time.monotonic()
    number = 0

    def load(target: Target) -> Analysis:
        nonlocal number
        number += 1
        if watched and time.monotonic() - start > PATIENCE:
            _write(f"\r\x1b[Kanalysing {visible(target.name, 60)} ({number}) …")
        with limited(target):
            return analyse(target)

    try:
        yield load
    finally:
        if watched and number:
            _write("\r\x1b[K")


@contextlib.contextmanager
def limited(target: Target) -> Iterator[None]:
    """Give the project's code so much time, and no more."""
    from pytest_rf.containment import SECONDS, contained

    with contained(target.source, SECONDS) if target.is_code else contextlib.nullcontext():
        yield


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(fitting(text, sys.stderr.encoding or "utf-8"))
        sys.stderr.flush()
