"""Figures of nets whose windows do not divide one another."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Net(nn.Module):
    def __init__(self, function, *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, *inputs):
        return self.function(self.layers, *inputs)


def windows(size: int):
    def mix(layers, x):
        tokens = x.reshape(-1, size, 4)
        return (torch.softmax(tokens @ tokens.mT, -1) @ tokens).reshape(x.shape)

    return Net(mix)


def test_windows_of_sizes_that_do_not_divide_keep_samples_and_positions_apart() -> None:
    analysis = pytest_rf.analyze(
        nn.Sequential(nn.Linear(4, 4), windows(6), windows(4)), torch.zeros(2, 240, 4)
    )
    (final,) = analysis.final
    assert final.number == analysis.outputs[0].number
    field = final["t"]
    assert (field.rf_range, field.lookahead, field.halo_for(1)) == ((6, 12), 7, (7, 7))
    assert final["batch"].independent
