"""Ladders of edits, from the one that changes least to the one that changes most, and the least that is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from pytest_rf.cures.change import Change
from pytest_rf.cures.trial import Trial, Tried


class Ladder(NamedTuple):
    """Edits of one layer that differ in one number.

    Attributes:
        change: makes the edit of a number.
        numbers: the numbers, the one that changes least first.
        way: whether the figure grows (``up``) or shrinks (``down``) along them; empty where it may do either.
    """

    change: Callable[[int], Change]
    numbers: Sequence[int]
    way: Literal["", "up", "down"] = ""


def alone(change: Change) -> Ladder:
    """Return the ladder of a single edit."""
    return Ladder(lambda _: change, (0,))


class Step(NamedTuple):
    """An edit that is enough for the finding's figure."""

    change: Change
    tried: Tried


def least(trial: Trial, ladder: Ladder) -> Step | None:
    """Return the first edit of a ladder that is enough; None where none is.

    Raises:
        Exhausted: enough has been tried.
    """
    if not ladder.way:
        for number in ladder.numbers:
            step = _step(trial, ladder, number)
            if step is not None and step.tried.passes and trial.accepts(step.tried):
                return step
        return None
    last = len(ladder.numbers) - 1
    found = _reaching(trial, ladder, last) if last >= 0 else None
    if found is None:
        return None
    low, reach = -1, 1  # all up to ``low`` fall short
    while low + reach < last:
        step = _reaching(trial, ladder, low + reach)
        if step is not None:
            found, last = step, low + reach
            break
        low, reach = low + reach, 2 * reach
    while last - low > 1:
        middle = (low + last) // 2
        step = _reaching(trial, ladder, middle)
        if step is None:
            low = middle
        else:
            found, last = step, middle
    return found if found.tried.passes else None


def _step(trial: Trial, ladder: Ladder, number: int) -> Step | None:
    change = ladder.change(number)
    tried = trial.attempt(change)
    return None if tried is None else Step(change, tried)


def _reaching(trial: Trial, ladder: Ladder, place: int) -> Step | None:
    """Return the edit at a place of a ladder, if its figure is as far as required or further."""
    step = _step(trial, ladder, ladder.numbers[place])
    wanted = trial.wanted
    if step is None or wanted is None or not step.tried.readings:
        return None
    if step.tried.passes:
        return step
    if trial.compares_equal:
        low = min(one.low.upper for one in step.tried.readings)
        high = max(one.high.upper for one in step.tried.readings)
        return step if (low >= wanted if ladder.way == "up" else high <= wanted) else None
    return None
