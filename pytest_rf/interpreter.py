"""Plans a graph once, and runs any domain over the plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args

from msgspec import Struct, field

from pytest_rf import gc_pause, limits
from pytest_rf.domains.domain import Beyond, Domain
from pytest_rf.domains.facts import Facts
from pytest_rf.domains.instructions import EndToEnd, Instruction
from pytest_rf.domains.layout import Key, Keys
from pytest_rf.domains.readings import Readings
from pytest_rf.domains.seams import Seam, seam
from pytest_rf.domains.structure import (
    Branch,
    Structure,
    end_to_end,
    input_structure,
    meeting,
    same,
    single,
)
from pytest_rf.graph import Graph, Join, Regroup, Step, Union, Unknown
from pytest_rf.node import Node

T = TypeVar("T")


class Ignorance(NamedTuple):
    """In place of what a tensor reads: it is not known, and why."""

    reason: str


class Transfer(Struct, frozen=True, eq=False):
    """What one step does: each of its operands is read by instructions, then they are put together.

    Attributes:
        value: number of the value that the step makes.
        branches: its operands.
        join: how they lie one behind the other; None where they meet element by element.
        node: the operator that the step belongs to.
        window: what meets are taps of one window.
    """

    value: int
    branches: Sequence[Branch]
    join: EndToEnd | None
    node: Node
    window: bool = False

    __repr__ = object.__repr__  # all that it holds would take pages


class Plan(Struct, eq=False):
    """A graph as far as it is the same in all runs.

    Attributes:
        graph: the program.
        structures: value number -> structure, or the reason why there is none. Values that read nothing
            are absent.
        transfers: value number -> what the step that makes it does, in order, for those with a structure.
        facts: what there was to learn about the inputs.
        makers: value number -> the step that makes it.
    """

    graph: Graph
    structures: dict[int, Structure | Ignorance] = field(default_factory=dict)
    transfers: dict[int, Transfer] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    makers: dict[int, Step] = field(default_factory=dict)

    __repr__ = object.__repr__  # all that it holds would take pages


@gc_pause.paused()
def plan(graph: Graph) -> Plan:
    """Work out what all runs over a graph have in common; each step is looked at once, in order."""
    made = Plan(graph)
    readings = Readings(made.facts)
    for name, value in graph.inputs.items():
        made.structures[value.number] = input_structure(name, value.extents)
    for step in graph.program:
        made.makers[step.value.number] = step
        made.structures[step.value.number] = _outcome(step, made, readings)
    for value in graph.outputs.values():
        known = made.structures.get(value.number)
        if isinstance(known, Structure):
            made.facts.learn_output(known)
    return made


@gc_pause.paused()
def amended(old: Plan, graph: Graph) -> Plan:
    """Plan a graph that has other steps than a planned one here and there; what is the same is taken over."""
    made = Plan(graph, facts=Facts(channel=dict(old.facts.channel)))
    readings = Readings(made.facts)
    for value in graph.inputs.values():
        made.structures[value.number] = old.structures[value.number]
    for step in graph.program:
        number = step.value.number
        before = old.structures.get(number)
        made.makers[number] = step
        kept = all(made.structures.get(n) is old.structures.get(n) for n in step.operands)
        if old.makers.get(number) is step and kept and before is not None:
            made.structures[number] = before
            if number in old.transfers:
                made.transfers[number] = old.transfers[number]
            continue
        found = _outcome(step, made, readings)
        # Windows of other taps leave the structure as it was, and all that follows.
        made.structures[number] = before if before is not None and _same(found, before) else found
    return made


def _same(a: Structure | Ignorance, b: Structure | Ignorance) -> bool:
    if isinstance(a, Ignorance) or isinstance(b, Ignorance):
        return a == b
    return same(a, b)


def _schedule(
    plan: Plan, wanted: Collection[int] | None, known: Collection[int]
) -> Iterable[tuple[Transfer, Sequence[int]]]:
    """Return the transfers that wanted values rest on, in order, each with the values that are of no use after it.

    What is ``known`` rests on nothing.
    """
    if wanted is None:
        return [(transfer, ()) for transfer in plan.transfers.values()]
    needed, kept = set(wanted), set(wanted)
    found: list[tuple[Transfer, Sequence[int]]] = []
    for transfer in reversed(plan.transfers.values()):
        if transfer.value in needed and transfer.value not in known:
            operands = {branch.operand for branch in transfer.branches}
            found.append((transfer, [*(operands - kept)]))
            needed |= operands
            kept |= operands
    return reversed(found)


def _outcome(step: Step, made: Plan, readings: Readings) -> Structure | Ignorance:
    """Return the structure of what a step makes, and note its transfer; or why nothing is known of it."""
    operands: dict[int, Structure] = {}
    for number in step.operands:
        known = made.structures.get(number)  # an unknown operator can have constants among its operands
        if isinstance(known, Ignorance):
            return known  # the first unknown operator upstream
        if known is not None:
            operands[number] = known
    if isinstance(step.action, Unknown):
        return Ignorance(step.action.reason)
    try:
        structure, branches, join = _planned(step, operands, made, readings)
        made.facts.learn_meetings(structure)
    except MemoryError:
        raise limits.beyond_memory(step.node) from None
    except Exception as error:
        _note(error, step.node)
        raise
    window = isinstance(step.action, Union) and step.action.window
    made.transfers[step.value.number] = Transfer(step.value.number, branches, join, step.node, window)
    return structure


def _planned(
    step: Step, operands: Mapping[int, Structure], made: Plan, readings: Readings
) -> tuple[Structure, Sequence[Branch], EndToEnd | None]:
    """Return the structure of what a step makes, its operands as it reads them, and how they are joined."""
    action, shape = step.action, step.value.extents
    if isinstance(action, Join):
        branches = [single(number, operands[number], action.axis) for number in action.operands]
        how = seam(made.graph, made.makers, action)
        structure = end_to_end(branches, action.axis, shape[action.axis], how, step.node.index)
        return structure, branches, _join(branches, action, shape[action.axis], how)
    if isinstance(action, Regroup):
        branch = readings.regroup(action.operand, operands[action.operand], shape)
        return branch.structure, [branch], None
    assert isinstance(action, Union)
    branches = []
    for access in action.reads:
        branches.append(readings.read(operands[access.operand], access, shape, step.node.index))
    return meeting(branches), branches, None


def _join(branches: Sequence[Branch], action: Join, total: int, how: Seam) -> EndToEnd:
    factors = [branch.structure.layout[action.axis][0] for branch in branches]
    return EndToEnd(
        dim=sum(map(len, branches[0].structure.layout[: action.axis])),
        offsets=action.offsets,
        extents=tuple([factor.extent for factor in factors]),
        total=total,
        leads=tuple([factor.leads for factor in factors]),
        carries=tuple([factor.carries for factor in factors]),
        seam=how,
    )


Outcomes = dict[int, Mapping[Key, T | Ignorance]]
"""Value number -> input axis -> what a domain knows. Values without a structure are absent, and so are axes of
which nothing is read."""


def run(
    plan: Plan, domain: Domain[T], keys: Keys | None = None, wanted: Collection[int] | None = None
) -> Outcomes[T]:
    """Run a domain over a plan: return what it knows of every value that depends on an input.

    Where the domain has no rule for an instruction, or gives up (:class:`Beyond`), nothing is known, nor is it
    of what that value feeds.

    Args:
        plan: what is known of the graph.
        domain: the domain.
        keys: the input axes that are followed; None for all.
        wanted: numbers of the values that are asked for; None for all. What they do not rest on is left out, and
            what they rest on is freed after its last use.
    """
    return _Run(domain).over(plan, keys, wanted)


def run_total(
    plan: Plan,
    domain: Domain[T],
    keys: Keys | None = None,
    wanted: Collection[int] | None = None,
    known: Mapping[int, Mapping[Key, T]] = {},
) -> dict[int, Mapping[Key, T]]:
    """Run a domain that has a rule for everything, like :func:`run`.

    Args:
        plan: what is known of the graph.
        domain: the domain.
        keys: the input axes that are followed; None for all.
        wanted: numbers of the values that are asked for.
        known: what is known of values beforehand, and so is not worked out again for those that are asked for.

    Raises:
        TypeError: it has not.
    """
    one = _Run(domain)
    return one.total(one.over(plan, keys, wanted, known))


def read_operand(domain: Domain[T], known: Mapping[Key, T], branch: Branch) -> Mapping[Key, T]:
    """Return what a domain that has a rule for everything knows of one operand, as a step reads it.

    Raises:
        TypeError: it has not.
    """
    one = _Run(domain)
    return one.total({branch.operand: one.read(known, branch)})[branch.operand]


class _Run(Generic[T]):
    """One run of a domain.

    Attributes:
        domain: the domain.
        rules: what it does at each instruction.
        done: how many instructions were carried out.
        gave_up: the last reason for which something is not known; until there is one nothing has to be looked at.
    """

    def __init__(self, domain: Domain[T]) -> None:
        self.domain = domain
        self.rules = {kind: self._method(kind.__name__.lower()) for kind in get_args(Instruction)}
        self.union = self._method("union")
        self.taps = getattr(domain, "taps", self.union)
        self.end_to_end = self._method("end_to_end")
        self.gave_up = ""
        self.done = 0

    def _method(self, name: str) -> Callable[[Any, Any, Key], Any]:
        """Return a method of the domain; where it has none of the name, that is giving up."""

        def lacking(x: Any, do: Any, key: Key) -> Any:
            raise Beyond(f"{type(self.domain).__name__} has no rule for {name}")

        return getattr(self.domain, name, lacking)

    @gc_pause.paused()
    def over(
        self,
        plan: Plan,
        keys: Keys | None,
        wanted: Collection[int] | None,
        known: Mapping[int, Mapping[Key, T]] = {},
    ) -> Outcomes[T]:
        """Return what the domain knows of the values of a graph that are wanted, and perhaps of others."""
        live: Outcomes[T] = {**known}
        for name, value in plan.graph.inputs.items():
            shape = value.extents
            own = [(name, axis) for axis in range(len(shape)) if keys is None or (name, axis) in keys]
            live[value.number] = {key: self.domain.point(key, shape[key[1]], len(shape)) for key in own}
        with limits.spending(plan.graph.limits) as budget:
            self._transfer(_schedule(plan, wanted, known), live, budget)
        limits.worked(self.done, budget.spent)
        return live

    def _transfer(
        self,
        schedule: Iterable[tuple[Transfer, Sequence[int]]],
        live: Outcomes[T],
        budget: limits.Budget,
    ) -> None:
        """Make values in order, and forget those that are of no use any more."""
        try:
            for transfer, gone in schedule:
                budget.node = transfer.node
                live[transfer.value] = self._made(transfer, live)
                for number in gone:
                    del live[number]
        except MemoryError:
            raise limits.beyond_memory(budget.node) from None
        except Exception as error:
            _note(error, budget.node)
            raise

    def _made(self, transfer: Transfer, live: Outcomes[T]) -> Mapping[Key, T | Ignorance]:
        """Return what is known of what a step makes."""
        parts = [self.read(live[branch.operand], branch) for branch in transfer.branches]
        if transfer.join:
            return self._joined(parts, transfer.join)
        return self._met(parts, self.taps if transfer.window else self.union)

    def total(self, outcomes: Outcomes[T]) -> dict[int, Mapping[Key, T]]:
        """Return outcomes, all of which are known."""
        if self.gave_up:
            raise TypeError(self.gave_up)
        return cast("dict[int, Mapping[Key, T]]", outcomes)

    def read(self, known: Mapping[Key, T | Ignorance], branch: Branch) -> Mapping[Key, T | Ignorance]:
        """Return what is known of an operand as a step reads it."""
        self.done += len(known) * (len(branch.instructions) + 1)
        if not branch.instructions:
            return known
        rules = self.rules
        found: dict[Key, T | Ignorance] = {}
        for key, x in known.items():
            if self.gave_up and isinstance(x, Ignorance):
                found[key] = x
                continue
            try:
                for do in branch.instructions:
                    x = rules[type(do)](x, do, key)
                    if x is None:
                        break
                else:
                    found[key] = x
            except Beyond as limit:
                found[key] = self._ignorance(limit)
        return found

    def _met(
        self, parts: Sequence[Mapping[Key, T | Ignorance]], union: Callable[[Any, Any, Key], Any]
    ) -> Mapping[Key, T | Ignorance]:
        """Return what is known of operands that meet element by element."""
        if len(parts) == 1:
            return parts[0]
        found = dict(parts[0])
        for part in parts[1:]:
            for key, x in part.items():
                found[key] = self._put(union, found[key], x, key) if key in found else x
        return found

    def _joined(
        self, parts: Sequence[Mapping[Key, T | Ignorance]], join: EndToEnd
    ) -> Mapping[Key, T | Ignorance]:
        """Return what is known of operands that lie one behind the other."""
        keys = dict.fromkeys([key for part in parts for key in part])
        return {key: self._put(self.end_to_end, [part.get(key) for part in parts], join, key) for key in keys}

    def _put(self, rule: Callable[[Any, Any, Key], Any], x: Any, other: Any, key: Key) -> T | Ignorance:
        """Return what a rule makes of operands; nothing is known where it is not of one of them."""
        if self.gave_up:
            for one in (*x, other) if isinstance(x, list) else (x, other):
                if isinstance(one, Ignorance):
                    return one
        try:
            return cast("T", rule(x, other, key))
        except Beyond as limit:
            return self._ignorance(limit)

    def _ignorance(self, limit: Beyond) -> Ignorance:
        self.gave_up = str(limit)
        return Ignorance(self.gave_up)


def _note(error: Exception, node: Node) -> None:
    """Add to an error, which is a bug of ours, at which operator it came up."""
    if hasattr(error, "add_note"):  # from Python 3.11 on
        error.add_note(f"while {node.name!r} ({node.op}) was analysed")
