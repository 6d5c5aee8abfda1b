"""A transposed convolution whose kernel is not a multiple of its stride.

## What it does
Looks at the kernel, stride and dilation of every transposed convolution: its windows overlap evenly if every output
position gets as many taps. Where weights are read (`weights = true`) it asks what the taps of every phase add up to,
too: an uneven kernel whose sums agree, as one that interpolates linearly, prints nothing on an even surface.

## Why is this bad
Its windows overlap unevenly: some output positions are sums over more taps than their neighbours. What comes out
carries a checkerboard, which training can hide but not remove.

## Example
    ConvTranspose(kernel=3, stride=2)       # two taps, one tap, two taps, one tap ...

## Use instead
ConvTranspose(kernel=4, stride=2) or (kernel=2, stride=2), or a resize followed by a convolution.

## References
- Odena, Dumoulin, Olah: Deconvolution and Checkerboard Artifacts. Distill, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from pytest_rf.analysis.cells import operator
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.node import Node, Windows
from pytest_rf.requirements import verdicts


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per transposed convolution that overlaps unevenly."""
    graph = model.analysis.graph
    makers = {value.number: node for node in reversed(graph.nodes) for value in node.outputs.values()}
    for tensor in model.analysis:
        windows = tensor.windows
        if windows is None or not windows.transposed:
            continue
        taps = list(map(_taps, windows.kernel, windows.stride, windows.dilation))
        fewest, most = math.prod(least for least, _ in taps), math.prod(largest for _, largest in taps)
        if fewest != most and not (graph.weights and _sums_agree(makers[tensor.number], windows)):
            yield replace(
                verdicts.at(
                    tensor,
                    model.settings,
                    f'output positions of tensor "{tensor.name}" ({operator(tensor)}) are sums over '
                    "different numbers of taps",
                ),
                metric="taps",
                measured=measured(fewest, most),
                required=Required(text="a kernel that is a multiple of the stride"),
                help="use a kernel that is a multiple of the stride, or a resize followed by a convolution",
            )


def has_transposed(model: Subject) -> bool:
    """Return whether a model has a transposed convolution."""
    return any(tensor.windows is not None and tensor.windows.transposed for tensor in model.analysis)


def _taps(kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the fewest and the most taps of an output phase along an axis."""
    phases = stride // math.gcd(stride, dilation)  # those that any tap reaches
    return kernel // phases if phases == stride else 0, -(-kernel // phases)


def _sums_agree(node: Node, windows: Windows) -> bool:
    """Whether a kernel's taps add up to the same in all phases, for every pair of channels; not if it is not known."""
    kernel = next((value for value in node.inputs[1:2] if not value.varies), None)
    weights = None if kernel is None else kernel.data
    if (
        weights is None
        or weights.shape[2:] != windows.kernel
        or not np.issubdtype(weights.dtype, np.floating)
    ):
        return False
    sums = weights.astype(np.float64)
    for axis, (taps, stride, dilation) in enumerate(
        zip(windows.kernel, windows.stride, windows.dilation, strict=True), 2
    ):
        phases = np.arange(taps) * dilation % stride == np.arange(stride)[:, None]
        sums = np.moveaxis(np.tensordot(sums, phases, ([axis], [1])), -1, axis)
    places = tuple(range(2, sums.ndim))
    rounding = np.finfo(weights.dtype).eps * np.abs(weights).astype(np.float64).sum(axis=places)
    return bool((np.ptp(sums, axis=places) <= rounding).all())


DOES = Does(check=check, judges=has_transposed)
