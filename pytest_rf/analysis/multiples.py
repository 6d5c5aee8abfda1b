"""What extents of an input have to be multiples of: the strides, and the windows that reshapes cut, on the way."""

from __future__ import annotations

from collections.abc import Collection
from math import lcm

from pytest_rf.domains.layout import Key, stride
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Graph
from pytest_rf.interpreter import Plan


class Multiples:
    """The multiples of all values of a graph, worked out for an input axis when it is first asked for.

    Args:
        graph: the graph.
        planned: its plan.
        named: numbers of the values that have a name, whose strides count.
    """

    def __init__(self, graph: Graph, planned: Plan, named: Collection[int]) -> None:
        self._graph = graph
        self._plan = planned
        self._named = named
        self._known: dict[Key, dict[int, int]] = {}
        self._grids: dict[Key, int] = {}

    def of(self, number: int, key: Key) -> int:
        """Return the least common multiple of all strides, and of the windows that reshapes cut, up to a value."""
        return self._along(key).get(number, 1)

    def grid(self, key: Key) -> int:
        """Return the multiple that fits all values."""
        if key not in self._grids:
            self._grids[key] = lcm(*self._along(key).values())
        return self._grids[key]

    def _along(self, key: Key) -> dict[int, int]:
        if key not in self._known:
            found = {source.number: 1 for source in self._graph.inputs.values()}
            strides: dict[int, int] = {}
            for transfer in self._plan.transfers.values():
                on_the_way = [found.get(branch.operand, 1) for branch in transfer.branches]
                windows = [branch.windows.get(key, 1) for branch in transfer.branches]
                own = self._own_stride(transfer.value, key, strides)
                found[transfer.value] = lcm(own, *windows, *on_the_way)
            self._known[key] = found
        return self._known[key]

    def _own_stride(self, number: int, key: Key, strides: dict[int, int]) -> int:
        """Return the stride that a value asks an extent to fit; ``strides``: those of layouts that are known."""
        known = self._plan.structures[number] if number in self._named else None
        if not isinstance(known, Structure) or any(
            tie.why in ("grid", "window") for tie in known.ties.get(key, ())
        ):
            return 1  # what is fitted to any extent asks for none
        place = id(known.layout)  # which most values share with others, and the plan holds
        if place not in strides:
            own = stride(known.layout, key)
            strides[place] = own.numerator if own else 1
        return strides[place]
