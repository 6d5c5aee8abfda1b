"""Positions at an end of the input that no output reads.

## What it does
Looks for positions at either end of a spatial axis that no unit of any output reads in any way: not as field, not
as context. What an explicit index, a crop or a "last step" leaves out is told as `info`.

## Why is this bad
A strided layer without padding drops the last rows when its windows do not come out even. What lies there can
change without any change of the answer: a defect at the edge of the image, the last samples of a recording.

## Example
    x = MaxPool(kernel=2, stride=2)(image of 225 × 225)       # row and column 224 are read by nothing

## Use instead
An extent that comes out even, padding, or `ceil_mode`.

## References
- Alsallakh et al.: Mind the Pad: CNNs Can Develop Blind Spots. ICLR, 2021.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.analysis import Input, Tensor
from pytest_rf.analysis.units import span
from pytest_rf.checks.options import UnreadInput
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, has_places, measured
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per spatial axis of an input that some output reads."""
    most = model.of(UnreadInput).positions
    for source in model.analysis.inputs.values():
        outputs = [tensor for tensor in model.analysis.outputs if source.name in tensor.inputs]
        if not outputs or any(tensor.status == "unknown" for tensor in outputs):
            continue  # an input that nothing reads is no input of the model
        for axis, number in source.axes.items():
            read = _read(outputs, source, number)
            if read is not None and read[0] + source.shape[number] - 1 - read[1] > most:
                yield _finding(model, source, axis, number, read)


def _read(tensors: Sequence[Tensor], source: Input, number: int) -> tuple[int, int] | None:
    """Return the first and the last position that any of the tensors reads in any way; None where none does."""
    found = [span for tensor in tensors if (span := _span(tensor, source, number)) is not None]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _span(tensor: Tensor, source: Input, number: int) -> tuple[int, int] | None:
    """Return the first and the last position that a tensor reads in any way; None where it reads none."""
    key = (source.name, number)
    return span(tensor.runs.field(tensor.value, key, context=True), key)


def _finding(model: Subject, source: Input, axis: str, number: int, read: tuple[int, int]) -> Finding:
    extent = source.shape[number]
    before, after = read[0], extent - 1 - read[1]
    at = _dropping(model, source, number, last=bool(after))
    sides = [f"the last {after}" if after > 1 else "the last one"] if after else []
    sides += [f"the first {before}" if before > 1 else "the first one"] if before else []
    chosen = at is not None and at.windows is None
    return model.at(
        at or model.analysis.outputs[0],
        f"{' and '.join(sides)} of {extent} positions on axis {axis} of input {source.name} "
        f"{'are' if before + after > 1 else 'is'} read by no output"
        + (f' (left out at "{at.name}", {at.op})' if at is not None else ""),
        axes=(axis,),
        input=source.name,
        metric="unused",
        measured=measured(before + after),
        required=Required(text="0", comparator="==", value=0),
        severity="info" if chosen else "error",
        help=""
        if chosen
        else f"give {extent - after - before} positions, or pad, so that the windows come out even",
    )


def _dropping(model: Subject, source: Input, number: int, last: bool) -> Tensor | None:
    """Return the first tensor that leaves an end of the input out although an operand of it has it."""
    having = {model.analysis.graph.inputs[source.name].number}
    for tensor in model.known():
        span = _span(tensor, source, number)
        if span is not None and (span[1] == source.shape[number] - 1 if last else span[0] == 0):
            having.add(tensor.number)
        elif any(operand.number in having for operand in tensor.operands):
            return tensor
    return None


DOES = Does(check=check, judges=has_places)
