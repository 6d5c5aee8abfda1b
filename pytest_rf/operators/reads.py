"""The notation in which families say what an output element reads: by its indices, axis by axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import SAME, WHOLE, Read, Relation
from pytest_rf.graph import Value


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
    over = over or {}
    axes: list[tuple[int | None, Relation]] = []
    for axis in range(x.rank):
        how = over.get(axis, SAME)
        axes.append((None, how.relation) if isinstance(how, Ends) else (axis, how))
    return Read(x.number, tuple(axes), statistic, channel, where)
