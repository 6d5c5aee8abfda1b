"""Whether two nets are the same stream, for a reader or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import NamedTuple

from pytest_rf.analysis.described import StateFigures
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.states import states
from pytest_rf.reporters.wrapping import wrapped
from pytest_rf.streams import Comparison

_LISTED = 4


class Verdict(NamedTuple):
    """What is told.

    Attributes:
        found: the comparison.
        states: the states of the step model by the names of their inputs.
        unrun: why values were not compared though that was asked; empty where they were, or it was not.
    """

    found: Comparison
    states: tuple[tuple[str, StateFigures], ...] = ()
    unrun: str = ""


def lines(verdict: Verdict, screen: Screen) -> Iterator[Line]:
    """Yield what is to be said of two nets on a screen."""
    yield from wrapped(_lines(verdict), screen.width or 0)


def _lines(verdict: Verdict) -> Iterator[Line]:
    found = verdict.found
    stream = "stream" if verdict.states else "net"
    if found:
        yield line((found.step, "bold"), " is ", (f"the same {stream}", "good"), f" as {found.offline}")
        startup = f" after a start-up of {found.startup} steps" if found.startup else ""
        outputs = f"{', '.join(map(repr, found.outputs[:_LISTED]))}{' …' * (len(found.outputs) > _LISTED)}"
        yield line("  ", f"the same positions are read, step for step, at {outputs}{startup}")
        if found.delay:
            count = abs(found.delay)
            late = "later" if found.delay > 0 else "earlier"
            yield line("  ", f"its outputs come {count} step{'s' * (count != 1)} {late}")
        if found.ends_only:
            yield line(
                "  ", "of some steps only the first and the last position: holes between are not known"
            )
        if found.ran:
            yield line("  ", "both were run on random input: their values agree, too")
        if verdict.unrun:
            yield line("  ", ("their values were not compared", "warn"))
    else:
        yield line((found.step, "bold"), " is ", (f"not the same {stream}", "bad"), f" as {found.offline}")
        yield line("  ", found.why)
    for told in states(verdict.states):
        yield line("  ", (told, "dim"))


def as_json(verdict: Verdict) -> str:
    """Return a verdict as JSON."""
    found = {"same": bool(verdict.found), **dataclasses.asdict(verdict.found)}
    found["unrun"] = verdict.unrun
    found["states"] = {name: {"needed": one.needed, "length": one.length} for name, one in verdict.states}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
