"""Which input positions change which output elements, found by changing them one by one."""

from __future__ import annotations

import numpy as np
import torch

import pytest_rf
from pytest_rf.frontends.torch.arguments import arguments, input_names
from pytest_rf.probing import MAGNITUDES
from pytest_rf.probing.modules import Prober

torch.set_num_threads(1)


class Net(torch.nn.Module):
    """A module that is one function of its argument."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def influence(prober: Prober, output: str, source: str, axis: int) -> np.ndarray:
    """Return (extent of the axis, *output shape): true where a change at that index changed the element."""
    extent = prober.inputs[source].shape[axis]
    rows = np.zeros((extent, *prober.plain[0][output].shape), bool)
    for base, plain in zip(prober.bases, prober.plain, strict=True):
        for index in range(extent):
            for magnitude in MAGNITUDES * 2:
                after = prober.changed(base, source, axis, index, index + 1, magnitude)[output]
                rows[index] |= (after != plain[output]).numpy()
    return rows


def hull(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last influencing index per element; first > last where there is none."""
    found = rows.any(axis=0)
    extent = rows.shape[0]
    first = np.where(found, rows.argmax(axis=0), extent)
    last = np.where(found, extent - 1 - rows[::-1].argmax(axis=0), -1)
    return first, last


def check(
    module: torch.nn.Module,
    example: object,
    *,
    tight: bool = True,
    weights: bool = False,
    way: str | None = None,
) -> pytest_rf.Analysis:
    """Hold the bounds of all units of all outputs along all axes of all inputs against what changes them."""
    analysis = pytest_rf.analyze(module, example, weights=weights)
    if way is not None:
        assert analysis.capture == way
    call = arguments(module, example)
    prober = Prober(module, call)
    assert input_names(module, call) is not None
    for name, value in analysis.graph.outputs.items():
        if not value.varies:
            continue
        tensor = next(t for t in analysis.outputs if t.number == value.number)
        assert tensor.status != "unknown", tensor.reason
        for source, example_tensor in prober.inputs.items():
            for axis in range(example_tensor.dim()):
                first, last = hull(influence(prober, name, source, axis))
                lo, hi = tensor.bounds(axis, source, context=True)
                nothing = first > last
                outside = ~nothing & ((first < lo) | (last > hi))
                where = f"{name} <- {source} axis {axis}"
                assert not outside.any(), (
                    f"{where}: read outside of the bounds at {np.argwhere(outside)[:3].tolist()}"
                )
                if tight:
                    empty = lo > hi
                    loose = (nothing != empty) | (~nothing & ~empty & ((first != lo) | (last != hi)))
                    at = np.argwhere(loose)[:3].tolist()
                    shown = [
                        (int(first[tuple(i)]), int(last[tuple(i)]), int(lo[tuple(i)]), int(hi[tuple(i)]))
                        for i in at
                    ]
                    assert not loose.any(), f"{where}: bounds too wide at {at}: {shown}"
    return analysis
