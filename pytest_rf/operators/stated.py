"""Operators of which no more is known than what their users state: a window, elements at their place, a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from pytest_rf.graph import Builder
from pytest_rf.operators import windows
from pytest_rf.operators.pointwise import mixture, pointwise
from pytest_rf.operators.windows import Window
from pytest_rf.registry import Numbers, Pads, Stated
from pytest_rf.value import Shape, Undetermined, Value


class Geometry(NamedTuple):
    """The windows of a statement along as many spatial axes as a tensor has.

    Attributes:
        op: the operator, for messages.
        windows: a window per axis.
        transposed: whether an output reads every input whose window reaches it.
        extra: output padding per axis.
    """

    op: str
    windows: list[Window]
    transposed: bool
    extra: list[int]

    def counts(self, axis: int, extent: int) -> tuple[int, ...]:
        """Return the numbers of positions that a window can make of an extent, the one of the formula first."""
        window = self.windows[axis]
        if not self.transposed:
            return tuple(dict.fromkeys((window.output(extent), window.output(extent, ceil=True))))
        stated = window.transposed(extent, self.extra[axis])
        least = window.transposed(extent)
        return tuple(dict.fromkeys((stated, *range(least, least + window.stride))))

    def check(self, given: Sequence[int], made: Sequence[int]) -> None:
        """Refuse a statement that does not even give as many positions as there are.

        Raises:
            Undetermined: it does not.
        """
        for axis, (before, after) in enumerate(zip(given, made, strict=True)):
            counts = self.counts(axis, before)
            if after not in counts:
                raise Undetermined(
                    f"{self.op} is stated to have a window that makes {counts[0]} positions of {before}, "
                    f"and it makes {after}"
                )


def geometry(op: str, stated: Stated, rank: int) -> Geometry:
    """Return the windows that a statement gives a tensor of ``rank`` spatial axes.

    Raises:
        Undetermined: it is about another number of axes.
    """

    def each(given: Numbers | Pads) -> list[int | Sequence[int]]:
        found = [given] * rank if isinstance(given, int) else list(cast("Sequence[int]", given))
        if len(found) != rank:
            raise Undetermined(f"{op} is stated with {len(found)} numbers for {rank} spatial axes")
        return cast("list[int | Sequence[int]]", found)

    def numbers(given: Numbers) -> list[int]:
        return cast("list[int]", each(given))

    sides = [(one, one) if isinstance(one, int) else (one[0], one[1]) for one in each(stated.padding)]
    found = windows.geometry(
        numbers(stated.kernel),
        numbers(stated.stride),
        numbers(stated.dilation),
        [before for before, _ in sides],
        [after for _, after in sides],
    )
    return Geometry(op, found, stated.transposed, numbers(stated.output_padding))


def windowed(b: Builder, shape: Shape, stated: Geometry, operands: Sequence[Value]) -> Value:
    """Return a tensor of ``shape`` that reads a window of operands of its rank, and of a sample all of the others.

    Raises:
        Undetermined: the window does not make as many positions as there are.
    """
    windows.describe(b, stated.windows, transposed=stated.transposed)
    parts = []
    for value in operands:
        if value.varies and value.rank == len(shape):
            stated.check(value.extents[2:], shape[2:])
            convolved = windows.transposed_convolution if stated.transposed else windows.convolution
            parts.append(convolved(b, value, shape[1], stated.windows, outputs=shape[2:]))
        else:
            parts.append(mixture(b, shape, value))
    return pointwise(b, b.constant(shape), *parts)
