"""Processes at many tasks: as many at a time as asked for, each task within its terms, none that hides another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from pytest_rf.running.launching import wait
from pytest_rf.running.process import Outcome, Process
from pytest_rf.running.terms import Terms

__all__ = ["Outcome", "outcomes"]

T = TypeVar("T")

TICK = 0.5
"""Seconds after which processes are looked at though none has told anything: their death may be told by nothing."""


def outcomes(
    work: Callable[[T], bytes], tasks: Sequence[T], terms: Sequence[Terms], jobs: int = 1, needs: str = ""
) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of each task and what became of it, as they become ready.

    Args:
        work: makes the result of a task, in a process.
        tasks: what it is called with.
        terms: what each task may take.
        jobs: how many processes work at a time.
        needs: the module that the work needs, which each process imports before it begins with a task.
    """
    waiting = deque(range(len(tasks)))
    there: list[Process] = []
    ready: list[tuple[int, Outcome]] = []
    try:
        while True:
            # A process has its next task before anyone looks at what it made of the last one.
            while waiting and sum(one.number is not None for one in there) < jobs:
                _begin(waiting.popleft(), work, tasks, terms, there, needs)
            yield from ready
            ready = []
            busy = [one for one in there if one.number is not None]
            if not busy:
                return
            wait([end for one in busy for end in one.heard], min(TICK, *(one.left for one in busy)))
            for one in busy:
                number = one.number
                found = one.look()
                if found is None or number is None:
                    continue
                if found.result is None or terms[number].alone:
                    there.remove(one)
                    one.end()
                ready.append((number, found))
    finally:
        for one in there:
            one.end()


def _begin(
    number: int,
    work: Callable[[T], bytes],
    tasks: Sequence[T],
    terms: Sequence[Terms],
    there: list[Process],
    needs: str,
) -> None:
    """Have a process begin with a task: one that waits, or a new one."""
    idle = next((one for one in there if one.number is None), None)
    if idle is None or terms[number].alone:
        idle = Process(work, tasks, terms, there, needs)
        there.append(idle)
    idle.begin(number)
