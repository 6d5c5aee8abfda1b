"""How a process is started, and the pipes to it: by the system's own calls where it is forked, else by Python's module.

A forked process needs nothing of :mod:`multiprocessing`, which takes longer to import than such a process to start.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

_NUMBER = 8
"""Bytes of a number in a pipe."""


class End(Protocol):
    """One end of a pipe."""

    @property
    def closed(self) -> bool:
        """Whether it is closed."""

    def fileno(self) -> int:
        """Return its descriptor."""

    def close(self) -> None:
        """Close it."""

    def poll(self) -> bool:
        """Return whether there is something to read, the end among it."""

    def send(self, number: int, /) -> None:
        """Send a number.

        Raises:
            OSError: nobody is there to read it.
        """

    def recv(self) -> Any:
        """Return the next number.

        Raises:
            EOFError: there are no more.
        """


class Child(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int | None:
        """Its number."""

    @property
    def exitcode(self) -> int | None:
        """What it left with, below 0 for the signal that ended it; None where that is not known or it has not ended."""

    def is_alive(self) -> bool:
        """Return whether it has not ended."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, or so many seconds."""

    def kill(self) -> None:
        """End it."""

    def close(self) -> None:
        """Forget it once it has ended."""


class _Descriptor:
    """An end of a pipe of the system."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @property
    def closed(self) -> bool:
        return self._descriptor is None

    def fileno(self) -> int:
        if self._descriptor is None:
            raise OSError("the pipe is closed")
        return self._descriptor

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def poll(self) -> bool:
        return bool(wait([self], 0.0))

    def send(self, number: int, /) -> None:
        os.write(self.fileno(), number.to_bytes(_NUMBER, "big"))

    def recv(self) -> int:
        found = b""
        while len(found) < _NUMBER:
            more = os.read(self.fileno(), _NUMBER - len(found))
            if not more:
                raise EOFError
            found += more
        return int.from_bytes(found, "big")


class _Forked:
    """A process that was forked; it does its work and never comes back."""

    def __init__(self, work: Callable[[], object]) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
                stream.flush()  # or it would be written twice
        self.exitcode: int | None = None
        self._ended = False
        self.pid = os.fork()
        if self.pid == 0:
            try:
                work()
            finally:
                os._exit(1)

    def is_alive(self) -> bool:
        if not self._ended:
            self._look(os.WNOHANG)
        return not self._ended

    def join(self, timeout: float | None = None) -> None:
        if timeout is None:
            if not self._ended:
                self._look(0)
            return
        deadline = time.monotonic() + timeout
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)

    def kill(self) -> None:
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        pass

    def _look(self, how: int) -> None:
        try:
            found, status = os.waitpid(self.pid, how)
        except ChildProcessError:  # somebody else has waited for it
            self._ended = True
            return
        if found:
            self._ended, self.exitcode = True, os.waitstatus_to_exitcode(status)


def pipe(forked: bool) -> tuple[End, End]:
    """Return a pipe to or from a process: the end that reads, and the one that writes."""
    if forked:
        reads, writes = os.pipe()
        return _Descriptor(reads), _Descriptor(writes)
    from multiprocessing import get_context

    return get_context("spawn").Pipe(duplex=False)


def start(forked: bool, work: Callable[..., None], *arguments: Any) -> Child:
    """Start a process at some work; where it is not forked, that is a function of a module, and all can be pickled."""
    if forked:
        return _Forked(lambda: work(*arguments))
    from multiprocessing import get_context

    process = get_context("spawn").Process(target=work, args=arguments, daemon=False)
    process.start()
    return process


def wait(ends: Sequence[End], seconds: float) -> list[End]:
    """Return the ends that have something to read, once one has, or after so many seconds."""
    if sys.platform == "win32":
        from multiprocessing import connection

        found: Any = connection.wait(ends, seconds)  # type: ignore[arg-type]
        return list(found)
    import select

    by_descriptor = {end.fileno(): end for end in ends}
    asked = select.poll()
    for descriptor in by_descriptor:
        asked.register(descriptor, select.POLLIN)
    return [by_descriptor[descriptor] for descriptor, _ in asked.poll(math.ceil(1000 * seconds))]
