"""Rims: how much of a tensor a tile gets wrong at its own borders.

A tile is a part of the input that begins and ends on multiples of all strides. Run on it, the net pads, clamps or
crops at the tile's borders where in the whole input there are features, and what that spoils travels inward as far
as the windows behind it reach. A rim counts it, per tensor and input axis, in elements of the factor that leads
along the axis: so many at the beginning, so many at the end. It is an abstract domain of its own over the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from pytest_rf.access import Prefix, Relation, Same, Sets, Table, Taps, Whole
from pytest_rf.domains.changes import (
    Arrange,
    Change,
    Contract,
    Cut,
    Diagonal,
    Divide,
    First,
    Follow,
    Unite,
)
from pytest_rf.domains.field import Joint
from pytest_rf.domains.layout import Key
from pytest_rf.domains.periodic import repeating


@dataclass(frozen=True, slots=True)
class Rim:
    """What a tile gets wrong of a tensor.

    Attributes:
        dim: the dimension (factor) that leads along the input axis.
        extent: its extent on the actual input.
        before, after: so many elements at the beginning and at the end are wrong.
        short: so many elements fewer there are on an input whose extent is a multiple of all strides.
        inner: extents of the dimensions next to it into which each of its elements is divided; the elements
            that are counted are these parts.
        flipped: whether it runs against the input axis.
    """

    dim: int
    extent: int
    before: int = 0
    after: int = 0
    short: int = 0
    inner: tuple[int, ...] = ()
    flipped: bool = False

    @property
    def dims(self) -> range:
        """The dimension and those that divide it."""
        return range(self.dim, self.dim + 1 + len(self.inner))

    @property
    def whole(self) -> Rim:
        """The same without the parts: an element of which one is wrong is wrong."""
        parts = prod(self.inner)
        before, short = -(-self.before // parts), -(-self.short // parts)
        after = -(-(self.short + self.after) // parts) - short
        return replace(self, before=before, after=after, short=short, inner=())


class Spoilt:
    """All of the tensor is wrong, or may be."""


SPOILT = Spoilt()
State = Rim | Spoilt
"""A tensor that is the same in a tile as in the whole has none."""


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
            state = _changed(state, change)
    return state


def _changed(rim: Rim, change: Change) -> State:
    if isinstance(change, Contract):
        return SPOILT if change.dim == rim.dim else rim.whole if change.dim in rim.dims else rim
    if isinstance(change, Follow):
        if change.dim == rim.dim:
            return _followed(rim.whole, change)
        return rim.whole if change.dim in rim.dims else rim
    if isinstance(change, Divide):
        return _divided(rim, change)
    if isinstance(change, Unite):
        return _united(rim, change)
    if isinstance(change, First):
        return SPOILT if change.dim == rim.dim else rim
    if isinstance(change, Arrange):
        return _arranged(rim, list(change.order))
    if isinstance(change, Diagonal):
        rim = rim if not {change.a, change.b} & set(rim.dims) else rim.whole
        return replace(rim, dim=change.a) if change.b == rim.dim else rim
    return rim  # a mask reads where it reads


def _divided(rim: Rim, change: Divide) -> Rim:
    place = change.dim - rim.dim
    if place < 0:
        return replace(rim, dim=rim.dim + 1)
    if place > len(rim.inner):
        return rim
    extents = [rim.extent, *rim.inner]
    extents[place : place + 1] = [change.outer, change.inner]
    return replace(rim, extent=extents[0], inner=tuple(extents[1:]))


def _united(rim: Rim, change: Unite) -> State:
    first, stop = change.dim - rim.dim, change.dim + len(change.extents) - rim.dim
    if stop <= 0:
        return replace(rim, dim=rim.dim - len(change.extents) + 1)
    if first > len(rim.inner):
        return rim
    if first > 0 and stop > len(rim.inner) + 1:
        return rim.whole
    if any(extent > 1 for extent in change.extents[: max(-first, 0)]):
        return SPOILT
    # Others that lie within each part multiply the counts; what of the parts is not united stays apart.
    within = prod(change.extents[len(rim.inner) + 1 - first :])
    extents = [rim.extent, *rim.inner]
    extents[max(first, 0) : stop] = [prod(change.extents)]
    return Rim(
        rim.dim + min(first, 0),
        extents[0],
        rim.before * within,
        rim.after * within,
        rim.short * within,
        tuple(extents[1:]),
        rim.flipped,
    )


def _arranged(rim: Rim, order: list[int | None]) -> State:
    if rim.dim not in order:
        return SPOILT
    place = order.index(rim.dim)
    together = order[place : place + len(rim.dims)] == list(rim.dims)
    return replace(rim if together else rim.whole, dim=place)


def _followed(rim: Rim, change: Follow) -> State:
    relation: Relation | None = change.relation
    if isinstance(relation, Same):
        return rim
    if change.picked or isinstance(relation, (Whole, Prefix)):
        return SPOILT
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
    return replace(rim, before=rim.after, after=rim.before, flipped=not rim.flipped)


def _read(rim: Rim, relation: Taps, output: int) -> State:
    """Element ``period·q + r`` reads ``advance·q + t`` for the taps ``t`` of phase ``r``."""
    period, advance = relation.period, relation.advance
    if rim.flipped and (period, advance) != (1, 1):
        return SPOILT  # where its steps lie in a tile depends on where the tile ends
    # A shorter input gives so many elements fewer; at the least, where a window's last step does not come out even.
    short = -(-rim.short * period // advance)
    before, after = 0, 0
    for phase, taps in enumerate(relation.taps):
        if taps:
            # The last q whose first tap lies before what is right, and the first whose last tap lies behind.
            last = -(-(rim.before - min(taps)) // advance) - 1
            first = -((max(taps) - (rim.extent - rim.short - rim.after)) // advance)
            before = max(before, period * last + phase + 1)
            after = max(after, output - short - (period * first + phase))
    return replace(rim, extent=output, before=before, after=after, short=short)


def put_together(states: Sequence[State | None], joint: object) -> State | None:
    """Return what is wrong of what reads several operands; ``joint`` puts them end to end if it is a join."""
    known = [state for state in states if state is not None]
    if not known:
        return None
    if isinstance(joint, Joint) and any(not isinstance(one, Rim) or one.dim == joint.dim for one in known):
        return _end_to_end(states, joint)
    whole = known[0]
    for other in known[1:]:
        if not isinstance(whole, Rim) or not isinstance(other, Rim):
            return SPOILT
        if (other.dim, other.flipped) != (whole.dim, whole.flipped):
            return SPOILT
        if whole.inner != other.inner:
            whole, other = whole.whole, other.whole
        whole = replace(
            whole,
            before=max(whole.before, other.before),
            after=max(whole.after, other.after),
            short=max(whole.short, other.short),
        )
    return whole


def _end_to_end(states: Sequence[State | None], joint: Joint) -> State:
    """All but the main operand, or the longest, lie where the whole has places of that one."""
    pieces = {place: state.whole for place, state in enumerate(states) if isinstance(state, Rim)}
    if not pieces or any(piece.dim != joint.dim for piece in pieces.values()):
        return SPOILT
    main = joint.seam.main
    if joint.seam.kind != "padding" or main not in pieces:
        main = max(pieces, key=lambda place: pieces[place].extent)
    piece, offset = pieces[main], joint.offsets[main]
    after = joint.total - offset - piece.extent
    return replace(piece, extent=joint.total, before=offset + piece.before, after=after + piece.after)
