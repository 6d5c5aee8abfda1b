"""What the operators of ONNX read: tables from operator names to rules, one file per family.

A new operator goes into the table of its family: a function that takes a
:class:`~pytest_rf.operators.onnx.call.Call` and returns the value that it makes. Operators of other
domains stand in the tables as ``domain::Name``.
"""

from __future__ import annotations

from pytest_rf.operators.onnx import (
    attention,
    collections,
    contractions,
    control,
    convolutions,
    folding,
    gathers,
    generators,
    linear_attention,
    losses,
    machine_learning,
    matrices,
    microsoft,
    microsoft_quantised,
    ordering,
    pointwise,
    quantised,
    recurrent,
    reductions,
    resizing,
    sampling,
    scatters,
    shapes,
    spectral,
    text,
    training,
)
from pytest_rf.operators.onnx.call import Rule

FAMILIES = (
    attention,
    collections,
    contractions,
    control,
    convolutions,
    folding,
    gathers,
    generators,
    linear_attention,
    losses,
    machine_learning,
    matrices,
    microsoft,
    microsoft_quantised,
    ordering,
    pointwise,
    quantised,
    recurrent,
    reductions,
    resizing,
    sampling,
    scatters,
    shapes,
    spectral,
    text,
    training,
)


def table() -> dict[str, Rule]:
    """Return all rules by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    rules: dict[str, Rule] = {}
    for family in FAMILIES:
        twice = rules.keys() & family.RULES.keys()
        if twice:
            raise ValueError(f"two rules for {', '.join(sorted(twice))}")
        rules.update(family.RULES)
    return rules
