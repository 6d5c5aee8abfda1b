"""Runs a graph over the domain of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_rf import garbage
from pytest_rf.domains.field import Facts, Field, Policy, join, of_input, read, regroup, union
from pytest_rf.graph import Graph, Join, Regroup, Step, Union, Unknown


@dataclass(frozen=True, slots=True)
class Ignorance:
    """In place of a field: what the tensor reads is not known, and why."""

    reason: str


Outcome = Field | Ignorance


@garbage.kept()
def run(
    graph: Graph, policy: Policy, facts: Facts | None = None, keep: Callable[[int], bool] | None = None
) -> dict[int, Outcome]:
    """Compute the field of every value that depends on an input.

    Args:
        graph: the program; each step is run once, in order.
        policy: what counts.
        facts: takes what the run learns about the inputs.
        keep: of a value's number, whether it is wanted at the end; others are freed after their last use.

    Returns:
        Value number -> field or the reason why there is none. Values that read nothing are absent.
    """
    facts = Facts() if facts is None else facts
    live: dict[int, Outcome] = {}
    for name, value in graph.inputs.items():
        live[value.number] = of_input(name, value.extents, policy)
    last = _last_uses(graph) if keep is not None else {}
    for place, step in enumerate(graph.program):
        live[step.value.number] = _outcome(step, live, policy, facts)
        if keep is not None:
            for number in last.get(place, ()):
                if not keep(number):
                    del live[number]
    return live


def _outcome(step: Step, live: Mapping[int, Outcome], policy: Policy, facts: Facts) -> Outcome:
    action = step.action
    if isinstance(action, Unknown):
        # The first unknown operator upstream is the one to write a rule for.
        upstream = (live.get(number) for number in action.operands)
        return next((one for one in upstream if isinstance(one, Ignorance)), Ignorance(action.reason))
    for number in step.operands:
        outcome = live[number]
        if isinstance(outcome, Ignorance):
            return outcome
    if isinstance(action, Regroup):
        source = live[action.operand]
        assert isinstance(source, Field)
        return regroup(source, step.value.extents)
    if isinstance(action, Join):
        parts = [live[number] for number in action.parts]
        return join([part for part in parts if isinstance(part, Field)], action, step.value.extents, policy)
    assert isinstance(action, Union)
    fields = []
    for access in action.reads:
        source = live[access.operand]
        assert isinstance(source, Field)
        fields.append(read(source, access, step.value.extents, policy, facts, step.node.index))
    return union(fields, policy)


def _last_uses(graph: Graph) -> dict[int, list[int]]:
    """Return for each step the values that no later step reads."""
    seen: set[int] = set()
    last: dict[int, list[int]] = {}
    for place in range(len(graph.program) - 1, -1, -1):
        step = graph.program[place]
        for number in (step.value.number, *step.operands):
            if number not in seen:
                seen.add(number)
                last.setdefault(place, []).append(number)
    return last
