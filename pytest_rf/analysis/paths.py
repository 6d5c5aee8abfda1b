"""How a field came to be: the path from the input along which it grew most."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_rf.analysis.lines import sizes
from pytest_rf.domains.field import Field
from pytest_rf.domains.hull import parts
from pytest_rf.domains.layout import Key

if TYPE_CHECKING:
    from pytest_rf.analysis.analysis import Analysis
    from pytest_rf.analysis.tensors import Tensor


class Contribution(NamedTuple):
    """One step of the path: ``tensor`` made the field ``growth`` larger, to ``rf`` positions."""

    tensor: Tensor
    growth: float
    rf: float


def trace(analysis: Analysis, tensor: Tensor, key: Key) -> list[Contribution]:
    """Return the steps from the input to ``tensor`` that made its theoretical field towards ``key`` grow.

    At every merge the path follows the operand with the largest field. Steps that change nothing are
    left out; an infinite growth is that of the first operator that reads the whole axis.
    """
    makers = {step.value.number: step for step in analysis.graph.program}
    owners = {one.number: one for one in reversed(list(analysis))}

    def size(number: int) -> float:
        # Where there is no theoretical map the actual input gives the size, as in the figures.
        for theory in (True, False):
            outcome = analysis.runs.of_every_value(key, theory).get(number)
            hull = outcome.hulls.get(key) if isinstance(outcome, Field) else None
            if hull is not None and not hull.irregular:
                return max(float(sizes(part).max()) for part in parts(hull))
            if hull is None:
                return 0.0
        return 0.0

    steps: list[Contribution] = []
    number, after = tensor.number, size(tensor.number)
    owner = owners.get(number, tensor)
    while number in makers:
        # Of equal operands the first is the main branch.
        number = max(makers[number].operands, key=size)
        if number in makers and number not in owners:
            continue
        before = size(number)
        if after != before:
            steps.append(Contribution(owner, after - before, after))
        owner, after = owners.get(number, owner), before
    return steps[::-1]
