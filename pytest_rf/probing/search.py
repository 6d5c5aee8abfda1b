"""The search for what changes a unit, whatever runs the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_rf.analysis import Analysis, Tensor

MAGNITUDES = (1.0, 300.0, 300.0)
"""Sizes of the changes that are tried: small ones stay in a unit's sensitive range, large ones reach far."""

Interval = tuple[int, int]
Tensors = Mapping[str, Any]
Part = tuple[slice, ...]
"""A part of a tensor: a slice for each of its axes; those that are left out are whole."""


class Search(ABC):
    """A model that can be run again and again.

    Attributes:
        inputs: name -> tensor of each input that can be changed a little.
        bases: the inputs on which changes are made.
        plain: the results on each of them.
    """

    inputs: dict[str, Any]
    bases: list[dict[str, Any]]
    plain: list[dict[str, Any]]

    @abstractmethod
    def run(self, tensors: Tensors) -> dict[str, Any]:
        """Run the model on these inputs and return its outputs by name."""

    @abstractmethod
    def changed(self, base: Tensors, source: str, part: Part, magnitude: float) -> dict[str, Any]:
        """Return the outputs after a random change of a part of an input."""

    @abstractmethod
    def drawn(self, source: str, shape: Sequence[int]) -> Any:
        """Return random numbers as an input of another shape."""

    @abstractmethod
    def array(self, value: Any) -> Any:
        """Return a result as an array of numpy."""

    @abstractmethod
    def same(self, one: Any, other: Any) -> bool:
        """Whether two results are the same, element by element; what is no number equals itself."""

    def steady(self) -> bool:
        """Whether the model gives the same results for the same input again."""
        again = self.run(self.bases[0])
        return all(name in again and self.same(again[name], value) for name, value in self.plain[0].items())

    def changes(self, output: str, select: Any, source: str, axis: int, first: int, last: int) -> bool:
        """Whether the unit changes when the input does from ``first`` to before ``last`` along ``axis``."""
        if first >= last:
            return False
        part = along(axis, first, last)
        for base, plain in zip(self.bases, self.plain, strict=True):
            before = plain[output]
            for magnitude in MAGNITUDES:
                after = self.changed(base, source, part, magnitude)[output]
                if after.shape != before.shape or not self.same(after[select], before[select]):
                    return True
        return False

    def measure(self, output: str, select: Any, source: str, axis: int) -> Interval:
        """Return the first and the last position whose change changes the unit, by bisection."""
        extent = self.inputs[source].shape[axis]

        def changes(first: int, last: int) -> bool:
            return self.changes(output, select, source, axis, first, last)

        if not changes(0, extent):
            return (0, -1)
        first = _smallest(1, extent, lambda end: changes(0, end)) - 1
        last = extent - _smallest(1, extent, lambda count: changes(extent - count, extent))
        return (first, last)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model, as its front-end understands it.

    Attributes:
        analyse: analyses it.
        search: makes what runs it, given its analysis and the paths of modules that are to be watched beside the
            outputs.
        named: what a run calls a tensor in between, given the tensor and the name that it was asked for by.
    """

    analyse: Callable[[], Analysis]
    search: Callable[[Analysis, Sequence[str]], Search]
    named: Callable[[Tensor, str], str]


class Attempt(NamedTuple):
    """A way to run a model: what makes it, and another engine that what it contradicts has to be confirmed by."""

    make: Callable[[], Search]
    second: Callable[[], Search] | None = None


def along(axis: int, first: int, last: int) -> Part:
    """Return the part from ``first`` to before ``last`` along an axis."""
    return (*(slice(None),) * axis, slice(first, last))


def _smallest(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the smallest number in the range for which a monotone condition holds; it does for ``high``."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
