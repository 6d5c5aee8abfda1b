"""The side that started a process: the clock, what the process has printed, and what it has told."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.running import launching
from pytest_rf.running.launching import End
from pytest_rf.running.terms import Terms
from pytest_rf.running.worker import FAILED, LENGTH, OUT_OF_MEMORY, RESULT, STARTED, Ends, serve

T = TypeVar("T")

START = 60.0
"""Seconds that a process has to begin with a task: where it cannot be forked, it first imports everything."""
MOST = 1 << 30
"""Bytes of a result; more is none."""
PRINTED = 1 << 16
"""Bytes that are kept of what a task has printed."""
_CHUNK = 1 << 16

#: Whether torch is here only because it was preloaded.
_PRELOADED = False


class Outcome(Struct, frozen=True):
    """What became of a task.

    Attributes:
        result: what the work has made; None where it has made nothing.
        failure: why not, in plain words.
        printed: the beginning of what was printed meanwhile.
        more: how many bytes more were printed.
    """

    result: bytes | None = None
    failure: str = ""
    printed: str = ""
    more: int = 0


def is_forkable() -> bool:
    """Return whether a process can be forked: at hardly any cost, and safely.

    Nothing but Linux forks safely what has used the system's libraries; and threads, those of torch among them, would
    not be there in the child, with whatever they hold.
    """
    if sys.platform != "linux" or not hasattr(os, "fork") or threading.active_count() > 1:
        return False
    return "torch" not in sys.modules or _PRELOADED


def preload(module: str) -> None:
    """Import a module here, so that forked processes have it at once; nothing where they are not forked.

    It runs nothing of torch, which must not have begun to compute where it is to compute in a forked process.
    """
    global _PRELOADED
    if not is_forkable():
        return
    threads = _threads()
    with suppress(Exception):  # which the process of a model will tell
        import_module(module)
    _PRELOADED = _threads() == threads


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


class Process:
    """A process that works on tasks, one at a time.

    Attributes:
        number: the task that it works on; None where it waits for one.
        used: whether it has worked on any.
    """

    def __init__(
        self,
        work: Callable[[T], bytes],
        tasks: Sequence[T],
        terms: Sequence[Terms],
        others: Sequence[Process] = (),
        needs: str = "",
    ) -> None:
        """Start it.

        Args:
            work: makes the result of a task; a function of a module, where processes are not forked.
            tasks: all tasks.
            terms: what each may take.
            others: the processes that are there already, whose pipes are none of its business.
            needs: the module that the work needs, which it imports before it begins with a task.
        """
        forked = is_forkable()
        tasks_out, self._tasks = launching.pipe(forked)
        self._results, results_in = launching.pipe(forked)
        printed = launching.pipe(forked) if os.name == "posix" else None
        self._printed = None if printed is None else printed[0]
        self._token = os.urandom(16)
        ends = Ends(tasks_out, results_in, None if printed is None else printed[1], self._token)
        strangers = [end for one in (*others, self) for end in one._ends] if forked else []
        self._process = launching.start(forked, serve, work, tasks, terms, ends, strangers, needs)
        for end in ends[:3]:
            if end is not None:
                end.close()
        self._terms = terms
        self._told, self._text, self._more = bytearray(), bytearray(), 0
        self._deadline = 0.0
        self.number: int | None = None
        self.used = False

    @property
    def _ends(self) -> list[End]:
        return [end for end in (self._tasks, self._results, self._printed) if end is not None]

    @property
    def heard(self) -> list[End]:
        """What to wait for: its result, and what it prints."""
        return [end for end in (self._results, self._printed) if end is not None and not end.closed]

    @property
    def left(self) -> float:
        """The seconds until its time is up."""
        return max(self._deadline - time.monotonic(), 0.0)

    def begin(self, number: int) -> None:
        """Give it a task."""
        self.number, self.used = number, True
        self._told, self._text, self._more = bytearray(), bytearray(), 0
        self._deadline = time.monotonic() + START + self._terms[number].seconds
        with suppress(OSError):  # it is dead already, which is seen when it is looked at
            self._tasks.send(number)

    def look(self) -> Outcome | None:
        """Return what became of its task; None where that is not clear yet. A process that failed is ended."""
        assert self.number is not None
        ended = not self._process.is_alive()  # before the last of its pipes is read
        self._read_printed(1)
        open_ = self._read_told()
        terms = self._terms[self.number]
        try:
            kind, content = self._frame()
        except ValueError:
            return self._failed("told something else than its result, so it was stopped")
        if kind == RESULT:
            return self._outcome(Outcome(result=content))
        if kind == FAILED:
            return self._outcome(Outcome(failure=content.decode("utf-8", "replace")))
        if kind == OUT_OF_MEMORY:
            return self._outcome(Outcome(failure=_no_memory(terms)))
        if ended or not open_:
            self._process.join(1.0)
            return self._failed(_death(self._process.exitcode, terms))
        if not self.left:
            return self._failed(
                f"was not ready within {terms.seconds:g} seconds (limits.seconds), so it was stopped"
            )
        return None

    def end(self) -> None:
        """End it, with all that it has started; once."""
        if self._results.closed:
            return
        process = self._process
        if process.pid is not None and hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()
        process.close()
        for end in self._ends:
            end.close()

    def _failed(self, reason: str) -> Outcome:
        found = self._outcome(Outcome(failure=reason))
        self.end()
        return found

    def _outcome(self, found: Outcome) -> Outcome:
        """Return an outcome with what was printed; the task is done."""
        self._read_printed(2 * PRINTED // _CHUNK)
        self.number = None
        return replace(found, printed=self._text.decode("utf-8", "replace"), more=self._more)

    def _frame(self) -> tuple[bytes, bytes]:
        """Return the kind and the content of the frame that is there in whole; of none where none is.

        Raises:
            ValueError: what was told is no frame.
        """
        head = len(self._token) + 1 + LENGTH
        told = self._told
        while told:
            if told[: len(self._token)] != self._token[: len(told)]:
                raise ValueError
            if len(told) < head:
                break
            kind = bytes(told[head - LENGTH - 1 : head - LENGTH])
            size = int.from_bytes(told[head - LENGTH : head], "big")
            if size > MOST:
                raise ValueError
            if len(told) < head + size:
                break
            content = bytes(told[head : head + size])
            del told[: head + size]
            if kind != STARTED:
                return kind, content
            assert self.number is not None
            self._deadline = time.monotonic() + self._terms[self.number].seconds
        return b"", b""

    def _read_told(self) -> bool:
        """Read what is there of its results, without waiting; return whether there can be more."""
        try:
            while self._results.poll():
                chunk = _received(self._results)
                if not chunk:
                    return False
                self._told += chunk
                if len(self._told) > MOST + _CHUNK:
                    break
        except (OSError, EOFError):
            return False
        return True

    def _read_printed(self, most: int) -> None:
        """Read what is there of its output, that many chunks, without waiting."""
        end = self._printed
        for _ in range(most):
            if end is None or end.closed or not end.poll():
                return
            chunk = _received(end)
            if not chunk:
                end.close()
            room = max(PRINTED - len(self._text), 0)
            self._text += chunk[:room]
            self._more += len(chunk[room:])


def _received(end: End) -> bytes:
    """Return what is there, though it be the half of something; nothing at the end."""
    if os.name == "posix":
        return os.read(end.fileno(), _CHUNK)
    received: bytes = end.recv_bytes()  # type: ignore[attr-defined] # as those of spawned processes do
    return received


def _no_memory(terms: Terms) -> str:
    if terms.memory is None:
        return "needs more memory than there is"
    return f"needs more than {terms.memory} bytes of memory (limits.memory), so it was stopped"


def _death(status: int | None, terms: Terms) -> str:
    """Return how a process ended that has told no result."""
    if status is not None and status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        limit = f"; it may use {terms.memory} bytes of memory (limits.memory)" if terms.memory else ""
        return f"ended its process by {name} before there was a result{limit}"
    return f"left its process (exit status {status}) before there was a result"
