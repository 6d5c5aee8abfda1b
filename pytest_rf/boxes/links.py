"""Which operator reads what of which: the edges of a model's graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_rf.graph import Graph
from pytest_rf.node import Node


class Links:
    """The operators of a graph that compute something from an input, and what each reads.

    Inputs are told as numbers below 0: the first is -1. Calls of functions whose bodies are drawn are left out; who
    reads their results reads what the body made.

    Attributes:
        graph: the graph.
        nodes: the operators by their index, in order.
        reads: index of each -> the indices of the operators that it reads, and the numbers of inputs.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        varying = [node for node in graph.nodes if any(value.varies for value in node.outputs.values())]
        self._inputs = {name: -1 - place for place, name in enumerate(graph.inputs)}
        self._steps: dict[int, list[int]] = {}
        for step in graph.program:
            self._steps.setdefault(step.node.index, []).extend(step.operands)
        self.calls = _calls(varying, self._steps)
        self.nodes = {node.index: node for node in varying if node.index not in self.calls}
        self._named = {
            name: node.index for node in varying for name, value in node.outputs.items() if value.varies
        }
        self.reads: dict[int, tuple[int, ...]] = {}
        # The latest operator so far that has made a value or passed it on.
        self._latest = {value.number: self._inputs[name] for name, value in graph.inputs.items()}
        for step in graph.program:
            self._latest.setdefault(step.value.number, step.node.index)
        for index, node in self.nodes.items():
            self.reads[index] = tuple(dict.fromkeys(self._of(node)))
            self._latest.update((value.number, index) for value in node.outputs.values())

    def maker(self, tensor: str) -> int | None:
        """Return the operator that makes a tensor or an output, or the number of an input; None where there is none."""
        index = self._named.get(tensor, self._inputs.get(tensor))
        if index is None and tensor in self.graph.outputs:
            index = self._latest.get(self.graph.outputs[tensor].number)
        return self.calls.get(index, index) if index is not None else None

    def way(self, names: Sequence[str]) -> list[int]:
        """Return the operators that a path goes through, given those on it that compute something anew.

        Between these may lie others, which pass on what they read. Names that no operator has, or several have, are
        left out.
        """
        named: dict[str, list[int]] = {}
        for index, node in self.nodes.items():
            named.setdefault(node.name, []).append(index)
        found: list[int] = []
        for name in names:
            if len(named.get(name, ())) == 1:
                (index,) = named[name]
                found += self._passing(found[-1], index) if found else ()
                found.append(index)
        return found

    def _passing(self, first: int, last: int) -> list[int]:
        """Return the operators on the way from one to another that pass on what the first has made."""
        made = self._makes(first)
        found: list[int] = []
        at = last
        while first not in self.reads[at]:
            before = (one for one in self.reads[at] if one >= 0 and not made.isdisjoint(self._makes(one)))
            at = next(before, first)
            if at <= first:
                return []
            found.append(at)
        return found[::-1]

    def _makes(self, index: int) -> set[int]:
        return {value.number for value in self.nodes[index].outputs.values()}

    def _of(self, node: Node) -> Iterator[int]:
        """Yield what a node reads: by the names of tensors, and where these are not known, by their values."""
        left = {value.number for value in node.inputs if value.varies}
        left |= {number for number in self._steps.get(node.index, ()) if self._is_foreign(number, node)}
        for name in node.reads:
            found = self._by_name(name, node)
            if found is not None:
                index, number = found
                left.discard(number)
                yield index
        for number in sorted(left):
            index = self._latest.get(number, node.index)
            if index != node.index and self.calls.get(index, index) < node.index:
                yield self.calls.get(index, index)

    def _by_name(self, name: str, node: Node) -> tuple[int, int] | None:
        """Return the operator that made a tensor that a node reads, or an input, and the number of its value."""
        wanted = {value.number for value in node.inputs}
        while True:
            index = self._named.get(name)
            if index is not None and index < node.index:
                number = self.graph.nodes[index].outputs[name].number
                if number in wanted:
                    return self.calls.get(index, index), number
            source = self.graph.inputs.get(name)
            if source is not None and source.number in wanted:
                return self._inputs[name], source.number
            # Bodies read what the graphs around them have.
            before, slash, name = name.partition("/")
            if not slash or not before:
                return None

    def _is_foreign(self, number: int, node: Node) -> bool:
        """Whether a value that a step of a node reads is another's."""
        return self._latest.get(number, node.index) != node.index and self.graph.values[number].varies


def _calls(nodes: Iterable[Node], steps: Mapping[int, object]) -> dict[int, int]:
    """Return calls of functions that compute nothing beside what their bodies do, and who makes what they return."""
    by_name = {node.name: node for node in nodes}
    found: dict[int, int] = {}
    for node in by_name.values():
        before, slash, _ = node.name.rpartition("/")
        while slash:
            call = by_name.get(before)
            if call is not None and call.index not in steps:
                made = {value.number for value in call.outputs.values()}
                if any(value.number in made for value in node.outputs.values()):
                    found[call.index] = node.index
            before, slash, _ = before.rpartition("/")
    while any(inner in found for inner in found.values()):
        found = {call: found.get(inner, inner) for call, inner in found.items()}
    return found
