"""Hulls of tensors that lie one behind the other along an axis (concat).

Along an axis without end two different parts have no common map. Those that have no place of their own there
(constants, statistics, what reads everything), or only pad the main one, do not disturb its map.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from math import prod

import numpy as np

from pytest_rf.access import progression
from pytest_rf.domains import bounded, hull, periodic, stretched, unions
from pytest_rf.domains.hull import Hull
from pytest_rf.domains.instructions import EndToEnd
from pytest_rf.domains.layout import Key
from pytest_rf.domains.stretched import Piece

FEW = 8
"""So many parts end to end are put under masks of their places; a table of more is made."""


def laid(parts: Sequence[Hull | None], do: EndToEnd) -> Hull:
    """Return the hull of parts along an axis with borders."""
    pieces = [
        (one, offset, extent)
        for one, offset, extent in zip(parts, do.offsets, do.extents, strict=True)
        if one is not None
    ]
    if pieces[0][0].ends is not None and bounded.alike(pieces, do.dim, do.total):
        return pieces[0][0]
    if _is_one_line(pieces, do):
        return pieces[0][0]
    found = stretched.end_to_end(pieces, do.dim, do.total)
    if found is not None:
        return found
    pieces = [(stretched.made(one), offset, extent) for one, offset, extent in pieces]
    if not any(one.is_put_off for one, _, _ in pieces):
        return _layer(pieces, do.dim, do.total, hull.ROOM)
    split = [(part, offset, extent) for one, offset, extent in pieces for part in unions.pieces(one)]
    lines = [piece for piece in split if _is_under_line(piece[0], do.dim)] if len(split) <= FEW else []
    layers = _layers([piece for piece in split if piece not in lines], do.dim)
    made = [_layer(layer, do.dim, do.total, hull.PAIRS) for layer in layers]
    return reduce(unions.union, [*made, *[_at(piece, do.dim, do.total) for piece in lines]])


def _is_one_line(pieces: Sequence[Piece], do: EndToEnd) -> bool:
    """Whether pieces lie beside each other along a stretched line, and all elements of one place read the same."""
    first = pieces[0][0].stretch
    if first is None or first.dim == do.dim or sum(extent for _, _, extent in pieces) < do.total:
        return False
    return stretched.alike([one for one, _, _ in pieces])


def one_map(parts: Sequence[Hull | None], do: EndToEnd, key: Key) -> Hull:
    """Return the map of parts along an axis without end."""
    maps = [
        None if one is None else periodic.along(unions.settled(one), do.dim, progression(-offset))
        for one, offset in zip(parts, do.offsets, strict=True)
    ]
    main = maps[do.seam.main]
    if do.seam.kind == "padding" and main is not None:
        return main
    known = [(one, carries) for one, carries in zip(maps, do.carries, strict=True) if one is not None]
    moving = [(one, carries) for one, carries in known if one.irregular or not hull.is_rigid(one)]
    placed = [one for one, carries in moving if key in carries]
    alike = placed or [one for one, _ in moving]
    if not alike:
        return reduce(unions.union, [one for one, _ in known])
    first = alike[0]
    if any(hull.has_endless(one) for one, _ in known if not one.irregular and hull.is_rigid(one)):
        # Who reads everything has no place, but there is no map on which it does.
        return hull.irregular("interleaved", *[one for one, _ in known])
    if all(_is_same_map(one, first) for one in alike[1:]):
        return first
    apart = len(placed) > 1 and do.seam.kind == "pieces"
    return hull.irregular("uneven" if apart else "interleaved", *alike)


def _layer(pieces: Sequence[Piece], dim: int, total: int, least: int) -> Hull:
    """Return the hull of pieces that are not put off.

    A piece that does not vary along an axis would be written again for each of its places. Where that makes a table
    of more than ``least`` elements of small pieces each of them is put under a mask of its places instead.
    """
    if len(pieces) == 1 or not _is_repeated(pieces, dim, total, least) or bounded.alike(pieces, dim, total):
        return bounded.end_to_end(pieces, dim, total)
    parts = [_at(piece, dim, total) for piece in pieces if piece[0].period(dim) == 1]
    varying = [piece for piece in pieces if piece[0].period(dim) > 1]
    if varying:
        parts.append(bounded.end_to_end(varying, dim, total))
    return reduce(unions.union, parts)


def _is_repeated(pieces: Sequence[Piece], dim: int, total: int, least: int) -> bool:
    if len(pieces) > FEW or any(one.irregular or one.jump for one, _, _ in pieces):
        return False
    others = [d for d in range(pieces[0][0].lo.ndim) if d != dim]
    room = total * prod([max(one.lo.shape[d] for one, _, _ in pieces) for d in others])
    held = sum([one.lo.size for one, _, _ in pieces])
    return bool(room > max(least, 2 * held))


def _at(piece: Piece, dim: int, total: int) -> Hull:
    """Return a piece that does not vary along an axis, at its places there alone."""
    one, offset, extent = piece
    shape = [1] * one.lo.ndim
    shape[dim] = total
    flags = np.zeros(total, np.bool_)
    flags[offset : offset + extent] = True if one.where is None else one.where.reshape(-1)
    return unions.mask(replace(one, where=None), flags.reshape(shape))


def _is_under_line(part: Hull, dim: int) -> bool:
    """Whether a part is under a mask of places along an axis, and does not vary there otherwise."""
    where = part.where
    return where is not None and part.period(dim) == 1 and where.size == where.shape[dim]


def _layers(parts: Iterable[Piece], dim: int) -> Iterable[list[Piece]]:
    """Sort the parts of pieces of an axis by the other axes along which they vary.

    A table of queries by keys that nobody has made is not made for a class token beside it either.
    """
    layers: dict[tuple[bool, ...], dict[int, Piece]] = {}
    for one, offset, extent in parts:
        part = hull.leaner(unions.settled(one))  # what is left of a mask beside others is made
        varies = tuple(part.period(d) > 1 for d in range(part.lo.ndim) if d != dim)
        layer = layers.setdefault(varies, {})
        other = layer.get(offset)
        both = part if other is None else unions.settled(unions.union(other[0], part))
        layer[offset] = (both, offset, extent)
    return [list(layer.values()) for layer in layers.values()]


def _is_same_map(a: Hull, b: Hull) -> bool:
    if a is b:
        return True
    if a.ends is not None and b.ends is not None:
        return a.jump == b.jump and a.ends == b.ends
    alike = a.jump == b.jump and np.array_equal(a.lo, b.lo) and np.array_equal(a.hi, b.hi)
    return alike and not (a.irregular or b.irregular)
