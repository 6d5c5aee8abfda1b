"""``symmetric`` against flipping and comparing: what units read of an input, and of its mirror image."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytorch.test_smallest_inputs import drawn, runs  # noqa: E402


def summing(net: nn.Module) -> nn.Module:
    """Return a net that sums where it took the largest, so that everything that is read counts."""
    for name, child in net.named_children():
        if isinstance(child, nn.MaxPool1d):
            setattr(net, name, nn.AvgPool1d(child.kernel_size, child.stride, ceil_mode=child.ceil_mode))
        else:
            summing(child)
    for weight in net.parameters(recurse=False):
        nn.init.constant_(weight, 1.0 if weight.ndim > 1 else 0.0)
    return net


def read(net: nn.Module, extent: int, flip: bool) -> np.ndarray:
    """Return which positions (columns) the units (rows) of a net read; of the mirror images of both if ``flip``."""
    one = torch.eye(extent, dtype=torch.float64)[:, None].repeat(1, 2, 1)  # a sample per position
    with torch.no_grad():
        result = net(one.flip(2)).flip(2) if flip else net(one)
    return (result.sum(1) != 0).numpy().T


def hulls(reads: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and the last position of each row; (0, -1) where there is none."""
    places = [np.flatnonzero(row) for row in reads]
    return [(int(found[0]), int(found[-1])) if found.size else (0, -1) for found in places]


@pytest.mark.parametrize("seed", range(340))
def test_random_nets_flipped_and_compared(seed: int) -> None:
    rng = Random(1000 + seed)
    net = summing(drawn(rng)).eval()
    compared = 0
    for extent in rng.sample(range(20, 90), 3):
        if not runs(net.float(), extent):
            continue
        field = pytest_rf.analyze(net, torch.zeros(1, 2, extent)).final[0].field()
        axis = field["t"] if "t" in field else field[2]
        there, back = (hulls(read(net.double(), extent, flip)) for flip in (False, True))
        if len(there) == 1:
            continue  # one position is pooled globally: what is final lies before it
        assert axis.symmetric == (there == back), extent
        compared += 1
    if not compared:
        pytest.skip("it runs at none of the extents")
