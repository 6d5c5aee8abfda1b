"""A layer whose input already sees more than the image.

## What it does
Looks for layers with windows larger than 1 whose operand's smallest field (`rf_min`, over the shortest path) is
strictly larger than the input along every spatial axis. It reports the first, and how many there are. A transposed
convolution whose kernel is its stride reads one position a place and is none.

## Why is this bad
Whatever such a layer reads beside its own position, it has seen already along every path: it adds computation and
parameters, but no context. Richter et al. find that layers behind this border hardly contribute to the accuracy.

## Example
    a ResNet for images of 224 × 224, trained on images of 32 × 32

## Use instead
A larger input, fewer layers, or smaller strides in front, so that all layers have something to see.

## References
- Richter, Schöning, Wiedenroth, Krumnack: Should You Go Deeper? Optimizing CNN Architectures without Training.
  ICMLA, 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_rf.analysis.metrics import AxisField
from pytest_rf.checks.layers import Layer, layers
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.figures import said
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding at the first layer of which it is true, and is so for certain if that is so of any."""
    every = [layer for layer in layers(model.analysis) if layer.looks_around]
    beyond = [
        (layer, fields) for layer in every if (fields := list(layer.fields())) and all(map(_sees_all, fields))
    ]
    sure = [(layer, fields) for layer, fields in beyond if not any(field.upper_bound for field in fields)]
    for layer, fields in (sure or beyond)[:1]:
        yield _finding(model, layer, fields, len(sure or beyond), len(every), decided=bool(sure))


def _sees_all(field: AxisField) -> bool:
    return field.extent < field.rf_min < math.inf


def _finding(
    model: Subject, layer: Layer, fields: list[AxisField], count: int, every: int, decided: bool
) -> Finding:
    least = min(fields, key=lambda field: field.rf_min / field.extent)
    return model.at(
        layer.tensor,
        f"{count} of {every} layers with windows see nothing new: from {_name(layer)} on the smallest field of what "
        f"they read ({said(least.rf_min)}) is larger than the input ({least.extent})",
        axes=tuple(dict.fromkeys(field.axis_name for field in fields)),
        input=least.input.name,
        metric="rf_min",
        measured=measured(least.rf_min),
        required=Required(text=str(least.extent), comparator="<=", value=least.extent),
        reason="" if decided else f"{least.chosen_by} decides what the layer's input reads",
        undecidable=not decided,
        help="check the model with the input that it is meant for, or take layers or strides out in front",
    )


def _name(layer: Layer) -> str:
    return f'"{layer.tensor.module or layer.tensor.name}"'


def has_layers(model: Subject) -> bool:
    """Return whether a model has a layer with a window larger than 1."""
    return any(layer.looks_around for layer in layers(model.analysis))


DOES = Does(check=check, judges=has_layers)
