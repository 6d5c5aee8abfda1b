"""The process beside a worker of a cluster that holds models to their terms: batches in, what became of each file out.

A worker of a cluster has threads, so it cannot fork, and may be forbidden to have children of its own kind. This
process has no threads, and has imported what a model needs: so the processes that it forks for models cost hardly
anything. It serves one batch after the other and ends when the worker does, or when it has had nothing to do.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import IO

from pytest_rf import paths
from pytest_rf.running import Outcome
from pytest_rf.scanning.sources import Task
from pytest_rf.scanning.work import here

IDLE = 60.0
"""Seconds without a batch after which it ends."""

_LENGTH = 8

Answer = list[tuple[str | None, str]]
"""Of each file of a batch the rows as text, and why there are none."""


def packed(tasks: Sequence[Task]) -> bytes:
    """Return files to scan as they are sent to a cluster."""
    return pickle.dumps((list(tasks), paths.root()))


def read(found: Answer) -> Iterator[Outcome]:
    """Yield what became of each file of a batch."""
    for result, failure in found:
        yield Outcome(None if result is None else result.encode(), failure)


def supervised(batch: bytes, number: int) -> Answer:
    """Have a batch scanned, by a supervisor that waits or a new one.

    Args:
        batch: what :func:`packed` returned.
        number: how many files it has.
    """
    while _WAITING:
        with suppress(IndexError):  # another thread has been quicker
            found = _WAITING.pop().ask(batch, number)
            if found is not None:  # else it ended while it waited
                return found
    one = _Supervisor()
    found = one.ask(batch, number)
    return found or [(None, f"the process that scanned it ended (exit status {one.end()})")] * number


class _Supervisor:
    """A supervisor as its worker has it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"OPENBLAS_NUM_THREADS": "1", **os.environ},  # threads would keep it from forking
        )

    def ask(self, batch: bytes, number: int) -> Answer | None:
        """Return what became of a batch; None where it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(self._process.stdin, batch)
            found: Answer = json.loads(_received(self._process.stdout) or b"[]")
        except (OSError, ValueError):
            found = []
        if len(found) != number:
            self.end()
            return None
        _WAITING.append(self)
        return found

    def end(self) -> int:
        """End it, and return its exit status."""
        self._process.kill()
        with suppress(BrokenPipeError), self._process:  # what it has not read is of no use any more
            pass
        return self._process.wait()


#: Supervisors of this worker that wait for a batch.
_WAITING: list[_Supervisor] = []


def _send(stream: IO[bytes], content: bytes) -> None:
    stream.write(len(content).to_bytes(_LENGTH, "big") + content)
    stream.flush()


def _received(stream: IO[bytes]) -> bytes:
    """Return the next content; nothing at the end."""
    length = stream.read(_LENGTH)
    return stream.read(int.from_bytes(length, "big"))


def main() -> None:
    """Scan batches from standard input, and write what became of them to standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer
    import_module("pytest_rf.frontends.onnx")  # once here, not in each of the processes
    while os.name != "posix" or select.select([0], [], [], IDLE)[0]:
        batch = _received(sys.stdin.buffer)
        if not batch:
            return
        tasks, root = pickle.loads(batch)
        with paths.named_from(root):
            found = dict(here(tasks, 1))
        ordered = [found[place] for place in range(len(tasks))]
        told = [(None if one.result is None else one.result.decode(), one.failure) for one in ordered]
        _send(answers, json.dumps(told).encode())


if __name__ == "__main__":
    main()
