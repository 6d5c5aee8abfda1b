"""Cures of random failing requirements hold when the net is really built with them: the same figures."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

torch = pytest.importorskip("torch")
from held import hold  # noqa: E402
from rebuilt_torch import (  # noqa: E402
    BATCH,
    CONVS,
    INSTANCE,
    LINEAR,
    TRANSPOSED,
    Chomped,
    Padded,
    Residual,
    rebuilt,
)
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import cures  # noqa: E402

CHANNELS = 4


def net(draw: random.Random, dims: int) -> nn.Sequential:
    """Return a chain of a few layers of many kinds."""
    first = layer_of_one_length(draw, dims)  # without one there would be no spatial axis
    return nn.Sequential(first, *[layer(draw, dims) for _ in range(draw.randint(1, 5))])


def layer(draw: random.Random, dims: int) -> nn.Module:
    kernel, dilation = draw.choice([3, 3, 5]), draw.choice([1, 1, 2, 3])
    reach = dilation * (kernel - 1)
    kinds = [
        "same",
        "same",
        "strided",
        "front",
        "uneven",
        "residual",
        "norm",
        "group",
        "batch",
        "up",
        "resize",
        "relu",
    ]
    kind = draw.choice([*kinds, *(["chomped"] * 2 if dims == 1 else [])])
    if kind == "same":
        return CONVS[dims - 1](CHANNELS, CHANNELS, kernel, padding=reach // 2, dilation=dilation)
    if kind == "strided":
        return CONVS[dims - 1](CHANNELS, CHANNELS, 3, 2, padding=1)
    if kind == "front":
        return Padded(CHANNELS, kernel, reach, 0, dilation=dilation, dims=dims)
    if kind == "uneven":
        before = draw.randint(0, reach)
        return Padded(CHANNELS, kernel, before, reach - before, dilation=dilation, dims=dims)
    if kind == "residual":
        return Residual(*[layer_of_one_length(draw, dims) for _ in range(draw.randint(1, 2))])
    if kind == "norm":
        return INSTANCE[dims - 1](CHANNELS).eval()
    if kind == "group":
        return nn.GroupNorm(2, CHANNELS)
    if kind == "batch":
        return BATCH[dims - 1](CHANNELS).eval()
    if kind == "up":
        return TRANSPOSED[dims - 1](CHANNELS, CHANNELS, 3, 2, padding=1, output_padding=1)
    if kind == "resize":
        corners = draw.random() < 0.5
        return nn.Upsample(scale_factor=2, mode=LINEAR[dims - 1], align_corners=corners)
    return Chomped(CHANNELS, kernel, dilation) if kind == "chomped" else nn.ReLU()


def layer_of_one_length(draw: random.Random, dims: int) -> nn.Module:
    kernel, dilation = draw.choice([3, 5]), draw.choice([1, 2])
    return CONVS[dims - 1](
        CHANNELS, CHANNELS, kernel, padding=dilation * (kernel - 1) // 2, dilation=dilation
    )


def requirement(draw: random.Random, analysis: pytest_rf.Analysis) -> str:
    """Return a requirement that fails, near to what is measured."""
    field = analysis.final[0][draw.choice(list(analysis.inputs["input"].axes))]
    metric = draw.choice(
        ["rf", "rf_min", "lookahead", "lookback", "halo", "density", "causal", "bounded", "erf"]
    )
    if metric in ("causal", "bounded"):
        return f"is {metric}"
    if metric == "density":
        return "density >= 1"
    value = getattr(field, metric)
    value = max(value) if isinstance(value, tuple) else value
    if value is None or not math.isfinite(value):
        return f"{metric} <= {draw.choice([4, 16, 64])}"
    if metric in ("rf", "rf_min", "erf") and draw.random() < 0.6:
        comparator = draw.choice([">=", ">", "=="]) if metric == "rf" else ">="
        return f"{metric} {comparator} {math.floor(value) + draw.randint(1, 24)}"
    return f"{metric} <= {max(math.ceil(value) - draw.randint(1, 12), 0)}"


def cases(seeds: range) -> Counter[str]:
    """Hold all cures of a range of random nets against the nets that are built with them; return what there was."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        draw = random.Random(seed)
        dims = draw.choice([1, 1, 2])
        made = net(draw, dims)
        x = torch.zeros(1, CHANNELS, *[64 if dims == 1 else 32] * dims)
        analysis = pytest_rf.analyze(made, x)
        if not analysis.inputs["input"].axes:
            continue
        text = requirement(draw, analysis)
        for found in cures.check(analysis, text):
            counts["failing"] += 1
            counts["undecidable"] += found.undecidable
            counts["cured"] += bool(found.cures)
            for cure in found.cures:
                counts[cure.edits[0].what] += 1
                hold(found, cure, pytest_rf.analyze(rebuilt(made, cure.edits), x), text)
    return counts


@pytest.mark.parametrize("part", range(2))
def test_cures_hold_in_the_net_that_is_built_with_them(part: int) -> None:
    counts = cases(range(part * 130, part * 130 + 130))
    assert counts["failing"] >= 100
    assert counts["cured"] >= 70
