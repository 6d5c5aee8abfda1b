"""Where figures of an output are taken: for each input axis, the last tensor that has a position for it.

A classifier ends the positions of an image before its head, a recogniser those of frequency where it folds them
into features, and those of time not at all. So each axis has a last tensor of its own (SEMANTICS 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from pytest_rf.access import SAME, Relation, Same, Taps, Whole
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.analysis.tensors import Contribution, Held, Tensor
from pytest_rf.domains.layout import Key, Keys, Layout, are_within, carried, is_mixed
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Join, Regroup, Step, Union
from pytest_rf.interpreter import Ignorance

if TYPE_CHECKING:
    from pytest_rf.analysis.paths import Measure


def final(output: Tensor, tensors: Iterable[Tensor]) -> Tensor:
    """Return the output itself where it has a position for every spatial axis that it reads, else a :class:`Final`.

    Args:
        output: the graph output.
        tensors: all tensors of the model.
    """
    runs = output.runs
    keys = [(name, axis) for name in output.inputs for axis in runs.inputs[name].axes.values()]
    if output.status == "unknown" or all(_has_place(runs, output.number, key, parts=True) for key in keys):
        return output
    return Final(output, keys, tensors)


class Final(Tensor):
    """The last tensors on the way to an output that still have positions, one per input axis.

    ``final["h"]`` is the field at the tensor that is final for h, ``final.at("h")`` that tensor. As a tensor it is
    the latest of them along the spatial axes: name, operator, shape, ``status``, ``bounds`` and ``region`` are that
    one's. The batch axis ends nowhere: its final tensor is the output, whose head can still mix samples.

    Attributes:
        output: the graph output.
        inputs: names of the inputs that the output can depend on.
    """

    def __init__(self, output: Tensor, keys: list[Key], tensors: Iterable[Tensor]) -> None:
        """Look for the final tensors.

        Args:
            output: the graph output.
            keys: the spatial axes that it reads.
            tensors: all tensors of the model.
        """
        self.output = output
        self.runs = output.runs
        # Elementwise operators pass the value on: of those that share it, the last in the graph.
        self._owners = {tensor.number: tensor for tensor in tensors}
        self._places: dict[Key, list[Tensor]] = {}
        # An axis that nothing computed has a position of has no say in which one is the latest.
        found = [one for key in keys for one in self._ends(key)]
        self.latest = max(found, key=lambda one: one.number, default=output)
        vars(self).update({**vars(self.latest), **vars(self)})

    @property
    def inputs(self) -> list[str]:
        """Names of the graph inputs that the output can depend on."""
        return self.output.inputs

    def field(self, input: str | None = None) -> TensorField:
        """Return the fields towards one input, of each axis at the tensor that is final for it."""
        return _FinalField(self, self._input(input))

    def __getitem__(self, axis: str | int) -> AxisField:
        return self.field(self._of(axis, None).name)[axis]

    def at(self, axis: str | int | None = None, input: str | None = None) -> Tensor:
        """Return the last tensor that has a position for an input axis; without an axis the latest of all.

        Where none that is computed on the way has one, it is the output, which then reads the whole axis.
        """
        if axis is None:
            return self.latest
        source = self._of(axis, input)
        number = source.axis(axis)
        ends = [] if number == source.batch else self._ends((source.name, number))
        return max(ends, key=lambda one: one.number, default=self.output)

    def held(self, axis: str | int, input: str | None = None) -> list[Held]:
        """Return the tensors at which a guarantee about an input axis is held.

        These are all at which its positions end on the way, not only the last: each can leak. Where the output has
        positions for the same axis of another input it is the output, one of whose steps reads ahead if it reads all
        of the other input (cross-attention, a pooled style). Where an operator still moves along the axis after
        them, the guarantee cannot be decided.
        """
        source = self._of(axis, input)
        number = source.axis(axis)
        key = (source.name, number)
        names = {name for name, one in source.axes.items() if one == number}
        twins = [
            (one.name, one.axes[name]) for one in self.runs.inputs.values() for name in names & {*one.axes}
        ]
        here = self.output.number
        if number == source.batch or any(_has_place(self.runs, here, twin, parts=True) for twin in twins):
            return [Held(self.output)]
        ends = self._ends(key)
        if ends == [self.output]:
            return [Held(self.output)]
        why = _goes_on(self.runs, self.output, key, ends, min(names, default=str(number))).why
        return [Held(self.output, why)] if why or not ends else [Held(end) for end in ends]

    def lost(self, axis: str | int, input: str | None = None) -> str:
        """Return why the size of a field is not that of the last tensor with positions; nothing where it is.

        Positions that were taken out one by one and put side by side again go on after it, and their fields grow.
        """
        source = self._of(axis, input)
        number = source.axis(axis)
        key = (source.name, number)
        if number == source.batch or _has_place(self.runs, self.output.number, key, parts=True):
            return ""
        ends = self._ends(key)
        if ends == [self.output]:
            return ""
        name = next((name for name, one in source.axes.items() if one == number), str(number))
        return _goes_on(self.runs, self.output, key, ends, name).size

    def path(
        self, axis: str | int, input: str | None = None, metric: str | Measure = "rf"
    ) -> list[Contribution]:
        """Return how a figure grew on the way to the tensor that is final for an axis."""
        source = self._of(axis, input)
        return self.at(axis, source.name).path(axis, source.name, metric)

    def _of(self, axis: str | int, input: str | None) -> Input:
        """Return the input meant: the named one, the only one with an axis of this name, or the latest tensor's."""
        having = [name for name in self.inputs if axis in self.runs.inputs[name].axes]
        if input is None and len(having) == 1:
            return self.runs.inputs[having[0]]
        return self._input(input)

    def _input(self, name: str | None) -> Input:
        return super()._input(name) if name is not None else self.latest._input(None)

    def _ends(self, key: Key) -> list[Tensor]:
        """Return the tensors after which no other on the way to the output has a position for a key."""
        if key not in self._places:
            self._places[key] = _ends(self.output, self._owners, key)
        return self._places[key]


