"""Branches that meet look at different places.

## What it does
Compares the centres of the branches at every merge, averaged over one period of phases. From one step of the merged
tensor on the finding is a `warning`, below it is `info`. Branches that end at the same position (causal residuals)
are aligned; constants, contexts, what reads a whole axis, and the same tensor shifted on purpose have no say.

## Why is this bad
A sum or a concat of features of different places blurs them: the layers behind have to undo the shift, which they
can only do in whole steps. It comes from padding that one branch has and the other has not, or from kernels of even
size.

## Example
    y = Conv(kernel=2, padding=0)(x) + crop(x)          # centres half a position apart

## Use instead
The same padding on both branches, odd kernels, or a crop that is as large on either side.

## References
- Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks. Distill, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.analysis.alignment import Merge, merges
from pytest_rf.analysis.tensors import owners
from pytest_rf.checks.options import MisalignedMerge
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.figures import said
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per merge and axis whose branches are misaligned for certain."""
    runs, steps = model.analysis.runs, model.of(MisalignedMerge).steps
    own = owners(runs)
    for source in model.analysis.inputs.values():
        for axis, number in source.axes.items():
            for merge in merges(runs, (source.name, number)):
                tensor = own.get(merge.value)
                if merge.aligned is not False or merge.shifted or tensor is None:
                    continue
                yield model.at(
                    tensor,
                    f'branches that meet at "{tensor.name}" ({tensor.op}) {_apart(merge)} on axis {axis}',
                    axes=(axis,),
                    input=source.name,
                    metric="aligned",
                    measured=measured(False) if merge.apart is None else measured(merge.apart),
                    required=Required(text="one stride and one centre"),
                    severity="warning"
                    if merge.apart is None or merge.apart >= steps * merge.step
                    else "info",
                    help="bring the branches to one grid before they meet"
                    if merge.apart is None
                    else "pad the branches alike, or crop as much on either side",
                )


def _apart(merge: Merge) -> str:
    if merge.apart is None:
        return "have no common stride and centre"
    return f"have centres {said(merge.apart)} position{'' if merge.apart == 1 else 's'} apart"


def has_merges(model: Subject) -> bool:
    """Return whether branches meet in a model."""
    runs = model.analysis.runs
    return any(True for key in sorted(runs.spatial) for _ in merges(runs, key))


DOES = Does(check=check, judges=has_merges)
