"""The runs of the interpreter that answer questions about a model, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING, Literal

from pytest_rf.analysis.field import Field, Hulls, Outcome
from pytest_rf.domains import rims
from pytest_rf.domains.elementwise import Maps, State
from pytest_rf.domains.facts import Facts
from pytest_rf.domains.hull import settled
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.intervals import Intervals, Shortest
from pytest_rf.domains.layout import Key, Keys, carried, stride
from pytest_rf.domains.structure import Structure, nothing
from pytest_rf.errors import UnknownError
from pytest_rf.graph import Graph, Value
from pytest_rf.interpreter import Ignorance, Outcomes, Plan, plan, run, total

if TYPE_CHECKING:
    from pytest_rf.analysis.tensors import Input

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
        self,
        graph: Graph,
        roles: Callable[[Facts], Mapping[str, Input]],
        accepted: Callable[[int], bool],
        planned: Plan | None = None,
    ) -> None:
        """Make the plan.

        Args:
            graph: the graph.
            roles: gives the roles of the input axes from what the plan has learnt.
            accepted: of a node's number, whether its context is accepted.
            planned: the plan, where there is one.
        """
        self.graph = graph
        self._accepted = accepted
        self._named = {value.number for node in graph.nodes for value in node.outputs.values()}
        self._named |= {value.number for value in graph.inputs.values()}
        self.plan = planned or plan(graph)
        self.inputs = roles(self.plan.facts)
        self.spatial: Keys = frozenset(
            (name, axis) for name, one in self.inputs.items() for axis in one.axes.values()
        )
        self._multiples: dict[Key, dict[int, int]] = {}
        self._rims: dict[tuple[Key, bool], dict[int, Mapping[Key, rims.State]]] = {}
        self._every: dict[tuple[Key, bool], dict[int, Outcome]] = {}
        self._reads: dict[tuple[Key, bool], dict[int, Hulls]] = {}
        self._elements: dict[tuple[type[Maps], Key, bool, bool], Outcomes[State]] = {}
        self._done: dict[tuple[Kind, bool, bool], dict[int, Hulls]] = {}

    def structure(self, value: Value) -> Structure | Ignorance:
        """Return the structure of a value's field, or why there is none."""
        found = self.plan.structures.get(value.number)
        if found is not None:
            return found
        if value.shape is None:  # a constant, of which nobody knows how many elements it has
            return Ignorance(f"it {value.missing or 'has no known shape'}")
        return nothing(value.shape)

    def intervals(self, theory: bool) -> Intervals:
        """Return the domain of what counts as field: on an input without end, or on the actual one."""
        return Intervals(Policy(endless=self.spatial if theory else frozenset()))

    def multiple(self, value: Value, key: Key) -> int:
        """Return the least common multiple of all strides, and of the windows that reshapes cut, up to a value."""
        return self._multiple(key).get(value.number, 1)

    def _multiple(self, key: Key) -> dict[int, int]:
        if key not in self._multiples:
            found = {source.number: 1 for source in self.graph.inputs.values()}
            for transfer in self.plan.transfers.values():
                on_the_way = [found.get(branch.operand, 1) for branch in transfer.branches]
                windows = [branch.windows.get(key, 1) for branch in transfer.branches]
                found[transfer.value] = lcm(self._own_stride(transfer.value, key), *windows, *on_the_way)
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
        if (key, local) not in self._rims:
            short = self.inputs[key[0]].shape[key[1]] % self.grid(key)
            domain = rims.Rims((lambda _: True) if local else self._accepted, short)
            self._rims[key, local] = total(run(self.plan, domain, frozenset({key})))
        return self._rims[key, local].get(value.number, {}).get(key)

    def of_every_value(self, key: Key, theory: bool) -> dict[int, Outcome]:
        """Return the outcomes of all values, also those without a name, along one axis."""
        if (key, theory) not in self._every:
            domain = self.intervals(theory)
            hulls = total(run(self.plan, domain, frozenset({key})))
            self._every[key, theory] = {
                number: Field(known, hulls[number], domain.policy.endless)
                if isinstance(known, Structure)
                else known
                for number, known in self.plan.structures.items()
            }
        return self._every[key, theory]

    def guaranteed(self, key: Key, uncertain: bool) -> dict[int, Hulls]:
        """Return what all values, also those without a name, read along one axis of the actual input.

        Context counts that is not accepted; ``uncertain``: also what data may choose.
        """
        if (key, uncertain) not in self._reads:
            policy = Policy(context=True, accepted=self._accepted, uncertain=uncertain)
            self._reads[key, uncertain] = total(run(self.plan, Intervals(policy), frozenset({key})))
        return self._reads[key, uncertain]

    def of_elements(self, kind: type[Maps], key: Key, theory: bool, context: bool) -> Outcomes[State]:
        """Return what a domain of single elements knows of all named values along one axis."""
        place = (kind, key, theory, context)
        if place not in self._elements:
            policy = Policy(endless=self.spatial if theory else frozenset(), context=context)
            self._elements[place] = run(self.plan, kind(policy), frozenset({key}), self._named.__contains__)
        return self._elements[place]

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
                context=kind in ("full", "guaranteed", "sure"),
                accepted=self._accepted if kind in ("guaranteed", "sure") else None,
                uncertain=kind not in ("certain", "sure"),
            )
            domain = (Shortest if kind == "shortest" else Intervals)(policy)
            keys = None if every else self.spatial
            self._done[kind, theory, every] = total(run(self.plan, domain, keys, self._named.__contains__))
        return self._done[kind, theory, every]
