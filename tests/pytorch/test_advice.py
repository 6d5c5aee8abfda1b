"""What a finding says of its figure and of accepted context; edits that would cure it are tests/cures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import pytest_rf  # noqa: E402
from pytest_rf.findings import Finding  # noqa: E402

CONVS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


class Padded(nn.Module):
    """A convolution with its own padding before and behind, along every axis."""

    def __init__(
        self, kernel: int, before: int, behind: int, stride: int = 1, dilation: int = 1, dims: int = 1
    ):
        super().__init__()
        self.before, self.behind = before, behind
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
        self.conv = conv(1, 1, kernel, stride, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.pad(x, (self.before, self.behind) * (x.ndim - 2)))


class Chain(nn.Module):
    """Layers one behind the other, then what else there is."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        for number, layer in enumerate(layers):
            setattr(self, f"layer{number}", layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.children():
            x = layer(x)
        return x


class Attention(nn.Module):
    def __init__(self, causal: bool = False) -> None:
        super().__init__()
        self.causal, self.inner = causal, nn.Linear(1, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.inner(x.transpose(1, 2))
        return F.scaled_dot_product_attention(x, x, x, is_causal=self.causal).transpose(1, 2)[:, :1]


def image(dims: int, extent: int = 24) -> torch.Tensor:
    return torch.zeros(1, 1, *[extent] * dims)


def finding(net: nn.Module, x: torch.Tensor, text: str) -> Finding:
    (found,) = pytest_rf.analyze(net, x).check(text)
    return found


@pytest.mark.parametrize("norm", [lambda: nn.GroupNorm(1, 1), lambda: nn.InstanceNorm1d(1)])
@pytest.mark.parametrize("text", ["is bounded", "halo <= 2", "lookahead <= 2", "lookback <= 2"])
def test_accepting_context_is_told_where_that_is_enough(norm: Callable[[], nn.Module], text: str) -> None:
    net = Chain(Padded(3, 1, 1), norm(), Padded(3, 1, 1))
    found = finding(net, image(1), text)
    assert "accept_context" in found.help
    (source,) = pytest_rf.analyze(net, image(1)).final[0]["t"].context
    assert pytest_rf.analyze(net, image(1), accept_context=[source]).check(text) == []


@pytest.mark.parametrize("text", ["halo <= 1", "lookahead <= 1", "is causal"])
def test_accepting_context_is_not_told_where_it_is_not_enough(text: str) -> None:
    net = Chain(Padded(3, 1, 1), nn.GroupNorm(1, 1), Padded(3, 1, 1))
    found = finding(net, image(1), text)
    assert "accept_context" not in found.help
    assert "brings in statistics of the whole axis" in found.message


@pytest.mark.parametrize("text", ["is bounded", "halo <= 2", "context == no"])
def test_batch_norm_in_training_mode_is_told_so(text: str) -> None:
    net = Chain(Padded(3, 1, 1), nn.BatchNorm1d(1), Padded(3, 1, 1)).train()
    found = finding(net, image(1).repeat(2, 1, 1), text)
    assert "layer1 is in training mode: call .eval()" in found.help
    assert "accept_context" not in found.help
    assert pytest_rf.analyze(net.eval(), image(1).repeat(2, 1, 1)).check(text) == []


def test_batch_norm_without_fixed_statistics_is_not_said_to_be_in_training() -> None:
    net = Chain(Padded(3, 1, 1), nn.BatchNorm1d(1, track_running_stats=False)).eval()
    found = finding(net, image(1).repeat(2, 1, 1), "is bounded")
    assert "training" not in found.help
    assert "accept_context" in found.help


@pytest.mark.parametrize("text", ["rf >= 5000", "coverage >= 10000%"])
def test_what_is_missing_is_counted(text: str) -> None:
    assert re.fullmatch(
        r"\d+ input positions are missing", finding(Chain(Padded(3, 1, 1)), image(1), text).help
    )


@pytest.mark.parametrize(
    ("net", "text"),
    [
        (Chain(Padded(3, 2, 0), Attention()), "is bounded"),
        (Chain(Padded(3, 2, 0), Attention()), "halo <= 3"),
        (Chain(Padded(3, 2, 0), Attention()), "rf <= 3"),
        (Chain(Padded(3, 1, 1)), "rf != 3"),
        (Chain(Padded(3, 1, 1)), "start >= 0"),
    ],
)
def test_no_advice_where_none_is_known(net: nn.Module, text: str) -> None:
    assert finding(net, image(1), text).help == ""


def test_advice_is_about_the_metric_at_hand() -> None:
    net: Any = Chain(Padded(65, 64, 0), Padded(3, 1, 1), Padded(9, 0, 8))
    for text, layer, most in (
        ("rf <= 3", "layer0.conv", 64),
        ("lookback <= 3", "layer0", 64),
        ("halo <= 9", "layer0", 64),
    ):
        assert re.search(
            rf"the layer that adds most is {layer}\b.* \(\+{most}\)", finding(net, image(1, 200), text).help
        )
