"""Layouts: tensor axes as products of factors.

A reshape of ``(H·W)`` tokens into ``(H, W)`` does not change what any element reads. Keeping an axis
as the product of the factors that it was built from makes such a reshape a mere regrouping, for
finite and for endless axes alike, and keeps fields separable: window partitioning costs nothing.
Only where a relation acts on a composite axis, or extents do not divide, factors are merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import NamedTuple

from msgspec import Struct

Key = tuple[str, int]
"""An axis of an input: (input name, axis number)."""
Keys = frozenset[Key]
NONE: Keys = frozenset()
NO_STRIDES: Mapping[Key, Fraction] = {}


class Factor(NamedTuple):
    """A part of a tensor axis.

    Attributes:
        extent: its number of elements.
        carries: the input axes whose positions lie along it.
        leads: those of them of which it is the outermost part: on an input without end it has none
            along these, while the factors inside it hold a bounded number of positions.
        mixed: it also counts something that is no position (channels, say).
        within: what it counts beside positions are parts of each: what a pixel shuffle makes of channels.
        strides: of each input axis that it carries the positions per step along it, as far as windows
            alone tell: where everything is read, or nothing repeats, the hulls do not. 0 where positions
            of several axes are interleaved, so that no step is theirs.
        unlike: those of them along which branches met whose strides differ; ``strides`` has the first's.
        uneven: those of them along which pieces of different strides lie end to end.
    """

    extent: int
    carries: Keys = NONE
    leads: Keys = NONE
    mixed: bool = False
    within: bool = False
    strides: Mapping[Key, Fraction] = NO_STRIDES
    unlike: Keys = NONE
    uneven: Keys = NONE


Axis = tuple[Factor, ...]
Layout = tuple[Axis, ...]


def merged(factors: Sequence[Factor], extent: int) -> Factor:
    """Return one factor that carries what all of ``factors`` do."""
    if len(factors) == 1:
        factor = factors[0]
        return factor if factor.extent == extent else factor._replace(extent=extent)
    carries = NONE.union(*[f.carries for f in factors])
    leads = NONE.union(*[f.leads for f in factors])
    mixed = is_mixed(factors)
    strides = {key: _common_stride(factors, key) for key in carries}
    unlike, uneven = NONE.union(*[f.unlike for f in factors]), NONE.union(*[f.uneven for f in factors])
    return Factor(extent, carries, leads, mixed, mixed and are_within(factors), strides, unlike, uneven)


def _common_stride(factors: Sequence[Factor], key: Key) -> Fraction:
    """Return the step of merged factors: the innermost's if all are of one axis of the input, else that of all.

    Tensors of several inputs can have met before: each input has steps of its own.
    """
    own = [factor for factor in factors if _of_input(factor, key[0])]
    met = NONE.union(*[factor.carries for factor in own])
    strides = [_of_input(factor, key[0]) for factor in own]
    alone = len({axis for steps in strides for axis in steps}) == 1
    if not alone and len({step for steps in strides for step in steps.values()}) > 1:
        return Fraction(0)
    if any(not factor.carries <= met for factor in factors):
        return Fraction(0)
    if alone and not _are_nested([factor for factor in own if key in factor.carries], key):
        return Fraction(0)
    last = max(place for place, factor in enumerate(factors) if factor in own)
    return next(iter(strides[-1].values())) / prod(factor.extent for factor in factors[last + 1 :])


def _are_nested(factors: Sequence[Factor], key: Key) -> bool:
    """Whether each of the factors of an axis steps over all that the next one holds, as positions in order do."""
    return all(outer.strides[key] == inner.strides[key] * inner.extent for outer, inner in pairwise(factors))


def _of_input(factor: Factor, name: str) -> dict[Key, Fraction]:
    """Return the strides of a factor towards the axes of one input."""
    return {key: step for key, step in factor.strides.items() if key[0] == name}


def are_within(axis: Sequence[Factor]) -> bool:
    """Whether what an axis counts beside positions of one axis (of each input) are parts of each position."""
    outer = next((factor for factor in axis if factor.extent > 1 or factor.carries), None)
    carriers = [factor for factor in axis if factor.carries]
    alone = bool(carriers) and not _are_several(NONE.union(*[factor.carries for factor in carriers]))
    return alone and outer is carriers[0] and all(factor.within for factor in carriers if factor.mixed)


def places(axis: Axis, key: Key, parts: bool = True) -> list[int]:
    """Return which factors of an axis count places of an input axis: those of its positions, and their ``parts``.

    Positions of another input, which it has met on the way in, may be parts of its own.
    """
    found: list[int] = []
    met = NONE
    for number, factor in enumerate(axis):
        if key in factor.carries:
            met = factor.carries
        elif not factor.carries <= met:
            met = NONE
        if key in factor.carries or (met and parts):
            found.append(number)
    return found


def is_mixed(axis: Axis | Sequence[Factor]) -> bool:
    """Whether an axis counts anything but positions: (C·H·W) does, (H·W) does not."""
    return any(factor.mixed or (factor.extent > 1 and not factor.carries) for factor in axis)


def remade(factors: Sequence[Factor], extent: int, elsewhere: Keys = NONE) -> Factor:
    """Return the axis that a contraction of ``factors`` makes in their place.

    It stands for the same positions, each of which now reads all, if the contracted axis was one of
    positions only and either all that there is of one input axis (a Linear over time, a spectrum) or of
    the same extent (a Linear over tokens). Else the positions end here, as in the head of a classifier,
    or where frames, the rest of whose axis lies ``elsewhere``, become features. Patches, of which other
    axes lie here as a whole (their channels), do so whatever the extent.
    """
    whole = merged(factors, extent)
    old = prod(factor.extent for factor in factors)
    partial = _are_several(whole.carries) or whole.carries & elsewhere
    patches = whole.carries & elsewhere and whole.carries - elsewhere
    if is_mixed(factors) or patches or (partial and old != extent):
        return Factor(extent)
    return whole


def _are_several(keys: Keys) -> bool:
    """Whether there are several axes of one input."""
    return len({name for name, _ in keys}) < len(keys)


def halves(factor: Factor, outer: int, inner: int) -> tuple[Factor, Factor]:
    """Return a factor split row-major in two; only the outer one can be without end."""
    steps = {key: step * (not is_interleaved(factor, key)) for key, step in factor.strides.items()}
    jumps = {key: step * inner for key, step in steps.items()}
    return (
        factor._replace(extent=outer, strides=jumps),
        factor._replace(extent=inner, leads=NONE, strides=steps),
    )


def is_interleaved(factor: Factor, key: Key) -> bool:
    """Whether a factor holds positions of ``key`` among those of other axes that are not just at the same place.

    Those of several axes of one input cannot be; those of two inputs are, if they met element by element.
    """
    return len(_of_input(factor, key[0])) > 1 or not factor.strides[key]


def stride(layout: Layout, key: Key, moving: bool = True) -> Fraction | None:
    """Return the input positions per step of a tensor, by its windows.

    0 where no position of ``key`` is left; None where its positions are interleaved with others, or are not in
    order, unless they do not matter: where every element reads the same nothing is ``moving``.
    """
    step: Fraction | None = Fraction(0)
    for axis in layout:
        if len(axis) == 1:  # as most have: no parts, and nothing that it could be nested in
            step = (axis[0].strides[key] or None) if key in axis[0].carries else step
            continue
        counting = places(axis, key)
        carriers = [number for number in counting if key in axis[number].carries]
        if carriers:
            parts = prod(axis[number].extent for number in counting if number > carriers[-1])
            own = axis[carriers[-1]].strides[key]
            step = (own if parts == 1 else own / parts) or None
            if moving and not _are_nested([axis[number] for number in carriers], key):
                step = None
    return step


def is_uneven(layout: Layout, key: Key) -> bool:
    """Whether pieces of different strides lie end to end along ``key``."""
    return any(key in factor.uneven for axis in layout for factor in axis)


def is_unlike(layout: Layout, key: Key) -> bool:
    """Whether branches have met along ``key`` whose strides differ."""
    return any(key in factor.unlike for axis in layout for factor in axis)


def carried(layout: Layout) -> Keys:
    """Return all input axes that have a position in a tensor of this layout."""
    return NONE.union(*(factor.carries for axis in layout for factor in axis))


def has_places(layout: Layout, key: Key) -> bool:
    """Whether an input axis has a position in a tensor of this layout."""
    for axis in layout:  # no generator: this is asked of every field, again and again
        for factor in axis:
            if key in factor.carries:
                return True
    return False


def place_dims(layout: Layout, key: Key) -> set[int]:
    """Return the dimensions of a layout's hulls that count places of an input axis."""
    found: set[int] = set()
    start = 0
    for axis in layout:
        found.update(start + place for place in places(axis, key))
        start += len(axis)
    return found


