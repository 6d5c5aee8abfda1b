"""Access relations: which elements of an operand an output element can read.

Every operator, whatever its arithmetic, is lowered to a union of :class:`Read`. A read is a product
over the operand's axes, and on one axis it is one of the few relations of this module. Nothing here
computes: the domains give the relations their meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

Flags = npt.NDArray[np.bool_]
Border = Literal["drop", "edge", "reflect", "wrap"]
Fit = Literal["", "grid", "window"]
"""What of a relation is fitted to the whole extent of its axis, so that a part of the input is read otherwise:
nothing, the places of a grid (``align_corners``), or also how wide its windows are (adaptive pooling)."""


class Same(Struct, frozen=True):
    """Output index ``i`` reads index ``i``: elementwise operators and batch axes."""


class Whole(Struct, frozen=True):
    """Every output index reads every index: contractions, reductions, spectra.

    Attributes:
        uncertain: it reads *some* of them, chosen by data (grid_sample, TopK): an upper bound.
    """

    uncertain: bool = False


class Taps(NamedTuple):
    """Output ``period·q + r`` reads ``advance·q + t`` for each ``t`` of ``taps[r]``.

    A convolution is the case ``period = 1`` (``advance`` is the stride, the taps are
    ``dilation·k - pad``), its transpose the case ``advance = 1`` (``period`` is the stride), a
    resize has both.

    Attributes:
        period: output steps after which the pattern repeats.
        advance: operand positions that one period moves; negative for a flip.
        taps: for each phase ``r < period`` the positions that it reads, possibly none.
        border: what a tap outside the operand reads: nothing, the nearest element (``edge``), the
            mirrored one (``reflect``) or the opposite one (``wrap``).
        selects: the relation moves or picks positions and computes nothing (slices, pads, concats,
            groups of channels), so it does not tell that the axis is a spatial one.
        fitted: what of it depends on the whole extent.
        certain: those of ``taps`` that every engine reads; the others are read or not as it rounds or counts. None:
            all.
    """

    period: int
    advance: int
    taps: tuple[tuple[int, ...], ...]
    border: Border = "drop"
    selects: bool = False
    fitted: Fit = ""
    certain: tuple[tuple[int, ...], ...] | None = None

    def __hash__(self) -> int:
        """Return a hash of what is short: tables of many phases, as of groups, would be gone through each time."""
        taps = self.taps
        ends = taps if len(taps) < 2 else (len(taps), taps[0][:1], taps[-1][-1:])
        return hash((self.period, self.advance, ends, self.border, self.selects, self.fitted))


class Prefix(Struct, frozen=True):
    """Output ``i`` reads every index up to ``i`` (from ``i`` on if ``reverse``): recurrences, sums."""

    reverse: bool = False


class Table(Struct, frozen=True, eq=False, weakref=True):
    """Output ``i`` reads ``indices[i]`` alone, or nothing where that is -1: gathers, rolls."""

    indices: npt.NDArray[np.int64]


class Sets(Struct, frozen=True, eq=False):
    """Output ``i`` reads every ``j`` with ``reads[i, j]``: masks, windows of any other shape.

    Attributes:
        reads: the table.
        certain: what every engine reads of it; the rest is read or not as it rounds or counts. None: all.
        fitted: what of it depends on the whole extent.
    """

    reads: npt.NDArray[np.bool_]
    certain: npt.NDArray[np.bool_] | None = None
    fitted: Fit = ""


Relation = Same | Whole | Taps | Prefix | Table | Sets


def is_rounded(relation: Relation) -> bool:
    """Whether engines differ in some of what is read."""
    return isinstance(relation, Taps | Sets) and relation.certain is not None


def is_identity(relation: Relation) -> bool:
    """Whether each index reads itself, where there are as many of the output as of the operand."""
    return type(relation) is Taps and relation[:3] == (1, 1, ((0,),)) and relation.certain is None


def certain(relation: Relation) -> Relation:
    """Return what is read for certain, whatever the engine."""
    if isinstance(relation, Taps) and relation.certain is not None:
        return relation._replace(taps=relation.certain, certain=None)
    if isinstance(relation, Sets) and relation.certain is not None:
        return Sets(relation.certain)
    return relation


SAME = Same()
WHOLE = Whole()
ANYWHERE = Whole(uncertain=True)


class Read(NamedTuple):
    """What the elements of one output read of one operand, as a product over the operand's axes.

    Attributes:
        operand: number of the operand's value in its graph.
        axes: for each axis of the operand the output axis that it belongs to and the relation. The
            output axis is None where the operand's axis ends here: ``WHOLE`` contracts it, any
            other relation is taken at its only output index (a pick, a broadcast extent of 1).
        statistic: the contraction is a reduction to a statistic (a mean, a maximum, a norm). Where
            it leaves no position of an input axis it brings *context*, not field (SEMANTICS 2).
        channel: the operand axis that a convolution or Linear contracts as features, if any.
        where: which output elements read at all, broadcastable to the output; None for all.
    """

    operand: int
    axes: tuple[tuple[int | None, Relation], ...]
    statistic: bool = False
    channel: int | None = None
    where: npt.NDArray[np.bool_] | None = None


@cache
def unmoved(rank: int) -> tuple[tuple[int | None, Relation], ...]:
    """Return the axes of a read in which every axis of the operand is the output's, index by index."""
    return tuple([(axis, SAME) for axis in range(rank)])


LARGEST_TABLE = 1 << 24
"""Tables of pairs (an index of the output, one of the operand) with more entries are not written out."""

Kernel = int | tuple[int, ...]
"""The number of taps, or the indices of those that read."""


def _taps(kernel: Kernel) -> Iterable[int]:
    return range(kernel) if isinstance(kernel, int) else kernel