class _FinalField(TensorField):
    """The fields of a final tensor towards one input, each at the tensor that is final for the axis."""

    def __init__(self, tensor: Tensor, input: Input) -> None:
        super().__init__(tensor, input)
        self._final = tensor

    def __getitem__(self, axis: str | int) -> AxisField:
        number = self.input.axis(axis)
        return AxisField(self.tensor.runs, self._final.at(number, self.input.name).value, self.input, number)


def _has_place(runs: Runs, number: int, key: Key, parts: bool = False) -> bool:
    """Whether a value has positions for an input axis, in axes that count no samples or channels.

    ``parts``: an axis can also count parts of each position. What a pixel shuffle returns has positions; what is
    flattened for a head on the way has none.
    """
    layout = _layout(runs, number)
    axes = [axis for axis in layout if any(key in factor.carries for factor in axis)]
    others = _others(runs) - {key}
    return bool(axes) and not any(
        carried((axis,)) & others or (is_mixed(axis) and not (parts and are_within(axis))) for axis in axes
    )


def _layout(runs: Runs, number: int) -> Layout:
    """Return the layout of a value; nothing where it reads nothing or is unknown."""
    found = runs.plan.structures.get(number)
    return () if found is None or isinstance(found, Ignorance) else found.layout


def _others(runs: Runs) -> Keys:
    """Return the input axes that count samples or channels."""
    return frozenset(
        (one.name, axis)
        for one in runs.inputs.values()
        for axis in (one.batch, one.channel)
        if axis is not None
    )


def _ends(output: Tensor, owners: Mapping[int, Tensor], key: Key) -> list[Tensor]:
    runs = output.runs
    if _has_place(runs, output.number, key, parts=True):
        return [output]
    wanted, ends = {output.number}, []
    for step in reversed(runs.graph.program):
        number = step.value.number
        if number not in wanted:
            continue
        if number in owners and _has_place(runs, number, key):
            ends.append(owners[number])
        else:
            wanted.update(step.operands)
    return ends[::-1]


class _Going(NamedTuple):
    """What keeps positions from ending where the layouts say so; nothing where they do.

    Attributes:
        among: an operator moves along an axis in which they lie among others.
        apart: single ones are put side by side again.
        chosen: data picks some of them, and as many as there were stand on an axis again.
    """

    among: str = ""
    apart: str = ""
    chosen: str = ""

    @property
    def why(self) -> str:
        """The first that is so."""
        return self.among or self.apart or self.chosen

    @property
    def size(self) -> str:
        """The first that is so and lets fields grow."""
        return self.apart or self.chosen


