"""Hulls along an axis with borders that is so long that most of their arrays would be one pattern over and over.

Far from the borders a convolution's field is that of its neighbour, moved on. Of such a hull the arrays hold the
elements at either border and one period of those between (``Hull.stretch``): a minute of audio takes as much room as
its borders. What has no such form is *made*: written out in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from pytest_rf.access import WHOLE, Relation, Same, Taps, is_rounded
from pytest_rf.domains import bounded
from pytest_rf.domains.hull import LIMIT, NOWHERE, Hull, Positions, Stretch, constant, shifted
from pytest_rf.domains.instructions import Arrange, Contract, Divide, First, Follow, Instruction, Unite
from pytest_rf.domains.slices import fold
from pytest_rf.limits import afford

SHARE = 2
"""Arrays that hold more than one in so many elements are written out."""


def point(extent: int, dim: int, rank: int) -> Hull:
    """Return the hull of an input along its own axis, which is a long one."""
    line = np.zeros((1,) * rank, np.int64)
    return Hull(line, line, stretch=Stretch(dim, extent, 0, 1, 1))


def made(x: Hull) -> Hull:
    """Return the hull written out."""
    if x.stretch is None:
        return x
    afford(x.stretch.extent)
    lo = _written(x.lo, x.stretch)
    return Hull(lo, lo if x.hi is x.lo else _written(x.hi, x.stretch))


def _written(side: Positions, stretch: Stretch) -> Positions:
    dim, extent, head, period, jump = stretch
    core = side.reshape(-1)
    stop = extent - (core.size - head - period)
    found = np.empty(extent, np.int64)
    found[:head], found[stop:] = core[:head], core[head + period :]
    # A phase at a time: each is a progression, or a mark.
    for phase, first in enumerate(core[head : head + period].tolist()):
        place = found[head + phase : stop : period]
        place[...] = jump if abs(first) < LIMIT else 0
        place[:1] = first
        np.add.accumulate(place, out=place)
    return found.reshape([-1 if d == dim else 1 for d in range(side.ndim)])


def apply(x: Hull, do: Instruction) -> Hull | None:
    """Return what an instruction makes of a stretched hull along axes with borders; None: it has to be made."""
    assert x.stretch is not None
    own, rank = x.stretch.dim, x.lo.ndim
    if isinstance(do, First) or (isinstance(do, Follow) and isinstance(do.relation, Same)):
        return x
    if isinstance(do, Follow) and is_rounded(do.relation):
        return None
    if isinstance(do, Contract | Follow) and do.dim != own:
        # Nothing varies along it, so all read what one reads, if they read at all.
        still = constant(0, rank)
        relation: Relation = do.relation if isinstance(do, Follow) else WHOLE
        output = do.output if isinstance(do, Follow) else 1
        return x if bounded.along(still, do.dim, relation, do.extent, output) is still else None
    if isinstance(do, Contract):
        return _together(x) if do.extent else None
    if isinstance(do, Follow):
        return _window(x, do.relation, do.output) if isinstance(do.relation, Taps) else None
    if isinstance(do, Arrange):
        return _moved(x, do.order.index(own), len(do.order)) if own in do.order else None
    if isinstance(do, Divide):
        if do.dim == own and min(do.outer, do.inner) > 1:
            return None
        behind = do.dim < own or (do.dim == own and do.outer == 1)
        return _moved(x, own + behind, rank + 1)
    if isinstance(do, Unite):
        last = do.dim + len(do.extents)
        if do.dim <= own < last:
            alone = all(n == 1 for d, n in enumerate(do.extents, do.dim) if d != own)
            return _moved(x, do.dim, rank + 1 - len(do.extents)) if alone else None
        return _moved(x, own if own < do.dim else own + 1 - len(do.extents), rank + 1 - len(do.extents))
    return None


def union(a: Hull, b: Hull) -> Hull | None:
    """Return the hull that holds two stretched ones; None where they have to be made."""
    one, two = a.stretch, b.stretch
    if one is None or two is None or (one.dim, one.extent) != (two.dim, two.extent):
        return None
    period = lcm(one.period, two.period)
    if one.jump * (period // one.period) != two.jump * (period // two.period):
        return None
    tail = max(_tail(a), _tail(b))
    new = Stretch(one.dim, one.extent, max(one.head, two.head), period, one.jump * (period // one.period))
    places = _places(new, tail)
    if places is None:
        return None
    lo = np.minimum(_at(a.lo, one, places, NOWHERE), _at(b.lo, two, places, NOWHERE))
    hi = np.maximum(_at(a.hi, one, places, -NOWHERE), _at(b.hi, two, places, -NOWHERE))
    return _trimmed(lo, hi, new, a.lo.ndim)


def alike(hulls: Sequence[Hull]) -> bool:
    """Whether hulls are stretched, and all the same."""
    first = hulls[0]
    return first.stretch is not None and all(
        one is first
        or (
            one.stretch == first.stretch
            and np.array_equal(one.lo, first.lo)
            and np.array_equal(one.hi, first.hi)
        )
        for one in hulls
    )


def _tail(x: Hull) -> int:
    assert x.stretch is not None
    return x.lo.size - x.stretch.head - x.stretch.period


def _places(stretch: Stretch, tail: int) -> npt.NDArray[np.int64] | None:
    """Return the elements that the arrays hold; None where there are too many of them, or no whole period."""
    _, extent, head, period, _ = stretch
    if SHARE * (head + period + tail) > extent:
        return None
    return np.concatenate([np.arange(head + period), np.arange(extent - tail, extent)])


def _at(side: Positions, stretch: Stretch, places: npt.NDArray[np.int64], nothing: int) -> Positions:
    """Return the positions of elements along the axis; ``nothing`` where there is none."""
    _, extent, head, period, jump = stretch
    core = side.reshape(-1)
    stop = extent - (core.size - head - period)
    between = (places >= head) & (places < stop)
    rounds, phase = np.divmod(places - head, period)
    index = np.where(between, head + phase, np.where(places < head, places, places - extent + core.size))
    found = shifted(core[index.clip(0, core.size - 1)], np.where(between, rounds * jump, 0))
    return np.where((places >= 0) & (places < extent), found, nothing)


def _trimmed(lo: Positions, hi: Positions, stretch: Stretch, rank: int) -> Hull:
    """Return the hull of lines, of which the borders keep only what goes on otherwise than the pattern."""
    dim, extent, head, period, jump = stretch
    tail = lo.size - head - period
    ends = np.concatenate([np.arange(head), np.arange(extent - tail, extent)])
    rounds, phase = np.divmod(ends - head, period)
    odd = np.zeros(ends.size, np.bool_)
    for side in (lo, hi):
        pattern, own = side[head : head + period], np.delete(side, np.s_[head : head + period])
        odd |= shifted(pattern[phase], rounds * jump) != own
    first = int(np.flatnonzero(odd[:head]).max(initial=-1)) + 1
    behind = int(np.flatnonzero(odd[head:]).min(initial=tail))
    shape = [-1 if d == dim else 1 for d in range(rank)]
    low, high = (
        np.concatenate([side[: first + period], side[head + period + behind :]]).reshape(shape)
        for side in (lo, hi)
    )
    return Hull(low, high, stretch=stretch._replace(head=first))


def _moved(x: Hull, dim: int, rank: int) -> Hull:
    """Return the hull with another number of dimensions, its own among them."""
    assert x.stretch is not None
    shape = [-1 if d == dim else 1 for d in range(rank)]
    lo = x.lo.reshape(shape)
    return Hull(lo, lo if x.hi is x.lo else x.hi.reshape(shape), stretch=x.stretch._replace(dim=dim))


def _together(x: Hull) -> Hull:
    """Return what all elements read together: those at the borders, and the first and last periods between."""
    assert x.stretch is not None
    _, extent, head, period, _ = x.stretch
    places = np.concatenate([np.arange(head + period), np.arange(extent - _tail(x) - period, extent)])
    shape = (1,) * x.lo.ndim
    lo, hi = _at(x.lo, x.stretch, places, NOWHERE).min(), _at(x.hi, x.stretch, places, -NOWHERE).max()
    return Hull(np.full(shape, lo), np.full(shape, hi))


def _window(x: Hull, relation: Taps, output: int) -> Hull | None:
    """Return the hull of ``output`` elements that read others by a window; None where it has to be made."""
    assert x.stretch is not None
    dim, extent, head, period, jump = x.stretch
    taps, advance = relation.taps, relation.advance
    width = max(map(len, taps))
    if not advance or not width:
        return None
    stop = extent - _tail(x)
    low, high = min(min(phase) for phase in taps if phase), max(max(phase) for phase in taps if phase)
    # The rounds of which all taps lie between the borders of what is read.
    if advance > 0:
        first, last = -((low - head) // advance), (stop - 1 - high) // advance + 1
    else:
        first, last = -((stop - 1 - high) // -advance), (low - head) // -advance + 1
    first, last = max(first, 0), min(last, output // relation.period)
    turns = period // gcd(period, advance)
    if last - first < turns:
        return None
    new = Stretch(
        dim, output, first * relation.period, turns * relation.period, jump * (advance * turns // period)
    )
    places = _places(new, output - last * relation.period)
    if places is None:
        return None
    afford(places.size * width)
    rounds, phase = np.divmod(places, relation.period)
    table = np.array([[*own, *[0] * (width - len(own))] for own in taps])
    real = np.arange(width) < np.array([len(own) for own in taps])[:, None]
    reads = advance * rounds[:, None] + table[phase]
    reads = np.where(
        real[phase], reads if relation.border == "drop" else fold(reads, extent, relation.border), -1
    )
    lo = _at(x.lo, x.stretch, reads, NOWHERE).min(axis=1)
    hi = _at(x.hi, x.stretch, reads, -NOWHERE).max(axis=1)
    return _trimmed(lo, hi, new, x.lo.ndim)
