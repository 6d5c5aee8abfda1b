"""Processes: their clock, their memory, their death, forked or not; and many tasks in few of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_rf import running
from pytest_rf.running import Terms, process, terms

WAYS = [
    pytest.param(
        True, id="forked", marks=pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
    ),
    pytest.param(False, id="spawned"),
]

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(process, "is_forkable", lambda: request.param)
    return request.param


def work(task: str) -> bytes:
    if task == "process":
        return str(os.getpid()).encode()
    if task == "sleep":
        time.sleep(600)
    if task == "abort":
        os.abort()
    if task == "memory":
        return bytes(bytearray(1 << 32)[:1])
    if task == "large":
        return b"x" * (1 << 24)
    if task == "print":
        print("hello", flush=True)
        print("world", file=sys.stderr, flush=True)
    if task == "raise":
        raise ValueError("wrong")
    return task.encode()


USUAL = Terms(60.0)


def outcomes(tasks: list[str], taking: Terms = USUAL, jobs: int = 1) -> list[running.Outcome]:
    found = dict(running.outcomes(work, tasks, [taking] * len(tasks), jobs))
    return [found[number] for number in range(len(tasks))]


def test_results_and_errors(way: bool) -> None:
    good, wrong, large, again = outcomes(["good", "raise", "large", "again"])
    assert (good.result, again.result) == (b"good", b"again")
    assert wrong.result is None
    assert wrong.failure.startswith("ValueError: wrong (at test_processes.py:")
    assert large.result == b"x" * (1 << 24)


def test_a_death_takes_nothing_with_it(way: bool) -> None:
    before, dead, after = outcomes(["before", "abort", "after"], jobs=2)
    assert (before.result, after.result) == (b"before", b"after")
    if os.name == "posix":
        assert dead.failure.startswith("ended its process by SIGABRT before there was a result")


def test_the_clock_is_outside(way: bool) -> None:
    start = time.monotonic()
    slow, quick = outcomes(["sleep", "quick"], Terms(1.0), jobs=2)
    assert slow.failure == "was not ready within 1 seconds (limits.seconds), so it was stopped"
    assert quick.result == b"quick"
    assert time.monotonic() - start < 120


@pytest.mark.skipif(not terms.is_memory_held(), reason="memory is held on Linux only")
def test_memory_is_held_and_given_back(way: bool) -> None:
    refused, after = outcomes(["memory", "after"], Terms(60.0, 1 << 30))
    assert refused.failure == f"needs more than {1 << 30} bytes of memory (limits.memory), so it was stopped"
    assert after.result == b"after"


@pytest.mark.skipif(os.name != "posix", reason="output is dropped on this platform")
def test_output_is_captured(way: bool, capfd: pytest.CaptureFixture[str]) -> None:
    (told,) = outcomes(["print"])
    assert told.printed == "hello\nworld\n"
    assert told.result == b"print"
    assert capfd.readouterr() == ("", "")


def test_tasks_share_processes_unless_they_are_to_be_alone(way: bool) -> None:
    shared = {one.result for one in outcomes(["process"] * 4)}
    assert len(shared) == 1
    alone = {one.result for one in outcomes(["process"] * 2, Terms(60.0, alone=True))}
    assert len(alone) == 2
    assert str(os.getpid()).encode() not in shared | alone


def test_processes_end_when_nobody_wants_more(way: bool) -> None:
    found: Iterator[tuple[int, running.Outcome]] = running.outcomes(
        work, ["process", "sleep"], [Terms(600.0)] * 2, 2
    )
    _, outcome = next(found)
    assert outcome.result is not None
    found.close()  # type: ignore[attr-defined]
    if Path("/proc").is_dir():
        assert not Path("/proc", outcome.result.decode()).exists()
