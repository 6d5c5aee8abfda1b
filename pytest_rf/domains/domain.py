"""What a domain is: an abstract value per tensor and input axis, and a rule per instruction.

A plan (structure, and for every step a short list of instructions) is the same for all domains. A new figure that
needs a new abstraction is a class with these methods, and nothing else changes. One that lacks a method, or gives
up, makes its figure unknown: see :func:`pytest_rf.interpreter.run`.

The laws that every domain keeps are in ``tests/domains``: splitting a dimension and merging it again changes nothing;
a union does not depend on the order of its operands; it counts an operand once where it is about sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from pytest_rf.domains.instructions import (
    Arrange,
    Contract,
    Cut,
    Diagonal,
    Divide,
    EndToEnd,
    First,
    Follow,
    Mask,
    Unite,
)
from pytest_rf.domains.layout import Key

T = TypeVar("T")


class Beyond(Exception):
    """A domain cannot say anything of a value; the text says why, as in "more than 2^20 positions"."""


class Domain(Protocol[T]):
    """An abstract domain. ``T`` is what it knows of a tensor towards one input axis ``key``.

    Where nothing of the input axis is read there is no such value: a method that returns None says so.

    Raises:
        Beyond: by any method: what is read is not known, and so is all that it feeds.
    """

    def point(self, key: Key, extent: int, rank: int) -> T:
        """Return the value of an input of ``rank`` axes, whose axis ``key[1]`` has ``extent`` positions."""

    def contract(self, x: T, do: Contract, key: Key) -> T | None:
        """Read all of a dimension."""

    def follow(self, x: T, do: Follow, key: Key) -> T | None:
        """Read a dimension by a relation."""

    def divide(self, x: T, do: Divide, key: Key) -> T | None:
        """Split a dimension."""

    def unite(self, x: T, do: Unite, key: Key) -> T | None:
        """Merge dimensions."""

    def first(self, x: T, do: First, key: Key) -> T | None:
        """Keep the first element of a dimension without end."""

    def arrange(self, x: T, do: Arrange, key: Key) -> T | None:
        """Order the dimensions."""

    def diagonal(self, x: T, do: Diagonal, key: Key) -> T | None:
        """Keep a diagonal."""

    def cut(self, x: T, do: Cut, key: Key) -> T | None:
        """Leave out what does not count."""

    def mask(self, x: T, do: Mask, key: Key) -> T | None:
        """Let only some elements read."""

    def union(self, a: T, b: T, key: Key) -> T:
        """Put operands together that meet element by element."""

    def end_to_end(self, parts: Sequence[T | None], do: EndToEnd, key: Key) -> T:
        """Put operands one behind the other; None for those that read nothing of the axis."""


class Choosing(Domain[T], Protocol[T]):
    """A domain whose union takes one of the operands, as the shortest path does at every merge.

    Others put the parts of a window together as they do operands.
    """

    def taps(self, a: T, b: T, key: Key) -> T:
        """Put parts of one window together, which are no branches: a unit reads them all."""
