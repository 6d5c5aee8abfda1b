"""What one unit of some tensors reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.report import Reach, RegionReport, UnitReport
from pytest_rf.errors import ModelError, UnknownError

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a unit reads along one axis of an input.

    Attributes:
        extent: the input's extent.
        first, last: the positions between which it reads; ``first > last`` where it reads nothing.
        read: those that it reads, holes left out; None where they are too many to be told apart.
        before, after: how far the field goes beyond the input on either side, where there is padding instead.
    """

    extent: int
    first: int
    last: int
    read: frozenset[int] | None = None
    before: int = 0
    after: int = 0

    @property
    def holes(self) -> int:
        """How many positions between the first and the last are not read."""
        return 0 if self.read is None else max(self.last - self.first + 1, 0) - len(self.read)


@dataclass(frozen=True, slots=True)
class UnitView:
    """What one unit of each of some tensors reads."""

    analysis: Analysis
    tensors: tuple[Tensor, ...]
    unit: tuple[int, ...]

    def regions(self, tensor: Tensor) -> dict[str, dict[str, tuple[int, int]]]:
        """Return input -> axis -> (first, last) that the unit of a tensor reads.

        Raises:
            ModelError: the tensor is unknown or has no such unit.
        """
        return {name: self._asked(tensor.region, name) for name in self._inputs(tensor)}

    def readings(self, tensor: Tensor) -> dict[str, dict[str, Reading]]:
        """Return input -> axis -> what the unit of a tensor reads, with holes and padding.

        Raises:
            ModelError: the tensor is unknown or has no such unit.
        """
        found: dict[str, dict[str, Reading]] = {}
        for name, axes in self.regions(tensor).items():
            source = self.analysis.inputs[name]
            beyond = self._asked(tensor.unclipped, name)
            found[name] = {}
            for axis, (first, last) in axes.items():
                extent = source.shape[source.axes[axis]]
                low, high = beyond.get(axis, (first, last)) if first <= last else (0, -1)
                found[name][axis] = Reading(
                    extent,
                    first,
                    last,
                    self._read(tensor, axis, name),
                    before=max(-low, 0),
                    after=max(high - extent + 1, 0),
                )
        return found

    def report(self) -> UnitReport:
        """Return the JSON report."""
        return UnitReport(
            model=self.analysis.name,
            unit=self.unit,
            regions=tuple(
                RegionReport(
                    tensor=tensor.name,
                    fields={
                        source: {axis: Reach(first=first, last=last) for axis, (first, last) in axes.items()}
                        for source, axes in self.regions(tensor).items()
                    },
                )
                for tensor in self.tensors
            ),
        )

    def _inputs(self, tensor: Tensor) -> list[str]:
        names = tensor.inputs or list(self.analysis.inputs)
        return [name for name in names if self.analysis.inputs[name].axes]

    def _asked(self, question: Callable[[tuple[int, ...], str], Found], source: str) -> Found:
        try:
            return question(self.unit, source)
        except (IndexError, ValueError) as error:
            where = self.analysis.path or self.analysis.name
            raise ModelError(f"{where}: {error}; choose another with --unit or --node") from None

    def _read(self, tensor: Tensor, axis: str, source: str) -> frozenset[int] | None:
        try:
            return frozenset(tensor.reads(self.unit, axis, source))
        except UnknownError:
            return None
