"""Look-ahead and latency against a clock: real framings, a real net's gradients, samples that arrive one by one."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from framing import framed_nets  # noqa: E402
from pytest_rf.framing import Framing, Stage, parse  # noqa: E402

EXTENT = 112


def read_by_steps(net: torch.nn.Module) -> list[list[int]]:
    """Return, for every output step of a net, the positions that change it."""
    net = net.double()
    for weight in net.parameters():
        torch.nn.init.uniform_(weight, 0.5, 1.5)
    x = torch.rand(1, 1, EXTENT, dtype=torch.float64)
    found = torch.autograd.functional.jacobian(net, x)[0, 0, :, 0, 0]
    return [row.nonzero().flatten().tolist() for row in found]


def windows(framing: Framing, count: int) -> list[list[int]]:
    """Return the samples of every position, by taking a signal of sample numbers apart stage by stage."""
    held = [[n] for n in range(framing.extent(count))]
    for one in framing.stages:
        padded = [[]] * one.before + held
        starts = range(0, len(padded) - one.window + 1, one.hop)
        held = [sorted({n for part in padded[at : at + one.window] for n in part}) for at in starts]
    return held


def waits(
    steps: list[list[int]], positions: list[list[int]], stride: Fraction, chunk: int
) -> tuple[Fraction, Fraction]:
    """Return look-ahead and latency, in samples, of steps whose chunk of positions has an end.

    A call is made whenever the windows of as many positions as a chunk holds have come in, and gives every step of
    which all positions have.
    """
    ahead, latest = [], []
    for step, read in enumerate(steps):
        end = (step + 1) * stride - 1 if stride >= 1 else step * stride // 1
        if not read or read[-1] // chunk * chunk + chunk > len(positions):
            continue
        ahead.append(max(n for one in read for n in positions[one]) - end)
        clock = next(
            max(n for one in positions[:called] for n in one)
            for called in range(chunk, len(positions) + 1, chunk)
            if read[-1] < called
        )
        latest.append(clock - end)
    return max(ahead), max(latest)


@pytest.mark.parametrize("seed", range(20))
def test_samples_arrive_one_by_one(seed: int) -> None:
    rng = random.Random(1000 + seed)
    framing, net, chunk = framed_nets.frontend(rng), framed_nets.net(rng), rng.randint(1, 7)
    field = pytest_rf.analyze(
        net,
        torch.zeros(1, 1, EXTENT),
        frontend={"t": str(framing)},
        axes={"input": {"t": 2}},
        chunk=chunk,
    ).final[0]["t"]
    positions = windows(framing, EXTENT)
    assert len(positions) == EXTENT
    stride, steps = field.stride, read_by_steps(net)
    ahead, latest = waits(steps, positions, stride * framing.hop, chunk)
    assert field.in_samples.lookahead == ahead
    assert field.in_samples.latency == latest
    _, latest = waits(steps, [[n] for n in range(EXTENT)], stride, chunk)  # positions that arrive one by one
    assert field.latency == latest


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("stft(16, 4)", {"n_fft": 16, "hop_length": 4}),
        ("stft(16, 5, center = false)", {"n_fft": 16, "hop_length": 5, "center": False}),
        ("stft(16, 4, win = 9)", {"n_fft": 16, "hop_length": 4, "win_length": 9}),
        ("stft(15, 4, 8, false)", {"n_fft": 15, "hop_length": 4, "win_length": 8, "center": False}),
        ("stft(15, 4)", {"n_fft": 15, "hop_length": 4}),
    ],
)
def test_transforms_read_what_is_said_of_them(text: str, arguments: dict[str, int]) -> None:
    framing, x = parse(text), torch.rand(80, dtype=torch.float64)
    window = torch.ones(arguments.get("win_length", arguments["n_fft"]), dtype=torch.float64)

    def run(x: torch.Tensor) -> torch.Tensor:
        return torch.stft(x, window=window, pad_mode="constant", return_complex=True, **arguments)

    before = run(x)
    read: list[set[int]] = [set() for _ in range(before.shape[1])]
    for n in range(len(x)):
        changed = x.clone()
        changed[n] += 1
        for frame in (run(changed) - before).abs().amax(0).gt(1e-9).nonzero().flatten().tolist():
            read[frame].add(n)
    assert len(read) > 10
    for frame, samples in enumerate(read):
        first = framing.hop * frame - framing.before
        assert samples == {n for n in range(first, first + framing.window) if 0 <= n < len(x)}, frame


def test_tiles_of_a_signal() -> None:
    """What lies between a tile's kept positions and the samples that they read is the halo, on either side."""
    net = torch.nn.Sequential(
        torch.nn.Conv1d(1, 1, 5, padding=2),
        torch.nn.Conv1d(1, 1, 4, 2, padding=1),
        torch.nn.Upsample(scale_factor=2),
    ).double()
    for framing in (Framing((Stage(9, 4),)), Framing((Stage(9, 4, 4),)), Framing((Stage(3, 5),))):
        field = pytest_rf.analyze(
            net, torch.zeros(1, 1, EXTENT).double(), frontend={"t": str(framing)}
        ).final[0]["t"]
        positions, steps = windows(framing, EXTENT), read_by_steps(net)
        hop, multiple = framing.hop, field.multiple
        before = after = 0
        for border in range(2 * multiple, EXTENT - 2 * multiple, multiple):
            on = [n for read in steps[border:] for one in read for n in positions[one]]
            up = [n for read in steps[:border] for one in read for n in positions[one]]
            before, after = max(before, border * hop - min(on)), max(after, max(up) + 1 - border * hop)
        assert field.in_samples.halo == (before, after)
        assert field.in_samples.halo_for(multiple * hop) == (before, after)
        assert field.in_samples.halo_for(multiple * hop + 1) == (float("inf"), float("inf"))


def test_what_is_not_read_needs_no_halo() -> None:
    """A step that stands for what it does not read: the window behind its hop is none of its own."""
    net = framed_nets.Ahead(-5)
    field = pytest_rf.analyze(
        torch.nn.Sequential(net, torch.nn.Conv1d(1, 1, 1)),
        torch.zeros(1, 1, EXTENT),
        frontend={"t": "frames(9, 4)"},
    ).final[0]["t"]
    assert field.halo == (5, 0)
    assert field.in_samples.halo == (20, 0)


def test_a_longer_chunk_never_answers_earlier() -> None:
    net = framed_nets.net(random.Random(5))
    found = [
        pytest_rf.analyze(net, torch.zeros(1, 1, EXTENT), chunk=chunk, axes={"input": {"t": 2}}).final[0]["t"]
        for chunk in (1, 2, 4, 8, 16)
    ]
    assert found[0].latency == found[0].lookahead
    assert all(a.latency <= b.latency for a, b in pairwise(found))
