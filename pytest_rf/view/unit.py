"""What one unit of some tensors reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.regions import Reading, readings
from pytest_rf.analysis.report import Reach, RegionReport, UnitReport
from pytest_rf.errors import ModelError

__all__ = ["Reading", "UnitView"]

Found = TypeVar("Found")


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
        return {
            name: self._asked(lambda unit, source: readings(tensor, unit, source), name)
            for name in self._inputs(tensor)
        }

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
