"""Hulls of tensors that lie one behind the other along an axis (concat).

Along an axis without end two different parts have no common map. Those that have no place of their own there
(constants, statistics, what reads everything), or only pad the main one, do not disturb its map.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np

from pytest_rf.access import progression
from pytest_rf.domains import bounded, hull, periodic, unions
from pytest_rf.domains.hull import Hull
from pytest_rf.domains.instructions import EndToEnd
from pytest_rf.domains.layout import Key

Piece = tuple[Hull, int, int]
"""A hull, its first place and its extent along the axis."""


def laid(parts: Sequence[Hull | None], do: EndToEnd) -> Hull:
    """Return the hull of parts along an axis with borders."""
    pieces = [
        (one, offset, extent)
        for one, offset, extent in zip(parts, do.offsets, do.extents, strict=True)
        if one is not None
    ]
    if not any(one.is_put_off for one, _, _ in pieces):
        return bounded.end_to_end(pieces, do.dim, do.total)
    return reduce(
        unions.union, [bounded.end_to_end(layer, do.dim, do.total) for layer in _layers(pieces, do.dim)]
    )


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


def _layers(pieces: Sequence[Piece], dim: int) -> Iterable[list[Piece]]:
    """Sort the pieces of an axis by the other axes along which they vary.

    A table of queries by keys that nobody has made is not made for a class token beside it either.
    """
    layers: dict[tuple[bool, ...], dict[int, Piece]] = {}
    for one, offset, extent in pieces:
        for part in map(unions.settled, unions.pieces(one)):  # what is left of a mask beside others is made
            varies = tuple(part.period(d) > 1 for d in range(part.lo.ndim) if d != dim)
            layer = layers.setdefault(varies, {})
            other = layer.get(offset)
            both = part if other is None else unions.settled(unions.union(other[0], part))
            layer[offset] = (both, offset, extent)
    return [list(layer.values()) for layer in layers.values()]


def _is_same_map(a: Hull, b: Hull) -> bool:
    if a is b:
        return True
    alike = a.jump == b.jump and np.array_equal(a.lo, b.lo) and np.array_equal(a.hi, b.hi)
    return alike and not (a.irregular or b.irregular)
