"""Which operator reads what of which: the edges of a model's graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_rf.graph import Graph
from pytest_rf.node import Node


class Links:
    """The operators of a graph that compute something from an input, and what each reads.

    They are numbered in an order in which each stands behind all that it reads; what has bodies, as If has, stands
    behind the operators of these. Inputs are told as numbers below 0: the first is -1. Calls of functions, whose
    bodies are there, are left out; who reads their results reads what the body made.

    Attributes:
        graph: the graph.
        nodes: the operators by their numbers, in order.
        reads: number of each -> the numbers of the operators, and of inputs, that it reads.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        varying = [node for node in graph.nodes if any(value.varies for value in node.outputs.values())]
        ordered = dict(enumerate(_ordered(varying)))
        number_of = {node.index: number for number, node in ordered.items()}
        self._inputs = {name: -1 - place for place, name in enumerate(graph.inputs)}
        self._steps: dict[int, list[int]] = {}
        # The latest operator so far that has made a value or passed it on.
        self._latest = {value.number: self._inputs[name] for name, value in graph.inputs.items()}
        for step in graph.program:
            if step.node.index in number_of:
                number = number_of[step.node.index]
                self._steps.setdefault(number, []).extend(step.operands)
                self._latest.setdefault(step.value.number, number)
            elif len(step.operands) == 1 and step.operands[0] in self._latest:
                # Of no operator of the model: a stream hands its chunks on.
                self._latest.setdefault(step.value.number, self._latest[step.operands[0]])
        self._calls = _calls(ordered, self._steps)
        self.nodes = {number: node for number, node in ordered.items() if number not in self._calls}
        self._named = {
            name: (number, value.number)
            for number, node in ordered.items()
            for name, value in node.outputs.items()
            if value.varies
        }
        self.reads: dict[int, tuple[int, ...]] = {}
        for number, node in self.nodes.items():
            self.reads[number] = tuple(dict.fromkeys(self._of(number, node)))
            self._latest.update((value.number, number) for value in node.outputs.values())

    def maker(self, tensor: str) -> int | None:
        """Return the operator that makes a tensor or an output, or the number of an input; None where there is none."""
        if tensor in self._named:
            number: int | None = self._named[tensor][0]
        elif tensor in self._inputs:
            number = self._inputs[tensor]
        else:
            output = self.graph.outputs.get(tensor)
            number = None if output is None else self._latest.get(output.number)
        return None if number is None else self._calls.get(number, number)

    def way(self, names: Sequence[str]) -> list[int]:
        """Return the operators that a path goes through, given those on it that compute something anew.

        Between these may lie others, which pass on what they read. Names that no operator has, or several have, are
        left out.
        """
        named: dict[str, list[int]] = {}
        for number, node in self.nodes.items():
            named.setdefault(node.name, []).append(number)
        found: list[int] = []
        for name in names:
            if len(named.get(name, ())) == 1:
                (number,) = named[name]
                found += self._passing(found[-1], number) if found else ()
                found.append(number)
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

    def _makes(self, number: int) -> set[int]:
        return {value.number for value in self.nodes[number].outputs.values()}

    def _of(self, number: int, node: Node) -> Iterator[int]:
        """Yield what a node reads: by the names of tensors, and where these are not known, by their values."""
        wanted = {value.number for value in node.inputs if value.varies}
        left = wanted | {
            one for one in self._steps.get(number, ()) if self._latest.get(one, number) != number
        }
        for name in node.reads:
            found = self._by_name(name, number, wanted)
            if found is not None:
                source, value = found
                left.discard(value)
                yield source
        for value in sorted(left):
            source = self._latest.get(value, number)
            source = self._calls.get(source, source)
            if source < number:
                yield source

    def _by_name(self, name: str, number: int, wanted: set[int]) -> tuple[int, int] | None:
        """Return the operator that made a tensor that a node reads, or an input, and the number of its value."""
        while name:
            source, value = self._named.get(name, (number, -1))
            source = self._calls.get(source, source)
            if source < number and value in wanted:
                return source, value
            if name in self._inputs and self.graph.inputs[name].number in wanted:
                return self._inputs[name], self.graph.inputs[name].number
            # Bodies read what the graphs around them have.
            name = name.partition("/")[2]
        return None


def _ordered(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes, those that have bodies behind the nodes of these, which come after them."""
    around: list[Node] = []
    for node in nodes:
        while around and not _is_within(node, around[-1]):
            yield around.pop()
        around.append(node)
    yield from reversed(around)


def _is_within(node: Node, other: Node) -> bool:
    """Whether a node belongs to the body of another, as its name tells it: ``call/node``, ``if.then/node``."""
    rest = node.name[len(other.name) :] if node.name.startswith(other.name) else ""
    return rest[:1] in ("/", ".") and "/" in rest and other.outputs.keys().isdisjoint(node.reads)


def _calls(nodes: Mapping[int, Node], steps: Mapping[int, object]) -> dict[int, int]:
    """Return calls of functions that compute nothing beside what their bodies do, and who makes what they return."""
    by_name = {node.name: number for number, node in nodes.items()}
    found: dict[int, int] = {}
    for number, node in nodes.items():
        before, slash, _ = node.name.rpartition("/")
        while slash:
            call = by_name.get(before)
            if call is not None and call > number and call not in steps:
                made = {value.number for value in nodes[call].outputs.values()}
                if any(value.number in made for value in node.outputs.values()):
                    found[call] = number
            before, slash, _ = before.rpartition("/")
    while any(inner in found for inner in found.values()):
        found = {call: found.get(inner, inner) for call, inner in found.items()}
    return found
