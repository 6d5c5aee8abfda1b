"""A transposed convolution whose kernel is no multiple of its stride.

## What it does
Looks at the kernel, stride and dilation of every transposed convolution.

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

from collections.abc import Iterator
from typing import Any

from pytest_rf.checks.rule import Rule, finding
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings

CODE, NAME = "RF303", "checkerboard"


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding per transposed convolution that overlaps unevenly."""
    for tensor in analysis:
        windows = tensor.windows
        if windows is None or not windows.transposed:
            continue
        # A dilated kernel can leave residues out altogether, so the taps are counted for each.
        if all(map(_even, windows.kernel, windows.stride, windows.dilation)):
            continue
        yield finding(
            CODE,
            NAME,
            analysis,
            settings,
            tensor,
            f'output positions of tensor "{tensor.name}" ({tensor.op} {tensor.label}) are sums over different '
            "numbers of taps",
            measured=tensor.label,
            required="a kernel that is a multiple of the stride",
            help="use a kernel that is a multiple of the stride, or a resize followed by a convolution",
        )


def has_transposed(analysis: Any) -> bool:
    """Return whether a model has a transposed convolution."""
    return any(tensor.windows is not None and tensor.windows.transposed for tensor in analysis)


def _even(kernel: int, stride: int, dilation: int) -> bool:
    """Return whether every output phase gets the same number of taps."""
    taps = [0] * stride
    for tap in range(min(kernel, 10_000)):
        taps[tap * dilation % stride] += 1
    return len(set(taps)) == 1


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, subject=has_transposed)
