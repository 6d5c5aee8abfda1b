"""What one element of a tensor reads of the operands of the step that makes it, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Prefix, Relation, Same, Sets, Whole
from pytest_rf.domains.bounded import gathered
from pytest_rf.graph import Graph, Join, Regroup, Step

Element = tuple[int, ...]
"""An element of a tensor, by its place along each axis."""

Places = npt.NDArray[np.int64]


def same_elsewhere(graph: Graph, step: Step, element: Element) -> Iterator[tuple[int, Element]]:
    """Yield the operand and its element that an element is, where the step only moves elements."""
    action, values = step.action, graph.values
    if isinstance(action, Join):
        place = element[action.axis]
        for operand, offset in zip(action.operands, action.offsets, strict=True):
            if offset <= place < offset + values[operand].extents[action.axis]:
                yield operand, (*element[: action.axis], place - offset, *element[action.axis + 1 :])
    elif isinstance(action, Regroup):
        flat = int(np.ravel_multi_index(element, step.value.extents)) if element else 0
        extents = values[action.operand].extents
        yield action.operand, tuple(int(place) for place in np.unravel_index(flat, extents))


def is_let_through(where: npt.NDArray[np.bool_] | None, element: Sequence[int]) -> bool:
    """Return whether a mask, which may be broadcast, lets an element read."""
    if where is None:
        return True
    own = element[len(element) - where.ndim :] if where.ndim else ()
    return bool(where[tuple(0 if n == 1 else place for n, place in zip(where.shape, own, strict=True))])


def places_read(relation: Relation, extent: int, output: int, place: int) -> Places:
    """Return which of ``extent`` places one of ``output`` elements reads."""
    if isinstance(relation, Same):
        return np.array([min(place, extent - 1)])
    if isinstance(relation, Whole):
        return np.arange(extent)
    if isinstance(relation, Prefix):
        return np.arange(place, extent) if relation.reverse else np.arange(min(place + 1, extent))
    if isinstance(relation, Sets):
        return np.flatnonzero(relation.reads[place])
    reads = gathered(relation, extent, output).reads[place]
    return np.unique(reads[reads < extent])