class Split(Struct, frozen=True):
    """Split factor ``index`` into ``outer`` × ``inner``."""

    index: int
    outer: int
    inner: int


class Merge(Struct, frozen=True):
    """Merge ``count`` factors from ``index`` on into one."""

    index: int
    count: int


Regrouping = Split | Merge


def regrouping(extents: Sequence[int], shape: Sequence[int]) -> tuple[list[Regrouping], list[int]]:
    """Plan how factors of ``extents`` become axes of ``shape`` (same product, neither holds a 1).

    Returns:
        The moves in order, and for each axis of ``shape`` how many factors make it up.
    """
    old = list(extents)
    moves: list[Regrouping] = []
    counts: list[int] = []
    index = 0
    for extent in shape:
        start, need = index, extent
        while need > 1:
            have = old[index]
            if need % have == 0:
                need //= have
                index += 1
            elif have % need == 0:
                moves.append(Split(index, need, have // need))
                old[index : index + 1] = [need, have // need]
                index += 1
                need = 1
            else:
                # 2·40·6 as 120·4: no common factors, so write 40·6 out as one; the 2 stays apart.
                stop = index + 1
                while prod(old[index:stop]) % need:
                    stop += 1
                moves.append(Merge(index, stop - index))
                old[index:stop] = [prod(old[index:stop])]
        counts.append(index - start)
    return moves, counts


def refinement(axes: Sequence[Axis]) -> tuple[int, ...] | None:
    """Return the extents of factors fine enough for each of ``axes`` (same total extent); None: merge all."""
    bounds = {1}
    for axis in axes:
        size = 1
        for factor in reversed(axis):
            size *= factor.extent
            bounds.add(size)
    chain = sorted(bounds)
    if any(b % a for a, b in pairwise(chain)):
        return None
    return tuple(b // a for a, b in pairwise(chain))[::-1] or (1,)
