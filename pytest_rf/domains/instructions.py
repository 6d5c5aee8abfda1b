"""The instructions of a plan: what a step does to whatever a domain knows of its operands.

They are worked out once for a graph and say nothing of any domain. Dimensions are the factors of a layout in
order: a domain's values have one for each. Along the input axes in ``leads`` a factor has no end on an input
without end; whether it has one in a run is for the domain to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Relation
from pytest_rf.domains.layout import NONE, Key, Keys
from pytest_rf.domains.seams import Seam


class Contract(NamedTuple):
    """Read all of dimension ``dim``, which has ``extent`` elements."""

    dim: int
    extent: int
    leads: Keys


class Follow(NamedTuple):
    """Read dimension ``dim`` by a relation that gives ``output`` elements; ``picked`` keeps only the first."""

    dim: int
    relation: Relation
    extent: int
    output: int
    picked: bool
    leads: Keys


class Divide(NamedTuple):
    """Split dimension ``dim`` row-major in two."""

    dim: int
    outer: int
    inner: int
    leads: Keys


class Unite(NamedTuple):
    """Merge the dimensions from ``dim`` on into one, row-major.

    Attributes:
        dim: the first of them.
        extents: the number of elements along each.
        leads: of each the input axes along which it may be without end.
        carries: the input axes whose positions lie along any of them.
    """

    dim: int
    extents: tuple[int, ...]
    leads: tuple[Keys, ...]
    carries: Keys


class First(NamedTuple):
    """Keep the first element along ``dim``, if it is without end: one element of it has been asked for."""

    dim: int
    leads: Keys


class Arrange(NamedTuple):
    """Put the dimensions into an order, as :func:`arrangement` says it.

    Attributes:
        order: the dimensions as they come; None is a new one. Nothing varies along those that are left out.
        axes: how all of them are transposed before they get their new shape; None: not at all.
    """

    order: tuple[int | None, ...]
    axes: tuple[int, ...] | None

    def shape(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return the sizes of the dimensions in their new order."""
        return tuple([1 if dim is None else sizes[dim] for dim in self.order])


def arrangement(order: Sequence[int | None], rank: int) -> Arrange:
    """Return the instruction that puts ``rank`` dimensions into an order."""
    kept = [dim for dim in order if dim is not None]
    left_out = [dim for dim in range(rank) if dim not in kept]
    return Arrange(tuple(order), None if kept == sorted(kept) else (*kept, *left_out))


class Diagonal(NamedTuple):
    """Keep the elements with equal places along ``a`` and ``b``; ``b`` becomes 1."""

    a: int
    b: int


class Cut(NamedTuple):
    """Make context of what is read, where the policy does not count it; what reads nothing goes on so.

    Attributes:
        context: the input axes of which no position is left, by a statistic.
        node: the number of the node that takes it.
        uncertain: the input axes along which the data here chooses the positions.
    """

    context: Keys
    node: int
    uncertain: Keys


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Let only those elements read where ``where`` is true (broadcastable); ``leads`` of the axes it varies on."""

    where: npt.NDArray[np.bool_]
    leads: Keys


Instruction = Contract | Follow | Divide | Unite | First | Arrange | Diagonal | Cut | Mask


class EndToEnd(NamedTuple):
    """Put operands one behind the other along dimension ``dim``, which has ``total`` elements then.

    Attributes:
        dim: the dimension, along which each operand has one factor.
        offsets: the first place of each.
        extents: the number of places of each; between them nothing is read.
        total: the number of all places.
        leads: of each the input axes along which it may be without end.
        carries: of each the input axes whose positions lie along it.
        seam: how they belong together.
    """

    dim: int
    offsets: tuple[int, ...]
    extents: tuple[int, ...]
    total: int
    leads: tuple[Keys, ...]
    carries: tuple[Keys, ...]
    seam: Seam


class Policy(NamedTuple):
    """What a run counts.

    Attributes:
        endless: the input axes that have no borders (none: the actual input).
        context: whether context counts as field; else it is cut and only recorded.
        accepted: of a node's number, whether its context is cut even where context counts.
        uncertain: whether positions count that data, or rounding, may or may not choose.
    """

    endless: Keys = NONE
    context: bool = False
    accepted: Callable[[int], bool] | None = None
    uncertain: bool = True

    def is_endless(self, *leads: Keys) -> bool:
        """Whether a factor with these ``leads``, or one of several, has no end."""
        return bool(self.endless) and any(not one.isdisjoint(self.endless) for one in leads)

    def counts(self, do: Cut, key: Key) -> bool:
        """Whether what is read along an input axis still counts after a cut."""
        if key in do.context and (not self.context or (self.accepted is not None and self.accepted(do.node))):
            return False
        return self.uncertain or key not in do.uncertain