def _goes_on(runs: Runs, output: Tensor, key: Key, ends: Sequence[Tensor], axis: str) -> _Going:
    """Return what keeps positions of a key from ending where the layouts say so; nothing if they do.

    An operator can move along an axis that they are folded into, among channels or samples; and single positions
    that were taken out can be put side by side again, as a recurrence does that a loop writes out.
    """
    stops = {end.number for end in ends}
    wanted, taken, placed, beside, mover = {output.number}, 0, 0, "", ""
    lengths, chosen = _lengths(runs, key, stops), list[Step]()
    for step in reversed(runs.graph.program):
        number = step.value.number
        if number not in wanted or number in stops or _is_whole(runs, number, key):
            continue
        wanted.update(step.operands)
        remains = key in carried(_layout(runs, number))
        if remains:
            lengths |= _lengths(runs, key, [number])
        elif _is_chosen(runs, number, key):
            chosen.append(step)
        for relation in _along(runs, step, key):
            moves = not isinstance(relation, Same) and not (isinstance(relation, Taps) and relation.selects)
            if moves and remains:
                mover = step.node.op  # at last the first of them
                if isinstance(relation, Whole) and relation.uncertain:
                    chosen.append(step)
            taken += not remains and not isinstance(relation, Whole)
        join = step.action
        if isinstance(join, Join) and step.value.extents[join.axis] == len(join.operands) > 1:
            beside = step.node.op
        if not remains and _places_one(runs, step):
            placed += 1
            beside = step.node.op if placed > 1 else beside
    among = f"{mover} moves along an axis in which positions of {axis} lie among others" if mover else ""
    pickers = [step.node.op for step in chosen if not lengths.isdisjoint(step.value.extents)]
    picked = f"data chooses which positions of {axis} {pickers[-1]} has at which place" if pickers else ""
    if not beside or taken < 2 or key in carried(_layout(runs, output.number)):
        return _Going(among, chosen=picked)
    return _Going(
        among,
        f"{beside} puts single positions of {axis} side by side, and which step stands for which is not known",
        picked,
    )


def _places_one(runs: Runs, step: Step) -> bool:
    """Whether a step puts a single element at a place of an axis, as writing into a buffer does."""
    action, values = step.action, runs.graph.values
    if isinstance(action, Join):
        return any(values[operand].extents[action.axis] == 1 for operand in action.operands)
    if not isinstance(action, Union) or len(action.reads) != 1:
        return False
    (read,) = action.reads
    return any(
        own == 1 and to is not None and isinstance(how, Taps) and how.selects and step.value.extents[to] > 1
        for own, (to, how) in zip(values[read.operand].extents, read.axes, strict=True)
    )


def _lengths(runs: Runs, key: Key, numbers: Iterable[int]) -> set[int]:
    """Return the extents, beyond 1, of the axes of values that have positions for a key, among others or not."""
    layouts = (_layout(runs, number) for number in numbers)
    axes = (axis for layout in layouts for axis in layout if key in carried((axis,)))
    return {prod(factor.extent for factor in axis) for axis in axes} - {1}


def _is_chosen(runs: Runs, number: int, key: Key) -> bool:
    """Whether data chooses what of an input axis a value reads."""
    found = runs.plan.structures.get(number)
    return isinstance(found, Structure) and key in found.uncertain


def _is_whole(runs: Runs, number: int, key: Key) -> bool:
    """Whether a value has positions for an input axis all along, not only the inner parts of blocks of them."""
    leads = any(key in factor.leads for axis in _layout(runs, number) for factor in axis)
    return leads and _has_place(runs, number, key)


def _along(runs: Runs, step: Step, key: Key) -> Iterator[Relation]:
    """Yield how a step reads the axes of its operands that have a key."""
    reads = step.action.reads if isinstance(step.action, Union) else ()
    for access in reads:
        for axis, (_, relation) in zip(_layout(runs, access.operand), access.axes, strict=True):
            if key in carried((axis,)):
                yield relation
    if isinstance(step.action, Regroup) and key in carried(_layout(runs, step.action.operand)):
        yield SAME
