"""The field of a tensor towards one input, by its axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from pytest_rf.analysis.doors import notebook, plots
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.runs import Runs
from pytest_rf.value import Value


class Computed(Protocol):
    """What a field is of: a tensor of the model.

    Attributes:
        runs: the runs over the graph that it belongs to.
        value: its value in the graph.
        name: its name in the file, or its module path.
    """

    runs: Runs
    value: Value
    name: str


class TensorField(Mapping[str | int, AxisField]):
    """The field of a tensor towards one input: axis name or number -> :class:`AxisField`."""

    def __init__(self, tensor: Computed, input: Input) -> None:
        self.tensor = tensor
        self.input = input

    def __repr__(self) -> str:
        return f"<Field of {self.tensor.name!r} towards {self.input.name!r}: {', '.join(self.input.axes)}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        found: str = notebook().field(self)
        return found

    def plot(self) -> Any:
        """Return a matplotlib figure of how the fields grew on the way from the input: a chart per axis that differs.

        Raises:
            UnknownError: the tensor is unknown.
            RFError: matplotlib is not installed, or the input has no spatial axis.
        """
        return plots().fields(self)

    def __getitem__(self, axis: str | int) -> AxisField:
        number = self.input.axis(axis)
        return AxisField(self.tensor.runs, self.tensor.value, self.input, number)

    def __iter__(self) -> Iterator[str | int]:
        return iter(self.input.axes)

    def __len__(self) -> int:
        return len(self.input.axes)
