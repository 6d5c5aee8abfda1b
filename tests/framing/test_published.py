"""Contexts and latencies that are published with streaming models, or written into their code."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from framing.enhancer import WaveUNet  # noqa: E402

TIME = {"x": {"t": 2, "f": 3}}


class Subsampling(nn.Module):
    """The convolutions before an encoder of speech that take every so many frames together."""

    def __init__(self, *layers: tuple[int, int], right_context: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv2d(1, 1, kernel, stride) for kernel, stride in layers))
        self.right_context = right_context

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


@pytest.mark.parametrize(
    ("net", "frames_of_16"),
    [
        (Subsampling((3, 2), (3, 2), right_context=6), 67),
        (Subsampling((3, 2), (5, 3), right_context=10), 101),
        (Subsampling((3, 2), (3, 2), (3, 2), right_context=14), 135),
    ],
)
def test_subsampling_of_an_encoder(net: nn.Module, frames_of_16: int) -> None:
    analysis = pytest_rf.analyze(net, torch.zeros(1, 1, 200, 80), axes=TIME)
    assert analysis.check("final rf.t == attr:right_context + 1") == []
    field = analysis.final[0]["t"]
    assert 15 * field.stride + field.rf == frames_of_16


class Embedding(nn.Module):
    """Three convolutions without padding in time, and a depthwise one of seven taps that is padded on both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=(0, 1))
        self.second = nn.Conv2d(4, 4, 3, 2)
        self.third = nn.Conv2d(4, 4, 3, (1, 2))
        self.wide = nn.Conv2d(4, 4, 7, padding=3, groups=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.third(self.second(self.first(x)))
        return x + self.wide(x)


def test_frames_that_a_chunk_needs_beyond_its_own() -> None:
    """45 frames are given for every 32."""
    analysis = pytest_rf.analyze(
        Embedding(),
        torch.zeros(1, 1, 109, 80),
        axes=TIME,
        frontend={"t": "frames(400, 160, rate = 16000)"},
    )
    field = analysis.final[0]["t"]
    assert (field.stride, field.lookahead) == (2, 45 - 32)
    # The last frame's window reads 15 ms behind its hop.
    assert analysis.check("final lookahead.t == 145 ms") == []


class TwoAhead(nn.Module):
    """Spectra of which two frames are read ahead, as by padding that takes away what is first and adds behind."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Conv1d(8, 8, 3)
        self.gru = nn.GRU(8, 8, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.pad(x, (-2, 2))
        x = self.encoder(nn.functional.pad(x, (2, 0)))
        return self.gru(x.transpose(1, 2))[0]


def test_a_latency_that_counts_from_the_beginning_of_a_frame() -> None:
    """20 ms windows every 10 ms and two frames ahead are published as 40 ms: the hop itself and 30 ms behind it."""
    analysis = pytest_rf.analyze(
        TwoAhead(),
        torch.zeros(2, 8, 60),
        axes={"x": {"t": 2}},
        frontend={"t": "frames(960, 480, rate = 48000)"},
    )
    assert analysis.check("final latency.t == 40 ms - 1 steps") == []
    assert analysis.check("final latency.t == 30 ms") == []
    told = analysis.final[0].explain("latency")["t"]
    assert (told.start, told.layers[0].growth, told.rest) == (480, 960, 0)
    assert told.start + sum(one.growth for one in told.layers) == told.figure == 1440


@pytest.mark.parametrize(("zeros", "ahead"), [(0, 596), (56, 763)])
def test_the_frame_of_an_enhancer_that_oversamples(zeros: int, ahead: int) -> None:
    """Demucs' arithmetic gives a frame of 597 samples; what its resampling reads on both sides comes on top.

    64 more samples, as are given for it, are not enough.
    """
    torch.manual_seed(0)
    net = WaveUNet(zeros).double().eval()
    assert net.valid_length(1) == 597
    x = torch.randn(1, 1, 2048, dtype=torch.double, requires_grad=True)
    analysis = pytest_rf.analyze(net, x)
    assert analysis.check(f"final lookahead == {ahead}") == []
    field = analysis.final[0]["t"]
    assert (field.stride, field.lookback) == (1, math.inf)
    ends = [analysis.final[0].region((unit,))["t"][1] for unit in range(900, 1156)]
    unit = next(unit for unit, end in enumerate(ends, 900) if end == unit + ahead)
    net(x)[0, 0, unit].backward()
    assert int(x.grad[0, 0].nonzero().max()) == unit + ahead
