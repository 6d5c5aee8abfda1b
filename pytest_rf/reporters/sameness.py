"""Whether two nets are the same stream, for a reader or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_rf.analysis.described import StateFigures
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.wrapping import wrapped
from pytest_rf.streams import Comparison

_LISTED = 4


class Verdict(NamedTuple):
    """What is told: the comparison, and the states of the step model by the names of their inputs."""

    found: Comparison
    states: tuple[tuple[str, StateFigures], ...] = ()


def lines(verdict: Verdict, screen: Screen) -> Iterator[Line]:
    """Yield what is to be said of two nets on a screen."""
    yield from wrapped(_lines(verdict), screen.width or 0)


def _lines(verdict: Verdict) -> Iterator[Line]:
    found = verdict.found
    stream = "stream" if verdict.states else "net"
    if found:
        yield line((found.step, "bold"), " is ", (f"the same {stream}", "good"), f" as {found.offline}")
        outputs = f"{found.compared} comparison{'s' * (found.compared != 1)} of an output with an input"
        startup = f"; the first {found.startup} steps are the start-up" if found.startup else ""
        yield line("  ", f"{outputs}, step for step the same positions{startup}")
        if found.delay:
            count = abs(found.delay)
            late = "later" if found.delay > 0 else "earlier"
            yield line("  ", f"its outputs come {count} step{'s' * (count != 1)} {late}")
        if found.ran:
            yield line("  ", "both were run on random input: their values agree, too")
    else:
        yield line((found.step, "bold"), " is ", (f"not the same {stream}", "bad"), f" as {found.offline}")
        yield line("  ", found.why)
    for told in states(verdict.states):
        yield line("  ", (told, "dim"))


def states(named: Sequence[tuple[str, StateFigures]]) -> Iterator[str]:
    """Yield how much of each state is needed; those of which the same is true are told together."""
    alike: dict[str, list[str]] = {}
    for name, one in named:
        alike.setdefault(_needed(one), []).append(name)
    for told, names in alike.items():
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        yield f"state {', '.join(names[:_LISTED])}{more}: {told}"


def _needed(one: StateFigures) -> str:
    if one.needed is None:
        return f"holds {one.length} position{'s' * (one.length != 1)}; how many are needed is not known"
    if one.axis is None:
        return "recurs: it stands for all of the past" if one.needed else "is read by no output"
    if one.needed == one.length:
        return f"all {one.length} positions are needed" if one.length != 1 else "its one position is needed"
    return f"{one.needed} of {one.length} positions are needed"


def as_json(verdict: Verdict) -> str:
    """Return a verdict as JSON."""
    found = {"same": bool(verdict.found), **dataclasses.asdict(verdict.found)}
    found["states"] = {name: {"needed": one.needed, "length": one.length} for name, one in verdict.states}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
