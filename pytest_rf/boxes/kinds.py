"""What each operator does to positions: the kinds of dependence that it brings in (SEMANTICS 2)."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.access import Read, Same, Taps, Whole
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.instructions import Cut
from pytest_rf.domains.layout import NONE, Keys, carried
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Step, Union, Unknown
from pytest_rf.interpreter import Ignorance

KINDS = ("window", "context", "mixing", "data-dependent", "unknown")
"""The kinds of dependence, the gravest last. What has none of them passes positions on as they are."""


def kinds(runs: Runs) -> dict[int, frozenset[str]]:
    """Return the kinds of dependence that each operator brings in along spatial axes, by the node's index.

    A pad, a slice and a shift are windows; what is computed behind an unknown operator is not itself unknown, but has
    no kind, as nothing is known of what it reads.
    """
    found: dict[int, set[str]] = {}
    for step in runs.graph.program:
        found.setdefault(step.node.index, set()).update(_of_step(step, runs))
    return {index: frozenset(some) for index, some in found.items()}


def _of_step(step: Step, runs: Runs) -> Iterator[str]:
    if isinstance(step.action, Unknown):
        known = [runs.plan.structures.get(number) for number in step.operands]
        if not any(isinstance(one, Ignorance) for one in known):
            yield "unknown"
    transfer = runs.plan.transfers.get(step.value.number)
    if transfer is None or not isinstance(step.action, Union):
        return
    for read, branch in zip(step.action.reads, transfer.branches, strict=True):
        cuts = [one for one in branch.instructions if isinstance(one, Cut)]
        context = runs.spatial.intersection(*[one.context for one in cuts]) if cuts else NONE
        if context:
            yield "context"
        if any(not runs.spatial.isdisjoint(one.uncertain) for one in cuts):
            yield "data-dependent"
        source = runs.plan.structures[read.operand]
        if isinstance(source, Structure):
            yield from _of_read(read, source, runs.spatial - context)


def _of_read(read: Read, source: Structure, keys: Keys) -> Iterator[str]:
    """Yield ``window`` and ``mixing`` where a read moves or contracts positions of one of some input axes."""
    for number, (_, relation) in enumerate(read.axes):
        if isinstance(relation, Same) or keys.isdisjoint(carried(source.layout[number : number + 1])):
            continue
        if not isinstance(relation, Whole):
            if not _stays(relation):
                yield "window"
        elif not relation.uncertain:
            # A statistic that leaves positions is a pool over windows that a reshape has cut.
            yield "window" if read.statistic else "mixing"


def _stays(relation: object) -> bool:
    """Whether a window has one tap, which lies where its output does: that of a 1×1 convolution."""
    return isinstance(relation, Taps) and (relation.period, relation.advance, relation.taps) == (
        1,
        1,
        ((0,),),
    )
