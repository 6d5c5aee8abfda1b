"""Modules of PyTorch against what changes their outputs: every position of every axis, changed one by one."""

from __future__ import annotations

from typing import Any

import torch

import pytest_rf
from oracle.compare import Comparison, compare
from oracle.engines.modules import InDouble
from oracle.influence import Influence
from oracle.perturb import probe_rows
from pytest_rf.frontends.torch.arguments import arguments, input_names
from pytest_rf.probing import MAGNITUDES
from pytest_rf.probing.modules import Prober

LOOKS = MAGNITUDES * 2
"""So often is every position changed at each of the two points, and by so much."""


class Net(torch.nn.Module):
    """A module that is one function of its argument."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def observed(module: torch.nn.Module, example: object) -> Influence:
    """Return which positions of all inputs change which elements of all outputs."""
    call = arguments(module, example)
    assert input_names(module, call) is not None
    engine = InDouble(Prober(module, call))
    for plain in engine.plain:
        hidden = [name for name, value in plain.items() if (value != value).any()]
        assert not hidden, f"what is not a number shows no influence: {hidden}"
    return probe_rows(engine, engine.points[0], points=engine.points, magnitudes=LOOKS)


def compared(analysis: pytest_rf.Analysis, influence: Influence) -> Comparison:
    """Compare all outputs that depend on an input with what was seen; of the others nothing may have moved."""
    outputs = {
        name: next(tensor for tensor in analysis.outputs if tensor.number == value.number)
        for name, value in analysis.graph.outputs.items()
        if value.varies
    }
    fixed = set(influence.tensors()) - outputs.keys()
    moved = [name for (name, *_), rows in influence.rows.items() if name in fixed and rows.any()]
    assert not moved, f"outputs that depend on no input change with one: {moved}"
    assert outputs.keys() <= set(influence.tensors()), "the run gives other outputs than the analysis"
    return compare(outputs, influence, tensors=outputs)


def check(
    module: torch.nn.Module,
    example: object,
    *,
    tight: bool = True,
    weights: bool = False,
    way: str | None = None,
) -> pytest_rf.Analysis:
    """Hold the bounds of all units of all outputs along all axes of all inputs against what changes them.

    Args:
        module: the module.
        example: its arguments.
        tight: whether all that the analysis claims must be seen.
        weights: whether weights of 0 and masks cut dependence.
        way: how the module is to be captured.

    Raises:
        AssertionError: something is read outside of the bounds, nothing is claimed, or more than was seen.
    """
    analysis = pytest_rf.analyze(module, example, weights=weights)
    if way is not None:
        assert analysis.capture == way
    found = compared(analysis, observed(module, example))
    reasons = [tensor.reason for tensor in analysis.outputs if tensor.status == "unknown"]
    assert not found.unknown, f"nothing is claimed of {found.unknown}: {reasons}"
    assert not found.unsound, found.report()
    if tight:
        assert not found.inexact, found.report()
    return analysis
