"""The figures that rules state are those that gradients show: random nets with positive weights, nothing cancels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from found import findings  # noqa: E402
from twins import AXES, CHANNELS, Layer, Twin, conv, cut, module, pad, pool, up  # noqa: E402

from pytest_rf.findings import Finding  # noqa: E402

RANKS = pytest.mark.parametrize("rank", [1, 2, 3])
SEEDS = pytest.mark.parametrize("seed", range(12))


def drawn(seed: int, rank: int) -> tuple[list[Layer], int]:
    """Return the layers of a net and an extent that it runs at."""
    random = np.random.default_rng((seed, rank))
    extent = int(random.integers(9, 14 if rank == 3 else 24))
    layers: list[Layer] = []
    left = extent
    for _ in range(int(random.integers(1, 4))):
        kernel, stride, dilation = (int(random.integers(1, most)) for most in (4, 4, 3))
        choices: list[Layer] = [
            conv(kernel, stride, int(random.integers(0, kernel)), dilation),
            pool("average", kernel, stride),
            pad(int(random.integers(0, 3)), int(random.integers(0, 3))),
            cut(int(random.integers(0, 2)), left - int(random.integers(0, 2)), int(random.integers(1, 3))),
        ]
        layer = choices[int(random.integers(0, len(choices)))]
        after = _runs(rank, [*layers, layer], extent)
        if after >= 2:
            layers, left = [*layers, layer], after
    return layers or [conv(1)], extent


def _runs(rank: int, layers: Sequence[Layer], extent: int) -> int:
    try:
        with torch.no_grad():
            return int(module(rank, layers)(torch.zeros(1, CHANNELS, *[extent] * rank)).shape[-1])
    except RuntimeError:
        return 0


def positive(net: Twin) -> Twin:
    """Make all weights positive, so that no influence cancels another."""
    for weights in net.parameters():
        weights.data = weights.data.abs() + 0.1
    return net.double()


def states(net: Twin, x: torch.Tensor) -> list[torch.Tensor]:
    """Return the input and what every layer makes of it."""
    found = [x]
    for number, layer in enumerate(net.layers):
        found.append(net.step(found[-1], layer, f"l_{number}"))
    return found


def touched(result: torch.Tensor, operand: torch.Tensor, axis: int) -> np.ndarray:
    """Return which positions of an operand's axis a result depends on."""
    (gradient,) = torch.autograd.grad(result.sum(), operand, retain_graph=True)
    others = tuple(one for one in range(gradient.ndim) if one != axis)
    return gradient.abs().sum(others).numpy() > 0


def measured(found: Sequence[Finding]) -> dict[str, list[float]]:
    """Return the figures by axis."""
    figures: dict[str, list[float]] = {}
    for one in found:
        for axis in one.axes:
            figures.setdefault(axis, []).append(float(Fraction(str(one.measured[0].low))))
    return figures


def inputs(rank: int, extent: int) -> torch.Tensor:
    return torch.ones(1, CHANNELS, *[extent] * rank, dtype=torch.float64, requires_grad=True)


@RANKS
@SEEDS
def test_positions_at_the_ends_that_no_output_reads(seed: int, rank: int) -> None:
    layers, extent = drawn(seed, rank)
    net, x = positive(module(rank, layers)), inputs(rank, extent)
    found = measured(findings(net, "unread-input", inputs=(x.detach(),)))
    last = states(net, x)[-1]
    for axis, name in enumerate(_names(net, x, rank), 2):
        read = np.flatnonzero(touched(last, x, axis))
        ends = int(read[0] + extent - 1 - read[-1])
        assert found.get(name, []) == ([float(ends)] if ends else [])


@RANKS
@SEEDS
def test_positions_that_are_skipped(seed: int, rank: int) -> None:
    layers, extent = drawn(seed, rank)
    net, x = positive(module(rank, layers)), inputs(rank, extent)
    found = measured(findings(net, "stride-skips-input", inputs=(x.detach(),)))
    made = states(net, x)
    for axis, name in enumerate(_names(net, x, rank), 2):
        expected = []
        for number, operand in enumerate(made[:-1]):
            if number and layers[number - 1][0] in ("pad", "cut"):
                continue  # its positions are another's
            reader = next(
                (n for n in range(number, len(layers)) if layers[n][0] not in ("pad", "cut")), len(layers) - 1
            )
            read = np.flatnonzero(touched(made[reader + 1], operand, axis))
            skipped = int(read[-1] - read[0] + 1 - len(read))
            if skipped and operand.shape[axis] > 2:
                expected.append(float(skipped))
        assert sorted(found.get(name, [])) == sorted(expected)


