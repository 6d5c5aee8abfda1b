"""One recorded ATen operator, as the rules of the tables see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from pytest_rf.graph import Builder
from pytest_rf.value import Shape, Undetermined, Value


class OpCall(Struct, eq=False):
    """An operator with its arguments by name.

    Attributes:
        b: the builder.
        op: "aten.add.Tensor".
        arguments: name -> argument as the schema names them, defaults filled in; tensors are values.
        shapes: the shapes of the outputs; None for an output that is not a tensor.
    """

    b: Builder
    op: str
    arguments: Mapping[str, Any]
    shapes: Sequence[Shape | None]

    @property
    def name(self) -> str:
        """The operator without namespace and overload."""
        return self.op.split(".")[1]

    @property
    def overload(self) -> str:
        """The overload's name."""
        return self.op.split(".")[2]

    @property
    def x(self) -> Value:
        """The first tensor."""
        return next(self.values())

    def values(self) -> Iterator[Value]:
        """Yield every tensor among the arguments."""
        for argument in self.arguments.values():
            if isinstance(argument, Value):
                yield argument
            elif isinstance(argument, (list, tuple)):
                yield from (item for item in argument if isinstance(item, Value))

    @property
    def shape(self) -> Shape:
        """Shape of the first output."""
        shape = self.shapes[0]
        assert shape is not None, f"{self.op} has no output"
        return shape

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument, ``default`` where it is not given or None."""
        value = self.arguments.get(name)
        return default if value is None else value

    def given(self, *names: str) -> list[Value]:
        """Return those of the named arguments that are tensors."""
        return [value for name in names if isinstance(value := self.arguments.get(name), Value)]

    def axis(self, name: str = "dim", rank: int | None = None, default: int = 0) -> int:
        """Return an argument that names an axis, counted from the front."""
        rank = self.x.rank if rank is None else rank
        return int(self.get(name, default)) % max(rank, 1)

    def axes(self, name: str = "dim", rank: int | None = None) -> list[int]:
        """Return an argument that names axes, counted from the front; all of them where it is not given."""
        rank = self.x.rank if rank is None else rank
        given = self.arguments.get(name)
        if given is None:
            return list(range(rank))
        if isinstance(given, int):
            given = [given]
        if len(given) == 0:
            return list(range(rank))
        return [int(axis) % max(rank, 1) for axis in given]

    def listed(self, name: str, count: int, default: int = 1) -> list[int]:
        """Return an argument with one number per spatial axis; a lone number stands for all."""
        given = self.get(name, default)
        numbers = [given] if isinstance(given, int) else list(given)
        if not numbers:
            numbers = [default]
        return [int(n) for n in (numbers * count if len(numbers) == 1 else numbers)]

    def data(self, value: Value) -> npt.NDArray[Any]:
        """Return the elements of a constant.

        Raises:
            Undetermined: it depends on an input or has no elements.
        """
        if value.varies:
            raise Undetermined(f"{self.op}: an argument is computed from the input's values")
        if 0 in value.extents:
            return np.zeros(value.extents, np.int64)
        found = value.data
        if found is None:
            raise Undetermined(f"{self.op}: the elements of a constant are not known")
        return found

    def label(self, text: str) -> None:
        """Describe the node's geometry in words."""
        self.b.node.kind = text

    def nothing(self) -> Value:
        """Return an output that reads nothing."""
        return self.b.constant(self.shape)


Result = Value | Sequence[Value | None]
Rule = Callable[[OpCall], Result]
Rules = dict[str, Rule]


def numbers(array: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return an array as whole numbers."""
    return array.astype(np.int64)
