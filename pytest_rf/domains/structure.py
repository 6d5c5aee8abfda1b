"""The structure of a tensor's field: what is the same in every run.

How its axes are made of the input's, what is context, what data chooses: for every operation on fields
this is worked out once, together with the instructions that a domain has to follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from pytest_rf.access import (
    Read,
    Same,
    Whole,
    is_rounded,
    progression,
    unmoved,
)
from pytest_rf.domains.instructions import Cut, Instruction, Mask
from pytest_rf.domains.layout import (
    NONE,
    Axis,
    Factor,
    Key,
    Keys,
    Layout,
    Split,
    carried,
    merged,
    refinement,
    regrouping,
)
from pytest_rf.domains.layout_builder import LayoutBuilder
from pytest_rf.domains.seams import Seam
from pytest_rf.domains.ties import Tie, Ties, tie_of, tied


class Structure(Struct, eq=False, gc=False):
    """What is known of a tensor's field without any positions.

    Attributes:
        layout: the tensor's axes as products of factors.
        inputs: names of the inputs that it can depend on.
        context: input axis -> numbers of the nodes that bring it in as context.
        uncertain: input axes along which data chooses the positions.
        ties: input axis -> what ties it to the whole extent.
        rounded: input axes along which engines read one position or its neighbour, as they round.
    """

    layout: Layout
    inputs: frozenset[str]
    context: Mapping[Key, frozenset[int]] = field(default_factory=dict)
    uncertain: Keys = NONE
    ties: Ties = field(default_factory=dict)
    rounded: Keys = NONE

    def over(self, layout: Layout, uncertain: Keys | None = None, rounded: Keys | None = None) -> Structure:
        """Return the structure with another layout, and perhaps more axes along which data or engines choose."""
        return Structure(
            layout,
            self.inputs,
            self.context,
            self.uncertain if uncertain is None else uncertain,
            self.ties,
            self.rounded if rounded is None else rounded,
        )


class Branch(Struct, eq=False, gc=False):
    """One of the operands of a step, read as the step does.

    Attributes:
        operand: its number.
        structure: the structure of what is read.
        instructions: what reading does to what a domain knows of the operand, in order.
        windows: input axis -> input positions of the windows into which a reshape cuts it.
        statistic: whether the step reduces the operand to a statistic.
    """

    operand: int
    structure: Structure
    instructions: list[Instruction]
    windows: Mapping[Key, int] = field(default_factory=dict)
    statistic: bool = False

    def builder(self) -> LayoutBuilder:
        """Return the layout under construction, for changes to come."""
        return LayoutBuilder(list(self.structure.layout), self.instructions)

    def over(self, layout: Layout) -> Structure:
        """Return the structure with another layout."""
        return self.structure.over(layout)


def input_structure(name: str, shape: Sequence[int]) -> Structure:
    """Return the structure of a graph input."""
    own = [frozenset({(name, axis)}) for axis in range(len(shape))]
    layout = tuple(
        [
            (Factor(extent, key, key, strides=dict.fromkeys(key, Fraction(1))),)
            for extent, key in zip(shape, own, strict=True)
        ]
    )
    return Structure(layout, frozenset({name}))


def same(a: Structure, b: Structure) -> bool:
    """Whether two structures say the same."""
    return all(getattr(a, name) == getattr(b, name) for name in Structure.__struct_fields__)


def nothing(shape: Sequence[int]) -> Structure:
    """Return the structure of a constant."""
    return Structure(tuple((Factor(extent),) for extent in shape), frozenset())


def read(
    source: Structure, access: Read, shape: Sequence[int], channels: Mapping[str, int | None], node: int
) -> Branch:
    """Return what the elements of an output of ``shape`` read of an operand with structure ``source``.

    ``channels``: the axis of each input that is known to hold its features. ``node`` is the one that reads.
    """
    branch = Branch(access.operand, source, [], statistic=access.statistic)
    if access.where is None and access.axes == unmoved(len(shape)):
        return branch
    targets = [target for target, _ in access.axes]
    builder = branch.builder()
    chosen, rounded, gone, ties = NONE, source.rounded, NONE, source.ties
    # From the last axis to the first: the dimensions of the axes still to do stay where they are.
    for number in range(len(access.axes) - 1, -1, -1):
        target, relation = access.axes[number]
        axis = builder.axes[number]
        if isinstance(relation, Same):
            if target is None and any(factor.leads for factor in axis):
                # One element of an axis without end, broadcast: the map of its neighbours ends here.
                builder.follow(number, progression(0), 1, picked=True)
            continue
        carries = axis[0].carries if len(axis) == 1 else NONE.union(*[factor.carries for factor in axis])
        tie = tie_of(relation) if carries else None
        if tie is not None:
            ties = tied(ties, carries, Tie(node, tie))
        if isinstance(relation, Whole):
            if relation.uncertain:
                chosen |= carries
            if access.statistic and target is None:
                gone = gone.union(*[factor.carries for factor in axis if factor.extent > 1])
            features = number == access.channel and all(channels.get(key[0]) == key[1] for key in carries)
            builder.contract(number, None if target is None else shape[target], features)
        else:
            if is_rounded(relation):
                rounded |= carries
            builder.follow(number, relation, 1 if target is None else shape[target], picked=target is None)
    layout = builder.arrange(targets, shape)
    context = source.context
    cut = gone - carried(layout) if gone else NONE
    if cut:
        # Who accepts the context accepts what ties it.
        ties = {key: found for key, found in ties.items() if key not in cut}
        context = {**context, **{key: context.get(key, frozenset()) | {node} for key in cut}}
    if cut or chosen:
        builder.instructions.append(Cut(cut, node, chosen))
    if access.where is not None:
        builder.instructions.append(_mask(layout, access.where))
    branch.structure = Structure(layout, source.inputs, context, source.uncertain | chosen, ties, rounded)
    return branch


def regroup(operand: int, source: Structure, shape: Sequence[int]) -> Branch:
    """Return the same elements, in row-major order, under another shape."""
    branch = Branch(operand, source, [])
    builder = branch.builder()
    builder.flatten()
    moves, counts = regrouping([factor.extent for factor in builder.axes[0]], [n for n in shape if n != 1])
    for move in moves:
        builder.apply(0, move)
        if isinstance(move, Split):
            outer = builder.axes[0][move.index]
            # What counts other things as well is no part of the input that is cut.
            keys = [key for key in outer.leads if outer.strides[key] and not outer.mixed]
            cut = {key: lcm(outer.strides[key].numerator, branch.windows.get(key, 1)) for key in keys}
            branch.windows = {**branch.windows, **cut}
    # One axis for each new one; those of extent 1 hold nothing and come in by arranging.
    builder.axes = [builder.axes[0][a:b] for a, b in pairwise(accumulate(counts, initial=0))]
    branch.structure = branch.over(builder.arrange([place for place, n in enumerate(shape) if n != 1], shape))
    return branch


def single(operand: int, source: Structure, axis: int) -> Branch:
    """Return a tensor as it is, with one factor for ``axis``."""
    branch = Branch(operand, source, [])
    if len(source.layout[axis]) > 1:
        builder = branch.builder()
        builder.fuse(axis)
        branch.structure = branch.over(tuple(builder.axes))
    return branch


def meeting(branches: Sequence[Branch]) -> Structure:
    """Bring tensors that meet element by element to common factors; return the structure of their union."""
    first = branches[0].structure
    if all(branch.structure is first or same(branch.structure, first) for branch in branches[1:]):
        return first
    _to_common_factors(branches)
    return _together(branches, [branch.structure.layout for branch in branches])


def end_to_end(branches: Sequence[Branch], axis: int, extent: int, seam: Seam, node: int) -> Structure:
    """Return the structure of tensors that lie one behind the other along ``axis``, which has ``extent`` then.

    Along the other axes they are brought to common factors; along this one each of them has one. ``node`` puts
    them together, and ``seam`` says how they belong together.
    """
    _to_common_factors(branches, apart=axis)
    layouts = []
    longest = max((branch.structure.layout[axis][0] for branch in branches), key=lambda one: one.extent)
    for layout in (branch.structure.layout for branch in branches):
        (factor,) = layout[axis]
        if factor.extent == 1:  # a single element has no step of its own
            own = {key: longest.strides.get(key, step) for key, step in factor.strides.items()}
            factor = factor._replace(strides=own)
        layouts.append((*layout[:axis], (merged((factor,), extent),), *layout[axis + 1 :]))
    made = _together(branches, layouts, axis)
    carriers = [keys for keys in (layout[axis][0].carries for layout in layouts) if keys]
    if seam.circular:
        made.ties = tied(made.ties, NONE.union(*carriers), Tie(node, "circular"))
    elif seam.kind == "pieces" and len(carriers) > 1:
        made.ties = tied(made.ties, NONE.union(*carriers), Tie(node, "uneven"))
    return made


def _together(branches: Sequence[Branch], layouts: Sequence[Layout], apart: int | None = None) -> Structure:
    """Return the structure of branches with layouts of common factors."""
    layout = layouts[0]
    if any(one != layout for one in layouts):
        layout = tuple(
            [_common(axes, number == apart) for number, axes in enumerate(zip(*layouts, strict=True))]
        )
    all_of = [branch.structure for branch in branches]
    context: dict[Key, frozenset[int]] = {}
    for one in all_of:
        for key, nodes in one.context.items():
            known = context.get(key, nodes)
            context[key] = known if nodes <= known else known | nodes  # long chains share what is the same
    ties: dict[Key, frozenset[Tie]] = {}
    for one in all_of:
        for key, of_key in one.ties.items():
            ties[key] = ties.get(key, frozenset()) | of_key
    inputs = frozenset[str]().union(*[one.inputs for one in all_of])
    uncertain = NONE.union(*[one.uncertain for one in all_of])
    return Structure(layout, inputs, context, uncertain, ties, NONE.union(*[one.rounded for one in all_of]))


def _mask(layout: Layout, where: npt.NDArray[np.bool_]) -> Mask:
    """Return the change that lets only some elements read, over the factors of a layout."""
    where = where.reshape((1,) * (len(layout) - where.ndim) + where.shape)
    shape: list[int] = []
    leads = NONE
    for axis, extent in zip(layout, where.shape, strict=True):
        for factor in axis:
            shape.append(factor.extent if extent > 1 else 1)
            leads = leads | factor.leads if shape[-1] > 1 else leads
    return Mask(where.reshape(shape), leads)


def _to_common_factors(branches: Sequence[Branch], apart: int | None = None) -> None:
    """Bring tensors of one shape to common factors, but for axis ``apart``, which has one."""
    wanted: dict[int, tuple[int, ...] | None] = {}
    for number, axes in enumerate(zip(*[branch.structure.layout for branch in branches], strict=True)):
        first = axes[0]
        if number != apart and any(axis is not first and _extents(axis) != _extents(first) for axis in axes):
            wanted[number] = refinement(axes)
    if wanted:
        for branch in branches:
            _refine(branch, wanted)


def _extents(axis: Axis) -> tuple[int, ...]:
    return (axis[0].extent,) if len(axis) == 1 else tuple([factor.extent for factor in axis])


def _refine(branch: Branch, wanted: Mapping[int, tuple[int, ...] | None]) -> None:
    """Split and merge the factors of some axes to those that are wanted; None: to one."""
    builder = branch.builder()
    for number in sorted(wanted, reverse=True):
        old, new = _extents(builder.axes[number]), wanted[number]
        if new is None:
            builder.fuse(number)
        elif old != new:
            for move in regrouping(old, new)[0]:
                builder.apply(number, move)
    branch.structure = branch.over(tuple(builder.axes))


def _common(axes: Sequence[Axis], end_to_end: bool) -> Axis:
    first = axes[0]
    if all(axis == first for axis in axes):
        return first
    return tuple([_shared(factors, end_to_end) for factors in zip(*axes, strict=True)])


def _shared(factors: Sequence[Factor], end_to_end: bool) -> Factor:
    first = factors[0]
    if all(factor == first for factor in factors):
        return first
    carries = NONE.union(*[factor.carries for factor in factors])
    leads = NONE.union(*[factor.leads for factor in factors])
    # What meets a tensor of positions element by element is at these positions, whatever it was before.
    marks = [factor.mixed for factor in factors if factor.carries or factor.mixed]
    mixed = any(marks) if end_to_end else bool(marks) and all(marks)
    # Positions that are interleaved with others (0) are at those of a branch that has a step, if one has.
    known = [(key, step) for factor in reversed(factors) for key, step in factor.strides.items()]
    strides = dict(sorted(known, key=lambda found: bool(found[1])))
    # Where branches of different strides meet none of them is the tensor's.
    # How far the positions move that lie among others (channels, offsets) does not say.
    steps = {(key, step) for one in factors if not one.mixed for key, step in one.strides.items() if step}
    differ = {key for key, step in steps if any(key == other and step != n for other, n in steps)}
    unlike, uneven = (
        NONE.union(*found) for found in zip(*[(f.unlike, f.uneven) for f in factors], strict=True)
    )
    unlike, uneven = (unlike, uneven | differ) if end_to_end else (unlike | differ, uneven)
    within = all(factor.within for factor in factors if factor.mixed)
    return Factor(first.extent, carries, leads, mixed, mixed and within, strides, unlike, uneven)
