"""One node of an ONNX graph, as the rules of the operator tables see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import Any, NoReturn, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from pytest_rf import limits
from pytest_rf.graph import Builder
from pytest_rf.value import Undetermined, Value


class Unfit(Exception):
    """The inputs or attributes of a node do not fit: an error of the model if the node is sure to run."""


class fitting:  # noqa: N801 - read as a phrase: with fitting()
    """Makes what a family finds not to fit, a ``ValueError``, an error of the model."""

    def __enter__(self) -> None:
        """Enter the family."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Leave it.

        Raises:
            Unfit: the family raised a ValueError.
        """
        if isinstance(error, ValueError):
            raise Unfit(str(error)) from error


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence of known length: its tensors in order."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """An optional that holds nothing."""


Element = Value | Items | Absent
"""What a name of an ONNX graph can stand for."""


class Body(Protocol):
    """A graph in an attribute: the branch of an If, the body of a Loop.

    Attributes:
        parameters: the number of its inputs.
        size: the number of its nodes.
    """

    parameters: int
    size: int

    def __call__(
        self, arguments: Sequence[Element | None], label: str, doubt: Callable[[str], str] | None = None
    ) -> tuple[Element, ...]:
        """Write the body's steps for these arguments and return its outputs.

        Args:
            arguments: a value per input.
            label: what tells this run from others in the names of its nodes.
            doubt: names the body, given the name of its node, where it may not run at all; what does not fit in it
                is unknown then.
        """


RANDOM = "is random"
DISPUTED = "has values about which the standard and its implementations disagree"
UNCOMPUTED = frozenset({RANDOM, DISPUTED})
"""Why the elements of random constants cannot be had."""


@dataclass(slots=True)
class NodeCall:
    """A node with its operands, attributes and the builder that takes its steps.

    Attributes:
        b: the builder.
        op: the operator's name.
        operands: a value per input; None where an optional one is left out.
        attributes: decoded attributes: int, float, str, list, numpy array or graph.
        opset: the version of the operator's domain.
        outputs: the number of outputs.
        body: gives the graph in an attribute.
        tensor: gives the tensor in an attribute, dense or sparse, as a constant of which the elements may be missing.
        spent: adds to the number of nodes that unrolled bodies have cost and returns what is left.
        declared: gives the shape that the file tells of an output, with None for extents that it does not tell.
    """

    b: Builder
    op: str
    operands: Sequence[Element | None]
    attributes: Mapping[str, Any]
    opset: int
    outputs: int = 1
    body: Callable[[str], Body] | None = None
    tensor: Callable[[str], Value] | None = None
    spent: Callable[[int], int] = lambda _: 0
    declared: Callable[[int], tuple[int | None, ...] | None] = lambda _: None

    def has(self, index: int) -> bool:
        """Whether input ``index`` is given."""
        return index < len(self.operands) and self.operands[index] is not None

    def operand(self, index: int) -> Value:
        """Return input ``index``.

        Raises:
            Unfit: it is missing.
        """
        value = self.operands[index] if index < len(self.operands) else None
        if value is None:
            self.fail(f"input {index} is missing")
        if not isinstance(value, Value):
            self.fail(f"input {index} is a sequence or an empty optional where a tensor is needed")
        return value

    def optional(self, index: int) -> Value | None:
        """Return input ``index``, None where it is left out."""
        return self.operand(index) if self.has(index) else None

    @property
    def x(self) -> Value:
        """The first input."""
        return self.operand(0)

    @property
    def given(self) -> list[Value]:
        """All inputs that are given."""
        return [
            value if isinstance(value, Value) else self.operand(index)
            for index, value in enumerate(self.operands)
            if value is not None
        ]

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
        """Return a constant input as a list of whole numbers.

        Raises:
            Unfit: its elements are no real numbers.
        """
        data = self.data(index)
        if data.dtype.kind not in "biuf":
            self.fail(f"input {index} must be whole numbers, not {data.dtype}")
        return [int(n) for n in data.reshape(-1)]

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
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu":
            value = value.tolist()
        if not isinstance(value, (list, tuple)) or not all(
            issubclass(kind, int) for kind in {*map(type, value)}
        ):
            self.fail(f"attribute {name} must be a list of whole numbers")
        if count is not None and len(value) != count:
            self.fail(f"attribute {name} has {len(value)} numbers where {count} are needed")
        return list(value)

    def number(self, name: str, default: float) -> float:
        """Return an attribute that must be a number."""
        value = self.attributes.get(name, default)
        if not isinstance(value, (int, float)):
            self.fail(f"attribute {name} must be a number")
        return float(value)

    def text(self, name: str, default: str) -> str:
        """Return an attribute that must be a string."""
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            self.fail(f"attribute {name} must be a string")
        return value

    def axis(self, number: int, rank: int) -> int:
        """Return an axis counted from the front.

        Raises:
            Unfit: there is no such axis.
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

    def limited(self, what: str, number: int, key: str = "kernel") -> int:
        """Return ``number``, of which so many things are about to be written out.

        Raises:
            Unfit: it is more than any real model needs.
        """
        most: int = getattr(limits.current(), key)
        if number > most:
            self.fail(f"{what} {number} is more than the limit of {most} (limits.{key})")
        return number

    def single(self, what: str, value: Value) -> Value:
        """Return ``value``.

        Raises:
            Unfit: it has not one element.
        """
        if value.shape is not None and prod(value.shape) != 1:
            self.fail(f"{what} has {prod(value.shape)} elements, and must have one")
        return value

    def join(self, parts: Sequence[Value], axis: int) -> Value:
        """Return tensors one behind the other along an axis.

        Raises:
            Unfit: they differ in another one.
        """
        self.check_join(parts, axis)
        return self.b.join(parts, axis)

    def check_join(self, parts: Sequence[Value], axis: int) -> None:
        """Hold that tensors can lie one behind the other along an axis.

        Raises:
            Unfit: they differ in another one.
        """
        others = {(*part.extents[:axis], None, *part.extents[axis + 1 :]) for part in parts}
        if len(others) > 1:
            self.fail(f"shapes {', '.join(str(part.shape) for part in parts)} do not join along axis {axis}")

    def label(self, text: str) -> None:
        """Describe the node's geometry in words."""
        self.b.node.kind = text

    def fail(self, problem: str) -> NoReturn:
        """Raise an Unfit; whoever runs the node adds its name."""
        raise Unfit(problem)

    def constant(self, data: npt.NDArray[Any] | Sequence[int]) -> Value:
        """Return a constant value."""
        return self.b.array(np.asarray(data))


Result = Element | tuple[Element, ...]
Rule = Callable[[NodeCall], Result]
Rules = dict[str, Rule]

_BY_SHAPES: dict[Rule, float] = {}
_Marked = TypeVar("_Marked", bound=Rule)


def by_shapes(rule: _Marked, before: float = inf) -> _Marked:
    """Mark a rule that looks at attributes and at the shapes of operands alone: what it makes can be made again.

    In weight-aware mode, and where elements of an operand are known constants, it may look at more; and so it may
    from version ``before`` of its operator on.
    """
    _BY_SHAPES[rule] = before
    return rule


def by_shapes_before(version: int) -> Callable[[_Marked], _Marked]:
    """Mark a rule that does so in older versions of its operator, where what are operands now were attributes."""
    return lambda rule: by_shapes(rule, version)


def is_by_shapes(rule: Rule, version: int) -> bool:
    """Whether a rule is marked so for a version of its operator."""
    return version < _BY_SHAPES.get(rule, 0)
