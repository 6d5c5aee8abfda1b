"""Rims: how much of a tensor a tile gets wrong at its own borders.

A tile is a part of the input that begins and ends on multiples of all strides. Run on it, the net pads, clamps or
crops at the tile's borders where in the whole input there are features, and what that spoils travels inward as far
as the windows behind it reach. A rim counts it, per tensor and input axis: so many elements at the beginning, so many
at the end. It is an abstract domain of its own over the same plan: along the axis it has rules of its own, along all
others the counts are a hull, of which what is read together takes the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.access import Prefix, Relation, Same, Sets, Table, Taps, Whole
from pytest_rf.domains import bounded, unions
from pytest_rf.domains.hull import Hull, Positions
from pytest_rf.domains.instructions import (
    Arrange,
    Contract,
    Cut,
    Diagonal,
    Divide,
    EndToEnd,
    First,
    Follow,
    Mask,
    Policy,
    Unite,
)
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import Key
from pytest_rf.domains.periodic import repeating, rotation

_COUNTS = Intervals(Policy())
"""Along the other dimensions the counts are a hull on the actual input."""


class Rim(Struct, frozen=True, eq=False):
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
    def most(self) -> tuple[int, int]:
        """How many elements at the beginning are wrong at the most, and how many at the end."""
        return max(-int(self.counts.lo.min()), 0), max(int(self.counts.hi.max()), 0)

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


def _none(rank: int) -> Hull:
    return Hull(np.zeros((1,) * rank, np.int64), np.zeros((1,) * rank, np.int64))


class Rims:
    """The domain of rims: what is the same in a tile as in the whole has none."""

    def __init__(self, accepts: Callable[[int], bool], short: int) -> None:
        """Take whose context is accepted, and by how much the input is longer than the multiple that fits it."""
        self.accepts = accepts
        self.short = short

    def point(self, key: Key, extent: int, rank: int) -> State:
        """Return the rim of an input, of which nothing is wrong."""
        return Rim(key[1], extent, _none(rank), self.short)

    def contract(self, x: State, do: Contract, key: Key) -> State:
        """Return what is wrong of what reads a whole dimension."""
        if isinstance(x, Spoilt) or do.dim == x.dim:
            return SPOILT
        x = x.whole if do.dim in x.dims else x
        return replace(x, counts=_COUNTS.contract(x.counts, do, key))

    def follow(self, x: State, do: Follow, key: Key) -> State:
        """Return what is wrong of what reads by a relation."""
        if isinstance(x, Spoilt):
            return x
        if do.dim == x.dim:
            return _followed(x.whole, do)
        x = x.whole if do.dim in x.dims else x
        return replace(x, counts=_COUNTS.follow(x.counts, do, key))

    def divide(self, x: State, do: Divide, key: Key) -> State:
        """Return what is wrong where a dimension is split."""
        return _divided(x, do, key) if isinstance(x, Rim) else x

    def unite(self, x: State, do: Unite, key: Key) -> State:
        """Return what is wrong where dimensions are merged."""
        return _united(x, do, key) if isinstance(x, Rim) else x

    def first(self, x: State, do: First, key: Key) -> State:
        """Return what is wrong of a first element: where it lies depends on the tile."""
        return SPOILT if isinstance(x, Rim) and do.dim == x.dim else x

    def arrange(self, x: State, do: Arrange, key: Key) -> State:
        """Return what is wrong where dimensions have another order."""
        return _arranged(x, do, key) if isinstance(x, Rim) else x

    def diagonal(self, x: State, do: Diagonal, key: Key) -> State:
        """Return what is wrong of a diagonal."""
        if isinstance(x, Spoilt):
            return x
        if {do.a, do.b} & set(x.dims):
            # Along the diagonal with other dimensions the counts are the largest of them.
            x = replace(x.whole, counts=_largest(x.whole.counts, (do.a, do.b)))
            x = replace(x, dim=do.a) if do.b == x.dim else x
            return x
        return replace(x, counts=_COUNTS.diagonal(x.counts, do, key))

    def cut(self, x: State, do: Cut, key: Key) -> State | None:
        """Return nothing where context ends that is accepted."""
        return None if key in do.context and self.accepts(do.node) else x

    def mask(self, x: State, do: Mask, key: Key) -> State:
        """Return the same: a mask reads where it reads."""
        return x

    def union(self, a: State, b: State, key: Key) -> State:
        """Return what is wrong of what reads both."""
        if isinstance(a, Spoilt) or isinstance(b, Spoilt) or (a.dim, a.flipped) != (b.dim, b.flipped):
            return SPOILT
        if a.inner != b.inner:
            a, b = _divided_alike(a, b)
        counts = unions.settled(unions.union(a.counts, b.counts))
        return replace(a, counts=counts, short=max(a.short, b.short))

    def end_to_end(self, parts: Sequence[State | None], do: EndToEnd, key: Key) -> State:
        """Return what is wrong of operands that lie one behind the other."""
        known = [part for part in parts if part is not None]
        pieces = [part for part in known if isinstance(part, Rim)]
        if len(pieces) < len(known) or any(one.dim == do.dim for one in pieces):
            return _along(parts, do)
        pieces = [one.whole for one in pieces]
        first = pieces[0]
        if any((one.dim, one.flipped) != (first.dim, first.flipped) for one in pieces):
            return SPOILT
        return replace(first, counts=_beside(parts, do), short=max(one.short for one in pieces))


def _largest(counts: Hull, dims: tuple[int, ...]) -> Hull:
    return Hull(counts.lo.min(axis=dims, keepdims=True), counts.hi.max(axis=dims, keepdims=True))


def _divided_alike(a: Rim, b: Rim) -> tuple[Rim, Rim]:
    """Return two rims that count the same parts: of an element that is wrong as a whole all parts are."""
    inner = max(a.inner, b.inner, key=len)
    if any(inner[: len(one.inner)] != one.inner for one in (a, b)):
        return a.whole, b.whole
    return _in_parts(a, inner), _in_parts(b, inner)


def _in_parts(rim: Rim, inner: tuple[int, ...]) -> Rim:
    parts = prod(inner[len(rim.inner) :])
    if parts == 1 and inner == rim.inner:
        return rim
    first = rim.dim + 1 + len(rim.inner)
    largest = replace(rim, counts=_largest(rim.counts, tuple(range(first, rim.dim + 1 + len(inner)))))
    counts = _counts(largest.before * parts, largest.after * parts)
    return replace(rim, counts=counts, short=rim.short * parts, inner=inner)


def _divided(rim: Rim, do: Divide, key: Key) -> Rim:
    place = do.dim - rim.dim
    counts = _COUNTS.divide(rim.counts, do, key)
    if place < 0:
        return replace(rim, dim=rim.dim + 1, counts=counts)
    if place > len(rim.inner):
        return replace(rim, counts=counts)
    extents = [rim.extent, *rim.inner]
    extents[place : place + 1] = [do.outer, do.inner]
    return replace(rim, extent=extents[0], counts=counts, inner=tuple(extents[1:]))


def _united(rim: Rim, do: Unite, key: Key) -> State:
    first, stop = do.dim - rim.dim, do.dim + len(do.extents) - rim.dim
    if first > 0 and first <= len(rim.inner) < stop - 1:
        return _united(rim.whole, do, key)
    if stop <= 0:
        return replace(rim, dim=rim.dim - len(do.extents) + 1, counts=_COUNTS.unite(rim.counts, do, key))
    if first > len(rim.inner):
        return replace(rim, counts=_COUNTS.unite(rim.counts, do, key))
    if any(extent > 1 for extent in do.extents[: max(-first, 0)]):
        return SPOILT
    # What is united has one count; others that lie within each part multiply it, parts that are not united stay apart.
    dims = tuple(range(do.dim, do.dim + len(do.extents)))
    merged = _largest(rim.counts, dims)
    shape = (*merged.lo.shape[: do.dim], 1, *merged.lo.shape[dims[-1] + 1 :])
    within = prod(do.extents[len(rim.inner) + 1 - first :])
    extents = [rim.extent, *rim.inner]
    extents[max(first, 0) : stop] = [prod(do.extents)]
    counts = Hull(merged.lo.reshape(shape), merged.hi.reshape(shape))
    united = Rim(
        rim.dim + min(first, 0), extents[0], counts, rim.short * within, tuple(extents[1:]), rim.flipped
    )
    return replace(united, counts=_counts(united.before * within, united.after * within))


def _arranged(rim: Rim, do: Arrange, key: Key) -> State:
    order = list(do.order)
    if rim.dim not in order:
        return SPOILT
    place = order.index(rim.dim)
    together = order[place : place + len(rim.dims)] == list(rim.dims)
    rim = rim if together else rim.whole
    return replace(rim, dim=place, counts=_COUNTS.arrange(rim.counts, do, key))


def _followed(rim: Rim, do: Follow) -> State:
    relation: Relation | None = do.relation
    if isinstance(relation, Same):
        return rim
    if do.picked or isinstance(relation, Whole):
        return SPOILT
    if isinstance(relation, Prefix):
        # From what is wrong on all is; up to there nothing is.
        every = np.full_like(rim.before, rim.extent)
        counts = (rim.before, every) if relation.reverse else (every, rim.after)
        return replace(rim, counts=_counts(*counts))
    if isinstance(relation, Table) and (shift := rotation(relation)):
        return _rolled(rim, shift) if do.output == rim.extent else SPOILT
    if isinstance(relation, (Table, Sets)):
        relation = repeating(relation)
    if not isinstance(relation, Taps):
        return SPOILT
    if relation.advance < 0:
        return _turned(rim, relation, do.output)
    return _read(rim, relation, do.output)


def _rolled(rim: Rim, shift: int) -> State:
    """A roll puts all further on, and fetches to one end what lies at the other: there the whole has features."""
    if rim.flipped:
        return SPOILT
    return replace(rim, counts=_counts(rim.before + shift, rim.after - shift))


def _turned(rim: Rim, relation: Taps, output: int) -> State:
    """A flip of the whole axis puts either rim to the other end."""
    if relation[:3] != (1, -1, ((rim.extent - 1,),)) or output != rim.extent:
        return SPOILT
    return replace(rim, counts=_counts(rim.after, rim.before), flipped=not rim.flipped)


def _read(rim: Rim, relation: Taps, output: int) -> State:
    """Element ``period·q + r`` reads ``advance·q + t`` for the taps ``t`` of phase ``r``."""
    period, advance = relation.period, relation.advance
    if advance == 0:
        return SPOILT  # the same places for all elements: in a tile these are its own
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


def _beside(states: Sequence[State | None], do: EndToEnd) -> Hull:
    """Return the counts of operands that lie end to end along another dimension, as channels do."""
    rims = [state.whole if isinstance(state, Rim) and state.inner else state for state in states]
    rank = next(one.counts.lo.ndim for one in rims if isinstance(one, Rim))
    pieces = [
        (one.counts if isinstance(one, Rim) else _none(rank), offset, extent)
        for one, offset, extent in zip(rims, do.offsets, do.extents, strict=True)
    ]
    return bounded.end_to_end(pieces, do.dim, do.total)


def _along(states: Sequence[State | None], do: EndToEnd) -> State:
    """All but the main operand, or the longest, lie where the whole has places of that one."""
    pieces = {place: state.whole for place, state in enumerate(states) if isinstance(state, Rim)}
    if not pieces or any(piece.dim != do.dim for piece in pieces.values()):
        return SPOILT
    main = do.seam.main
    if do.seam.kind != "padding" or main not in pieces:
        main = max(pieces, key=lambda place: pieces[place].extent)
    piece, offset = pieces[main], do.offsets[main]
    after = do.total - offset - piece.extent
    return replace(piece, extent=do.total, counts=_counts(offset + piece.before, after + piece.after))