@RANKS
@SEEDS
def test_taps_that_read_padding_only(seed: int, rank: int) -> None:
    random = np.random.default_rng((seed, rank))
    dilation, extent = int(random.integers(1, 6)), int(random.integers(2, 6))
    layers = [
        pad(*random.integers(0, 4, 2).tolist()),
        conv(3, int(random.integers(1, 3)), dilation, dilation),
    ]
    net, x = positive(module(rank, layers)), inputs(rank, extent)
    found = measured(findings(net, "padding-only-tap", inputs=(x.detach(),)))
    (weights,) = (one for name, one in net.named_parameters() if name.endswith("weight"))
    for axis, name in enumerate(AXES[rank], 2):
        idle = int((~touched(net(x), weights, axis)).sum())
        assert found.get(name, []) == ([float(idle)] if idle else [])


@RANKS
@pytest.mark.parametrize("dilations", [(2, 2), (2, 4), (3, 2), (1, 3), (3, 3)])
def test_the_share_of_a_field_that_is_read(dilations: tuple[int, ...], rank: int) -> None:
    layers, extent = [conv(3, dilation=dilation) for dilation in dilations], 15
    net, x = positive(module(rank, layers)), inputs(rank, extent)
    found = measured(findings(net, "gridding", inputs=(x.detach(),)))
    unit = net(x)[(slice(None), slice(None), *[0] * rank)]
    for axis, name in enumerate(AXES[rank], 2):
        read = np.flatnonzero(touched(unit, x, axis))
        share = len(read) / (read[-1] - read[0] + 1)
        assert found.get(name, []) == ([pytest.approx(share)] if share < 1 else [])


@pytest.mark.parametrize("dilations", [(2, 2), (3, 2), (1, 2), (3, 3, 1)])
def test_the_share_of_its_own_operand_that_a_group_reads(dilations: tuple[int, ...]) -> None:
    layers = [conv(8, 2), *(conv(3, dilation=dilation) for dilation in dilations)]
    net, x = positive(module(1, layers)), inputs(1, 64)
    found = findings(net, "gridding", inputs=(x.detach(),))
    made = states(net, x)
    read = np.flatnonzero(touched(made[-1][..., 0], made[1], 2))
    share = len(read) / (read[-1] - read[0] + 1)
    assert [one.severity for one in found] == ["info"] * int(share < 1)
    assert measured(found) == ({"t": [pytest.approx(share)]} if share < 1 else {})


@RANKS
@SEEDS
def test_the_offset_of_units(seed: int, rank: int) -> None:
    random = np.random.default_rng((seed, rank))
    stride, kernel = int(random.integers(1, 4)), int(random.integers(2, 5))
    layers = [conv(3, 1, 1), conv(kernel, stride, int(random.integers(0, kernel)))]
    extent = 13
    net, x = positive(module(rank, layers)), inputs(rank, extent)
    found = measured(findings(net, "off-grid", inputs=(x.detach(),)))
    last = net(x)
    for axis, name in enumerate(AXES[rank], 2):
        inner = last.shape[axis] // 2
        read = np.flatnonzero(touched(last.select(axis, inner), x, axis))
        off = (read[0] + read[-1]) / 2 - (inner * stride + (stride - 1) / 2)
        assert found.get(name, []) == ([off] if off else [])


@RANKS
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (4, 2), (5, 3), (6, 3), (2, 3)])
def test_sums_of_taps_differ_where_an_even_surface_shows_it(kernel: int, stride: int, rank: int) -> None:
    import pytest_rf

    for interpolates in (False, True):
        net = positive(module(rank, [up(kernel, stride)]))
        (weights,) = (one for name, one in net.named_parameters() if name.endswith("weight"))
        if interpolates:  # the triangle that linear interpolation lays around each position
            line = torch.clamp(1 - (torch.arange(kernel) - (kernel - 1) / 2).abs() / stride, min=0).double()
            kernels = line
            for _ in range(rank - 1):
                kernels = kernels[..., None] * line
            weights.data = kernels.expand(weights.shape).clone()
        surface = net(inputs(rank, 8))
        inner = surface[(slice(None), slice(None), *[slice(2 * kernel, -2 * kernel)] * rank)]
        spread = (inner.flatten(2).max(2).values - inner.flatten(2).min(2).values).max().item()
        analysis = pytest_rf.analyze(net, inputs(rank, 8).detach(), weights=True)
        uneven = kernel % stride != 0
        assert len(findings(analysis, "checkerboard")) == (uneven and spread > 1e-9)
        assert len(findings(net, "checkerboard", inputs=(inputs(rank, 8).detach(),))) == uneven


@pytest.mark.parametrize("leaks", [False, True])
def test_samples_that_change_with_others(leaks: bool) -> None:
    class Net(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x - x.amax(0 if leaks else 1, keepdim=True)

    x = torch.rand(3, 2, 5, dtype=torch.float64, requires_grad=True)
    others = touched(Net()(x)[0], x, 0)[1:].any()
    assert bool(findings(Net(), "batch-leak", inputs=(x.detach(),))) == others == leaks


def _names(net: Twin, x: torch.Tensor, rank: int) -> Sequence[str]:
    """Return the names of the axes of a net, which are none where no window reads along them."""
    import pytest_rf

    (source,) = pytest_rf.analyze(net, x.detach()).inputs.values()
    return AXES[rank] if source.axes else ()
