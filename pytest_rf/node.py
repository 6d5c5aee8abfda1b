"""Operators as users know them: what a node is called, where it stands and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

from pytest_rf.value import Value


class Windows(NamedTuple):
    """The windows of a convolution or pool, a number per spatial axis.

    Attributes:
        kernel, stride, dilation: the geometry.
        groups: the groups of channels.
        transposed: whether an output reads every input whose window reaches it.
        padding: what is added before and after; negative crops.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1
    transposed: bool = False
    padding: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        """Return the geometry in words: ``3×3 stride 2 dilation 2 transposed``."""
        words = ["×".join(map(str, self.kernel))]
        for name, numbers in (("stride", self.stride), ("dilation", self.dilation)):
            if set(numbers) != {1}:
                words += [name, "×".join(map(str, numbers if len(set(numbers)) > 1 else numbers[:1]))]
        words += ["groups", str(self.groups)] if self.groups > 1 else []
        return " ".join([*words, "transposed"] if self.transposed else words)


class Role(NamedTuple):
    """What an operator is to a model beside its geometry, whatever a front-end calls it.

    Attributes:
        name: it resizes, pads or slices its first operand, is a pool that takes the largest, the average or another
            norm of its windows, or takes an image apart into windows (unfold) or puts it together again (fold).
        axes: those of the first operand that it names, also where it changes nothing along them.
    """

    name: Literal["resize", "pad", "slice", "max", "average", "norm", "unfold", "fold"]
    axes: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Node:
    """An operator as the user knows it.

    Attributes:
        name: the node's name in the file, or its module path.
        op: the operator ("Conv", "aten.convolution").
        module: dotted path of the module that it belongs to, "" where unknown.
        source: "file.py:line" of the code that made it, "" where unknown.
        windows: its geometry, where that is one of windows.
        kind: what else is to be said of what it does, in words ("nearest", "both directions").
        role: what it is to a model, where that is to resize, to pad, to slice or to pool.
        training: whether it takes the statistics of the batch although it has fixed ones, as in training.
        inputs: the values that it reads.
        outputs: the values that it makes, by tensor name. Operators that pass a tensor through share
            its value.
        reads: the names of the tensors that it reads, which tell those that share a value apart; those of the
            parameters of a function or body are unknown outside of it.
        index: its place in ``Graph.nodes``.
    """

    name: str
    op: str
    module: str = ""
    source: str = ""
    windows: Windows | None = None
    kind: str = ""
    role: Role | None = None
    training: bool = False
    inputs: tuple[Value, ...] = ()
    outputs: dict[str, Value] = field(default_factory=dict)
    index: int = -1
    reads: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its geometry and kind in words ("3×3 stride 2"), "" where it has none."""
        return " ".join(filter(None, ("" if self.windows is None else str(self.windows), self.kind)))


def beside(op: str, label: str) -> str:
    """Return a node's geometry as it stands beside its operator, without a kind that the operator's name says."""
    geometry, _, kind = label.rpartition(" ")
    return geometry if kind.isalpha() and kind[:6] in op.lower() else label


_ORIGIN = ("module", "source", "reads")


class Traced(Node):
    """A node of which the module, the source and the names that it reads are worked out when asked for: rarely."""

    __slots__ = ("_origin",)

    def __init__(
        self,
        name: str,
        op: str,
        origin: Callable[[], tuple[str, str, tuple[str, ...]]],
        inputs: tuple[Value, ...],
    ) -> None:
        self.name, self.op, self.inputs = name, op, inputs
        self.windows, self.kind, self.role, self.training = None, "", None, False
        self.outputs, self.index = {}, -1
        self._origin = origin

    def __reduce__(self) -> tuple[type[Node], tuple[Any, ...]]:
        """Return what is pickled: a plain node."""
        return Node, tuple(getattr(self, one.name) for one in fields(Node))

    def __getattr__(self, name: str) -> Any:
        """Give what the node does not have until it is worked out."""
        if name not in _ORIGIN:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        self.module, self.source, self.reads = self._origin()
        return getattr(self, name)
