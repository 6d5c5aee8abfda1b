"""Unions of hulls, and masks over them, of which the arrays would be far larger than they are themselves.

The scores of queries by keys read what the query does and what the key does: two lines, of which the table of all
pairs is the union. Every operation distributes over unions, so that table is *put off* (``Hull.rest``): most often a
contraction comes next, and there is no need for it. A mask that lets only some of the pairs read is put off likewise
(``Hull.where``): one bit a pair, instead of two positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.domains import hull, stretched
from pytest_rf.domains.flagged import contracted
from pytest_rf.domains.hull import (
    ENDLESS,
    NOWHERE,
    Flags,
    Hull,
    Positions,
    irregular,
    leaner,
    masked,
    to_common_period,
)
from pytest_rf.domains.instructions import Arrange, Contract, Cut, Divide, Follow, Instruction, Unite
from pytest_rf.limits import afford_both


def pieces(one: Hull | None) -> list[Hull]:
    """Return the hulls of which one is the union."""
    if one is None or one.stretch is not None:
        return [] if one is None else [stretched.made(one)]
    return [one] if one.rest is None else [replace(one, rest=None), *pieces(one.rest)]


def settled(one: Hull) -> Hull:
    """Return the hull as one part, whatever its size."""
    if not one.is_put_off:
        return one
    first, *others = [_filled(piece) for piece in pieces(one)]
    for other in others:
        afford_both(first.lo.shape, other.lo.shape)
        first = Hull(np.minimum(first.lo, other.lo), np.maximum(first.hi, other.hi), first.jump)
    return first


def small(one: Hull) -> Hull:
    """Return the hull as one part if that is not large, and none that is stretched."""
    one = stretched.made(one)
    return settled(one) if one.is_put_off and prod(shape(one)) <= hull.ROOM else one


def shape(one: Hull) -> tuple[int, ...]:
    """Return the shape of the arrays that the hull has as one part."""
    parts = pieces(one)
    flags = [part.where.shape for part in parts if part.where is not None]
    return np.broadcast_shapes(*[part.lo.shape for part in parts], *flags)


def each(one: Hull, do: Instruction, change: Callable[[Hull], Hull]) -> Hull:
    """Return the hull with what an instruction does made to every part of the union that it is.

    Args:
        one: the hull.
        do: the instruction.
        change: what it does to a hull that is not put off.
    """
    if one.stretch is not None:
        found = stretched.apply(one, do)
        return change(stretched.made(one)) if found is None else found
    if one.rest is None:
        return change(one) if one.where is None else _under_mask(one, one.where, do, change)
    return union(each(replace(one, rest=None), do, change), each(one.rest, do, change))


def cut(one: Hull, places: Sequence[slice]) -> Hull:
    """Return the hull of the elements at some places along each dimension; where it does not vary they are alike."""
    found: Hull | None = None
    for part in pieces(one):
        where = None if part.where is None else _cut(part.where, places)
        found = replace(part, lo=_cut(part.lo, places), hi=_cut(part.hi, places), where=where, rest=found)
    assert found is not None
    return found


def mask(one: Hull, reads: Flags) -> Hull:
    """Return the hull of those elements that read at all, along axes with borders."""
    one = stretched.made(one)
    if one.rest is not None:
        return union(mask(replace(one, rest=None), reads), mask(one.rest, reads))
    both = reads if one.where is None else one.where & reads
    bare = replace(one, where=None)
    if not both.any():
        return hull.constant(NOWHERE, one.lo.ndim)
    room = prod(np.broadcast_shapes(one.lo.shape, both.shape))
    if room <= max(hull.ROOM, 2 * one.lo.size):
        return masked(bare, both)
    return bare if both.all() else replace(one, where=both)


def together(one: Hull, dims: Iterable[int]) -> Hull:
    """Return the hull of what all elements along some dimensions read, which have one element then."""
    dims, one = tuple(dims), stretched.made(one)
    if one.is_one:
        return one
    if one.rest is not None:
        return union(together(replace(one, rest=None), dims), together(one.rest, dims))
    where, one = one.where, replace(one, where=None)
    for dim in dims if where is not None else ():
        if where is not None and where.shape[dim] > 1:
            one, where = contracted(one, where, dim), None
    dims = tuple([dim for dim in dims if one.lo.shape[dim] != 1 or one.hi.shape[dim] != 1])
    if dims:
        lo, hi = one.lo.min(axis=dims, keepdims=True), one.hi.max(axis=dims, keepdims=True)
        one = Hull(lo, hi, one.jump)
    return one if where is None else mask(one, where)


def union(a: Hull, b: Hull) -> Hull:
    """Return the hull that holds both; irregular where they move at different speeds."""
    if a is b:
        return a
    if a.ends is not None and b.ends is not None and a.jump == b.jump:
        first, last = min(a.ends[0], b.ends[0]), max(a.ends[1], b.ends[1])
        return a if (first, last) == a.ends else hull.one(first, last, a.rank, a.jump)
    if a.stretch is not None or b.stretch is not None:
        found = stretched.union(a, b)
        return union(stretched.made(a), stretched.made(b)) if found is None else found
    if a.is_put_off or b.is_put_off:
        both = [*pieces(a), *pieces(b)]
        odd = next((part for part in both if part.irregular or part.jump is not None), None)
        return _put_off(both) if odd is None else union(settled(a), settled(b))
    if a.irregular or b.irregular:
        other = b if a.irregular else a
        if not other.irregular and (other.lo == -ENDLESS).all() and (other.hi == ENDLESS).all():
            return other
        return irregular(
            "uneven" if "uneven" in (a.irregular, b.irregular) else a.irregular or b.irregular, a, b
        )
    if a.jump is None and b.jump is None and _broadcast(a.lo.shape, b.lo.shape):
        if _blows_up(a.lo.shape, b.lo.shape):
            return replace(a, rest=b)
        afford_both(a.lo.shape, b.lo.shape)
        return leaner(Hull(_least(np.minimum, a.lo, b.lo), _least(np.maximum, a.hi, b.hi)))
    alike = to_common_period([a, b])
    if alike is None:
        # What moves at different speeds lies ever further apart.
        return irregular("interleaved", a, b, hull.endless(a.lo.ndim))
    a, b = alike
    afford_both(a.lo.shape, b.lo.shape)
    joined = Hull(np.minimum(a.lo, b.lo), np.maximum(a.hi, b.hi), a.jump or b.jump)
    for dim in range(joined.lo.ndim):
        # Where nothing moves the dimension may have an end, and holds one entry per element.
        if joined.moves(dim) and joined.period(dim) > 1:
            joined = hull.shortest_period(joined, dim)
    return joined


def _cut(array: npt.NDArray[Any], places: Sequence[slice]) -> npt.NDArray[Any]:
    return array[
        tuple([place if n > 1 else slice(None) for place, n in zip(places, array.shape, strict=True)])
    ]


def _filled(piece: Hull) -> Hull:
    return piece if piece.where is None else masked(replace(piece, where=None), piece.where)


def _under_mask(piece: Hull, where: Flags, do: Instruction, change: Callable[[Hull], Hull]) -> Hull:
    """Return what an instruction does to a part that is under a mask."""
    bare = replace(piece, where=None)
    if isinstance(do, Contract) and where.shape[do.dim] > 1:
        return contracted(bare, where, do.dim)
    if isinstance(do, Follow) and where.shape[do.dim] > 1:
        # Who reads any of what is the same everywhere reads that.
        read = change(hull.flagged(where)) if bare.period(do.dim) == 1 else None
        return change(_filled(piece)) if read is None or read.irregular else mask(bare, read.lo < NOWHERE)
    if isinstance(do, Contract | Follow | Cut):
        return mask(change(bare), where)
    if isinstance(do, Arrange | Divide | Unite):  # the flags move as positions do
        flags: Any = where
        return mask(change(bare), change(Hull(flags, flags)).lo.astype(np.bool_, copy=False))
    return change(_filled(piece))


def _put_off(parts: Sequence[Hull]) -> Hull:
    """Return the union of parts, of which only those are computed that are not blown up by it."""
    found: list[Hull] = []
    for part in parts:
        for number, other in enumerate(found):
            if not _blows_up(part.lo.shape, other.lo.shape) and _same(part.where, other.where):
                joined = union(replace(other, where=None), replace(part, where=None))
                found[number] = replace(joined, where=part.where)
                break
            if part.where is not None and other.where is not None and _alike(part, other):
                found[number] = mask(replace(part, where=None), part.where | other.where)
                break
        else:
            found.append(part)
    chain: Hull | None = None
    for part in found:
        chain = replace(part, rest=chain)
    assert chain is not None
    return chain


def _alike(a: Hull, b: Hull) -> bool:
    """Whether two parts are the same but for their masks, which are flags of the same dimensions."""
    same = a.where is not None and b.where is not None and a.where.shape == b.where.shape
    return same and np.array_equal(a.lo, b.lo) and np.array_equal(a.hi, b.hi)


def _same(a: Flags | None, b: Flags | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def _blows_up(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether what is put together of two arrays is much larger than either, and large."""
    room = prod([max(m, n) for m, n in zip(a, b, strict=True)])
    return room > hull.PAIRS and room > 2 * max(prod(a), prod(b))


def _least(least: np.ufunc, a: Positions, b: Positions) -> Positions:
    """Return the elementwise least of two arrays; a large one that is it already is not written once more."""
    if a.size > hull.ROOM and a.shape == b.shape:
        holds = np.greater_equal if least is np.minimum else np.less_equal
        for one, other in ((a, b), (b, a)):
            if holds(other, one).all():
                return one
    found: Positions = least(a, b)
    return found


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast against each other."""
    return a == b or all(m == n or m == 1 or n == 1 for m, n in zip(a, b, strict=True))
