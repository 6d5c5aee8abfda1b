"""Samples of a batch influence each other.

## What it does
Holds `independent` for every output: each of its units must read its own sample only. The finding names the first
operator that mixes, or says that only some samples are read at all. A batch of 1 says nothing, nor does a single
number, which is a loss; what a requirement `independent` tells is not told again. What a norm in training mode mixes
is the matter of `training-mode`.

## Why is this bad
What a sample's answer is then depends on which others it was batched with: evaluation with another batch size gives
other numbers, and users' data leak into each other's results.

## Example
    lstm(x)           # batch_first=False, called with (batch, time, features)

## Use instead
The axis order that the layer wants, reductions that leave axis 0 alone. For a net that takes time first, name the
axes in the configuration: `axes = { x = { t = 0, batch = 1 } }`.

## References
- Karpathy: A Recipe for Training Neural Networks. 2019 ("use backprop to chart dependencies").
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from pytest_rf.analysis import Input, Tensor
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.units import span
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.checks.training_mode import by_training
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements.syntax import Claim, Source


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per input whose samples some output mixes: at the first such output."""
    for source in model.analysis.inputs.values():
        if source.batch is None or source.shape[source.batch] < 2:
            continue
        for tensor in model.analysis.outputs:
            if (
                tensor.status == "unknown"
                or source.name not in tensor.inputs
                or prod(tensor.value.extents) == 1
            ):
                continue
            field = tensor.field(source.name)[source.batch]
            last = _only(tensor, field)
            leaks = not _required(model, source) and field.independent is False
            if (last or leaks) and not by_training(field):
                from pytest_rf.requirements.independence import explained

                note, help = explained(field, source, source.batch)
                yield model.at(
                    tensor,
                    f'"{tensor.name}" mixes samples of input {source.name}'
                    + (f": {last or note}" if last or note else ""),
                    axes=("n",),
                    input=source.name,
                    metric="independent",
                    measured=measured(False),
                    required=Required(text="independent"),
                    note=note,
                    help=help,
                )
                break


def _required(model: Subject, source: Input) -> bool:
    """Whether a requirement of the model asks the same of its outputs, and so tells what there is to tell."""
    return any(
        part.predicate == "independent" and not part.negated and part.where.kind in ("final", "output")
        for requirement in model.requirements
        for part in requirement.parts
        if isinstance(part, Claim) and part.source in (None, Source(source.name))
    )


def _only(tensor: Tensor, field: AxisField) -> str:
    """Say which of the first and the last samples nothing reads, where there are any."""
    read = span(tensor.runs.field(tensor.value, field.key, context=True), field.key)
    if read is None:
        return ""
    unread = [_run(0, read[0] - 1), _run(read[1] + 1, field.extent - 1)]
    told = " and ".join(filter(None, unread))
    count = field.extent - 1 - (read[1] - read[0])
    return (
        f"sample{'' if count == 1 else 's'} {told} {'is' if count == 1 else 'are'} read by nothing"
        if told
        else ""
    )


def _run(first: int, last: int) -> str:
    return "" if last < first else str(first) if first == last else f"{first} … {last}"


def has_samples(model: Subject) -> bool:
    """Return whether an output reads an input with two samples or more."""
    return any(source.shape[number] > 1 for source, number in _batches(model))


def one_sample(model: Subject) -> tuple[str, str]:
    """Return that outputs read one sample alone, if they do, and how two are given."""
    given = []
    for source, number in _batches(model):
        if source.shape[number] == 1:
            extents = (2 if axis == number else extent for axis, extent in enumerate(source.shape))
            given.append(f"--input {source.name}={','.join(map(str, extents))}")
    if not given:
        return "", ""
    return "batch 1", f"give {' '.join(given)}, or export with an open batch"


def _batches(model: Subject) -> Iterator[tuple[Input, int]]:
    """Yield the inputs that outputs read and that have a batch axis, each once, and that axis."""
    read = {name for tensor in model.analysis.outputs if tensor.status != "unknown" for name in tensor.inputs}
    for source in model.analysis.inputs.values():
        if source.name in read and source.batch is not None:
            yield source, source.batch


DOES = Does(check=check, judges=has_samples, unable=one_sample)
