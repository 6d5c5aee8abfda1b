"""Windows over long axes with borders, read as strided slices: no table of all taps of all elements.

Output ``period·q + r`` reads ``advance·q + t`` for each tap ``t`` of phase ``r``. For one phase and one tap the
elements that read and those that are read are two slices of one length, up to the borders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Taps
from pytest_rf.domains.hull import NOWHERE, Hull, Positions
from pytest_rf.limits import afford, afford_both

FEW = 4
"""So many taps are read one by one; the least of more is found by doubling."""

Places = slice | npt.NDArray[np.int64]
Least = Callable[..., Any]
"""``np.minimum``, or ``np.maximum`` where the last position is looked for."""


def window(hull: Hull, dim: int, relation: Taps, extent: int, output: int) -> Hull:
    """Return the hull of ``output`` elements that read the operand's ``extent`` ones by a window along ``dim``."""
    if relation.taps == ((0,),) and relation.advance == 1 and output == extent:
        return hull
    if hull.lo.shape[dim] == 1:
        hits = hit(relation, extent, output)
        if hits.all():
            return hull
        line = hits.reshape([-1 if d == dim else 1 for d in range(hull.lo.ndim)])
        afford_both(line.shape, hull.lo.shape)
        return Hull(np.where(line, hull.lo, NOWHERE), np.where(line, hull.hi, -NOWHERE), hull.jump)
    low = _reduced(hull.lo, dim, relation, output, np.minimum, NOWHERE)
    same = (
        hull.lo is hull.hi and len(relation.taps) == 1 and len(relation.taps[0]) == 1 and low.base is hull.lo
    )
    high = low if same else _reduced(hull.hi, dim, relation, output, np.maximum, -NOWHERE)
    return Hull(low, high, hull.jump)


