"""One node of an ONNX graph, as the rules of the operator tables see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from pytest_rf.errors import ModelError
from pytest_rf.graph import Builder, Undetermined, Value


@dataclass(slots=True)
class Call:
    """A node with its operands, attributes and the builder that takes its steps.

    Attributes:
        b: the builder.
        op: the operator's name.
        operands: a value per input; None where an optional one is left out.
        attributes: decoded attributes: int, float, str, list, numpy array or graph.
        opset: the version of the operator's domain.
        place: says how error messages name the node.
        outputs: the number of outputs.
    """

    b: Builder
    op: str
    operands: Sequence[Value | None]
    attributes: Mapping[str, Any]
    opset: int
    place: Callable[[], str]
    outputs: int = 1

    def has(self, index: int) -> bool:
        """Whether input ``index`` is given."""
        return index < len(self.operands) and self.operands[index] is not None

    def operand(self, index: int) -> Value:
        """Return input ``index``.

        Raises:
            ModelError: it is missing.
        """
        value = self.operands[index] if index < len(self.operands) else None
        if value is None:
            self.fail(f"input {index} is missing")
        return value

    @property
    def x(self) -> Value:
        """The first input."""
        return self.operand(0)

    @property
    def given(self) -> list[Value]:
        """All inputs that are given."""
        return [value for value in self.operands if value is not None]

    def data(self, index: int) -> npt.NDArray[Any]:
        """Return the elements of a constant input.

        Raises:
            Undetermined: they are computed from the model's input, or lie outside of the file.
        """
        value = self.operand(index)
        if value.data is None:
            why = value.missing or (
                "is computed from the input's values" if value.varies else "has no known values"
            )
            raise Undetermined(f"input {index} of {self.op} {why}")
        return value.data

    def numbers(self, index: int) -> list[int]:
        """Return a constant input as a list of whole numbers."""
        return [int(n) for n in self.data(index).reshape(-1)]

    def attr(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def integer(self, name: str, default: int) -> int:
        """Return an attribute that must be a whole number."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            self.fail(f"attribute {name} must be a whole number")
        return value

    def integers(
        self, name: str, default: Sequence[int] | None = None, count: int | None = None
    ) -> list[int]:
        """Return an attribute that must be a list of whole numbers, of length ``count`` if that is given."""
        value = self.attributes.get(name, default)
        if value is None:
            self.fail(f"attribute {name} is missing")
        if not isinstance(value, (list, tuple)) or not all(isinstance(n, int) for n in value):
            self.fail(f"attribute {name} must be a list of whole numbers")
        if count is not None and len(value) != count:
            self.fail(f"attribute {name} has {len(value)} numbers where {count} are needed")
        return list(value)

    def text(self, name: str, default: str) -> str:
        """Return an attribute that must be a string."""
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            self.fail(f"attribute {name} must be a string")
        return value

    def axis(self, number: int, rank: int) -> int:
        """Return an axis counted from the front.

        Raises:
            ModelError: there is no such axis.
        """
        if not -rank <= number < rank:
            self.fail(f"axis {number} is outside of the {rank} axes of its input")
        return number % rank

    def axes(self, numbers: Sequence[int], rank: int) -> list[int]:
        """Return axes counted from the front, each once."""
        return list(dict.fromkeys(self.axis(n, rank) for n in numbers))

    def axes_argument(self, index: int, since: int, rank: int) -> list[int] | None:
        """Return ``axes``, which is an attribute before opset ``since`` and input ``index`` from then on."""
        if self.opset < since or not self.has(index):
            if "axes" not in self.attributes:
                return None
            return self.axes(self.integers("axes"), rank)
        return self.axes(self.numbers(index), rank)

    def label(self, text: str) -> None:
        """Describe the node's geometry in words."""
        self.b.node.label = text

    def fail(self, problem: str) -> NoReturn:
        """Raise a ModelError that names the node."""
        raise ModelError(f"{self.place()}: {problem}")

    def constant(self, data: npt.NDArray[Any] | Sequence[int]) -> Value:
        """Return a constant value."""
        return self.b.array(np.asarray(data))


Result = Value | tuple[Value, ...]
Rule = Callable[[Call], Result]
Rules = dict[str, Rule]
