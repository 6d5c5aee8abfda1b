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

import re
from collections.abc import Iterator
from typing import Any

from pytest_rf.checks.rule import Rule, finding
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings

CODE, NAME = "RF303", "checkerboard"

# The label is the geometry that users see: "3×3 stride 2 dilation 2".
_LABEL = re.compile(r"(?P<kernel>[\d×]+)(?: stride (?P<stride>[\d×]+))?(?: dilation (?P<dilation>[\d×]+))?")


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding per transposed convolution that overlaps unevenly."""
    for tensor in filter(_is_transposed, analysis):
        geometry = _LABEL.match(tensor.label)
        if geometry is None:
            continue
        kernel = [int(n) for n in geometry["kernel"].split("×") if n]
        stride = _spread(geometry["stride"], len(kernel))
        dilation = _spread(geometry["dilation"], len(kernel))
        # A dilated kernel can leave residues out altogether, so the taps are counted for each.
        if all(_even(k, s, d) for k, s, d in zip(kernel, stride, dilation, strict=True)):
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
    return any(map(_is_transposed, analysis))


def _is_transposed(tensor: Any) -> bool:
    return "transpose" in tensor.op.lower() and "conv" in tensor.op.lower()


def _spread(text: str | None, rank: int) -> list[int]:
    """Return a number per axis from ``2`` or ``2×3``; 1 where nothing is said."""
    numbers = [int(n) for n in (text or "1").split("×") if n]
    return numbers * rank if len(numbers) == 1 else numbers


def _even(kernel: int, stride: int, dilation: int) -> bool:
    """Return whether every output phase gets the same number of taps."""
    taps = [0] * stride
    for tap in range(min(kernel, 10_000)):
        taps[tap * dilation % stride] += 1
    return len(set(taps)) == 1


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, subject=has_transposed)
