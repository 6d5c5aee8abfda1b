"""An operator takes statistics of the batch by its own flag.

## What it does
Names the norms that ran with the statistics of the batch although they have running ones, as they do in training
mode. It goes by the operator's own flag: a frozen norm in a training module, norms on weights and dropout are silent.
It is one finding for a model, and speaks for `batch-leak`.

## Why is this bad
Figures and answers are then those of another function than the one that is deployed: samples influence each other,
and every norm reads the whole image.

## Example
    pytest_rf.analyze(net, x)                 # net.train() is how modules are made

## Use instead
`net.eval()` before it is analysed or exported.

## References
- Ioffe, Szegedy: Batch Normalization. ICML, 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.analysis.metrics import AxisField
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding for the first operator in training mode that an output rests on."""
    nodes = [
        node for node in model.analysis.graph.nodes if node.training and any(v.varies for v in node.inputs)
    ]
    first = next((tensor for tensor in model.analysis if nodes and tensor.node == nodes[0].name), None)
    if first is None:
        return
    more = len(nodes) - 1
    yield model.at(
        first,
        f'"{nodes[0].module or nodes[0].name}" ({nodes[0].op})'
        + (f" and {more} more are" if more else " is")
        + " in training mode: statistics are those of the batch",
        metric="training",
        measured=measured(True),
        required=Required(text="evaluation mode", comparator="==", value=False),
        help="call eval() before the model is analysed or exported",
    )


def by_training(field: AxisField) -> bool:
    """Whether it is a norm in training mode that mixes samples first."""
    mixer = field.samples.mixer
    return mixer is not None and mixer.node.training


def has_norms(model: Subject) -> bool:
    """Return whether a model has a norm that could be in training mode."""
    return any(
        "batch_norm" in node.op or node.op == "BatchNormalization" for node in model.analysis.graph.nodes
    )


DOES = Does(check=check, judges=has_norms)
