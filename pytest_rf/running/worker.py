"""The side of the process that works: one task after the other, each result through a private pipe.

What runs here may be hostile, or only careless. It may print, write to any descriptor, leave, be killed, start threads
and programs: whatever it does, the side that started this process believes nothing but a whole frame, and that only
within the task's time.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple, TypeVar

from pytest_rf import gc_pause
from pytest_rf.containment import told
from pytest_rf.running.launching import End
from pytest_rf.running.terms import Terms, hold_memory

T = TypeVar("T")

STARTED, RESULT, FAILED, OUT_OF_MEMORY = b"S", b"R", b"F", b"M"
"""What a frame is: the task is begun; its result; an error that nobody expected; the memory was not enough."""

LENGTH = 8
"""Bytes that tell how long a frame's content is."""

BACKSTOP = 60.0
"""Seconds beyond its time after which a process ends by itself, where nobody is left to end it."""


class Ends(NamedTuple):
    """A process' ends of its pipes.

    Attributes:
        tasks: brings the numbers of tasks.
        results: takes frames.
        output: takes what is printed; None where the platform cannot capture it, and it is dropped.
        token: what every frame begins with, so that what code writes to any descriptor is no frame.
    """

    tasks: End
    results: End
    output: End | None
    token: bytes


def serve(
    work: Callable[[T], bytes],
    tasks: Sequence[T],
    terms: Sequence[Terms],
    ends: Ends,
    strangers: Sequence[End] = (),
    needs: str = "",
) -> None:
    """Work on tasks until there are no more; never returns.

    Args:
        work: makes the result of a task.
        tasks: all of them.
        terms: what each may take.
        ends: the pipes.
        strangers: ends of other pipes, which are closed.
        needs: the module that the work needs, which is imported before the time of a task begins.
    """
    for one in strangers:
        one.close()
    own, used = os.getpid(), False
    _detach(ends.output)
    with suppress(Exception):  # which the task will tell
        if needs:
            import_module(needs)
    while True:
        try:
            number = ends.tasks.recv()
        except (EOFError, OSError):
            break
        if used:
            gc_pause.collect()
        used = True
        kind, content = _done(work, tasks[number], terms[number], ends)
        if os.getpid() != own:  # the code has forked, and the child must not go on with our work
            break
        try:
            _flush()
            _send(ends, kind, content)
        except (OSError, ValueError):  # whoever asked is gone, or the code has closed our pipe
            break
        del content
    os._exit(0)


def _done(work: Callable[[T], bytes], task: T, terms: Terms, ends: Ends) -> tuple[bytes, bytes]:
    """Return what becomes of a task, whatever it raises."""
    try:
        hold_memory(terms.memory)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, terms.seconds + BACKSTOP)
        _send(ends, STARTED, b"")
        result = work(task)
        hold_memory(None)  # a result that is there is not lost for the last bytes
    except MemoryError:
        hold_memory(None)
        return OUT_OF_MEMORY, b""
    except BaseException as error:  # the code's own, an interrupt that it raised, an exit
        hold_memory(None)
        return FAILED, told(error).encode("utf-8", "backslashreplace")
    return RESULT, result


def _send(ends: Ends, kind: bytes, content: bytes) -> None:
    frame = ends.token + kind + len(content).to_bytes(LENGTH, "big") + content
    if os.name != "posix":
        ends.results.send_bytes(frame)  # type: ignore[attr-defined] # as those of spawned processes do
        return
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(ends.results.fileno(), rest) :]


def _detach(output: End | None) -> None:
    """Leave the terminal, and have all that is printed, by programs too, go into a pipe."""
    if hasattr(os, "setsid"):
        os.setsid()  # its programs end with it; and Ctrl-C is for who has started it
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.default_int_handler)
    into = os.open(os.devnull, os.O_RDWR)
    os.dup2(into, 0)
    target = into if output is None else output.fileno()
    for descriptor in (1, 2):
        os.dup2(target, descriptor)
    os.close(into)
    if output is not None:
        output.close()
    if faulthandler.is_enabled():  # its descriptor is that of who started us
        faulthandler.enable(file=2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = open(  # noqa: SIM115
            descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the code's own stream may do anything
            stream.flush()