@lru_cache(maxsize=1024)
def is_inside(relation: Taps, extent: int, output: int) -> bool:
    """Whether the first tap of each output lies inside, as with groups of channels."""
    last = (-(-output // relation.period) - 1) * relation.advance
    firsts = [taps[0] for taps in relation.taps if taps]
    if len(firsts) < len(relation.taps):
        return False
    low, high = min(firsts), max(firsts)
    return low >= 0 and high < extent and low + last >= 0 and high + last < extent


def hit(relation: Taps, extent: int, output: int) -> npt.NDArray[np.bool_]:
    """Return which of ``output`` elements read any of ``extent`` ones."""
    if is_inside(relation, extent, output):
        return np.ones(output, np.bool_)
    if relation.border != "drop":  # what lies outside stands for something inside
        taken = np.array([bool(taps) for taps in relation.taps]) & (extent > 0)
        return np.asarray(np.resize(taken, output))
    hits = np.zeros(output, np.bool_)
    for phase, taps in enumerate(relation.taps):
        if not taps:
            continue
        mine = hits[phase :: relation.period]
        for tap in taps:
            for reader, _ in _tap(tap, relation, extent, len(mine)):
                mine[reader] = True
            if mine.all():
                break
    return hits


def _reduced(
    positions: Positions, dim: int, relation: Taps, output: int, least: Least, nothing: int
) -> Positions:
    """Return for each output the least position that its taps read, ``nothing`` where they read none."""
    before = (slice(None),) * dim
    extent = positions.shape[dim]
    if relation.period == 1 and len(relation.taps[0]) == 1:
        parts = list(_tap(relation.taps[0][0], relation, extent, output))
        reader, read = parts[0] if parts else (None, slice(0))
        if len(parts) == 1 and isinstance(reader, slice) and reader == slice(0, output):
            return positions[(*before, read)]  # moved or picked, and nothing beside
    shape = [*positions.shape]
    shape[dim] = output
    afford(prod(shape))
    if relation.period > -(-output // relation.period) and _are_runs(relation) and extent:
        return _least_of_runs(positions, dim, relation, output, least, nothing)
    found = np.empty(shape, np.int64)
    for phase, taps in enumerate(relation.taps):
        out = found[(*before, slice(phase, None, relation.period))]
        step = _step(taps)
        if len(taps) > FEW and step:
            out[...] = _least_of_many(
                positions, dim, sorted(taps), step, relation, out.shape[dim], least, nothing
            )
            continue
        reads = [one for tap in taps for one in _tap(tap, relation, extent, out.shape[dim])]
        afford(out.size * len(taps))
        inside = [(reader, read) for reader, read in reads if isinstance(reader, slice)]
        # The first tap is written where it reads, and nothing around it: each pass over a long table costs.
        first, read = inside[0] if inside else (slice(0, 0), slice(0, 0))
        out[(*before, slice(0, first.start))] = nothing
        out[(*before, first)] = positions[(*before, read)]
        out[(*before, slice(first.stop, None))] = nothing
        for reader, read in inside[1:]:
            mine = out[(*before, reader)]
            least(mine, positions[(*before, read)], out=mine)
        for reader, read in reads:
            if not isinstance(reader, slice):
                places: tuple[Any, ...] = (*before, reader)
                out[places] = least(out[places], positions[(*before, read)])
    return found


def _are_runs(relation: Taps) -> bool:
    """Whether the taps of each phase lie side by side, and those outside stand for the nearest inside or nothing."""
    return relation.border in ("drop", "edge") and all(
        taps == tuple(range(taps[0], taps[0] + len(taps))) for taps in relation.taps if taps
    )


def _least_of_runs(
    positions: Positions, dim: int, relation: Taps, output: int, least: Least, nothing: int
) -> Positions:
    """Return the least position of runs of taps, all outputs at once: there are more phases than rounds of them.

    The least of a run of ``2^k`` up to ``2^(k + 1)`` is that of its first ``2^k`` and of its last.
    """
    before, extent = (slice(None),) * dim, positions.shape[dim]
    ends = np.array([(taps[0], taps[-1]) if taps else (0, -1) for taps in relation.taps], np.int64)
    place = np.arange(output)
    phase, moved = place % relation.period, place // relation.period * relation.advance
    low, high = ends[phase, 0] + moved, ends[phase, 1] + moved
    reads = low <= high
    if relation.border == "drop":
        reads &= (low < extent) & (high >= 0)
    low, high = np.clip(low, 0, extent - 1), np.clip(high, 0, extent - 1)
    level = np.where(reads, np.frexp(high - low + 1)[1] - 1, -1)
    deepest = int(level.max(initial=0))
    afford(positions.size * deepest)
    found = np.full((*positions.shape[:dim], output, *positions.shape[dim + 1 :]), nothing, np.int64)
    line = positions
    for k in range(deepest + 1):
        width = 1 << k
        if k:
            half = width >> 1
            line = least(line[(*before, slice(None, -half))], line[(*before, slice(half, None))])
        mine = np.flatnonzero(level == k)
        if mine.size:
            first, last = low[mine], high[mine] - width + 1
            places: tuple[Any, ...] = (*before, mine)
            found[places] = least(line.take(first, axis=dim), line.take(last, axis=dim))
    return found


def _tap(tap: int, relation: Taps, extent: int, rounds: int) -> Iterator[tuple[Places, Places]]:
    """Yield which of the outputs of one phase read one tap, and where: inside, and what the border puts there."""
    advance = relation.advance
    first, last = _inside(tap, advance, extent, rounds)
    if first < last:
        begin, end = advance * first + tap, advance * (last - 1) + tap
        if advance > 0:
            yield slice(first, last), slice(begin, end + 1, advance)
        elif advance < 0:
            yield slice(first, last), slice(begin, end - 1 if end else None, advance)
        else:
            yield slice(first, last), slice(begin, begin + 1)
    if relation.border != "drop" and extent:
        outside = np.r_[0:first, last:rounds] if first < last else np.arange(rounds)
        if outside.size:
            yield outside, fold(advance * outside + tap, extent, relation.border)


def _inside(tap: int, advance: int, extent: int, rounds: int) -> tuple[int, int]:
    """Return the rounds ``first <= q < last`` at which ``advance·q + tap`` lies inside."""
    if not advance:
        return (0, rounds) if 0 <= tap < extent else (0, 0)
    if advance > 0:
        first, last = -(tap // advance), (extent - 1 - tap) // advance + 1
    else:
        first, last = -((extent - 1 - tap) // -advance), tap // -advance + 1
    return max(first, 0), min(last, rounds)


def fold(reads: npt.NDArray[np.int64], extent: int, border: str) -> npt.NDArray[np.int64]:
    """Return the positions inside that stand for positions outside, by the border's rule."""
    if border == "edge":
        return np.clip(reads, 0, max(extent - 1, 0))
    if border == "wrap":
        return reads % max(extent, 1)
    turn = max(2 * (extent - 1), 1)
    folded = reads % turn
    return np.where(folded < extent, folded, turn - folded)


def _step(taps: Sequence[int]) -> int:
    """Return the distance of taps that lie evenly; 0 where they do not."""
    ordered = sorted(taps)
    steps = {b - a for a, b in pairwise(ordered)}
    return steps.pop() if len(steps) == 1 else 0


def _least_of_many(
    positions: Positions,
    dim: int,
    taps: Sequence[int],
    step: int,
    relation: Taps,
    rounds: int,
    least: Least,
    nothing: int,
) -> Positions:
    """Return the least position of evenly spaced taps for the outputs of one phase, by doubling.

    The least of ``2·n`` taps is that of ``n`` and of the ``n`` behind them, so ``log2(taps)`` passes do.
    """
    before = (slice(None),) * dim
    extent = positions.shape[dim]
    reach = relation.advance * (rounds - 1)
    first, last = min(0, reach) + taps[0], max(0, reach) + taps[-1]
    shape = [*positions.shape]
    shape[dim] = last - first + 1
    afford(prod(shape) * len(taps).bit_length())
    if relation.border == "drop":
        line = np.full(shape, nothing, np.int64)
        inside = slice(max(first, 0), max(min(last + 1, extent), max(first, 0)))
        line[(*before, slice(inside.start - first, inside.stop - first))] = positions[(*before, inside)]
    else:
        line = positions.take(fold(np.arange(first, last + 1), extent, relation.border), axis=dim)
    width = 1
    while 2 * width <= len(taps):
        line = least(line[(*before, slice(None, -step * width))], line[(*before, slice(step * width, None))])
        width *= 2
    if width < len(taps):
        rest = step * (len(taps) - width)
        line = least(line[(*before, slice(None, -rest))], line[(*before, slice(rest, None))])
    start = taps[0] - first
    if relation.advance > 0:
        return line[(*before, slice(start, start + reach + 1, relation.advance))]
    places = start + relation.advance * np.arange(rounds)
    return line.take(places, axis=dim)
