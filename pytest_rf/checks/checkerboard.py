"""A transposed convolution whose kernel is not a multiple of its stride.

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

import math
from collections.abc import Iterator

from msgspec.structs import replace

from pytest_rf.checks.rule import Rule
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements import verdicts


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per transposed convolution that overlaps unevenly."""
    for tensor in model.analysis:
        windows = tensor.windows
        if windows is None or not windows.transposed:
            continue
        taps = list(map(_taps, windows.kernel, windows.stride, windows.dilation))
        fewest, most = math.prod(least for least, _ in taps), math.prod(largest for _, largest in taps)
        if fewest != most:
            yield replace(
                verdicts.at(
                    tensor,
                    model.settings,
                    f'output positions of tensor "{tensor.name}" ({tensor.op} {tensor.label}) are sums over '
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


RULE = Rule(code="RF303", name="checkerboard", doc=__doc__, check=check, judges=has_transposed)
