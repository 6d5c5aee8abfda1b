"""Rims: how much of a tensor a tile gets wrong at its own borders.

A tile is a part of the input that begins and ends on multiples of all strides. Run on it, the net pads, clamps or
crops at the tile's borders where in the whole input there are features, and what that spoils travels inward as far
as the windows behind it reach. A rim counts it, per tensor and input axis: so many elements at the beginning, so many
at the end. It is an abstract domain of its own over the same plan: along the axis it has rules of its own, along all
others the counts are a hull, of which what is read together takes the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from pytest_rf.access import Prefix, Relation, Same, Sets, Table, Taps, Whole
from pytest_rf.domains import bounded, hull
from pytest_rf.domains.changes import (
    Arrange,
    Change,
    Contract,
    Cut,
    Diagonal,
    Divide,
    First,
    Follow,
    Policy,
    Unite,
)
from pytest_rf.domains.field import Joint
from pytest_rf.domains.hull import Hull, Positions
from pytest_rf.domains.layout import Key
from pytest_rf.domains.periodic import repeating

_FINITE = Policy()


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """What a tile gets wrong of a tensor.

    Attributes:
        dim: the dimension (factor) that leads along the input axis.
        extent: its extent on the actual input.
        counts: how many elements at the beginning (``-lo``) and at the end (``hi``) are wrong, along the others.
        short: so many elements fewer there are on an input whose extent is a multiple of all strides.
        inner: extents of the dimensions next to it into which each of its elements is divided; the elements
            that are counted are these parts.
        flipped: whether it runs against the input axis.
    """

    dim: int
    extent: int
    counts: Hull
    short: int = 0
    inner: tuple[int, ...] = ()
    flipped: bool = False

    @property
    def dims(self) -> range:
        """The dimension and those that divide it."""
        return range(self.dim, self.dim + 1 + len(self.inner))

    @property
    def before(self) -> Positions:
        """How many elements at the beginning are wrong."""
        return np.maximum(-self.counts.lo, 0)

    @property
    def after(self) -> Positions:
        """How many elements at the end are wrong."""
        return np.maximum(self.counts.hi, 0)

    @property
    def whole(self) -> Rim:
        """The same without the parts: an element of which one is wrong is wrong."""
        if not self.inner:
            return self
        parts = prod(self.inner)
        short = -(-self.short // parts)
        after = -(-(self.short + self.after) // parts) - short
        return replace(self, counts=_counts(-(-self.before // parts), after), short=short, inner=())


class Spoilt:
    """All of the tensor is wrong, or may be."""


SPOILT = Spoilt()
State = Rim | Spoilt
"""A tensor that is the same in a tile as in the whole has none."""


def _counts(before: Positions, after: Positions) -> Hull:
    return Hull(-np.maximum(before, 0), np.maximum(after, 0))


def of_input(axis: int, rank: int, extent: int, short: int) -> Rim:
    """Return the rim of an input, of which nothing is wrong."""
    return Rim(axis, extent, _none(rank), short)


def _none(rank: int) -> Hull:
    return Hull(np.zeros((1,) * rank, np.int64), np.zeros((1,) * rank, np.int64))


def changed(
    state: State | None, changes: Sequence[Change], key: Key, accepts: Callable[[int], bool]
) -> State | None:
    """Return what is wrong of what is read of an operand; ``accepts`` tells whose context is accepted."""
    for change in changes:
        if state is None:
            return None
        if isinstance(change, Cut):
            if key in change.context and accepts(change.node):
                return None
        elif isinstance(state, Rim):
            state = _changed(state, change, key)
    return state


def _changed(rim: Rim, change: Change, key: Key) -> State:
    if isinstance(change, (Contract, Follow)):
        if change.dim == rim.dim:
            return _followed(rim.whole, change) if isinstance(change, Follow) else SPOILT
        rim = rim.whole if change.dim in rim.dims else rim
    elif isinstance(change, Divide):
        return _divided(rim, change, key)
    elif isinstance(change, Unite):
        return _united(rim, change, key)
    elif isinstance(change, First):
        return SPOILT if change.dim == rim.dim else rim
    elif isinstance(change, Arrange):
        return _arranged(rim, change, key)
    elif isinstance(change, Diagonal):
        if {change.a, change.b} & set(rim.dims):
            # Along the diagonal with other dimensions the counts are the largest of them.
            rim = replace(rim.whole, counts=_largest(rim.whole.counts, (change.a, change.b)))
            return replace(rim, dim=change.a) if change.b == rim.dim else rim
    else:
        return rim  # a mask reads where it reads
    return replace(rim, counts=change(rim.counts, key, _FINITE))


def _largest(counts: Hull, dims: tuple[int, ...]) -> Hull:
    return Hull(counts.lo.min(axis=dims, keepdims=True), counts.hi.max(axis=dims, keepdims=True))


def _divided(rim: Rim, change: Divide, key: Key) -> Rim:
    place = change.dim - rim.dim
    counts = change(rim.counts, key, _FINITE)
    if place < 0:
        return replace(rim, dim=rim.dim + 1, counts=counts)
    if place > len(rim.inner):
        return replace(rim, counts=counts)
    extents = [rim.extent, *rim.inner]
    extents[place : place + 1] = [change.outer, change.inner]
    return replace(rim, extent=extents[0], counts=counts, inner=tuple(extents[1:]))


def _united(rim: Rim, change: Unite, key: Key) -> State:
    first, stop = change.dim - rim.dim, change.dim + len(change.extents) - rim.dim
    if first > 0 and first <= len(rim.inner) < stop - 1:
        return _united(rim.whole, change, key)
    if stop <= 0:
        return replace(rim, dim=rim.dim - len(change.extents) + 1, counts=change(rim.counts, key, _FINITE))
    if first > len(rim.inner):
        return replace(rim, counts=change(rim.counts, key, _FINITE))
    if any(extent > 1 for extent in change.extents[: max(-first, 0)]):
        return SPOILT
    # What is united has one count; others that lie within each part multiply it, parts that are not united stay apart.
    dims = tuple(range(change.dim, change.dim + len(change.extents)))
    merged = _largest(rim.counts, dims)
    shape = (*merged.lo.shape[: change.dim], 1, *merged.lo.shape[dims[-1] + 1 :])
    within = prod(change.extents[len(rim.inner) + 1 - first :])
    extents = [rim.extent, *rim.inner]
    extents[max(first, 0) : stop] = [prod(change.extents)]
    counts = Hull(merged.lo.reshape(shape), merged.hi.reshape(shape))
    united = Rim(
        rim.dim + min(first, 0), extents[0], counts, rim.short * within, tuple(extents[1:]), rim.flipped
    )
    return replace(united, counts=_counts(united.before * within, united.after * within))


def _arranged(rim: Rim, change: Arrange, key: Key) -> State:
    order = list(change.order)
    if rim.dim not in order:
        return SPOILT
    place = order.index(rim.dim)
    together = order[place : place + len(rim.dims)] == list(rim.dims)
    rim = rim if together else rim.whole
    return replace(rim, dim=place, counts=change(rim.counts, key, _FINITE))


def _followed(rim: Rim, change: Follow) -> State:
    relation: Relation | None = change.relation
    if isinstance(relation, Same):
        return rim
    if change.picked or isinstance(relation, Whole):
        return SPOILT
    if isinstance(relation, Prefix):
        # From what is wrong on all is; up to there nothing is.
        every = np.full_like(rim.before, rim.extent)
        counts = (rim.before, every) if relation.reverse else (every, rim.after)
        return replace(rim, counts=_counts(*counts))
    if isinstance(relation, (Table, Sets)):
        relation = repeating(relation)
    if not isinstance(relation, Taps):
        return SPOILT
    if relation.advance < 0:
        return _turned(rim, relation, change.output)
    return _read(rim, relation, change.output)


def _turned(rim: Rim, relation: Taps, output: int) -> State:
    """A flip of the whole axis puts either rim to the other end."""
    if relation[:3] != (1, -1, ((rim.extent - 1,),)) or output != rim.extent:
        return SPOILT
    return replace(rim, counts=_counts(rim.after, rim.before), flipped=not rim.flipped)


def _read(rim: Rim, relation: Taps, output: int) -> State:
    """Element ``period·q + r`` reads ``advance·q + t`` for the taps ``t`` of phase ``r``."""
    period, advance = relation.period, relation.advance
    if rim.flipped and (period, advance) != (1, 1):
        return SPOILT  # where its steps lie in a tile depends on where the tile ends
    # A shorter input gives so many elements fewer; at the least, where a window's last step does not come out even.
    short = -(-rim.short * period // advance)
    wrong_before, wrong_after = rim.before, rim.after
    before, after = np.zeros_like(wrong_before), np.zeros_like(wrong_after)
    for phase, taps in enumerate(relation.taps):
        if taps:
            # The last q whose first tap lies before what is right, and the first whose last tap lies behind.
            last = -(-(wrong_before - min(taps)) // advance) - 1
            first = -((max(taps) - (rim.extent - rim.short - wrong_after)) // advance)
            before = np.maximum(before, period * last + phase + 1)
            after = np.maximum(after, output - short - (period * first + phase))
    return replace(rim, extent=output, counts=_counts(before, after), short=short)


def put_together(states: Sequence[State | None], joint: object) -> State | None:
    """Return what is wrong of what reads several operands; ``joint`` puts them end to end if it is a join."""
    known = [state for state in states if state is not None]
    if not known:
        return None
    pieces = [state for state in known if isinstance(state, Rim)]
    if isinstance(joint, Joint) and (len(pieces) < len(known) or any(one.dim == joint.dim for one in pieces)):
        return _along(states, joint)
    if len(pieces) < len(known) or any(
        (one.dim, one.flipped) != (pieces[0].dim, pieces[0].flipped) for one in pieces
    ):
        return SPOILT
    if any(one.inner != pieces[0].inner for one in pieces):
        pieces = [one.whole for one in pieces]
    first, short = pieces[0], max(one.short for one in pieces)
    if isinstance(joint, Joint):
        return replace(first, counts=_beside(states, joint), short=short)
    counts = first.counts
    for one in pieces[1:]:
        counts = hull.settled(hull.union(counts, one.counts))
    return replace(first, counts=counts, short=short)


def _beside(states: Sequence[State | None], joint: Joint) -> Hull:
    """Return the counts of operands that lie end to end along another dimension, as channels do."""
    rims = [state.whole if isinstance(state, Rim) and state.inner else state for state in states]
    rank = next(one.counts.lo.ndim for one in rims if isinstance(one, Rim))
    pieces = [
        (one.counts if isinstance(one, Rim) else _none(rank), offset, factor.extent)
        for one, offset, factor in zip(rims, joint.offsets, joint.factors, strict=True)
    ]
    return bounded.joined(pieces, joint.dim, joint.total)


def _along(states: Sequence[State | None], joint: Joint) -> State:
    """All but the main operand, or the longest, lie where the whole has places of that one."""
    pieces = {place: state.whole for place, state in enumerate(states) if isinstance(state, Rim)}
    if not pieces or any(piece.dim != joint.dim for piece in pieces.values()):
        return SPOILT
    main = joint.seam.main
    if joint.seam.kind != "padding" or main not in pieces:
        main = max(pieces, key=lambda place: pieces[place].extent)
    piece, offset = pieces[main], joint.offsets[main]
    after = joint.total - offset - piece.extent
    return replace(piece, extent=joint.total, counts=_counts(offset + piece.before, after + piece.after))
