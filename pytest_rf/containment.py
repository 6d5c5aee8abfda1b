"""Runs the project's code: what it prints, forks, exits and never finishes must not become part of the result."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_rf.errors import ModelError

SECONDS = 300.0
"""How long making and running a model may take on the command line."""


#: How the files of this package begin.
OURS = str(Path(__file__).parent) + os.sep
_IMPORTS = str(Path(importlib.__file__).parent) + os.sep


class _TimeUp(BaseException):
    """Raised within code that runs for too long; no ``except Exception`` of that code swallows it."""


@contextmanager
def contained(source: str, seconds: float | None = None) -> Iterator[None]:
    """Have code run: it prints to standard error, cannot end this process, and its children end with it.

    Args:
        source: ``package.module:factory``, for messages.
        seconds: the time that it has; None for any. It is measured where the platform has timers, in the main
            thread.

    Raises:
        ModelError: the time was up, or the code exits.
    """
    process, leave = os.getpid(), os._exit

    def refuse(status: int) -> None:
        if os.getpid() != process:
            leave(status)
        raise SystemExit(status)

    os._exit = refuse  # type: ignore[assignment]
    try:
        with redirect_stdout(sys.stderr), _timed(seconds):
            yield
    except _TimeUp:
        if seconds is None:  # somebody else's time
            raise
        raise ModelError(
            f"{source}: was not ready within {seconds:g} seconds, so it was stopped; make the model smaller, "
            "or export it to ONNX and check that file"
        ) from None
    except SystemExit as error:
        raise ModelError(f"{source}: exits ({told(error)}) instead of giving a model") from error
    finally:
        os._exit = leave
        if os.getpid() != process:  # the code has forked, and the child must not go on with our work
            leave(1)


@contextmanager
def _timed(seconds: float | None) -> Iterator[None]:
    timer = getattr(signal, "setitimer", None)
    if seconds is None or timer is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> Any:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    timer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        timer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def told(error: BaseException) -> str:
    """Return type, text and the project's innermost line of an error as one line."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        text += f"{': ' if text else ''}it needs more memory than it may take (limits.memory)"
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((OURS, _IMPORTS, "<")):
            place = f" (at {Path(file).name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}{': ' if text else ''}{text[:500]}{place}"
