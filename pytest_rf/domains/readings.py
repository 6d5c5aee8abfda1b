"""What the steps of a plan have read so far: most blocks of a network repeat others."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.access import Read, unmoved
from pytest_rf.domains.facts import Facts
from pytest_rf.domains.instructions import Cut
from pytest_rf.domains.structure import Branch, Structure, read, same

_Known = tuple[Structure, Branch]


class Readings:
    """Reads operands; what is read alike of operands with one structure is worked out once.

    Attributes:
        facts: takes what there is to learn from each read.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        # By identity, as the reads of nodes that repeat others share their axes, which the graph keeps.
        self._known: dict[tuple[int, Sequence[int], bool, int | None, int], list[_Known]] = {}

    def read(self, source: Structure, access: Read, shape: Sequence[int], node: int) -> Branch:
        """Return what the elements of an output of ``shape`` read of an operand; ``node`` is the one that reads."""
        if access.where is None and access.axes == unmoved(len(shape)):
            return Branch(access.operand, source, [], statistic=access.statistic)
        # Channels are only ever added: their number says which are known.
        channels = self.facts.channel
        key = (id(access.axes), shape, access.statistic, access.channel, len(channels))
        if access.where is None:
            for other, found in self._known.get(key, ()):
                if other is source or same(other, source):
                    again = [*found.instructions]
                    return Branch(access.operand, found.structure, again, statistic=access.statistic)
        self.facts.learn_read(source, access)
        branch = read(source, access, shape, channels, node)
        key = (*key[:-1], len(channels))
        if access.where is None and not _is_of_node(source, branch):
            kept = Branch(access.operand, branch.structure, [*branch.instructions])
            self._known.setdefault(key, []).append((source, kept))
        return branch


def _is_of_node(source: Structure, branch: Branch) -> bool:
    """Whether what is read tells which node reads it, as context and ties do."""
    return branch.structure.ties != source.ties or any(isinstance(one, Cut) for one in branch.instructions)
