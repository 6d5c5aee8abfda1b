"""State that grows from call to call, as keys and values without a window do: each call is lowered at its own length.

No two calls are alike then, so that nothing changes any more cannot be told from two of them. What is told instead is
what a call reads whose state is very long: all of it, or what of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.described import Relower
from pytest_rf.analysis.field import Field
from pytest_rf.analysis.units import positions
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import Key
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import ModelError, RFError
from pytest_rf.graph import Graph
from pytest_rf.interpreter import plan, run_total

FAR = 1 << 12
"""A state that still is read from its first position at this length is taken to be read so at any."""


class Growth(NamedTuple):
    """By how many positions a state grows in a call, and along which axis."""

    axis: int
    by: int


def growth(call: Graph, before: str, after: str) -> Growth | None:
    """Return how a state grows; None where it does not, or changes otherwise."""
    given, left = call.inputs[before].shape, call.outputs[after].shape
    if given is None or left is None or len(given) != len(left):
        return None
    differ = [axis for axis, (a, b) in enumerate(zip(given, left, strict=True)) if a != b]
    if len(differ) != 1 or left[differ[0]] < given[differ[0]]:
        return None
    return Growth(differ[0], left[differ[0]] - given[differ[0]])


class Series:
    """The calls of a step model, one behind the other.

    Attributes:
        grown: state input -> how it grows, of those that do.
    """

    def __init__(self, analysis: Analysis, states: Mapping[str, str]) -> None:
        """Look which states grow."""
        self._analysis = analysis
        found = {name: growth(analysis.graph, name, after) for name, after in states.items()}
        self.grown: dict[str, Growth] = {name: one for name, one in found.items() if one is not None}
        self._made: dict[int, Graph] = {0: analysis.graph}
        self._relower: Relower | None = None

    def first(self, count: int) -> list[Graph]:
        """Return the graphs of so many calls.

        Raises:
            ModelError: the model does not run at the length that a state has then.
        """
        return [self.at(number) for number in range(count)] if self.grown else [self._analysis.graph] * count

    def at(self, number: int) -> Graph:
        """Return the graph of one call."""
        if number not in self._made:
            if self._relower is None and self._analysis.reopen is not None:
                self._relower = self._analysis.reopen()
            if self._relower is None:
                raise ModelError(
                    f"{self._analysis.name}: state {next(iter(self.grown))!r} grows, and the model is fixed; "
                    "give it as a file or a module, which can be analysed at every length"
                )
            self._made[number] = self._relower(self._shapes(number))
        return self._made[number]

    def _shapes(self, number: int) -> dict[str, tuple[int, ...]]:
        found = {}
        for name, one in self.grown.items():
            shape = self._analysis.graph.inputs[name].extents
            longer = shape[one.axis] + number * one.by
            found[name] = (*shape[: one.axis], longer, *shape[one.axis + 1 :])
        return found

    def hold(self, states: Mapping[str, str]) -> str:
        """Make sure that the past is read to its first position however long it is; return what that rests on.

        Raises:
            ModelError: a state grows until it is full, or only a part of it is read although it keeps growing.
        """
        most = max(
            -(-max(FAR - self._analysis.graph.inputs[name].extents[one.axis], 1) // one.by)
            for name, one in self.grown.items()
        )
        longest = self._longest(most)
        graph = self.at(longest)
        for name in self.grown:
            self._refuse_full(name, graph, states[name])
        planned = plan(graph)
        lengths = []
        for name, one in self.grown.items():
            key: Key = (name, one.axis)
            length = graph.inputs[name].extents[one.axis]
            lengths.append(length)
            known = run_total(planned, Intervals(Policy(context=True)), frozenset({key}))
            for output, value in graph.outputs.items():
                structure = planned.structures.get(value.number)
                hulls = known.get(value.number, {})
                if key not in hulls or not isinstance(structure, Structure):
                    continue
                lo, hi = positions(Field(structure, hulls), key, value.extents)
                if output == states[name]:
                    lo, hi = lo.take([0], one.axis), hi.take([0], one.axis)
                elif output in states.values():
                    continue  # what comes of it is read by outputs of later calls, and told there
                oldest = int(lo[lo <= hi].min(initial=length))
                if oldest:
                    raise ModelError(
                        f"{self._analysis.name}: state {name!r} grows by {one.by} a call, and at {length:,} positions "
                        f"{output!r} reads none before the last {length - oldest:,}: have the model cut what it hands "
                        "on to what it reads"
                    )
        shown = ", ".join(f"{name} by {one.by}" for name, one in self.grown.items())
        most_there_is = ", the longest that the model runs at" * (longest < most)
        return (
            f"state grows with every call ({shown}) and is read from its first position on, also at a length of "
            f"{max(lengths):,}{most_there_is}; its past is taken to have no end"
        )

    def _longest(self, most: int) -> int:
        """Return the last call, of those up to one, that the model runs at: a table of positions can come to an end.

        Raises:
            ModelError: it runs at no longer state than it was given.
        """
        if self._runs(most):
            return most
        low, high = 0, most - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._runs(middle) else (low, middle - 1)
        if not low:
            self.at(1)
        return low

    def _runs(self, number: int) -> bool:
        """Whether a call runs, and gives something for all that it is given."""
        try:
            outputs = self.at(number).outputs.values()
        except RFError:
            return False
        return all(value.shape is None or 0 not in value.shape for value in outputs)

    def _refuse_full(self, name: str, long: Graph, after: str) -> None:
        """Refuse a state that grows at the beginning alone: only full it is what later calls are given."""
        left, one = long.outputs[after].shape, self.grown[name]
        if left is not None and left[one.axis] < long.inputs[name].extents[one.axis]:
            raise ModelError(
                f"{self._analysis.name}: state {name!r} grows by {one.by} a call until it holds {left[one.axis]:,} "
                f"positions; give it full, as later calls have it: inputs = {{ {name} = {list(left)} }}"
            )
