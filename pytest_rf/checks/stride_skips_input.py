"""Positions inside a tensor that nothing reads, although their neighbours are read.

## What it does
Looks at what all consumers of a tensor read together, along every spatial axis: positions between the first and the
last that are read, which no consumer reads and which are no output. A shortcut that skips beside a 3×3 convolution
that does not is silent; a strided slice counts.

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

from pytest_rf.access import LARGEST_TABLE, Relation, Sets, Table, Taps
from pytest_rf.analysis.tensors import owners
from pytest_rf.checks.layers import touched
from pytest_rf.checks.rule import Rule, has_places
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.domains.layout import carried
from pytest_rf.domains.structure import Structure
from pytest_rf.findings import Finding, Required
from pytest_rf.graph import Step, Union, Value

Mask = npt.NDArray[np.bool_]


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per tensor and axis, at the first consumer that skips."""
    analysis = model.analysis
    runs, own = analysis.runs, owners(analysis.runs)
    outputs = {tensor.number for tensor in analysis.outputs}
    consumers: dict[int, list[Step]] = {}
    for step in analysis.graph.program:
        for number in set(step.operands):
            consumers.setdefault(number, []).append(step)
    for number, steps in consumers.items():
        value = analysis.graph.values[number]
        known = runs.structure(value)
        at = own.get(steps[0].value.number)
        if number in outputs or not isinstance(known, Structure) or value.shape is None or at is None:
            continue
        for axis, factors in enumerate(known.layout):
            keys = carried((factors,)) & runs.spatial
            skipped = _skipped(value, axis, steps) if len(keys) == 1 and value.shape[axis] > 2 else 0
            if skipped:
                (key,) = keys
                name = next(name for name, place in analysis.inputs[key[0]].axes.items() if place == key[1])
                what = own[number].name if number in own else f"input {key[0]}"
                yield model.at(
                    at,
                    f'{skipped} of {value.shape[axis]} positions of "{what}" on axis {name} are read by nothing: '
                    f'"{at.name}" ({at.op} {at.label}) skips them'.replace(" )", ")"),
                    axes=(name,),
                    input=key[0],
                    metric="unused",
                    measured=measured(skipped),
                    required=Required(text="0", comparator="==", value=0),
                    help="move the stride to a layer whose window is as large, or average before positions are skipped",
                )


def _skipped(value: Value, axis: int, steps: list[Step]) -> int:
    """Return how many positions between the first and the last that are read no consumer reads."""
    read = np.zeros(value.extents[axis], bool)
    for step in steps:
        if not isinstance(step.action, Union):
            return 0
        for access in step.action.reads:
            if access.operand == value.number:
                place, relation = access.axes[axis]
                outputs = 1 if place is None or step.value.shape is None else step.value.shape[place]
                read |= _by(relation, outputs, len(read))
    places = np.flatnonzero(read)
    return 0 if not len(places) else int(places[-1] - places[0] + 1 - len(places))


def _by(relation: Relation, outputs: int, extent: int) -> Mask:
    """Return which positions a relation reads for any output."""
    read = np.zeros(extent, bool)
    if isinstance(relation, Taps) and outputs * max(map(len, relation.taps)) <= LARGEST_TABLE:
        return touched(relation, outputs, extent)
    if isinstance(relation, Table):
        read[relation.indices[relation.indices >= 0]] = True
    elif isinstance(relation, Sets):
        return np.asarray(relation.reads.any(axis=0))
    else:
        read[:] = True
    return read


RULE = Rule(code="RF202", name="stride-skips-input", doc=__doc__, check=check, judges=has_places, actual=True)
