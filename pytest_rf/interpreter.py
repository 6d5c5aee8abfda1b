"""Runs a graph over the domain of fields: the structure of all fields once, then hulls for every question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_rf import gc_pause
from pytest_rf.domains.changes import Policy
from pytest_rf.domains.field import Field, Hulls, Joint, changed, of_input, union
from pytest_rf.domains.layout import carried
from pytest_rf.domains.seams import seam
from pytest_rf.domains.structure import (
    Branch,
    Facts,
    Structure,
    end_to_end,
    meeting,
    read,
    regroup,
    single,
)
from pytest_rf.domains.structure import of_input as structure_of_input
from pytest_rf.graph import Graph, Join, Regroup, Step, Union, Unknown


class Ignorance(NamedTuple):
    """In place of a structure or a field: what the tensor reads is not known, and why."""

    reason: str


Outcome = Field | Ignorance


@dataclass(slots=True, eq=False, repr=False)
class Move:
    """What one step does to hulls: those of its operands are changed, then put together.

    Attributes:
        value: number of the value that the step makes.
        branches: its operands.
        joint: puts their hulls together.
        last: the values that no later move reads.
    """

    value: int
    branches: Sequence[Branch]
    joint: Callable[[Sequence[Hulls], Policy], Hulls]
    last: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class Plan:
    """A graph as far as it is the same in all runs.

    Attributes:
        graph: the program.
        structures: value number -> structure, or the reason why there is none. Values that read nothing
            are absent.
        moves: what the steps with a structure do to hulls, in order.
        facts: what there was to learn about the inputs.
        makers: value number -> the step that makes it.
    """

    graph: Graph
    structures: dict[int, Structure | Ignorance] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    makers: dict[int, Step] = field(default_factory=dict)


@gc_pause.paused()
def plan(graph: Graph) -> Plan:
    """Work out what all runs over a graph have in common; each step is looked at once, in order."""
    made = Plan(graph)
    for name, value in graph.inputs.items():
        made.structures[value.number] = structure_of_input(name, value.extents)
    for step in graph.program:
        ignorance = _ignorance(step, made.structures)
        made.structures[step.value.number] = ignorance or _structure(step, made)
        made.makers[step.value.number] = step
    for value in graph.outputs.values():
        known = made.structures.get(value.number)
        if isinstance(known, Structure) and known.layout:
            made.facts.foremost |= carried(known.layout[:1])
    _note_last_uses(made)
    return made


@gc_pause.paused()
def amended(old: Plan, graph: Graph) -> Plan:
    """Plan a graph that has other steps than a planned one here and there; what is the same is taken over."""
    made = Plan(graph)
    steps = {step.value.number: step for step in old.graph.program}
    moves = {move.value: move for move in old.moves}
    for value in graph.inputs.values():
        made.structures[value.number] = old.structures[value.number]
    for step in graph.program:
        number = step.value.number
        before = old.structures.get(number)
        made.makers[number] = step
        kept = all(made.structures[operand] is old.structures.get(operand) for operand in step.operands)
        if steps.get(number) is step and kept and before is not None:
            made.structures[number] = before
            if number in moves:
                made.moves.append(Move(number, moves[number].branches, moves[number].joint))
            continue
        found = _ignorance(step, made.structures) or _structure(step, made)
        # Windows of other taps leave the structure as it was, and all that follows.
        made.structures[number] = before if before is not None and _same(found, before) else found
    _note_last_uses(made)
    return made


def _same(a: Structure | Ignorance, b: Structure | Ignorance) -> bool:
    if isinstance(a, Ignorance) or isinstance(b, Ignorance):
        return a == b
    return all(getattr(a, name) == getattr(b, name) for name in Structure.__slots__)


def _note_last_uses(made: Plan) -> None:
    seen: set[int] = set()
    for move in reversed(made.moves):
        for number in (move.value, *[branch.operand for branch in move.branches]):
            if number not in seen:
                seen.add(number)
                move.last.append(number)


def _ignorance(step: Step, known: Mapping[int, Structure | Ignorance]) -> Ignorance | None:
    """Return why nothing is known of what a step makes: the first unknown operator upstream, or the step."""
    for number in step.operands:
        upstream = known.get(number)
        if isinstance(upstream, Ignorance):
            return upstream
    return Ignorance(step.action.reason) if isinstance(step.action, Unknown) else None


def _structure(step: Step, made: Plan) -> Structure:
    """Return the structure of what a step makes and note its move; its operands have structures."""
    action, shape = step.action, step.value.extents
    joint: Callable[[Sequence[Hulls], Policy], Hulls] = union
    if isinstance(action, Join):
        branches = [single(number, _of(number, made), action.axis) for number in action.operands]
        how = seam(made.graph, made.makers, action)
        structure = end_to_end(branches, action.axis, shape[action.axis], how, step.node.index)
        joint = Joint(branches, action.offsets, action.axis, shape[action.axis], how)
    elif isinstance(action, Regroup):
        branches = [regroup(action.operand, _of(action.operand, made), shape)]
        structure = branches[0].structure
    else:
        assert isinstance(action, Union)
        branches = [
            read(_of(access.operand, made), access, shape, made.facts, step.node.index)
            for access in action.reads
        ]
        structure = meeting(branches)
    made.facts.learn_meetings(structure)
    made.moves.append(Move(step.value.number, branches, joint))
    return structure


def _of(number: int, made: Plan) -> Structure:
    found = made.structures[number]
    assert isinstance(found, Structure)
    return found


@gc_pause.paused()
def run(plan: Plan, policy: Policy, keep: Callable[[int], bool] | None = None) -> dict[int, Hulls]:
    """Compute the hulls of every value that depends on an input.

    Args:
        plan: what is known of the graph.
        policy: what counts.
        keep: of a value's number, whether it is wanted at the end; others are freed after their last use.

    Returns:
        Value number -> hulls; values of which nothing is known, or that read nothing, are absent.
    """
    live: dict[int, Hulls] = {}
    for name, value in plan.graph.inputs.items():
        live[value.number] = of_input(name, value.extents, policy)
    for move in plan.moves:
        parts = [changed(live[branch.operand], branch.changes, policy) for branch in move.branches]
        live[move.value] = move.joint(parts, policy)
        if keep is not None:
            for number in move.last:
                if not keep(number):
                    del live[number]
    return live
