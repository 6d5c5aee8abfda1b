"""Analyses without an engine, for what no operator brings about yet: each figure can be set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pytest_rf.analysis.steps import Steps, strided


class AxisField:
    """An axis field with just the figures that a test gives it."""

    def __init__(self, **figures: Any) -> None:
        self.upper_bound = self.rounded = False
        self.chosen_by = "data that chooses what is read"
        self.irregular = self.uneven = self.vacuous = False
        self.context: tuple[str, ...] = ()
        self.stride = Fraction(1)
        self.extent = 100
        for name, figure in figures.items():
            setattr(self, name, figure)

    @property
    def steps(self) -> Steps | None:
        """What the steps stand for, by the stride."""
        return strided(self.stride) if self.stride else None


@dataclass
class Source:
    name: str = "x"
    shape: tuple[int, ...] = (2, 3, 100)
    axes: dict[str, int] = field(default_factory=lambda: {"t": 2})
    batch: int | None = 0
    channel: int | None = 1


@dataclass
class Tensor:
    """A tensor whose axes all have one field."""

    axis_field: AxisField
    name: str = "y"
    node: str = "n_y"
    op: str = "Conv"
    module: str = "net.y"
    source: str = ""
    label: str = "3"
    status: str = "exact"
    reason: str | None = None
    inputs: tuple[str, ...] = ("x",)

    def field(self, input: str | None = None) -> dict[int, AxisField]:
        return dict.fromkeys(range(4), self.axis_field)

    def path(self, axis: str | int, input: str | None = None, metric: Any = "rf") -> list[Any]:
        return []


class Analysis:
    name = "fake"
    path = None
    accept_context: tuple[str, ...] = ()

    def __init__(self, *tensors: Tensor, sources: tuple[Source, ...] = (Source(),), **more: Any) -> None:
        self.final = self.outputs = self.tensors = list(tensors)
        self.inputs = {source.name: source for source in sources}
        for name, value in more.items():
            setattr(self, name, value)

    def __iter__(self) -> Any:
        return iter(self.tensors)

    def __getitem__(self, name: str) -> Tensor:
        raise KeyError(name)


def analysis(**figures: Any) -> Analysis:
    """Return an analysis of one tensor with these figures."""
    return Analysis(Tensor(AxisField(**figures)))
