"""The field of a tensor: its hulls towards every axis of every input, and the operations on it.

One set of operations serves both runs (SEMANTICS 6): where a factor carries positions without end
the periodic relations apply, elsewhere the bounded ones. A *policy* says what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pytest_rf.access import WHOLE, Prefix, Read, Relation, Same, Taps, Whole, progression
from pytest_rf.domains import bounded, hull, periodic
from pytest_rf.domains.hull import CUT, LIMIT, NOWHERE, Hull
from pytest_rf.domains.layout import (
    NONE,
    Axis,
    Factor,
    Key,
    Keys,
    Layout,
    Merge,
    joined,
    refinement,
    regrouping,
)
from pytest_rf.domains.workbench import Workbench
from pytest_rf.graph import Join


@dataclass(frozen=True, slots=True)
class Policy:
    """What a run counts.

    Attributes:
        endless: the input axes that have no borders (none: the actual input).
        keys: the input axes whose positions are followed; None for all.
        context: whether context counts as field; else it is cut and only recorded.
        accepted: of a node's number, whether its context is cut even where context counts.
        uncertain: whether positions count that data may or may not choose.
        shortest: whether the smaller branch wins at a merge (``rf_min``).
    """

    endless: Keys = NONE
    keys: Keys | None = None
    context: bool = False
    accepted: Callable[[int], bool] | None = None
    uncertain: bool = True
    shortest: bool = False

    def cuts(self, node: int) -> bool:
        """Whether the context that ``node`` brings in does not count."""
        return not self.context or (self.accepted is not None and self.accepted(node))


@dataclass(slots=True)
class Facts:
    """What a run learns about the inputs.

    Attributes:
        windowed: input axes that a window or a recurrence reads.
        moved: input axes that are sliced, shifted, gathered or mixed.
        channel: input name -> the axis that the first convolution or Linear contracts; None if it is a
            new one.
    """

    windowed: set[Key] = field(default_factory=set)
    moved: set[Key] = field(default_factory=set)
    channel: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """What the elements of one tensor read.

    Attributes:
        layout: the tensor's axes as products of factors.
        hulls: input axis -> hull, one dimension per factor, for the axes that the run follows.
        inputs: names of the inputs that it can depend on.
        context: input axis -> numbers of the nodes that bring it in as context.
        uncertain: input axes along which data chooses the positions.
    """

    layout: Layout
    hulls: Mapping[Key, Hull]
    inputs: frozenset[str]
    context: Mapping[Key, frozenset[int]] = field(default_factory=dict)
    uncertain: Keys = NONE


def of_input(name: str, shape: Sequence[int], policy: Policy) -> Field:
    """Return the field of a graph input towards itself."""
    layout: list[Axis] = []
    hulls: dict[Key, Hull] = {}
    for axis, extent in enumerate(shape):
        key = (name, axis)
        endless = key in policy.endless
        own = frozenset({key})
        layout.append((Factor(extent, own, NONE) if endless else Factor(extent, NONE, own),))
        if policy.keys is None or key in policy.keys:
            hulls[key] = hull.point(extent, axis, len(shape), endless)
    return Field(tuple(layout), hulls, frozenset({name}))


def nothing(shape: Sequence[int]) -> Field:
    """Return the field of a constant."""
    return Field(tuple((Factor(extent),) for extent in shape), {}, frozenset())


def read(source: Field, access: Read, shape: Sequence[int], policy: Policy, facts: Facts, node: int) -> Field:
    """Return what the elements of an output of ``shape`` read of an operand with field ``source``."""
    targets = [target for target, _ in access.axes]
    if access.where is None and targets == list(range(len(shape))) and _all_same(access):
        return source
    bench = Workbench(list(source.layout), dict(source.hulls))
    uncertain, gone = source.uncertain, NONE
    # From the last axis to the first: the dimensions of the axes still to do stay where they are.
    for number in range(len(access.axes) - 1, -1, -1):
        target, relation = access.axes[number]
        if isinstance(relation, Same):
            if target is None and any(factor.endless for factor in bench.axes[number]):
                # One element of an axis without end, broadcast: the map of its neighbours ends here.
                bench.follow(number, progression(0), 1, picked=True)
            continue
        axis = bench.axes[number]
        carries = NONE.union(*[factor.carries for factor in axis])
        if number == access.channel:
            _learn_channel(facts, source, number)
        else:
            _learn(facts, carries, relation)
        if isinstance(relation, Whole):
            if relation.uncertain:
                uncertain |= carries
            if access.statistic and target is None:
                gone = gone.union(*[factor.carries for factor in axis if factor.extent > 1])
            bench.contract(number, None if target is None else shape[target])
        else:
            bench.follow(number, relation, 1 if target is None else shape[target], picked=target is None)
    layout = bench.arrange(targets, shape)
    context = source.context
    cut = gone.difference(*[f.carries for axis in layout for f in axis]) if gone else NONE
    if cut:
        context = {**context, **{key: context.get(key, frozenset()) | {node} for key in cut}}
    dropped = (cut if policy.cuts(node) else NONE) | (NONE if policy.uncertain else uncertain)
    hulls = {key: hull.each(one, _cut) if key in dropped else one for key, one in bench.hulls.items()}
    result = Field(layout, hulls, source.inputs, context, uncertain)
    return result if access.where is None else _masked(result, access.where)


def union(fields: Sequence[Field], policy: Policy) -> Field:
    """Return the union of the fields of tensors of one shape."""
    if len(fields) == 1:
        return fields[0]
    fields = _alike(fields)
    hulls: dict[Key, Hull] = {}
    for one in fields:
        for key, other in one.hulls.items():
            if key not in hulls:
                hulls[key] = other
            elif policy.shortest:
                hulls[key] = min(hull.settled(hulls[key]), hull.settled(other), key=_size)
            else:
                hulls[key] = hull.union(hulls[key], other)
    return _together(fields, hulls)


def join(parts: Sequence[Field], action: Join, shape: Sequence[int], policy: Policy) -> Field:
    """Return the field of tensors that lie one behind the other along an axis (concat).

    Along an axis without end two different parts have no common map.
    """
    axis = action.axis
    whole = [_single(part, axis) for part in parts]
    extents = [part.layout[axis][0].extent for part in whole]
    # Other axes must have common factors; along the joined one each part is itself.
    whole = _alike(whole, apart=axis)
    dim = sum(map(len, whole[0].layout[:axis]))
    endless = any(part.layout[axis][0].endless for part in whole)
    hulls: dict[Key, Hull] = {}
    for key in dict.fromkeys(key for part in whole for key in part.hulls):
        pieces = [
            (part.hulls[key], offset, extent)
            for part, offset, extent in zip(whole, action.offsets, extents, strict=True)
            if key in part.hulls
        ]
        if policy.shortest and not any(key in part.layout[axis][0].carries for part in whole):
            alone = [bounded.along(hull.settled(one), dim, WHOLE, n, 1) for one, _, n in pieces]
            hulls[key] = min(alone, key=_size)
        elif endless:
            moved = [
                periodic.along(hull.settled(one), dim, progression(-offset)) for one, offset, _ in pieces
            ]
            hulls[key] = reduce(_one_of, moved)
        else:
            layers = [bounded.joined(layer, dim, shape[axis]) for layer in _layers(pieces, dim)]
            hulls[key] = reduce(hull.union, layers)
    return _together([_grown(part, axis, shape[axis]) for part in whole], hulls, axis)


def _layers(pieces: Sequence[tuple[Hull, int, int]], dim: int) -> Iterable[list[tuple[Hull, int, int]]]:
    """Sort pieces (hull, offset, extent) of an axis by the other axes along which they vary.

    A table of queries by keys that nobody has made is not made for a class token beside it either.
    """
    if all(one.rest is None for one, _, _ in pieces):
        return [list(pieces)]
    layers: dict[tuple[bool, ...], dict[int, tuple[Hull, int, int]]] = {}
    for one, offset, extent in pieces:
        for part in hull.parts(one):
            varies = tuple(part.period(d) > 1 for d in range(part.lo.ndim) if d != dim)
            layer = layers.setdefault(varies, {})
            other = layer.get(offset)
            both = part if other is None else hull.settled(hull.union(other[0], part))
            layer[offset] = (both, offset, extent)
    return [list(layer.values()) for layer in layers.values()]


def _single(part: Field, axis: int) -> Field:
    """Return the field with an axis of one factor."""
    if len(part.layout[axis]) == 1:
        return part
    bench = Workbench(list(part.layout), dict(part.hulls))
    bench.merge(axis, 0, len(bench.axes[axis]))
    return replace(part, layout=tuple(bench.axes), hulls=bench.hulls)


def _grown(part: Field, axis: int, extent: int) -> Field:
    factor = joined(part.layout[axis], extent)
    layout = (*part.layout[:axis], (factor,), *part.layout[axis + 1 :])
    return Field(layout, {}, part.inputs, part.context, part.uncertain)


def _together(fields: Sequence[Field], hulls: Mapping[Key, Hull], end_to_end: int | None = None) -> Field:
    """Return a field with these hulls and all else that ``fields`` of one layout have.

    Along axis ``end_to_end`` they lie one behind the other; along all others they meet element by element.
    """
    layout = fields[0].layout
    if any(one.layout is not layout for one in fields):
        layout = tuple(
            [
                _common(axes, number == end_to_end)
                for number, axes in enumerate(zip(*[one.layout for one in fields], strict=True))
            ]
        )
    context: dict[Key, frozenset[int]] = {}
    for one in fields:
        for key, nodes in one.context.items():
            context[key] = context.get(key, frozenset()) | nodes
    inputs = frozenset[str]().union(*[one.inputs for one in fields])
    return Field(layout, hulls, inputs, context, NONE.union(*[one.uncertain for one in fields]))


def regroup(source: Field, shape: Sequence[int]) -> Field:
    """Return the field of the same elements, in row-major order, under another shape."""
    bench = Workbench(list(source.layout), dict(source.hulls))
    bench.flatten()
    moves, counts = regrouping([factor.extent for factor in bench.axes[0]], [n for n in shape if n != 1])
    for move in moves:
        bench.apply(0, move)
    # One axis for each new one; those of extent 1 hold nothing and come in by arranging.
    ends = np.cumsum([0, *counts]).tolist()
    bench.axes = [bench.axes[0][a:b] for a, b in pairwise(ends)]
    layout = bench.arrange([place for place, n in enumerate(shape) if n != 1], shape)
    return Field(layout, bench.hulls, source.inputs, source.context, source.uncertain)


def _all_same(access: Read) -> bool:
    return all(isinstance(relation, Same) for _, relation in access.axes)


def _learn(facts: Facts, carries: Keys, relation: Relation) -> None:
    if isinstance(relation, Prefix) or (isinstance(relation, Taps) and not relation.selects):
        facts.windowed |= carries
    else:
        facts.moved |= carries


def _learn_channel(facts: Facts, source: Field, number: int) -> None:
    """The first convolution or Linear decides; where it contracts no axis of the input as a whole, there is none."""
    carries, elsewhere = (
        NONE.union(*[f.carries for n, axis in enumerate(source.layout) if (n == number) is own for f in axis])
        for own in (True, False)
    )
    for name in source.inputs:
        # Patches and frames are parts of axes of positions, the rest of which goes on.
        axes = [key[1] for key in carries - elsewhere if key[0] == name]
        facts.channel.setdefault(name, axes[0] if len(axes) == 1 else None)
    # A Linear over any other axis mixes positions.
    facts.moved |= {key for key in carries if facts.channel[key[0]] != key[1]}


def _cut(one: Hull) -> Hull:
    """Everything that is read becomes context; what reads nothing goes on reading nothing."""
    lo = np.where(one.lo == NOWHERE, NOWHERE, CUT)
    return hull.compress(Hull(lo, -lo))


def _masked(result: Field, where: npt.NDArray[np.bool_]) -> Field:
    """Return the field of those elements that read at all; the others read nothing."""
    factors = [factor for axis in result.layout for factor in axis]
    where = where.reshape((1,) * (len(result.layout) - where.ndim) + where.shape)
    shape: list[int] = []
    for axis, extent in zip(result.layout, where.shape, strict=True):
        shape.extend(factor.extent if extent > 1 else 1 for factor in axis)
    mask = where.reshape(shape)
    hulls: dict[Key, Hull] = {}
    for key, one in result.hulls.items():
        if one.irregular or any(factors[d].endless and mask.shape[d] > 1 for d in range(mask.ndim)):
            hulls[key] = hull.irregular(len(factors), "masked")
        else:
            hulls[key] = bounded.masked(hull.settled(one), mask)
    return replace(result, hulls=hulls)


def _alike(fields: Sequence[Field], apart: int | None = None) -> list[Field]:
    """Bring fields of tensors of one shape to common factors, but for axis ``apart``, which has one."""
    first = fields[0].layout
    if all(one.layout is first for one in fields):
        return list(fields)
    wanted: list[tuple[int, ...] | None] = []
    alike = apart is None
    for number, axes in enumerate(zip(*[one.layout for one in fields], strict=True)):
        if number == apart:
            wanted.append(None)
            continue
        extents = [_extents(axis) for axis in axes]
        if all(one == extents[0] for one in extents):
            wanted.append(extents[0])
        else:
            wanted.append(refinement(axes))
            alike = False
    if alike:
        return list(fields)
    return [_refined(one, wanted) for one in fields]


def _extents(axis: Axis) -> tuple[int, ...]:
    return (axis[0].extent,) if len(axis) == 1 else tuple([factor.extent for factor in axis])


def _refined(one: Field, wanted: Sequence[tuple[int, ...] | None]) -> Field:
    bench: Workbench | None = None
    for number in range(len(wanted) - 1, -1, -1):
        old, new = _extents(one.layout[number]), wanted[number]
        if old == new or (new is None and len(old) == 1):
            continue
        bench = bench or Workbench(list(one.layout), dict(one.hulls))
        moves = [Merge(0, len(old))] if new is None else regrouping(old, new)[0]
        for move in moves:
            bench.apply(number, move)
    return one if bench is None else replace(one, layout=tuple(bench.axes), hulls=bench.hulls)


def _common(axes: Sequence[Axis], end_to_end: bool) -> Axis:
    first = axes[0]
    if all(axis is first for axis in axes):
        return first
    return tuple([_shared(factors, end_to_end) for factors in zip(*axes, strict=True)])


def _shared(factors: Sequence[Factor], end_to_end: bool) -> Factor:
    first = factors[0]
    if all(factor is first for factor in factors):
        return first
    endless = NONE.union(*[factor.endless for factor in factors])
    finite = NONE.union(*[factor.finite for factor in factors]) - endless
    # What meets a tensor of positions element by element is at these positions, whatever it was before.
    marks = [factor.mixed for factor in factors if factor.carries or factor.mixed]
    mixed = any(marks) if end_to_end else bool(marks) and all(marks)
    # Branches of different strides are misaligned; the tensor's step is that of the first with positions.
    stride = next((factor.stride for factor in factors if factor.carries), first.stride)
    within = all(factor.within for factor in factors if factor.mixed)
    return Factor(first.extent, endless, finite, mixed, mixed and within, stride)


def _one_of(a: Hull, b: Hull) -> Hull:
    """Two parts of an axis without end: they must be the same map, or one of them reads nothing."""
    if a.irregular or b.irregular:
        return a if a.irregular else b
    if hull.is_rigid(a):
        return b
    if hull.is_rigid(b) or (a.jump == b.jump and np.array_equal(a.lo, b.lo) and np.array_equal(a.hi, b.hi)):
        return a
    return hull.irregular(a.lo.ndim)


def _size(one: Hull) -> float:
    """The largest field in a hull; infinite where it reads nothing, so that the other branch is taken."""
    if one.irregular:
        return float("inf")
    real = (np.abs(one.lo) < LIMIT) & (np.abs(one.hi) < LIMIT)
    return float((one.hi - one.lo)[real].max()) if real.any() else float("inf")
