"""Guarantees hold for the model that runs: borders, pieces and tables that read ahead at one place count."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402

INF = math.inf


class Net(nn.Module):
    def __init__(self, function: Callable, *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x):
        return self.function(x, *self.layers)


class Spectrum(nn.Module):
    def __init__(self, center: bool) -> None:
        super().__init__()
        self.center = center
        self.register_buffer("window", torch.ones(16))

    def forward(self, x):
        spectrum = torch.stft(x, 16, 4, window=self.window.to(x), center=self.center, return_complex=True)
        return spectrum.abs()


def reads(net: nn.Module, x, axis: int, output_axis: int) -> list[list[int]]:
    """Return the positions that change each output step, one after the other, in double precision."""
    torch.manual_seed(0)
    net, x = net.double().eval(), torch.rand_like(x).double()
    y = net(x)
    found: list[list[int]] = [[] for _ in range(y.shape[output_axis])]
    for position in range(x.shape[axis]):
        other = x.clone()
        other.select(axis, position).add_(1 + torch.rand_like(x.select(axis, position)))
        changed = (net(other) - y).abs() > 1e-12
        steps = changed.movedim(output_axis, 0).flatten(1).any(1)
        for step in torch.nonzero(steps).flatten().tolist():
            found[step].append(position)
    return found


def padded(mode: str, before: int = 6, after: int = 0) -> Net:
    return Net(lambda x, conv: conv(F.pad(x, (before, after), mode=mode)), nn.Conv1d(1, 1, 7))


def conv(**settings) -> nn.Conv1d:
    return nn.Conv1d(1, 1, 3, **settings)


def by_hand(pieces: Callable) -> Net:
    return Net(lambda x, layer: layer(torch.cat([*pieces(x)], -1)), conv())


SIGNAL, PICTURE, VOLUME = (1, 1, 32), (1, 1, 16, 12), (1, 1, 6, 7, 8)

# name: net, shape, axis, output axis, then look-ahead, look-back, halo, bounded
KNOWN = {
    "reflected in front": (padded("reflect"), SIGNAL, 2, 2, 6, 6, (6, 6), True),
    "reflected at the end": (padded("reflect", 0, 6), SIGNAL, 2, 2, 6, 6, (6, 6), True),
    "repeated in front": (padded("replicate"), SIGNAL, 2, 2, 0, 6, (6, 0), True),
    "circular in front": (padded("circular"), SIGNAL, 2, 2, 31, 6, (INF, INF), False),
    "circular at the end": (padded("circular", 0, 6), SIGNAL, 2, 2, 6, 31, (INF, INF), False),
    "zeros in front": (padded("constant"), SIGNAL, 2, 2, 0, 6, (6, 0), True),
    "circular conv": (conv(padding=1, padding_mode="circular"), SIGNAL, 2, 2, 31, 31, (INF, INF), False),
    "circular rows": (
        nn.Conv2d(1, 1, (3, 5), (2, 1), (1, 2), padding_mode="circular"),
        PICTURE,
        2,
        2,
        14,
        1,
        (INF, INF),
        False,
    ),
    "reflected columns": (
        nn.Conv2d(1, 1, (3, 5), (2, 1), (1, 2), padding_mode="reflect"),
        PICTURE,
        3,
        3,
        2,
        2,
        (2, 2),
        True,
    ),
    "circular volume": (
        nn.Conv3d(1, 1, 3, padding=1, padding_mode="circular"),
        VOLUME,
        3,
        3,
        6,
        6,
        (INF, INF),
        False,
    ),
    "rolled": (Net(lambda x: torch.roll(x, 2, -1) * 2), SIGNAL, 2, 2, 30, 2, (INF, INF), False),
    "rolled by hand": (
        Net(lambda x: torch.cat([x[..., -2:], x[..., :-2]], -1) * 2),
        SIGNAL,
        2,
        2,
        30,
        2,
        (INF, INF),
        False,
    ),
    "first frames by hand": (
        by_hand(lambda x: [x[..., :1], x[..., :1], x]),
        SIGNAL,
        2,
        2,
        0,
        2,
        (2, 0),
        True,
    ),
    "first frame spread": (
        by_hand(lambda x: [x[..., :1].expand(1, 1, 2), x]),
        SIGNAL,
        2,
        2,
        0,
        2,
        (2, 0),
        True,
    ),
    "reflected by hand": (by_hand(lambda x: [x[..., 1:3].flip(-1), x]), SIGNAL, 2, 2, 2, 2, (2, 2), True),
    "circular by hand": (by_hand(lambda x: [x[..., -2:], x]), SIGNAL, 2, 2, 31, 2, (INF, INF), False),
    "last step again": (
        Net(lambda x: torch.cat([x[..., 1:], x[..., -1:]], -1) * 2),
        SIGNAL,
        2,
        2,
        1,
        0,
        (0, 1),
        True,
    ),
    "flipped twice": (
        Net(lambda x, layer: layer(x.flip(-1)).flip(-1), conv(padding=1)),
        SIGNAL,
        2,
        2,
        1,
        1,
        (1, 1),
        True,
    ),
    "a table": (
        Net(lambda x: x[..., [0, 1, 2, 7, 4, 5, 6, 3]] * 2),
        (1, 1, 8),
        2,
        2,
        4,
        4,
        (INF, INF),
        False,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_figures_are_those_of_the_actual_net(name: str) -> None:
    net, shape, axis, output_axis, ahead, back, halo, bounded = KNOWN[name]
    field = pytest_rf.analyze(net, torch.zeros(shape)).outputs[0][axis]
    assert (field.lookahead, field.lookback, field.halo, field.bounded) == (ahead, back, halo, bounded)
    assert field.causal == (ahead <= 0)
    stride = field.stride
    seen = reads(net, torch.zeros(shape), axis, output_axis)
    assert max(max(r) - ((i + 1) * stride - 1) for i, r in enumerate(seen) if r) == ahead
    assert max(i * stride - min(r) for i, r in enumerate(seen) if r) == back


@pytest.mark.parametrize("center", [True, False])
def test_a_centred_spectrum_reads_ahead_less_and_back_more(center: bool) -> None:
    net, x = Spectrum(center), torch.zeros(1, 64)
    field = pytest_rf.analyze(net, x).outputs[0][1]
    seen = reads(net, x, 1, 2)
    assert field.lookahead >= max(max(r) - (4 * i + 3) for i, r in enumerate(seen))
    assert field.lookback >= max(4 * i - min(r) for i, r in enumerate(seen))
    # Both sides reach 8 from the centre; at the front the reflection reads one further.
    assert (field.lookahead, field.lookback) == ((5, 9) if center else (12, 0))


@pytest.mark.parametrize("mode", ["reflect", "circular"])
def test_what_reads_ahead_at_a_border_alone_is_not_causal(mode: str) -> None:
    analysis = pytest_rf.analyze(padded(mode), torch.zeros(1, 1, 32))
    assert analysis.check("final is causal")
    assert analysis.check("final lookahead <= 5")


def test_a_flip_reads_the_other_end() -> None:
    field = pytest_rf.analyze(Net(lambda x, layer: layer(x.flip(-1)), conv(padding=1)), torch.zeros(1, 1, 32))
    t = field.outputs[0][2]
    assert (t.halo, t.bounded, t.causal) == ((INF, INF), False, False)


def test_steps_below_one_position_stand_for_the_one_they_lie_in() -> None:
    net = Net(lambda x: F.interpolate(x, scale_factor=1.5, mode="linear"))
    field = pytest_rf.analyze(net, torch.zeros(1, 1, 32)).outputs[0][2]
    seen = reads(net, torch.zeros(1, 1, 32), 2, 2)
    assert field.stride == Fraction(2, 3)
    assert field.lookahead == max(max(r) - (i * 2 // 3) for i, r in enumerate(seen))
    assert field.lookback == max((i * 2 // 3) - min(r) for i, r in enumerate(seen))


def test_a_guarantee_about_what_reads_nothing_says_so() -> None:
    net = Net(lambda x, layer: F.pad(layer(x), (0, 64))[..., 48:], conv(padding=1))
    analysis = pytest_rf.analyze(net, torch.zeros(1, 1, 32))
    for requirement in ("is causal", "is bounded", "lookahead <= 0", "halo <= 9"):
        (found,) = analysis.check(f"output {requirement}")
        assert found.undecidable
        assert "the guarantee says nothing" in found.message
