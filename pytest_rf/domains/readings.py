"""What the steps of a plan have read so far: most blocks of a network repeat others."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from pytest_rf.access import Read, unmoved
from pytest_rf.domains.facts import Facts
from pytest_rf.domains.instructions import Cut
from pytest_rf.domains.structure import Branch, Structure, read, regroup

_Known = tuple[Structure, Branch, object]
"""The operand's structure, the branch, and what has to live as long as the key by whose identity it is found."""


class Readings:
    """Reads operands; what is read alike of operands with one structure is worked out once.

    Attributes:
        facts: takes what there is to learn from each read.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: dict[Hashable, list[_Known]] = {}
        self._regrouped: dict[Sequence[int], list[_Known]] = {}

    def read(self, source: Structure, access: Read, shape: Sequence[int], node: int) -> Branch:
        """Return what the elements of an output of ``shape`` read of an operand; ``node`` is the one that reads."""
        if access.where is None and access.axes == unmoved(len(shape)):
            return Branch(access.operand, source, [], statistic=access.statistic)
        # Channels are only ever added: their number says which are known. Relations are told apart by identity, as
        # those that come again are the same objects, and a table of many phases takes long to compare.
        channels, axes = self.facts.channel, access.axes
        relations = tuple([(target, id(relation)) for target, relation in axes])
        key = (relations, shape, access.statistic, access.channel, len(channels))
        if access.where is None:
            again = _again(self._known.get(key, ()), access.operand, source)
            if again is not None:
                return again
        self.facts.learn_read(source, access)
        branch = read(source, access, shape, channels, node)
        key = (*key[:-1], len(channels))
        if access.where is None and not _is_of_node(source, branch):
            self._known.setdefault(key, []).append(
                (source, _copied(branch, branch.operand, branch.structure), axes)
            )
        return branch

    def regroup(self, operand: int, source: Structure, shape: Sequence[int]) -> Branch:
        """Return the same elements, in row-major order, under another shape."""
        known = self._regrouped.setdefault(shape, [])
        again = _again(known, operand, source)
        if again is not None:
            return again
        branch = regroup(operand, source, shape)
        known.append((source, _copied(branch, branch.operand, branch.structure), None))
        return branch


def _copied(branch: Branch, operand: int, structure: Structure) -> Branch:
    """Return a branch with instructions of its own: they become more when it meets others."""
    return Branch(operand, structure, [*branch.instructions], branch.windows, branch.statistic)


def _again(known: Sequence[_Known], operand: int, source: Structure) -> Branch | None:
    """Return what was read before of an operand that has the same axes; None where it was not.

    Context and ties, which name the nodes that they are from, are handed on as they are.
    """
    for other, found, _ in known:
        if (
            other.layout == source.layout
            and other.inputs == source.inputs
            and other.uncertain == source.uncertain
            and other.rounded == source.rounded
        ):
            made = found.structure
            if other.context != source.context or other.ties != source.ties:
                made = source.over(made.layout, made.uncertain, made.rounded)
            return _copied(found, operand, made)
    return None


def _is_of_node(source: Structure, branch: Branch) -> bool:
    """Whether what is read tells which node reads it, as context and ties do."""
    return branch.structure.ties != source.ties or any(isinstance(one, Cut) for one in branch.instructions)
