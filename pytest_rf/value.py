"""Values: the tensors of a graph, of which most are computed from an input and some are constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]


class Undetermined(Exception):
    """A node's geometry depends on something that the analysis does not have; its output is unknown."""


@dataclass(slots=True, eq=False)
class Value:
    """One tensor of the graph.

    Attributes:
        number: its place in ``Graph.values``.
        shape: the extents; None where an unknown operator left them open.
        varies: whether it depends on any graph input; a value that does not reads nothing.
        load: gives the elements of a constant when they are needed, which is rare.
        missing: why the elements of a constant cannot be had (they lie outside of the file, say).
        nesting: how many unresolved constants this one rests on.
        masked: in weight-aware mode, which elements are a constant -inf ("masked").
        zero: which elements are known to be a constant 0: masked ones behind a softmax, a side of a triangle.
        faint: in weight-aware mode, which elements had a large negative constant added: a softmax masks them.
        faints: the numbers of these constants.
        finite: whether what masks elements is a number, if the least there is, and not -inf.
        low: in weight-aware mode, whether data can make single elements as low as a mask.
    """

    number: int
    shape: Shape | None
    varies: bool = True
    load: Callable[[], npt.NDArray[Any] | None] | None = None
    missing: str | None = None
    _data: npt.NDArray[Any] | None = None
    nesting: int = 0
    masked: npt.NDArray[np.bool_] | None = None
    zero: npt.NDArray[np.bool_] | None = None
    faint: npt.NDArray[np.bool_] | None = None
    faints: tuple[int, ...] = ()
    finite: bool = False
    low: bool = False

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """Return what is pickled: all but the elements of a constant, which no figure needs any more."""
        kept = {name: getattr(self, name) for name in Value.__slots__}
        return None, {**kept, "load": None, "_data": None}

    @property
    def data(self) -> npt.NDArray[Any] | None:
        """The elements of a constant; None where they are not known."""
        if self.load is not None:
            self._data, self.load = self.load(), None
        return self._data

    @property
    def has_data(self) -> bool:
        """Whether there are elements, or a way to them."""
        return self.load is not None or self._data is not None

    @property
    def extents(self) -> Shape:
        """The shape of a value that must have one.

        Raises:
            Undetermined: an unknown operator left it open.
        """
        if self.shape is None:
            raise Undetermined(self.missing or "the shape of an input is not known")
        return self.shape

    @property
    def is_read(self) -> bool:
        """Whether whatever reads it reads something: elements that depend on an input."""
        return self.varies and (self.shape is None or 0 not in self.shape)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is known of single elements."""
        return self.masked is None and self.zero is None and self.faint is None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape or self.extents)


_DEFERRED = ("shape", "load", "missing", "_data")


class Deferred(Value):
    """A constant that is worked out when its elements, or its shape if it is not known, are needed, which is rare."""

    __slots__ = ("_resolve", "is_open")

    def __init__(
        self, number: int, resolve: Callable[[], Value], nesting: int, shape: Shape | None = None
    ) -> None:
        self.number = number
        self.is_open = shape is None  # whether its shape is not known yet
        if shape is not None:
            self.shape = shape
        self.varies = False
        self.nesting = nesting
        self.masked = self.zero = self.faint = None
        self.faints = ()
        self.finite = self.low = False
        self._resolve = resolve

    def __reduce__(self) -> tuple[type[Value], tuple[Any, ...]]:
        """Return what is pickled: a plain constant of the shape that it has."""
        return Value, (self.number, self.shape, False, None, self.missing)

    def __getattr__(self, name: str) -> Any:
        """Give what the constant does not have until it is worked out."""
        if name not in _DEFERRED:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        found = self._resolve()
        del self._resolve  # and with it what it rests on
        self.is_open = False
        self.shape, self.load, self.missing, self._data = (
            found.shape,
            found.load,
            found.missing,
            found._data,
        )
        return getattr(self, name)
