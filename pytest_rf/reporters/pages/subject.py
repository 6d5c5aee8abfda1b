"""What the sections of a model's page are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pytest_rf.analysis import Tensor
from pytest_rf.checkable import Analysis
from pytest_rf.results import ModelResult


@dataclass(frozen=True, eq=False)
class Subject:
    """A model with what was found out about it.

    Attributes:
        analysis: the model.
        result: what became of its requirements and rules.
        images: pictures to show inputs with, as data URIs by the names of inputs.
    """

    analysis: Analysis
    result: ModelResult
    images: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors that the page is about, in the order of the graph; sections name them by their place here."""
        return tuple(self.analysis)

    @cached_property
    def by_name(self) -> Mapping[str, int]:
        """The places of tensors by their names."""
        return {one.name: place for place, one in enumerate(self.tensors)}

    def place(self, tensor: Tensor) -> int | None:
        """Return the place of a tensor: of its name, or of the value that it is; None where it is none of them."""
        return self.by_name.get(tensor.name, self.by_value.get(tensor.number))

    @cached_property
    def by_value(self) -> Mapping[int, int]:
        """The places of tensors by the numbers of their values; of several names the first."""
        found: dict[int, int] = {}
        for place, one in enumerate(self.tensors):
            found.setdefault(one.number, place)
        return found
