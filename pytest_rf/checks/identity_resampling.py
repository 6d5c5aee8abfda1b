"""A resize or pad that changes nothing.

## What it does
Reports resizes and pads that are the identity at every extent that the model takes, found by analysing it at others.
One that is so at the declared extent alone is `info`.

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
from pytest_rf.checks.rule import Rule
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.graph import Graph, Node

#: Operators that resample, by parts of their names.
RESAMPLING = ("resize", "upsample", "interpolate", "pad")


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per node that passes on what it gets."""
    found = [node for node in resampling(model.analysis.graph) if _passes(node)]
    if not found:
        return
    elsewhere = list(_elsewhere(model.analysis))
    own = {tensor.node: tensor for tensor in model.analysis}
    for node in found:
        tensor = own.get(node.name)
        if tensor is None:
            continue
        always = bool(elsewhere) and all(node.name in names for names in elsewhere)
        yield model.at(
            tensor,
            f'"{node.name}" ({node.op}) changes nothing' + ("" if always else " at this extent"),
            metric="identity",
            measured=measured(True),
            required=Required(text="an effect"),
            severity="error" if always else "info",
            help="leave it out, or give it the factor that was meant" if always else "",
        )


def resampling(graph: Graph) -> Iterator[Node]:
    """Yield the nodes that resize or pad, or could."""
    for node in graph.nodes:
        name = node.op.rpartition("::")[2].lower()
        if any(part in name for part in RESAMPLING) and node.inputs and node.inputs[0].varies:
            yield node


def _passes(node: Node) -> bool:
    """Whether a node hands its first operand on as it is."""
    return any(value is node.inputs[0] for value in node.outputs.values())


def _elsewhere(analysis: Analysis) -> Iterator[set[str]]:
    """Yield the names of the nodes that pass on what they get, for other extents of every spatial axis."""
    for name, source in analysis.inputs.items():
        for number in source.axes.values():
            analysed, extent = at(analysis, name, number), source.shape[number]
            grid = analysis.runs.grid((name, number))
            for tried in (extent + 1, extent + grid, 2 * extent, 3 * extent + 1):
                other = analysed(tried)
                if other is not None:
                    yield {node.name for node in resampling(other.graph) if _passes(node)}


def resamples(model: Subject) -> bool:
    """Return whether a model has a resize or pad."""
    return any(True for _ in resampling(model.analysis.graph))


RULE = Rule(code="RF502", name="identity-resampling", doc=__doc__, check=check, judges=resamples)
