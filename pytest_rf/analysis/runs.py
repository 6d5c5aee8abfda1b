"""The runs of the interpreter that answer questions about a model, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from math import lcm
from typing import Literal

from pytest_rf.analysis.described import Described
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.roles import roles
from pytest_rf.domains import rims
from pytest_rf.domains.changes import Policy
from pytest_rf.domains.field import Field, Hulls
from pytest_rf.domains.hull import settled
from pytest_rf.domains.layout import Key, Keys, carried, stride
from pytest_rf.domains.structure import Structure, nothing
from pytest_rf.errors import UnknownError
from pytest_rf.graph import Graph, Value
from pytest_rf.interpreter import Ignorance, Outcome, Plan, amended, plan, run

Kind = Literal["plain", "full", "guaranteed", "sure", "certain", "shortest"]
"""What a run counts: no context; all context; context that is not accepted; the same without what data can
choose away; no context and what data cannot choose away; the smaller branch at every merge."""


class Runs:
    """All runs over one graph.

    The *plan* has no positions at all: which axes of a tensor stand for which axes of an input, what
    brings in context, what is unknown. It tells which input axes are spatial, on which the runs depend.
    These follow the spatial axes, and all axes only if another is asked for.
    """

    def __init__(
        self, about: Described, planned: Plan | None = None, inputs: Mapping[str, Input] | None = None
    ) -> None:
        """Make the plan.

        Args:
            about: the graph, and what is said of the model.
            planned: the plan, where there is one.
            inputs: the roles of the input axes, where they are known.
        """
        self.about = about
        self.graph = graph = about.graph
        self._named = {value.number for node in graph.nodes for value in node.outputs.values()}
        self._named |= {value.number for value in graph.inputs.values()}
        self.plan = planned or plan(graph)
        self.inputs = inputs or roles(about.shapes, self.plan.facts, about.wanted_axes)
        self.spatial: Keys = frozenset(
            (name, axis) for name, one in self.inputs.items() for axis in one.axes.values()
        )
        self.aligned: dict[Key, dict[int, bool | None]] = {}
        """Input axis -> number of a value at which branches meet -> whether they are aligned, as far as is known."""
        self._multiples: dict[Key, dict[int, int]] = {}
        self._rims: dict[tuple[Key, bool], dict[int, rims.State | None]] = {}
        self._every: dict[tuple[Key, bool], dict[int, Outcome]] = {}
        self._reads: dict[tuple[Key, bool], dict[int, Hulls]] = {}
        self._done: dict[tuple[Kind, bool, bool], dict[int, Hulls]] = {}

    def amended(self, graph: Graph) -> Runs:
        """Return the runs over a graph that differs here and there; inputs keep the roles of their axes."""
        # What both graphs share is not planned again.
        return Runs(replace(self.about, graph=graph), amended(self.plan, graph), self.inputs)

    def _accepted(self, number: int) -> bool:
        """Whether the context that a node brings in is accepted by the model's authors."""
        return self.about.accepts(self.graph.nodes[number])

    def structure(self, value: Value) -> Structure | Ignorance:
        """Return the structure of a value's field, or why there is none."""
        found = self.plan.structures.get(value.number)
        if found is not None:
            return found
        if value.shape is None:  # a constant, of which nobody knows how many elements it has
            return Ignorance(f"it {value.missing or 'has no known shape'}")
        return nothing(value.shape)

    def theory_policy(self, key: Key) -> Policy:
        """Return the policy of a theoretical run that follows one axis."""
        return Policy(endless=self.spatial, keys=frozenset({key}))

    def multiple(self, value: Value, key: Key) -> int:
        """Return the least common multiple of all strides, and of the windows that reshapes cut, up to a value."""
        return self._multiple(key).get(value.number, 1)

    def _multiple(self, key: Key) -> dict[int, int]:
        if key not in self._multiples:
            found = {source.number: 1 for source in self.graph.inputs.values()}
            for move in self.plan.moves:
                on_the_way = [found.get(branch.operand, 1) for branch in move.branches]
                windows = [branch.windows.get(key, 1) for branch in move.branches]
                found[move.value] = lcm(self._own_stride(move.value, key), *windows, *on_the_way)
            self._multiples[key] = found
        return self._multiples[key]

    def _own_stride(self, number: int, key: Key) -> int:
        known = self.plan.structures[number] if number in self._named else None
        if not isinstance(known, Structure) or any(
            tie.why in ("grid", "window") for tie in known.ties.get(key, ())
        ):
            return 1  # what is fitted to any extent asks for none
        own = stride(known.layout, key)
        return own.numerator if own else 1

    def grid(self, key: Key) -> int:
        """Return the multiple that fits all values."""
        return lcm(*self._multiple(key).values())

    def rim(self, value: Value, key: Key, local: bool = False) -> rims.State | None:
        """Return how much of a value a tile gets wrong at its own borders; None: nothing.

        ``local``: all context is accepted, not only that which the model's authors accept.
        """
        accepts = (lambda _: True) if local else self._accepted
        if (key, local) not in self._rims:
            extent = self.inputs[key[0]].shape[key[1]]
            short = extent % self.grid(key)
            found: dict[int, rims.State | None] = {
                self.graph.inputs[key[0]].number: rims.of_input(
                    key[1], len(self.inputs[key[0]].shape), extent, short
                )
            }
            for move in self.plan.moves:
                states = [
                    rims.changed(found.get(branch.operand), branch.changes, key, accepts)
                    for branch in move.branches
                ]
                found[move.value] = rims.put_together(states, move.joint)
            self._rims[key, local] = found
        return self._rims[key, local].get(value.number)

    def of_every_value(self, key: Key, theory: bool) -> dict[int, Outcome]:
        """Return the outcomes of all values, also those without a name, along one axis."""
        if (key, theory) not in self._every:
            policy = self.theory_policy(key) if theory else Policy(keys=frozenset({key}))
            hulls = run(self.plan, policy)
            self._every[key, theory] = {
                number: Field(known, hulls[number], policy.endless) if isinstance(known, Structure) else known
                for number, known in self.plan.structures.items()
            }
        return self._every[key, theory]

    def guaranteed(self, key: Key, uncertain: bool) -> dict[int, Hulls]:
        """Return what all values, also those without a name, read along one axis of the actual input.

        Context counts that is not accepted; ``uncertain``: also what data may choose.
        """
        if (key, uncertain) not in self._reads:
            policy = Policy(keys=frozenset({key}), context=True, accepted=self._accepted, uncertain=uncertain)
            self._reads[key, uncertain] = run(self.plan, policy)
        return self._reads[key, uncertain]

    def field(self, value: Value, key: Key, theory: bool = False, context: bool = False) -> Field:
        """Return the field of a named value along one input axis.

        Args:
            value: the value.
            key: the input axis.
            theory: on an input without end instead of the actual one.
            context: whether context counts. It always does where no position of the axis is left: then
                nothing is local that it could be told from.

        Raises:
            UnknownError: the value is unknown.
        """
        found = self.structure(value)
        if isinstance(found, Structure) and found.context.get(key):
            context = context or key not in carried(found.layout)
            return self.of_kind("full" if context else "plain", value, key, theory)
        return self.of_kind("plain", value, key, theory)

    def of_kind(self, kind: Kind, value: Value, key: Key, theory: bool) -> Field:
        """Return the field of a named value in one kind of run.

        Raises:
            UnknownError: the value is unknown.
        """
        known = self.structure(value)
        if isinstance(known, Ignorance):
            raise UnknownError(f"unknown: {known.reason}")
        hulls = self._hulls(kind, theory, key).get(value.number, {})
        if key in hulls:
            hulls = {**hulls, key: settled(hulls[key])}
        return Field(known, hulls, self.spatial if theory else frozenset())

    @cached_property
    def _any_context(self) -> bool:
        return any(isinstance(known, Structure) and known.context for known in self.plan.structures.values())

    def _hulls(self, kind: Kind, theory: bool, key: Key) -> dict[int, Hulls]:
        if kind in ("full", "guaranteed") and not self._any_context:
            kind = "plain"  # which counts all that there is
        if (kind, theory, True) in self._done:
            return self._done[kind, theory, True]
        every = key not in self.spatial
        if (kind, theory, every) not in self._done:
            policy = Policy(
                endless=self.spatial if theory else frozenset(),
                keys=None if every else self.spatial,
                context=kind in ("full", "guaranteed", "sure"),
                accepted=self._accepted if kind in ("guaranteed", "sure") else None,
                uncertain=kind not in ("certain", "sure"),
                shortest=kind == "shortest",
            )
            self._done[kind, theory, every] = run(self.plan, policy, self._named.__contains__)
        return self._done[kind, theory, every]
