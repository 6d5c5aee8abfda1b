"""A node seen through one of its operands: what its figures would be if nothing else came in there.

That tells which of the branches that meet made a figure, and by how much the others fall short of it. It is worked
out by the same domains that made the figure, over the few steps of the node, so it holds for whatever a node does
with its operands: sums, pieces end to end, scores of queries and keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, TypeVar

from msgspec import structs

from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.domains.domain import Domain
from pytest_rf.domains.hull import Hull
from pytest_rf.domains.layout import Key, Keys
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import settled
from pytest_rf.interpreter import Ignorance, Plan, read_operand
from pytest_rf.value import Value

if TYPE_CHECKING:
    from pytest_rf.domains import rims

T = TypeVar("T")


def operands(runs: Runs, number: int) -> tuple[list[int], list[int]]:
    """Return the nearest tensors and inputs that a tensor is computed from, and the values between, itself included.

    Args:
        runs: the runs over the model.
        number: the number of the tensor's value.
    """
    found: dict[int, None] = {}
    between = {number}
    waiting = [number]
    while waiting:
        transfer = runs.plan.transfers.get(waiting.pop())
        for branch in () if transfer is None else transfer.branches[::-1]:
            one = branch.operand
            if runs.is_named(one):
                found[one] = None
            elif one not in between:
                between.add(one)
                waiting.append(one)
    order = {one: place for place, one in enumerate(runs.plan.makers[number].operands)}
    return sorted(found, key=lambda one: order.get(one, -1)), sorted(between)


class Alone(Runs):
    """The runs over a model in which one tensor reads a single one of its operands; all else is as it was."""

    def __init__(self, whole: Runs, number: int, operand: int) -> None:
        """Take the runs over the whole model, the tensor's value, and that of the operand that is left to it."""
        vars(self).update(vars(whole))
        self._whole = whole
        self._number, self._operand = number, operand
        self._node = whole.plan.makers[number].node.index
        self._between = operands(whole, number)[1]
        self._found: dict[tuple[Counting, bool, Key], Hull | None] = {}

    def structure(self, value: Value) -> Structure | Ignorance:
        """Return the structure of a value's field: of the tensor's, without what only other operands bring in."""
        found = super().structure(value)
        own = super().structure(self.graph.values[self._operand])
        if value.number != self._number or isinstance(found, Ignorance) or isinstance(own, Ignorance):
            return found
        context = {
            key: frozenset({one for one in nodes if one in own.context.get(key, ()) or one == self._node})
            for key, nodes in found.context.items()
        }
        ties = {
            key: frozenset({tie for tie in known if tie in own.ties.get(key, ()) or tie.node == self._node})
            for key, known in found.ties.items()
        }
        return structs.replace(found, context=context, ties=ties)

    def hull(self, counting: Counting, number: int, key: Key, theory: bool) -> Hull | None:
        """Return what a named value reads along an input axis in one kind of run; None where that is nothing."""
        if number != self._number:
            return super().hull(counting, number, key, theory)
        place = (counting, theory, key)
        if place not in self._found:
            own = self._hulls(counting, theory, key, self._operand)
            read = self._read(self.domain(counting, theory), own, key).get(key)
            known = None if read is None else self.seen(settled(read), counting, theory, key, number)
            self._found[place] = known
        return self._found[place]

    def seen(self, hull: Hull, counting: Counting, theory: bool, key: Key, number: int) -> Hull:
        """Return what a run knows of a value as the figures of the whole model see it."""
        return self._whole.seen(hull, counting, theory, key, number)

    def borderless(self, theory: bool) -> Keys:
        """Return the input axes that have no borders in a run."""
        return self._whole.borderless(theory)

    def origin(self, value: Value, key: Key) -> Fraction:
        """Return the position that the first step of a value stands for."""
        return self._whole.origin(value, key)

    def rim(self, value: Value, key: Key, local: bool = False) -> rims.State | None:
        """Return how much of a value a tile gets wrong at its own borders; None: nothing."""
        if value.number != self._number:
            return self._whole.rim(value, key, local)
        rim = self._whole.rim(self.graph.values[self._operand], key, local)
        own = {} if rim is None else {key: rim}
        return self._read(self._rim_domain(key, local), own, key).get(key)

    def _read(self, domain: Domain[T], own: Mapping[Key, T], key: Key) -> Mapping[Key, T]:
        live = {self._operand: {key: own[key]} if key in own else {}}
        for number in self._between:
            live[number] = dict(stepped(self.plan, number, domain, live, key))
        return live[self._number]


def stepped(
    plan: Plan, number: int, domain: Domain[T], live: Mapping[int, Mapping[Key, T]], key: Key
) -> Mapping[Key, T]:
    """Return what a domain knows of what a step makes; operands that are not known read nothing."""
    transfer = plan.transfers[number]
    parts: Sequence[T | None] = [
        read_operand(domain, live.get(branch.operand, {}), branch).get(key) for branch in transfer.branches
    ]
    known = [part for part in parts if part is not None]
    if not known:
        return {}
    if transfer.join is not None:
        return {key: domain.end_to_end(parts, transfer.join, key)}
    return {key: reduce(lambda a, b: domain.union(a, b, key), known)}
