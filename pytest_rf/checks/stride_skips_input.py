"""Positions inside a tensor that nothing reads, although their neighbours are read.

## What it does
Looks at what all consumers of a tensor read together, along every spatial axis: positions between the first and the
last that are read, which no consumer reads and which are no output. A shortcut that skips beside a 3×3 convolution
that does not is silent, and so is a tensor of which two slices take turns; one strided slice counts.

## Why is this bad
Three of four pixels that a layer computes are thrown away: a 1×1 convolution of stride 2 on the main path reads a
quarter of its input. What lies there cannot influence the answer.

## Example
    Conv(kernel=1, stride=2)          # the main path of the original ResNet-50

## Use instead
The stride on the 3×3 convolution behind it, or an average pool before a 1×1 convolution.

## References
- He et al.: Bag of Tricks for Image Classification with Convolutional Neural Networks. CVPR, 2019 (section 4.1).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pytest_rf.access import LARGEST_TABLE, Relation, Same, Sets, Table, Taps
from pytest_rf.analysis import Analysis
from pytest_rf.analysis.cells import operator
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensors import owners
from pytest_rf.checks.layers import touched
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, has_places, measured
from pytest_rf.domains.layout import carried
from pytest_rf.domains.structure import Structure
from pytest_rf.findings import Finding, Required
from pytest_rf.graph import Step, Union
from pytest_rf.value import Value

Mask = npt.NDArray[np.bool_]


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per tensor and axis, at the first operator that skips."""
    analysis = model.analysis
    runs, own, use = analysis.runs, owners(analysis.runs), Use(analysis)
    for number, steps in use.consumers.items():
        value = analysis.graph.values[number]
        known = runs.structure(value)
        if number in use.moved or not isinstance(known, Structure) or value.shape is None:
            continue
        for axis, factors in enumerate(known.layout):
            keys = carried((factors,)) & runs.spatial
            skipped = use.skipped(value, axis) if len(keys) == 1 and value.shape[axis] > 2 else 0
            at = own.get(use.skipper(steps[0], number, axis).value.number) if skipped else None
            if at is not None:
                (key,) = keys
                name = next(name for name, place in analysis.inputs[key[0]].axes.items() if place == key[1])
                what = own[number].name if number in own else f"input {key[0]}"
                yield model.at(
                    at,
                    f'{skipped} of {value.shape[axis]} positions of "{what}" on axis {name} are read by nothing: '
                    f'"{at.name}" ({operator(at)}) skips them',
                    axes=(name,),
                    input=key[0],
                    metric="skipped",
                    measured=measured(skipped),
                    required=Required(text="0", comparator="==", value=0),
                    help="move the stride to a layer whose window is as large, or average before positions are skipped",
                )


class Use:
    """What of values is used: by an output, or by a step that computes something of it.

    Slices, pads and gathers compute nothing: what they hand on to nobody is not used of their operand either, and
    what two of them skip by turns is used.

    Attributes:
        consumers: the steps that read a value, by its number.
        moved: the numbers of the values that slices, pads and gathers make.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.outputs = {tensor.number for tensor in analysis.outputs}
        self.consumers: dict[int, list[Step]] = {}
        self.moved: set[int] = set()
        for step in analysis.graph.program:
            for number in set(step.operands):
                self.consumers.setdefault(number, []).append(step)
            if _moves(analysis.runs, step):
                self.moved.add(step.value.number)
        self._known: dict[tuple[int, int], Mask] = {}
        for step in reversed(analysis.graph.program):  # so that no chain of slices is followed twice
            if step.value.number in self.moved:
                for axis in range(step.value.rank):
                    self.of(step.value, axis)

    def skipped(self, value: Value, axis: int) -> int:
        """Return how many positions between the first and the last that are used nothing uses."""
        places = np.flatnonzero(self.of(value, axis))
        return 0 if not len(places) else int(places[-1] - places[0] + 1 - len(places))

    def of(self, value: Value, axis: int) -> Mask:
        """Return which positions of a value's axis are used."""
        key = value.number, axis
        if key not in self._known:
            steps = self.consumers.get(value.number, [])
            used = np.zeros(value.extents[axis], bool)
            if value.number in self.outputs or not steps:
                used[:] = True
            for step in steps:
                used |= self._by(step, value, axis)
            self._known[key] = used
        return self._known[key]

    def skipper(self, step: Step, number: int, axis: int) -> Step:
        """Return the first step from one on that reads less than all of an axis."""
        while step.value.number in self.moved and step.value.number in self.consumers:
            assert isinstance(step.action, Union)
            place, relation = step.action.reads[0].axes[axis]
            if place is None or not isinstance(relation, Same):
                break
            number, axis = step.value.number, place
            step = self.consumers[number][0]
        return step

    def _by(self, step: Step, value: Value, axis: int) -> Mask:
        """Return which positions of an axis a step uses."""
        used = np.zeros(value.extents[axis], bool)
        if not isinstance(step.action, Union):
            return ~used
        for read in step.action.reads:
            if read.operand == value.number:
                place, relation = read.axes[axis]
                wanted = np.ones(1, bool)
                moves = step.value.number in self.moved
                if place is not None and step.value.shape is not None:
                    wanted = self.of(step.value, place) if moves else np.ones(step.value.shape[place], bool)
                used |= _read(relation, wanted, len(used))
                if moves and isinstance(relation, Taps) and relation.advance == 1:  # a crop does not skip
                    inside = np.flatnonzero(_read(relation, np.ones_like(wanted), len(used)))
                    used[: inside.min(initial=len(used))] = used[inside.max(initial=-1) + 1 :] = True
        return used


def _moves(runs: Runs, step: Step) -> bool:
    """Whether a step picks or moves positions of one value, all channels alike, and computes nothing."""
    if not isinstance(step.action, Union) or len(step.action.reads) != 1:
        return False
    known = runs.structure(runs.graph.values[step.operands[0]])
    if not isinstance(known, Structure):
        return False
    axes = [
        (relation, factors)
        for (_, relation), factors in zip(step.action.reads[0].axes, known.layout, strict=True)
    ]
    picked = [
        carried((factors,)) & runs.spatial for relation, factors in axes if not isinstance(relation, Same)
    ]
    return bool(picked) and all(picked) and all(isinstance(one, Same) or _picks(one) for one, _ in axes)


def _picks(relation: Relation) -> bool:
    return isinstance(relation, Table) or (isinstance(relation, Taps) and relation.selects)


def _read(relation: Relation, wanted: Mask, extent: int) -> Mask:
    """Return which positions a relation reads for the outputs that are wanted."""
    if isinstance(relation, Same) and len(wanted) == extent:
        return wanted
    if isinstance(relation, Taps) and len(wanted) * max(map(len, relation.taps)) <= LARGEST_TABLE:
        return touched(relation, wanted, extent)
    read = np.zeros(extent, bool)
    if isinstance(relation, Table) and len(relation.indices) == len(wanted):
        indices = relation.indices[wanted]
        read[indices[indices >= 0]] = True
        return read
    if isinstance(relation, Sets) and len(relation.reads) == len(wanted):
        return np.asarray(relation.reads[wanted].any(axis=0))
    return ~read


DOES = Does(check=check, judges=has_places)
