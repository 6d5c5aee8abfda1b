"""Tensors gathered by the modules that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pytest_rf.analysis import Tensor
from pytest_rf.errors import ModelError


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: a tensor, or a module with its last tensor.

    Attributes:
        tensor: whose figures are shown.
        path: the module's path, or that of the module to which the tensor belongs; empty where there is none.
        level: in a tree, how deep the module stands in it; None of a tensor.
        count: how many tensors it is about.
    """

    tensor: Tensor
    path: str
    level: int | None = None
    count: int = 1

    @classmethod
    def of(cls, tensor: Tensor) -> Entry:
        """Return the row of a tensor."""
        return cls(tensor, tensor.module)


@dataclass(slots=True)
class _Module:
    """A module with the tensors in it and in the modules below."""

    last: Tensor
    count: int = 0
    below: dict[str, _Module] = field(default_factory=dict)


def entries(tensors: Iterable[Tensor], depth: int, where: str) -> tuple[Entry, ...]:
    """Return modules as rows, those below a module after it, in the order in which they are first used.

    Args:
        tensors: what is gathered, in the order of the graph.
        depth: so many parts of a module's path are told apart.
        where: the model, for the error.

    Raises:
        ModelError: no tensor tells its module.
    """
    top: dict[str, _Module] = {}
    for tensor in tensors:
        among = top
        for part in tensor.module.split(".")[:depth]:
            one = among.setdefault(part, _Module(tensor))
            one.last, one.count = tensor, one.count + 1
            among = one.below
    if not any(top):
        raise ModelError(f"{where}: --depth: no tensor tells its module; leave out --depth")
    return tuple(_rows(top, ()))


def _rows(among: dict[str, _Module], above: tuple[str, ...]) -> Iterator[Entry]:
    for part, module in among.items():
        path = (*above, part)
        yield Entry(module.last, ".".join(path), len(above), module.count)
        yield from _rows(module.below, path)