@cache
def window(kernel: Kernel, stride: int = 1, dilation: int = 1, pad: int = 0) -> Taps:
    """Return the relation of a convolution or pooling window along one axis.

    Output ``i`` reads ``stride·i - pad + dilation·k`` for every tap ``k`` (Dumoulin & Visin 2016,
    relationship 14 solved for the input).
    """
    return Taps(1, stride, (tuple(dilation * k - pad for k in _taps(kernel)),))


@cache
def spread(kernel: Kernel, stride: int = 1, dilation: int = 1, pad: int = 0) -> Taps:
    """Return the taps of a transposed window: every ``j`` with ``stride·j + dilation·k - pad = i``."""
    hits: dict[int, set[int]] = {}
    for k in _taps(kernel):
        read, phase = divmod(dilation * k - pad, stride)  # by i = stride·q + phase, where j = q - read
        hits.setdefault(phase, set()).add(-read)
    return Taps(stride, 1, tuple([tuple(sorted(hits.get(phase, ()))) for phase in range(stride)]))


@lru_cache(maxsize=4096, typed=True)
def progression(start: int, step: int = 1) -> Taps:
    """Return the relation of a slice: output ``i`` reads ``start + step·i`` (step < 0 flips)."""
    return Taps(1, step, ((start,),), selects=True)


@lru_cache(maxsize=4096, typed=True)
def pad(before: int, border: Border = "drop") -> Taps:
    """Return the relation of padding with ``before`` positions in front (negative: a crop)."""
    return Taps(1, 1, ((-before,),), border=border, selects=True)


def fitted(relation: Relation, how: Fit) -> Relation:
    """Return a relation of which ``how`` says what depends on the whole extent of its axis."""
    if isinstance(relation, Taps):
        return relation._replace(fitted=how)
    return structs.replace(relation, fitted=how) if isinstance(relation, Sets) else relation


@cache
def groups(operand: int, output: int, count: int) -> Relation:
    """Return how ``output`` channels read ``operand`` channels of a convolution with ``count`` groups."""
    if count == 1:
        return WHOLE
    inside = tuple(range(operand // count))
    return Taps(output // count, operand // count, (inside,) * (output // count), selects=True)


def indices(values: Sequence[int] | npt.NDArray[np.int64]) -> Relation:
    """Return the relation that reads exactly ``values[i]`` at output ``i``, as a slice where it is one."""
    array = np.asarray(values, dtype=np.int64).reshape(-1)
    if array.size and (array >= 0).all():
        steps = np.diff(array)
        step = int(steps[0]) if steps.size else 1
        if step != 0 and (steps == step).all():
            return progression(int(array[0]), step)
    return Table(array)


def repeating(values: npt.NDArray[np.int64]) -> Relation:
    """Return the relation that reads exactly ``values[i]`` at output ``i``, by what repeats in it, as in a resize.

    A pattern counts that comes three times: positions that are doubled, or change places in pairs.
    """
    plain = indices(values)
    if not isinstance(plain, Table) or (values < 0).any():
        return plain
    for period in range(2, min(len(values) // 3, LONGEST_BLOCK) + 1):
        moves = values[period:] - values[:-period]
        if moves[0] and (moves == moves[0]).all():
            taps = tuple([(place,) for place in values[:period].tolist()])
            return Taps(period, int(moves[0]), taps, selects=True)
    return plain


LONGEST_BLOCK = 1 << 8
"""Blocks with more elements are not told apart from other tables."""


def sets(reads: Flags) -> Relation:
    """Return the relation that reads every ``j`` with ``reads[i, j]`` at output ``i``, in its simplest form.

    That is everything, a prefix (causal masks), a window that only borders clip (banded masks), blocks, or the table.
    """
    if reads.all():
        return WHOLE
    extent = len(reads)
    if reads.shape != (extent, extent) or extent < 2:
        return Sets(reads)
    if _slides(reads):
        for reverse, first, behind in ((False, reads[0], reads[:, 0]), (True, reads[:, 0], reads[0])):
            if behind.all() and first[0] and not first[1:].any():
                return Prefix(reverse)
    return window_of(reads) or _blocks(reads) or Sets(reads)


def window_of(reads: Flags) -> Taps | None:
    """Return the window that a square table is when its borders are taken off; None if it is none."""
    extent = len(reads)
    if reads.shape != (extent, extent) or not _slides(reads):
        return None
    offsets = sorted({*np.flatnonzero(reads[0]).tolist(), *(-np.flatnonzero(reads[:, 0])).tolist()})
    middle = extent // 2
    if not offsets or middle + offsets[0] <= 0 or middle + offsets[-1] >= extent - 1:
        return None
    return Taps(1, 1, (tuple(offsets),))


def _slides(reads: Flags) -> bool:
    """Whether each row of a table is the one before, moved by one; so many rows at a time that it costs no room."""
    rows = max(1, (1 << 20) // max(reads.shape[1], 1))
    return all(
        np.array_equal(
            reads[first : first + rows, :-1][: len(reads) - 1 - first], reads[first + 1 :, 1:][:rows]
        )
        for first in range(0, len(reads) - 1, rows)
    )


def _blocks(reads: Flags) -> Taps | None:
    """Return the relation of a square table in which equal blocks of indices read themselves; None if it is another."""
    extent, size = len(reads), int(np.count_nonzero(reads[0]))
    if not 0 < size <= LONGEST_BLOCK or extent % size or extent == size:
        return None
    places = [slice(first, first + size) for first in range(0, extent, size)]
    alone = np.count_nonzero(reads) == extent * size and all(reads[own, own].all() for own in places)
    return Taps(size, size, (tuple(range(size)),) * size) if alone else None
