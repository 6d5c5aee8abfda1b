"""Runs a PyTorch model so that what it reads shows: a probe that changes its input then finds both ends.

A real network hides most of what it reads: a saturated activation, a maximum won by another, an attention
weight of exp(-100), a layer scale of 1e-6 or a weight of 0 let no change through that a float could hold.
Stand-ins that read just the same, but hide nothing, take the places of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from pytest_rf.probing.modules import Prober

MAGNITUDES = (1.0, 1e9, 1e20)
"""Sizes of changes: the weights along the way to the rim of a deep field multiply to 1e-20 and less."""
TINY = 1e-3
"""Parameters that are nowhere larger are drawn anew."""


class LinearProber(Prober):
    """A prober that runs a module with stand-ins for what hides influence. The module itself is changed."""

    def __init__(self, module: torch.nn.Module, call: Any, seed: int, watched: list[str]) -> None:
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.is_floating_point():
                    noise = torch.randn(parameter.shape, generator=generator).to(parameter.dtype)
                    hides = parameter == 0 if parameter.abs().max() > TINY else torch.ones(()).bool()
                    parameter.copy_(torch.where(hides, noise, parameter))
        super().__init__(module, call, seed, watched)

    def run(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Call the module with these inputs."""
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)  # one fused operator would hide the softmax in it
        try:
            with sdpa_kernel(SDPBackend.MATH), Unsaturated():
                return super().run(tensors)
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)


class Unsaturated(TorchDispatchMode):
    """Replaces saturating activations, maxima and softmax by stand-ins that read the same."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operator or its stand-in."""
        name = func._schema.name.partition("::")[2]
        plain = name.rstrip("_")
        if plain in _SATURATING and args[0].is_floating_point():
            leaky = torch.where(args[0] > 0, args[0], 0.4 * args[0])
            # What is a gate stays bounded: what it multiplies would overflow.
            open_ = torch.sigmoid(args[0]) if plain == "hardsigmoid" else leaky
            return args[0].copy_(open_) if name.endswith("_") else open_
        if name in ("_softmax", "_safe_softmax"):
            return _flat(args[0], args[1])
        result = func(*args, **(kwargs or {}))
        if name in _POOLS:
            most, where = result
            return most + _mean(name, most, *args), where
        return result


_SATURATING = frozenset(
    ["relu", "hardtanh", "hardswish", "hardsigmoid", "gelu", "silu", "elu", "threshold", "mish"]
)
_POOLS = {
    "max_pool2d_with_indices": torch.nn.functional.avg_pool2d,
    "max_pool3d_with_indices": torch.nn.functional.avg_pool3d,
}


def _flat(scores: torch.Tensor, axis: int) -> torch.Tensor:
    """Return weights that each read all scores, but for those of -inf, whose weight is 0 as in a softmax."""
    cut = torch.isneginf(scores)
    finite = torch.where(cut, 0.0, scores)
    size = finite.abs().amax(axis, keepdim=True).clamp(min=1)  # or one attention over another would overflow
    return torch.where(cut, 0.0, 0.1 + 0.01 * (finite + finite.mean(axis, keepdim=True)) / size)


def _mean(
    name: str,
    most: torch.Tensor,
    data: torch.Tensor,
    kernel: list[int],
    stride: Any = (),
    padding: Any = (0,),
    dilation: Any = (1,),
    ceil_mode: bool = False,
) -> torch.Tensor:
    """Return the means over the windows of a maximum; 0 where there is no such pool."""
    if any(step != 1 for step in dilation):
        return torch.zeros_like(most)
    # Padded beforehand: an average pool refuses windows that are larger than what it pools.
    beyond = list(padding) * (len(kernel) // len(padding))
    data = torch.where(torch.isinf(data), 0.0, data)  # models pad with -inf by themselves
    data = torch.nn.functional.pad(data, [n for n in reversed(beyond) for _ in range(2)])
    mean = _POOLS[name](data, kernel, stride or None, 0, ceil_mode)
    return mean if mean.shape == most.shape else torch.zeros_like(most)
