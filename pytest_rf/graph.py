"""The program that both front-ends produce and the interpreter runs.

A graph holds *values* (tensors with a shape), *nodes* (the operators that users know, with their
names and places) and a *program*: a list of steps, each of which says what one value reads. A node
lowers to one step or several; intermediate values of a node have no name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy.typing as npt

from pytest_rf.access import Read

Shape = tuple[int, ...]


@dataclass(slots=True, eq=False)
class Value:
    """One tensor of the graph.

    Attributes:
        number: its place in ``Graph.values``.
        shape: its extents; None where an unknown operator left them open.
        varies: whether it depends on any graph input; a value that does not reads nothing.
        load: gives the elements of a constant when they are needed, which is rare.
        missing: why the elements of a constant cannot be had (they lie outside of the file, say).
    """

    number: int
    shape: Shape | None
    varies: bool = True
    load: Callable[[], npt.NDArray[Any] | None] | None = None
    missing: str | None = None
    _data: npt.NDArray[Any] | None = None

    @property
    def data(self) -> npt.NDArray[Any] | None:
        """The elements of a constant; None where they are not known."""
        if self.load is not None:
            self._data, self.load = self.load(), None
        return self._data

    @property
    def extents(self) -> Shape:
        """The shape, for callers that have checked that it is known."""
        assert self.shape is not None, "the value has no known shape"
        return self.shape

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.extents)


@dataclass(slots=True, eq=False)
class Node:
    """An operator as the user knows it.

    Attributes:
        name: the node's name in the file, or its module path.
        op: the operator ("Conv", "aten.convolution").
        module: dotted path of the module that it belongs to, "" where unknown.
        source: "file.py:line" of the code that made it, "" where unknown.
        label: its geometry in words ("3×3 stride 2"), "" where it has none.
        inputs: the values that it reads.
        outputs: the values that it makes, by tensor name. Operators that pass a tensor through share
            its value.
    """

    index: int
    name: str
    op: str
    module: str = ""
    source: str = ""
    label: str = ""
    inputs: tuple[Value, ...] = ()
    outputs: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Union:
    """Each element reads what any of ``reads`` says.

    Attributes:
        joins: the output axis along which the reads lie one behind the other (a concat), if so.
    """

    reads: tuple[Read, ...]
    joins: int | None = None


@dataclass(frozen=True, slots=True)
class Regroup:
    """The operand's elements in the same row-major order under another shape."""

    operand: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known about what the value reads."""

    operands: tuple[int, ...]
    reason: str


Action = Union | Regroup | Unknown


@dataclass(frozen=True, slots=True)
class Step:
    """``value`` is computed by ``action`` on behalf of ``node``."""

    value: Value
    action: Action
    node: Node

    @property
    def operands(self) -> tuple[int, ...]:
        """Numbers of the values that the step reads."""
        if isinstance(self.action, Union):
            return tuple(read.operand for read in self.action.reads)
        if isinstance(self.action, Regroup):
            return (self.action.operand,)
        return self.action.operands


@dataclass(slots=True)
class Graph:
    """A whole model as values, nodes and the steps between them.

    Attributes:
        inputs: name -> value of each graph input.
        outputs: name -> value of each graph output.
        metadata: the file's own key-value properties.
    """

    values: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    program: list[Step] = field(default_factory=list)
    inputs: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


class Builder:
    """Writes a graph. Operator rules call it; every method returns the value that it made."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.node = Node(-1, "", "")

    def begin(self, node: Node) -> None:
        """Make ``node`` the one on whose behalf the next steps are written."""
        node.index = len(self.graph.nodes)
        self.graph.nodes.append(node)
        self.node = node

    def input(self, name: str, shape: Shape) -> Value:
        """Declare a graph input."""
        value = self._value(shape)
        self.graph.inputs[name] = value
        return value

    def constant(
        self,
        shape: Shape | None,
        load: Callable[[], npt.NDArray[Any] | None] | None = None,
        missing: str | None = None,
    ) -> Value:
        """Return a value that depends on no input; ``load`` gives its elements when they are needed."""
        return self._value(shape, varies=False, load=load, missing=missing)

    def array(self, data: npt.NDArray[Any]) -> Value:
        """Return a constant with these elements."""
        return self._value(tuple(data.shape), varies=False, _data=data)

    def union(self, shape: Sequence[int], *reads: Read, joins: int | None = None) -> Value:
        """Return a value whose elements read what any of ``reads`` says (constants read nothing)."""
        live = tuple(read for read in reads if self.graph.values[read.operand].varies)
        if not live or 0 in shape:
            return self.constant(tuple(shape))
        return self._step(tuple(shape), Union(live, joins))

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """Return ``x`` under another shape of the same number of elements, in row-major order."""
        new = tuple(shape)
        assert prod(new) == prod(x.extents), f"cannot reshape {x.shape} to {new}"
        if new == x.shape:
            return x
        if not x.varies or 0 in new:
            return self.constant(new, lambda: None if x.data is None else x.data.reshape(new), x.missing)
        return self._step(new, Regroup(x.number))

    def unknown(self, operands: Sequence[Value], reason: str, shape: Shape | None = None) -> Value:
        """Return a value of which nothing is known but, perhaps, its shape."""
        return self._step(shape, Unknown(tuple(value.number for value in operands), reason))

    def _value(self, shape: Shape | None, **fields: Any) -> Value:
        value = Value(len(self.graph.values), shape, **fields)
        self.graph.values.append(value)
        return value

    def _step(self, shape: Shape | None, action: Action) -> Value:
        value = self._value(shape)
        self.graph.program.append(Step(value, action, self.node))
        return value
