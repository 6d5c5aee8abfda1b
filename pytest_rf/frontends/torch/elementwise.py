"""Shapes of elementwise operators: on a single element each they tell the type, and torch's rules the rest."""

from __future__ import annotations

from typing import Any

import torch

from pytest_rf.frontends.torch.layouts import broadcasts, iterated
from pytest_rf.frontends.torch.recording import tensors_in
from pytest_rf.frontends.torch.traits import Traits

_OTHERWISE_NAMES = "angle conj_physical ldexp masked_fill mvlgamma positive rrelu threshold_backward"
_OTHERWISE = frozenset([*_OTHERWISE_NAMES.split(), "float_power.Scalar", "pow.Scalar"])
"""Composed of several operators, or of views: their results lie in memory otherwise."""


def shaped(func: Any, trait: Traits, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor | None:
    """Return what an operator makes that torch says is elementwise; None where that is not known.

    torch's own shape functions of these are Python, and import its compiler when the first of them runs.
    """
    tensors = [one for one in args if isinstance(one, torch.Tensor)]
    if not tensors or tensors_in(kwargs) or len(tensors_in(args)) != len(tensors) or "device" in kwargs:
        return None
    if any(tensor.layout is not torch.strided or tensor.is_quantized for tensor in tensors):
        return None
    if trait.writes:
        return _written(trait, tensors)
    if trait.name in _OTHERWISE or trait.op.removeprefix("aten.") in _OTHERWISE:
        return None
    # A scalar is promoted otherwise than an axis of one element.
    one_each = [torch.ones([1] * min(one.dim(), 1), dtype=one.dtype) for one in tensors]
    single = iter(one_each)
    try:
        made = func(*[next(single) if isinstance(one, torch.Tensor) else one for one in args], **kwargs)
    except (RuntimeError, TypeError, ValueError):
        return None  # the operator itself says better what does not fit
    if not isinstance(made, torch.Tensor) or made.numel() != 1:
        return None
    return iterated(tensors, made.dtype)


def _written(trait: Traits, tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """Return the first tensor, if the operator writes into it and nothing else, and the others fit it."""
    target = tensors[0]
    if [(position, returned) for position, _, returned in trait.writes] != [(0, 0)]:
        return None
    fit = all(broadcasts(other, target) and not other.is_complex() for other in tensors[1:])
    return target if fit and target.is_floating_point() else None
