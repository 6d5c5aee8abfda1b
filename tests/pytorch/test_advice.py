"""Advice that a finding gives is followed with the real module, and the requirement holds then."""

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


class Branches(nn.Module):
    """The sum of what several layers make of one input."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for number, branch in enumerate(branches):
            setattr(self, f"branch{number}", branch)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(branch(x) for branch in self.children())  # type: ignore[return-value]


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], bidirectional: bool = True) -> None:
        super().__init__()
        self.rnn = kind(1, 1, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn(x.transpose(1, 2))[0].transpose(1, 2)[:, -1:]


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


def follow_padding(net: nn.Module, help: str) -> None:
    """Move padding of the named layers from the right to the left."""
    told = re.search(r"pad on the left instead of the right: (.*)$", help)
    assert told, help
    for layer, distance in re.findall(r"([\w.]+) by (\d+)", told.group(1)):
        one = net.get_submodule(layer.removesuffix(".conv"))
        one.before += int(distance)
        one.behind -= int(distance)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("text", ["lookahead <= 0", "is causal", "lookahead <= 1", "lookahead < 2"])
@pytest.mark.parametrize(
    "make",
    [
        lambda d: Chain(Padded(3, 1, 1, dims=d), Padded(5, 4, 0, dims=d), Padded(3, 1, 1, dims=d)),
        lambda d: Chain(Padded(7, 3, 3, stride=2, dims=d), Padded(3, 1, 1, dims=d)),
        lambda d: Chain(Padded(3, 2, 2, dilation=2, dims=d), Padded(3, 0, 0, dims=d)),
        lambda d: Branches(Padded(5, 2, 2, dims=d), Padded(3, 1, 1, dims=d), Padded(3, 2, 0, dims=d)),
        lambda d: Chain(Branches(nn.Identity(), Padded(3, 1, 1, dims=d)), nn.ReLU(), Padded(5, 2, 2, dims=d)),
    ],
)
def test_padding_on_the_left_makes_it_causal(make: Callable[[int], nn.Module], text: str, dims: int) -> None:
    net, x = make(dims), image(dims)
    follow_padding(net, finding(net, x, text).help)
    assert pytest_rf.analyze(net, x).check(text) == []


def test_layers_that_look_back_only_are_not_told_to_change() -> None:
    net = Chain(Padded(65, 64, 0), Padded(3, 1, 1))
    assert finding(net, image(1, 200), "final lookahead <= 0").help == (
        "pad on the left instead of the right: layer1.conv by 1"
    )


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_one_direction_is_enough(kind: type[nn.RNNBase]) -> None:
    net = Chain(Padded(3, 1, 1), Recurrent(kind))
    help = finding(net, image(1), "is causal").help
    assert help.startswith("run layer1.rnn in one direction only; pad on the left")
    follow_padding(net, help)
    assert pytest_rf.analyze(net, image(1)).check("is causal") != []  # the last channel reads backwards
    net.layer1 = Recurrent(kind, bidirectional=False)
    assert pytest_rf.analyze(net, image(1)).check("is causal") == []


def test_a_mask_is_enough() -> None:
    net = Chain(Padded(3, 2, 0), Attention())
    assert finding(net, image(1), "lookahead <= 0").help.startswith("mask what lies ahead in layer1")
    net.layer1 = Attention(causal=True)
    assert pytest_rf.analyze(net, image(1)).check("lookahead <= 0") == []


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "rf >= 8",
        "rf >= 30",
        "rf == 13",
        "rf > 7",
        "rf_min >= 12",
        "coverage >= 45%",
        "lookahead >= 4",
        "halo >= 9",
    ],
)
def test_layers_more_are_enough_and_one_less_is_not(text: str, dims: int) -> None:
    layers = [Padded(3, 1, 1, dims=dims), Padded(3, 1, 1, stride=2, dims=dims)]
    x = image(dims, 48)
    help = finding(Chain(*layers), x, text).help
    doubling = re.search(r"(\d+) more 3-tap layers with dilations 1 to (\d+), doubling", help)
    plain = re.search(r"so (\w+) such layers? (?:is|are) enough", help)
    assert doubling or plain, help
    count = int((doubling or plain).group(1).replace("one", "1"))  # type: ignore[union-attr]
    dilations = [2**n if doubling else 1 for n in range(count)]
    assert not doubling or dilations[-1] == int(doubling.group(2))
    more = [Padded(3, n, n, dilation=n, dims=dims) for n in dilations]
    assert pytest_rf.analyze(Chain(*layers, *more), x).check(text) == []
    assert pytest_rf.analyze(Chain(*layers, *more[:-1]), x).check(text) != []


@pytest.mark.parametrize("dims", [1, 2])
def test_a_branch_that_is_padded_as_told_is_aligned(dims: int) -> None:
    net = Branches(Padded(3, 1, 1, stride=2, dims=dims), Padded(5, 1, 3, stride=2, dims=dims))
    found = finding(net, image(dims), "is aligned")
    layer, more, where = re.search(r"pad (\S+)\.conv by (\d+) (more|less) in front", found.help).groups()  # type: ignore[union-attr]
    one = net.get_submodule(layer)
    distance = int(more) * (1 if where == "more" else -1)
    one.before, one.behind = one.before + distance, one.behind - distance
    assert pytest_rf.analyze(net, image(dims)).check("is aligned") == []


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


class Scores(nn.Module):
    """Attention in single steps, of which no mask is known."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(1, 2)
        return (torch.softmax(x @ x.transpose(1, 2), -1) @ x).transpose(1, 2)


class Ahead(nn.Module):
    """Looks ahead without any padding."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.pad(x[:, :, 2:], (0, 2))


@pytest.mark.parametrize(
    ("net", "text"),
    [
        (Chain(Padded(3, 2, 0), Scores()), "is causal"),
        (Chain(Padded(3, 2, 0), Ahead()), "is causal"),
        (Chain(Padded(3, 2, 0), Ahead()), "is aligned and is causal"),
        (Chain(Padded(3, 2, 0), Attention()), "is bounded"),
        (Chain(Padded(3, 2, 0), Attention()), "halo <= 3"),
        (Chain(Padded(3, 2, 0), Attention()), "rf <= 3"),
        (Chain(Padded(3, 1, 1), nn.Upsample(scale_factor=2, mode="linear")), "is causal"),
        (Branches(Padded(4, 1, 2), Padded(3, 1, 1)), "is aligned"),
        (Chain(Padded(3, 1, 1)), "rf != 3"),
        (Chain(Padded(3, 1, 1)), "start >= 0"),
    ],
)
def test_no_advice_where_none_is_known_to_help(net: nn.Module, text: str) -> None:
    assert finding(net, image(1), text).help == ""


@pytest.mark.parametrize("text", ["rf >= 5000", "coverage >= 10000%"])
def test_layers_that_would_not_fit_are_not_proposed(text: str) -> None:
    assert re.fullmatch(r"\d+ missing", finding(Chain(Padded(3, 1, 1)), image(1), text).help)


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
