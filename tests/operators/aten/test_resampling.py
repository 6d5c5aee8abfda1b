"""Resizing in torch: what is read at computed places, in both precisions and both layouts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import Net  # noqa: E402
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402

MODES = {
    1: ["nearest", "nearest-exact", "linear"],
    2: ["nearest", "nearest-exact", "bilinear", "bicubic"],
    3: ["nearest", "nearest-exact", "trilinear"],
}


def read_by_torch(net: Any, shape: tuple[int, ...], dtype: torch.dtype, last: bool) -> np.ndarray:
    """Return (positions of the last axis, outputs): which weigh anything at all, however little."""
    n = shape[-1]
    x = torch.eye(n, dtype=dtype).reshape(n, *[1] * (len(shape) - 2), n).expand(n, *shape[1:]).clone() * 1e30
    if last:
        x = x.expand(n, 4, *shape[2:]).to(memory_format=torch.channels_last)
    y = net(x)[:, :1].flatten(1, -2)
    return (y != 0).any(dim=1).numpy()


def seen(net: Any, shape: tuple[int, ...]) -> list[np.ndarray]:
    return [
        read_by_torch(net, shape, dtype, last)
        for dtype in (torch.float32, torch.float64)
        for last in ((False, True) if len(shape) == 4 else (False,))
    ]


def bounds(tensor: Any) -> tuple[np.ndarray, np.ndarray]:
    low, high = tensor.bounds(len(tensor.shape) - 1)
    return low.reshape(-1, low.shape[-1])[0], high.reshape(-1, high.shape[-1])[0]


def drawn(count: int) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
    rng, found = random.Random(0), []
    for _ in range(count):
        rank = rng.choice([1, 2, 2, 3])
        n, mode = rng.randint(2, 40), rng.choice(MODES[rank])
        options: dict[str, Any] = {"mode": mode}
        if "nearest" not in mode:
            options["align_corners"] = rng.random() < 0.4
            if rank == 2:
                options["antialias"] = rng.random() < 0.4
        if options.get("antialias") or rng.random() < 0.5:
            options["size"] = (*[2] * (rank - 1), rng.randint(1, 60))
        else:
            scale = rng.choice([0.5, 0.6, 2 / 3, 0.7, 0.9, 1.1, 1.2, 1.3, 4 / 3, 1.7, 2.0, 2.5, 3.0, 4.0])
            options["scale_factor"] = (*[1.0] * (rank - 1), scale)
        found.append(((1, 1, *[2] * (rank - 1), n), options))
    return found


def test_torch_reads_nothing_beyond_the_bounds() -> None:
    for shape, options in drawn(80):
        net = Net(lambda x, options=options: F.interpolate(x, **options))
        (tensor,) = pytest_rf.analyze(net, torch.zeros(shape)).outputs
        low, high = bounds(tensor)
        place = np.arange(shape[-1])[:, None]
        rows = seen(net, shape)
        for one in rows:
            assert not (one & ((place < low) | (place > high))).any(), (shape, options)
        if tensor.status == "exact":
            first = np.asarray(rows).any(axis=0)
            assert (first.argmax(axis=0) == low).all(), (shape, options)
            assert (shape[-1] - 1 - first[::-1].argmax(axis=0) == high).all(), (shape, options)


# How many positions, the options, whether rounding decides.
KINDS = {
    "a tie": (41, {"scale_factor": 1.1, "mode": "nearest"}, True),
    "an extent that stays": (4, {"scale_factor": 1.2, "mode": "nearest"}, True),
    "three times": (8, {"scale_factor": 3, "mode": "nearest"}, False),
    "twice": (7, {"scale_factor": 2, "mode": "nearest"}, False),
    "twice, linear": (7, {"scale_factor": 2, "mode": "linear"}, False),
    "twice, with corners": (7, {"scale_factor": 2, "mode": "linear", "align_corners": True}, False),
    "half": (14, {"scale_factor": 0.5, "mode": "linear"}, False),
    "a quarter, exact": (16, {"scale_factor": 0.25, "mode": "nearest-exact"}, False),
    "to a size": (7, {"size": 28, "mode": "linear"}, False),
}


@pytest.mark.parametrize("name", KINDS)
def test_where_rounding_decides(name: str) -> None:
    n, options, rounded = KINDS[name]
    (tensor,) = pytest_rf.analyze(Net(lambda x: F.interpolate(x, **options)), torch.zeros(1, 1, n)).outputs
    assert tensor.status == ("upper_bound" if rounded else "exact")
    assert ("rounding" in (tensor.reason or "")) == rounded


@pytest.mark.parametrize("corners", [False, True])
def test_the_steps_of_a_unet_are_exact(corners: bool) -> None:
    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.outer = nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(2, 1, 3, padding=1)
            self.down = nn.MaxPool2d(2)
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=corners)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.outer(torch.cat([x, self.up(self.inner(self.down(x)))], 1))

    net = UNet()
    for n in (*range(4, 40, 2), 64, 96, 224, 256, 572):
        assert pytest_rf.analyze(net, torch.zeros(1, 1, n, n)).outputs[0].status == "exact", n
