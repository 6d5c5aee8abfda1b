"""The runs of the interpreter that answer questions about a model, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from pytest_rf.analysis.asked import Asked
from pytest_rf.analysis.described import Described
from pytest_rf.analysis.field import Field, Hulls, Outcome, Written
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.multiples import Multiples
from pytest_rf.analysis.reopened import Reopened
from pytest_rf.analysis.roles import roles
from pytest_rf.domains.hull import Hull
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.intervals import Intervals, Shortest
from pytest_rf.domains.layout import Key, Keys, has_places
from pytest_rf.domains.structure import Structure, nothing
from pytest_rf.domains.ties import UNTILED
from pytest_rf.domains.unions import settled, small
from pytest_rf.errors import UnknownError
from pytest_rf.graph import Graph
from pytest_rf.interpreter import Ignorance, Outcomes, Plan, amended, plan, run, run_total
from pytest_rf.value import Shape, Value

if TYPE_CHECKING:
    from pytest_rf.domains import rims
    from pytest_rf.domains.elementwise import Maps, State

Counting = Literal["local", "full", "guaranteed", "sure", "certain", "shortest"]
"""What a run counts: no context; all context; context that is not accepted; the same without what data can
choose away; no context and what data cannot choose away; the smaller branch at every merge."""


class Smallest(Struct, frozen=True):
    """The smallest extent of an input along an axis.

    Attributes:
        extent: that one.
        below: what goes wrong at the next smaller one that fits.
    """

    extent: int
    below: str


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
        self.inputs = inputs or {
            name: structs.replace(one, chosen=tuple(about.chosen.get(name, ())))
            for name, one in roles(about.shapes, self.plan.facts, about.wanted_axes).items()
        }
        self.spatial: Keys = frozenset(
            (name, axis) for name, one in self.inputs.items() for axis in one.axes.values()
        )
        self.aligned: dict[Key, dict[int, bool | None]] = {}
        """Input axis -> number of a value at which branches meet -> whether they are aligned, as far as is known."""
        self.smallest: dict[Key, Smallest | Ignorance] = {}
        """The smallest inputs that are known so far, by input axis."""
        self._multiples = Multiples(graph, self.plan, self._named)
        self._rims: dict[tuple[Key, bool], dict[int, Mapping[Key, rims.State]]] = {}
        self._every: dict[tuple[Key, bool], dict[int, Outcome]] = {}
        self._reads: dict[tuple[Key, bool], dict[int, Hulls]] = {}
        self._asked = Asked(self._named)
        self._reopened = Reopened(about)
        self._elements: dict[tuple[type[Maps], Key, bool, bool], Outcomes[State]] = {}
        self._done: dict[tuple[Counting, bool, Key], dict[int, Hulls]] = {}
        self._contexts: dict[tuple[Counting, Key], dict[int, Counting]] = {}

    def __reduce__(self) -> tuple[type[Runs], tuple[Described, None, Mapping[str, Input]]]:
        """Return what is pickled: the graph and what is said of it; the runs are made again when they are needed."""
        return Runs, (self.about, None, self.inputs)

    def amended(self, graph: Graph) -> Runs:
        """Return the runs over a graph that differs here and there; inputs keep the roles of their axes."""
        # What both graphs share is not planned again.
        return Runs(replace(self.about, graph=graph, reopen=None), amended(self.plan, graph), self.inputs)

    def lowered(self, shapes: Mapping[str, Shape]) -> Graph:
        """Return the graph of the same model where inputs have other shapes.

        Raises:
            RFError: it does not run there, or cannot be analysed at other extents.
        """
        return self._reopened.at(shapes)

    @cached_property
    def elsewhere(self) -> Runs | None:
        """The runs of the same model at other extents than those that were chosen for it.

        None where all extents are given, or where it runs at no others that are tried.
        """
        graph = self._reopened.elsewhere()
        return None if graph is None else Runs(replace(self.about, graph=graph, chosen={}))

    @cached_property
    def named(self) -> Mapping[str, Value]:
        """The values by the names of the tensors that they are; a value can be several tensors."""
        found = {name: value for node in self.graph.nodes for name, value in node.outputs.items()}
        return {**self.graph.inputs, **self.graph.outputs, **found}

    def is_named(self, number: int) -> bool:
        """Whether a value is a tensor that has a name, or an input."""
        return number in self._named

    @cached_property
    def _accepted(self) -> frozenset[int]:
        """The numbers of the nodes of which the model's authors accept the context that they bring in."""
        accepts = self.about.accepts
        return frozenset([number for number, node in enumerate(self.graph.nodes) if accepts(node)])

    def structure(self, value: Value) -> Structure | Ignorance:
        """Return the structure of a value's field, or why there is none."""
        found = self.plan.structures.get(value.number)
        if found is not None:
            return found
        if value.shape is None:  # a constant, whose number of elements is not known
            return Ignorance(f"it {value.missing or 'has no known shape'}")
        return nothing(value.shape)

    def intervals(self, theory: bool) -> Intervals:
        """Return the domain of what counts as field: on an input without end, or on the actual one."""
        return Intervals(Policy(endless=self.borderless(theory)))

    def borderless(self, theory: bool) -> Keys:
        """Return the input axes that have no borders in a run."""
        return self.spatial if theory else frozenset()

    def multiple(self, value: Value, key: Key) -> int:
        """Return the least common multiple of all strides, and of the windows that reshapes cut, up to a value."""
        return self._multiples.of(value.number, key)

    def twins(self, number: int) -> Iterable[int]:
        """Return the numbers of values that are the same tensor as one, in other calls of a step model."""
        return ()

    def states(self, number: int, operand: int) -> Mapping[str, int] | None:
        """Return the states of a step model by which an operand of a tensor comes in, and the numbers of their values.

        A branch of the call itself comes in by none. None: what other calls make of the same tensor is no branch.
        """
        return {}

    def origin(self, value: Value, key: Key) -> Fraction:
        """Return the position that the first step of a value stands for: 0 where no past lies before it."""
        return Fraction(0)

    def grid(self, key: Key) -> int:
        """Return the multiple that fits all values."""
        return self._multiples.grid(key)

    def rim(self, value: Value, key: Key, local: bool = False) -> rims.State | None:
        """Return how much of a value a tile gets wrong at its own borders; None: nothing.

        ``local``: all context is accepted, not only that which the model's authors accept.
        """
        done = self._rims.setdefault((key, local), {})
        if value.number not in done:
            expected = self._asked.together(value.number, done)
            # Of what is in no tile as it is in the whole nobody asks what is wrong at borders.
            wanted = {value.number, *[one for one in expected if self.is_tiled(self.graph.values[one], key)]}
            known = run_total(self.plan, self._rim_domain(key, local), frozenset({key}), wanted)
            done.update({number: known.get(number, {}) for number in wanted})
        return done[value.number].get(key)

    def is_tiled(self, value: Value, key: Key) -> bool:
        """Whether a value has positions of an input axis that a tile can have, too: nothing ties it to the whole."""
        known = self.structure(value)
        if not isinstance(known, Structure) or not has_places(known.layout, key):
            return False
        return all(tie.why not in UNTILED for tie in known.ties.get(key, ()))

    def _rim_domain(self, key: Key, local: bool) -> rims.Rims:
        from pytest_rf.domains import rims

        short = self.inputs[key[0]].shape[key[1]] % self.grid(key)
        return rims.Rims((lambda _: True) if local else self._accepted.__contains__, short)

    def of_every_value(self, key: Key, theory: bool) -> dict[int, Outcome]:
        """Return the outcomes of all values, also those without a name, along one axis."""
        if (key, theory) not in self._every:
            domain = self.intervals(theory)
            hulls = run_total(self.plan, domain, frozenset({key}))
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
            policy = Policy(context=True, accepted=self._accepted.__contains__, uncertain=uncertain)
            self._reads[key, uncertain] = run_total(self.plan, Intervals(policy), frozenset({key}))
        return self._reads[key, uncertain]

    def forget(self) -> None:
        """Drop what runs have found out; it is worked out again where it is asked for."""
        for kept in (self._done, self._elements, self._every, self._reads, self._rims):
            kept.clear()

    def expect(self, values: Iterable[Value]) -> None:
        """Say of which values figures will be asked for: one run answers for all of them."""
        self._asked.expect(value.number for value in values)

    def of_element(
        self, kind: type[Maps], value: Value, key: Key, theory: bool, context: bool
    ) -> State | Ignorance | None:
        """Return what a domain of single elements knows of a value along one axis; None where nothing is read."""
        done = self._elements.setdefault((kind, key, theory, context), {})
        if value.number not in done:
            policy = Policy(endless=self.borderless(theory), context=context)
            wanted = self._asked.together(value.number, done)
            known = run(self.plan, kind(policy), frozenset({key}), wanted)
            done.update({number: known.get(number, {}) for number in wanted})
        return done[value.number].get(key)

    def field(self, value: Value, key: Key, theory: bool = False, context: bool = False) -> Field:
        """Return the field of a named value along one input axis.

        Args:
            value: the value.
            key: the input axis.
            theory: on an input without end instead of the actual one.
            context: whether context counts. It always does where no position of the axis is left: then
                nothing is local to set it apart from.

        Raises:
            UnknownError: the value is unknown.
        """
        found = self.structure(value)
        counting = self.usual(found, key, context) if isinstance(found, Structure) else "local"
        return self.counted(counting, value, key, theory)

    @staticmethod
    def usual(known: Structure, key: Key, context: bool = False) -> Counting:
        """Return what kind of run tells the field of a value; ``context``: whether that counts in any case."""
        context = bool(known.context.get(key)) and (context or not has_places(known.layout, key))
        return "full" if context else "local"

    def counted(self, counting: Counting, value: Value, key: Key, theory: bool) -> Field:
        """Return the field of a named value in one kind of run.

        Raises:
            UnknownError: the value is unknown.
        """
        known = self.structure(value)
        if isinstance(known, Ignorance):
            raise UnknownError(f"unknown: {known.reason}")
        hull = self.hull(counting, value.number, key, theory)
        hulls = {} if hull is None else {key: hull}
        long = hull is not None and hull.stretch is not None
        return Field(known, Written(hulls) if long else hulls, self.spatial if theory else frozenset())

    def hull(self, counting: Counting, number: int, key: Key, theory: bool) -> Hull | None:
        """Return what a named value reads along an input axis in one kind of run; None where that is nothing."""
        found = self._hulls(counting, theory, key, number).get(key)
        return None if found is None else self.seen(self._one(found, theory), counting, theory, key, number)

    def _one(self, hull: Hull, theory: bool) -> Hull:
        """Return a hull as one part where it is not large, or has to be."""
        return settled(hull) if theory else hull if hull.stretch is not None else small(hull)

    def seen(self, hull: Hull, counting: Counting, theory: bool, key: Key, number: int) -> Hull:
        """Return what a run knows of a value along an input axis as its figures see it: as it is."""
        return hull

    def plainest(self, counting: Counting, key: Key, number: int) -> Counting:
        """Return the plainest kind of run that counts the same of a value: most have no context to be told apart."""
        if counting not in ("full", "guaranteed"):
            return counting
        if (counting, key) not in self._contexts:
            self._contexts[counting, key] = dict(self._with_context(counting, key))
        return self._contexts[counting, key].get(number, "local")

    def _with_context(self, counting: Counting, key: Key) -> Iterator[tuple[int, Counting]]:
        """Yield the values with context that counts in a kind of run, and the plainest kind that counts the same."""
        for number, known in self.plan.structures.items():
            context = known.context.get(key) if isinstance(known, Structure) else None
            if not context:
                continue
            if counting == "full":
                yield number, "guaranteed" if context.isdisjoint(self._accepted) else "full"
            elif not context <= self._accepted:
                yield number, "guaranteed"

    def _hulls(self, counting: Counting, theory: bool, key: Key, number: int) -> Hulls:
        counting = self.plainest(counting, key, number)
        done = self._done.get((counting, theory, key))
        if done is None or number not in done:
            done = self._done.setdefault((counting, theory, key), {})
            # Maps without end are small: all axes are followed at once.
            keys = self.spatial if theory and key in self.spatial else frozenset({key})
            asked = self._asked.together(number, done)
            wanted = [
                one for one in asked if any(self.plainest(counting, each, one) == counting for each in keys)
            ]
            domain = self.domain(counting, theory, stretches=True)
            known = run_total(self.plan, domain, keys, wanted, self._known(counting, theory, keys))
            for each in keys:
                one = self._done.setdefault((counting, theory, each), {})
                for value in wanted:
                    hulls = known.get(value, {})
                    one[value] = {each: hulls[each]} if each in hulls else {}
        return done[number]

    def _known(self, counting: Counting, theory: bool, keys: Keys) -> dict[int, Hulls]:
        """Return what plainer runs have found out already that a kind of run counts the same."""
        if counting not in ("full", "guaranteed"):
            return {}
        local = [self._done.get(("local", theory, key), {}) for key in keys]
        return {
            number: {key: hull for found in local for key, hull in found[number].items()}
            for number in set(local[0]).intersection(*local[1:])
            if all(self.plainest(counting, key, number) == "local" for key in keys)
        }

    def domain(self, counting: Counting, theory: bool, stretches: bool = False) -> Intervals:
        """Return the domain of one kind of run, on an input without end or on the actual one.

        ``stretches``: hulls of long axes may be stretched.
        """
        policy = Policy(
            endless=self.borderless(theory),
            context=counting in ("full", "guaranteed", "sure"),
            accepted=self._accepted.__contains__ if counting in ("guaranteed", "sure") else None,
            uncertain=counting not in ("certain", "sure"),
        )
        return Shortest(policy) if counting == "shortest" else Intervals(policy, stretches)
