"""Whether branches that meet look at the same place: one stride and one centre (Araujo et al. 2019).

A stride-2 branch without padding that is added to a padded one sees a different region; the network
learns around it, and its features are off by a fraction of a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm
from typing import TYPE_CHECKING

from numpy import isfinite

from pytest_rf.analysis.lines import Line, line
from pytest_rf.domains.changes import Policy
from pytest_rf.domains.field import Field, changed
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.structure import Facts, read
from pytest_rf.graph import Join, Node, Step, Union
from pytest_rf.interpreter import Outcome

if TYPE_CHECKING:
    from pytest_rf.analysis.analysis import Analysis


def misaligned(analysis: Analysis, number: int, key: Key) -> list[Node]:
    """Return the nodes on the way to value ``number`` at which branches of other stride or centre meet."""
    policy = analysis.runs.theory_policy(key)
    outcomes = analysis.runs.of_every_value(key, theory=True)
    ancestors = analysis.ancestors(number)
    found: dict[int, Node] = {}
    for step in analysis.graph.program:
        if step.value.number in ancestors and len(set(step.operands)) > 1:
            lines = list(_branches(step, outcomes, policy, key))
            if not _agree(lines):
                found[step.node.index] = step.node
    return list(found.values())


def _branches(step: Step, outcomes: dict[int, Outcome], policy: Policy, key: Key) -> Iterator[Line | None]:
    """Yield the line of each branch that still has positions of ``key``; None where it is irregular."""
    fields: list[Field] = []
    if isinstance(step.action, Join):
        fields = [one for one in map(outcomes.get, step.action.parts) if isinstance(one, Field)]
    elif isinstance(step.action, Union):
        for access in step.action.reads:
            source = outcomes.get(access.operand)
            if isinstance(source, Field) and not access.statistic:
                branch = read(source.structure, access, step.value.extents, Facts(), step.node.index)
                hulls = changed(source.hulls, branch.changes, policy)
                fields.append(Field(branch.structure, hulls, policy.endless))
    for field in fields:
        if key in field.hulls and key in carried(field.layout):
            yield line(field, key)


def _agree(lines: list[Line | None]) -> bool:
    # What reads everything, or nothing, has neither stride nor centre to compare.
    lines = [one for one in lines if one is None or (isfinite(one.lo) | isfinite(one.hi)).any()]
    known = [one for one in lines if one is not None]
    if len(lines) < 2:
        return True
    if len(known) < len(lines) or len({one.stride for one in known}) > 1:
        return False
    places = range(lcm(*(len(one.lo) for one in known)))
    return all(
        len({sum(one.at(place)) for one in known if abs(sum(one.at(place))) < float("inf")}) <= 1
        for place in places
    )
