"""What an edit of a graph is, and the analysis of the edited model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from pytest_rf.access import Relation
from pytest_rf.analysis import Analysis
from pytest_rf.analysis.described import Relower
from pytest_rf.analysis.runs import Runs
from pytest_rf.cures.sites import Sites
from pytest_rf.errors import ModelError
from pytest_rf.findings import Edit
from pytest_rf.graph import Graph, Step, Union
from pytest_rf.interpreter import amended
from pytest_rf.node import Node
from pytest_rf.value import Shape, Value


class Size(NamedTuple):
    """How much an edit changes.

    Attributes:
        layers: how many layers it touches.
        weights: 0 where the weights stay as they are, 1 where a kernel grows or shrinks, 2 for a new layer.
        positions: by how many taps kernels grow or shrink; where the weights stay, by how many positions of what they
            read windows reach further or less far.
        crops: whether a layer that padded crops.
    """

    layers: int
    weights: int
    positions: int
    crops: bool = False

    @property
    def order(self) -> tuple[bool, int, int, int]:
        """What sorts edits, those that change least first."""
        return self.crops, self.layers, self.weights, self.positions


def altered(node: Node, **changes: Any) -> Node:
    """Return a plain node with other attributes, whatever kind of node it is."""
    own = {one.name: getattr(node, one.name) for one in dataclasses.fields(Node)}
    return Node(**{**own, **changes})


class Change(Protocol):
    """An edit of a model, told by the numbers of nodes, so that it can be made at other extents too."""

    @property
    def kind(self) -> str:
        """What it edits, in a word."""

    def size(self, sites: Sites) -> Size:
        """Return how much of a graph it changes."""

    def made(self, sites: Sites) -> Draft | None:
        """Return a graph with the edit, which leaves all shapes but inner ones as they are; None where it does not."""


@dataclass(eq=False)
class Draft:
    """A graph while it is edited, with what is to be told of it.

    Attributes:
        graph: the graph that is edited, and stays as it is.
        steps: value number -> the steps that make it instead.
        nodes: number of a node -> the one in its place; numbers beyond the last are new nodes.
        values: value number -> the one in its place; numbers beyond the last are new values.
        edits: what was done, as a reader would do it, each once.
    """

    graph: Graph
    steps: dict[int, list[Step]] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    values: dict[int, Value] = field(default_factory=dict)
    edits: dict[Edit, None] = field(default_factory=dict)

    def node(self, node: Node) -> Node:
        """Return what stands in a node's place."""
        return self.nodes.get(node.index, node)

    def relate(self, step: Step, axis: int, relation: Relation, extent: int | None = None) -> None:
        """Let the one read of a step read an axis by another relation, to another extent if one is given."""
        (step,) = self.steps.get(step.value.number, [step])
        assert isinstance(step.action, Union)
        (read,) = step.action.reads
        axes = list(read.axes)
        axes[axis] = (axes[axis][0], relation)
        value = step.value
        if extent is not None and extent != value.extents[axis]:
            shape = tuple(extent if place == axis else n for place, n in enumerate(value.extents))
            value = self.values[value.number] = Value(value.number, shape)
        action = Union((read._replace(axes=tuple(axes)),))
        self.steps[value.number] = [step._replace(value=value, action=action)]

    def tell(
        self,
        layer: str,
        what: str,
        old: tuple[int, ...] | str,
        new: tuple[int, ...] | str,
        by: str = "",
    ) -> None:
        """Note an edit, once for all calls of a layer; ``by``: the operator in front that is edited in its place."""
        if old != new:
            self.edits[Edit(layer=layer, what=what, old=old, new=new, by=by)] = None

    def meets(self, other: Draft) -> bool:
        """Whether two drafts of one graph change the same."""
        return any(
            not mine.isdisjoint(others)
            for mine, others in (
                (self.steps.keys(), other.steps.keys()),
                (self.nodes.keys(), other.nodes.keys()),
                (self.values.keys(), other.values.keys()),
            )
        )

    def take(self, other: Draft) -> None:
        """Add what another draft of the same graph changes."""
        self.steps.update(other.steps)
        self.nodes.update(other.nodes)
        self.values.update(other.values)
        self.edits.update(other.edits)

    def finished(self) -> Graph:
        """Return the edited graph."""
        old = self.graph
        values = list(old.values)
        for number, value in sorted(self.values.items()):
            values[number : number + 1] = [value]
        program = []
        for step in old.program:
            for one in self.steps.get(step.value.number, [step]):
                node = self.nodes.get(one.node.index)
                program.append(one if node is None else one._replace(node=node))
        nodes = [self._rewired(self.node(node)) for node in old.nodes]
        nodes += [node for number, node in sorted(self.nodes.items()) if number >= len(nodes)]
        modules = {path: self.values.get(value.number, value) for path, value in old.modules.items()}
        return dataclasses.replace(old, values=values, nodes=nodes, program=program, modules=modules)

    def _rewired(self, node: Node) -> Node:
        """Return a node that reads and makes the values that stand in the place of others."""
        own = (*node.inputs, *node.outputs.values())
        if not any(value.number in self.values for value in own):
            return node
        outputs = {name: self.values.get(value.number, value) for name, value in node.outputs.items()}
        inputs = tuple(self.values.get(value.number, value) for value in node.inputs)
        return altered(node, inputs=inputs, outputs=outputs)


@dataclass(frozen=True)
class Several:
    """Edits of one kind that only help together."""

    parts: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """What the first of them edits."""
        return self.parts[0].kind

    def size(self, sites: Sites) -> Size:
        """Return how much all of them change."""
        sizes = [part.size(sites) for part in self.parts]
        return Size(
            sum(one.layers for one in sizes),
            max(one.weights for one in sizes),
            sum(one.positions for one in sizes),
            any(one.crops for one in sizes),
        )

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with all edits; None where one of them cannot be made."""
        whole = Draft(sites.graph)
        for part in self.parts:
            draft = part.made(sites)
            if draft is None:
                return None
            if whole.meets(draft):  # it is made on top of what the others made
                sites = Sites(whole.finished())
                whole, draft = Draft(sites.graph, edits=whole.edits), part.made(sites)
                if draft is None:
                    return None
            whole.take(draft)
        return whole


A = TypeVar("A", bound=Analysis)


def edited(analysis: A, sites: Sites, change: Change) -> tuple[A, tuple[Edit, ...]] | None:
    """Return the analysis of a model with an edit, and what was done; None where the edit cannot be made.

    What the edit leaves as it is, is not planned again.
    """
    draft = change.made(sites)
    if draft is None or not draft.edits:
        return None
    again = analysis.reopen
    about = dataclasses.replace(
        analysis,
        graph=draft.finished(),
        reopen=None if again is None else lambda: _lowering(again(), change),
    )
    runs = Runs(about, amended(analysis.runs.plan, about.graph), analysis.inputs)
    about.__dict__["runs"] = runs
    return about, tuple(draft.edits)


def _lowering(lower: Relower, change: Change) -> Relower:
    """Return what lowers the edited model at other shapes, given what lowers the model."""

    def relower(shapes: Mapping[str, Shape]) -> Graph:
        draft = change.made(Sites(lower(shapes)))
        if draft is None:
            raise ModelError("the edit cannot be made at these shapes")
        return draft.finished()

    return relower
