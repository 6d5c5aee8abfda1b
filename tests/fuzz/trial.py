"""What is asked of a model, whatever it is, and what may come of it."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest_rf
from pytest_rf import check
from pytest_rf.errors import RFError
from pytest_rf.limits import Limits, held

REQUIRES = (
    "final rf >= 1",
    "output halo <= 0",
    "output lookahead >= 0",
    "output stride == 1",
    "output multiple <= 8",
    "output coverage >= 1%",
    "output is causal",
    "output is bounded",
    "output context == no",
)
"""Requirements that between them ask for every kind of run."""


class Came(NamedTuple):
    """What came of a model.

    Attributes:
        kind: ``figures``, ``unknown``, ``error`` or ``crash``.
        detail: the error, or the traceback of the crash.
    """

    kind: str
    detail: str = ""


SMALL = Limits(work=1 << 22, array=1 << 18, extent=1 << 20, inlined=2000)
"""Limits under which no model takes long."""

SECONDS = 20.0
"""A model that takes longer under these limits hangs."""


def attempt(path: Path) -> Came:
    """Check a file as the command does, with all rules, then ask for its whole report as a library would."""
    try:
        run = check.run(paths=[str(path)], requires=REQUIRES, select=["RF"])
        (result,) = run.models
        for problem in result.problems:
            if problem.internal:
                return Came("crash", problem.detail)
            if "\n" in problem.message:
                return Came("crash", f"an error of several lines: {problem.message!r}")
        if not result.problems and not result.judged:
            return Came("crash", "nothing was judged, and no word of it")
        try:
            analysis = pytest_rf.analyze(str(path))
            analysis.to_json()
            for tensor in analysis.outputs:
                for source in tensor.inputs if tensor.status != "unknown" else ():
                    for axis in range(len(analysis.inputs[source].shape)):
                        tensor.bounds(axis, source, context=True)
        except RFError as error:
            if "\n" in str(error):
                return Came("crash", f"an error of several lines: {error!r}")
            return Came("error", str(error))
    except (Exception, RecursionError):
        return Came("crash", traceback.format_exc())
    if result.problems:
        return Came("error", result.problems[0].message)
    if any(tensor.status == "unknown" for tensor in analysis.outputs):
        return Came("unknown")
    return Came("figures")


class Hang(BaseException):
    """A model takes too long."""


@contextmanager
def clocked(seconds: float = SECONDS) -> Iterator[None]:
    """End what takes too long, where this platform has an alarm."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise Hang(f"more than {seconds} seconds")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attempt_in_process(path: Path) -> Came:
    """Attempt a file in this process, under limits that make it quick, and with a clock."""
    try:
        with held(SMALL), clocked():
            return attempt(path)
    except Hang:
        return Came("crash", traceback.format_exc())
