"""The notation in which families say what an output element reads: by its indices, axis by axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation, unmoved
from pytest_rf.value import Value


class Ends(NamedTuple):
    """An axis that goes no further: a relation that contracts it, or is taken at its only output index."""

    relation: Relation = WHOLE


ENDS = Ends()


def along(
    x: Value,
    over: Mapping[int, Relation | Ends] | None = None,
    *,
    statistic: bool = False,
    channel: int | None = None,
    where: npt.NDArray[np.bool_] | None = None,
) -> Read:
    """Return the read of an operand of which every axis is the output's, index by index, but for those of ``over``.

    Args:
        x: the operand.
        over: axis -> the relation by which the output's index reads it; :class:`Ends` where there is none.
        statistic: what ends is reduced to a statistic, which brings context instead of field.
        channel: the axis that is contracted as features, if any.
        where: which output elements read at all, broadcastable to the output; None for all.
    """
    if not over:
        return Read(x.number, unmoved(x.rank), statistic, channel, where)
    axes: list[tuple[int | None, Relation]] = []
    for axis in range(x.rank):
        how = over.get(axis, SAME)
        axes.append((None, how.relation) if isinstance(how, Ends) else (axis, how))
    return Read(x.number, tuple(axes), statistic, channel, where)


def indexed(
    x: Value,
    *axes: int | tuple[int, Relation] | Ends,
    statistic: bool = False,
    channel: int | None = None,
    where: npt.NDArray[np.bool_] | None = None,
) -> Read:
    """Return the read of an operand that says for each of its axes which index of the output reads it.

    Args:
        x: the operand.
        axes: the output's axis whose index it is, or by which a relation goes; :class:`Ends` where there is none.
        statistic: what ends is reduced to a statistic.
        channel: the axis that is contracted as features, if any.
        where: which output elements read at all.
    """
    read: list[tuple[int | None, Relation]] = []
    for how in axes:
        if isinstance(how, int):
            read.append((how, SAME))
        else:
            read.append((None, how.relation) if isinstance(how, Ends) else how)
    return Read(x.number, tuple(read), statistic, channel, where)


def all_of(x: Value, how: Ends = ENDS) -> Read:
    """Return the read of all of an operand by every output; ``Ends(ANYWHERE)``: of some of it, as data says."""
    return indexed(x, *[how] * x.rank)


def read_anywhere(x: Value) -> Read:
    """Return the read of elements of an operand that data chooses among all of them: an upper bound."""
    return all_of(x, Ends(ANYWHERE))
