"""The smallest input of a model: of published nets, and of random ones by running them at every extent."""

from __future__ import annotations

from random import Random

import pytest

torch = pytest.importorskip("torch")

from models import model  # noqa: E402
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytorch.published_nets import NETWORKS, Network  # noqa: E402


class Crossing(nn.Module):
    """Concatenates what comes from below with the middle of what comes from beside it."""

    def __init__(self, inner: nn.Module, outer: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.outer = outer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.outer(x)
        below = self.inner(x)
        for axis in range(2, x.ndim):
            extent = below.shape[axis]
            x = x.narrow(axis, (x.shape[axis] - extent) // 2, extent)
        return torch.cat([x, below], 1)


def valid_unet(depth: int = 4, width: int = 2) -> nn.Module:
    """The U-Net of Ronneberger et al. (2015): two valid convolutions a level, crops, and up-convolutions."""

    def twice(channels: int, out: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(channels, out, 3), nn.Conv2d(out, out, 3))

    def level(channels: int, left: int) -> tuple[nn.Module, int]:
        if not left:
            return twice(channels, width), width
        below, deep = level(width, left - 1)
        up = nn.ConvTranspose2d(deep, width, 2, 2)
        crossing = Crossing(nn.Sequential(nn.MaxPool2d(2), below, up), twice(channels, width))
        return nn.Sequential(crossing, twice(2 * width, width)), width

    return level(1, depth)[0]


def frontend() -> nn.Module:
    """The feature encoder of wav2vec 2.0 (Baevski et al., 2020)."""
    windows = [(10, 5), *[(3, 2)] * 4, *[(2, 2)] * 2]
    return nn.Sequential(*(nn.Conv1d(2 if n else 1, 2, *window) for n, window in enumerate(windows)))


def path() -> nn.Module:
    """A path of DeepMedic (Kamnitsas et al., 2017): eight valid convolutions of 3³."""
    return nn.Sequential(*(nn.Conv3d(1, 1, 3) for _ in range(8)))


@pytest.mark.parametrize(("name", "smallest"), [("alexnet_v2", 67), ("vgg_16", 32), ("inception_v3", 75)])
def test_published_classifiers(name: str, smallest: int) -> None:
    analysis = pytest_rf.analyze(Network(NETWORKS[name]).eval(), inputs={"x": (1, 3, 299, 299)})
    assert analysis.final[0]["h"].min_input == smallest
    assert analysis.check(f"final min_input.h <= {smallest}") == []
    assert len(analysis.check(f"final min_input.h < {smallest}")) == 1


@pytest.mark.parametrize(
    ("net", "shape", "smallest"),
    [
        (valid_unet(), (1, 1, 188, 204), 188),
        (frontend(), (1, 1, 4000), 400),
        (path(), (1, 1, 20, 19, 18), 17),
    ],
    ids=["u-net", "wav2vec 2.0", "deepmedic"],
)
def test_valid_nets(net: nn.Module, shape: tuple[int, ...], smallest: int) -> None:
    assert pytest_rf.analyze(net, torch.zeros(shape)).final[0][len(shape) - 1].min_input == smallest


def test_a_reshape_to_a_fixed_extent_pins_the_input() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 2, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x).reshape(1, 64)

    analysis = pytest_rf.analyze(Fixed(), torch.rand(1, 1, 32))
    assert analysis.final[0]["t"].min_input is None
    (finding,) = analysis.check("final min_input <= 100")
    assert finding.undecidable
    assert "shape '[1, 64]' is invalid" in finding.message


def test_files_with_fixed_extents_are_opened() -> None:
    body = "a = Conv<strides=[2]>(x, w) y = Conv(a, w)"
    text = f"net (float[1, 1, 64] x) => (float[1, 1, 29] y) <float[1, 1, 5] w> {{ {body} }}"
    assert pytest_rf.analyze(model(text)).final[0]["t"].min_input == 13
    body = "a = Conv(x, w) y = Reshape(a, s)"
    text = f"net (float[1, 1, 64] x) => (float[60] y) <float[1, 1, 5] w, int64[1] s = {{60}}> {{ {body} }}"
    analysis = pytest_rf.analyze(model(text))
    assert analysis.final[0]["t"].min_input is None
    (finding,) = analysis.check("final min_input <= 64")
    assert finding.undecidable
    assert "Reshape" in finding.message


class Halves(nn.Module):
    """Works on half the extent and adds the result, repeated, to the input: odd extents do not run."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        below = self.inner(nn.functional.avg_pool1d(x, 2))
        return x + below.repeat_interleave(2, dim=2)


def drawn(rng: Random, depth: int = 0) -> nn.Module:
    """Draw a net of one dimension that keeps its two channels."""
    layers: list[nn.Module] = []
    for _ in range(rng.randint(1, 4 - depth)):
        kernel, stride = rng.randint(1, 5), rng.randint(1, 3)
        kind = rng.choice(["valid", "padded", "reflect", "pool", "ceil", "up", "halves", "same"])
        if kind == "valid":
            layers.append(nn.Conv1d(2, 2, kernel, stride, dilation=rng.randint(1, 2)))
        elif kind == "padded":
            layers.append(nn.Conv1d(2, 2, kernel, stride, padding=rng.randint(0, kernel)))
        elif kind == "reflect":
            layers.append(nn.Conv1d(2, 2, kernel, stride, padding=kernel, padding_mode="reflect"))
        elif kind in ("pool", "ceil"):
            layers.append(nn.MaxPool1d(kernel, stride, ceil_mode=kind == "ceil"))
        elif kind == "up":
            layers.append(nn.ConvTranspose1d(2, 2, kernel, stride, padding=rng.randint(0, kernel - 1)))
        elif kind == "halves" and depth < 2:
            same = nn.Conv1d(2, 2, 2 * kernel + 1, padding=kernel)
            layers.append(Halves(rng.choice([same, nn.Sequential(same, Halves(nn.Identity()))])))
        else:
            layers.append(nn.Conv1d(2, 2, 3, padding=1))
    return nn.Sequential(*layers)


LARGEST = 150


def runs(net: nn.Module, extent: int) -> bool:
    """Whether a net runs at an extent, and its output has a unit."""
    try:
        with torch.no_grad():
            return net(torch.zeros(1, 2, extent)).numel() > 0
    except (RuntimeError, ValueError):
        return False


@pytest.mark.parametrize("seed", range(100))
def test_random_nets_run_from_there_on(seed: int) -> None:
    rng = Random(seed)
    net = drawn(rng).eval()
    able = [False, *(runs(net, extent) for extent in range(1, LARGEST + 1))]
    start = rng.randrange(60, 121)
    while not able[start]:
        start += 1
    field = pytest_rf.analyze(net, torch.zeros(1, 2, start)).final[0].field()
    axis = field["t"] if "t" in field else field[2]
    multiple = axis.multiple
    expected = None
    for remainder in (start % multiple, 0):  # multiples, if these run from the actual input on
        fitting = [extent for extent in range(LARGEST + 1) if extent % multiple == remainder]
        if all(able[extent] for extent in fitting if extent >= start):
            expected = next(
                extent
                for extent in range(1, LARGEST)
                if able[extent] and all(able[larger] for larger in fitting if larger > extent)
            )
    assert axis.min_input == expected
