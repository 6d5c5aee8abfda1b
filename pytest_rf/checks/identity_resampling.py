"""A resize, pad or slice that changes nothing.

## What it does
Reports resizes, pads and slices along a spatial axis of an input that are the identity at every extent that the model
takes, found by analysing it at others. One that is so at the declared extent alone is `info`.

## Why is this bad
It costs time in runtimes that do not remove it, and it hides what was meant: a factor of 1 that should have been 2, a
size that is the input's own.

## Example
    F.interpolate(x, size=x.shape[-2:])

## Use instead
Nothing, or the factor that was meant.

## References
- ONNX: Resize, scales.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.analysis import Analysis
from pytest_rf.checks.extents import at
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.domains.layout import carried
from pytest_rf.domains.structure import Structure
from pytest_rf.findings import Finding, Required
from pytest_rf.node import Node

NEAR = 8
"""Extents nearby are tried at so many powers of two: strides swallow small ones, some models take multiples alone."""

#: What such an operator can be given, by its role.
_GIVEN = {"resize": "factor", "pad": "padding", "slice": "range"}


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per node that passes on what it gets."""
    found = [node for node in resampling(model.analysis) if _passes(node)]
    if not found:
        return
    always = _always(model.analysis, {node.name for node in found})
    own = {tensor.node: tensor for tensor in model.analysis}
    for node in found:
        tensor = own.get(node.name)
        if tensor is None:
            continue
        needless = node.name in always
        yield model.at(
            tensor,
            f'"{node.name}" ({node.op}) changes nothing' + ("" if needless else " at this extent"),
            metric="identity",
            measured=measured(True),
            required=Required(text="an effect"),
            severity="error" if needless else "info",
            help=f"leave it out, or give it the {_given(node)} that was meant" if needless else "",
        )


def _given(node: Node) -> str:
    return "extent" if node.role is None else _GIVEN[node.role.name]


def resampling(analysis: Analysis) -> Iterator[Node]:
    """Yield the nodes that resize, pad or slice along a spatial axis of an input, or could."""
    runs = analysis.runs
    for node in analysis.graph.nodes:
        if node.role is None or node.role.name not in ("resize", "pad", "slice") or not node.inputs:
            continue
        known = runs.structure(node.inputs[0]) if node.inputs[0].varies else None
        if isinstance(known, Structure):
            places = tuple(known.layout[axis] for axis in node.role.axes)
            if carried(places) & runs.spatial:
                yield node


def _passes(node: Node) -> bool:
    """Whether a node hands its first operand on as it is."""
    return any(value is node.inputs[0] for value in node.outputs.values())


def _always(analysis: Analysis, names: set[str]) -> set[str]:
    """Return which nodes pass on what they get at other extents, too; none where there are none."""
    tried = False
    for name, source in analysis.inputs.items():
        for number in source.axes.values():
            analysed, extent = at(analysis, name, number), source.shape[number]
            for other in (*(extent + 2**power for power in range(NEAR)), 3 * extent + 1):
                found = analysed(other) if names else None
                if found is not None:
                    tried = True
                    names &= {
                        node.name for node in found.graph.nodes if node.role is not None and _passes(node)
                    }
    return names if tried else set()


def resamples(model: Subject) -> bool:
    """Return whether a model resizes, pads or slices."""
    return any(True for _ in resampling(model.analysis))


DOES = Does(check=check, judges=resamples)
