"""``offset``: how far the centre of a unit lies off the centre of what it stands for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import model

import pytest_rf
from pytest_rf.analysis.metrics import AxisField


def field(body: str, weights: str = "", extent: int = 64, output: str = "y") -> AxisField:
    text = f"net (float[1,1,{extent}] x) => (float[1,1,?] {output}) <float[1,1,3] w{weights}> {{ {body} }}"
    return pytest_rf.analyze(model(text)).outputs[0][2]


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        ("y = Conv<pads=[1,1]>(x, w)", 0),
        ("y = Conv<strides=[2], pads=[1,1]>(x, w)", Fraction(-1, 2)),
        ("a = Conv<strides=[2], pads=[1,1]>(x, w) y = Conv<strides=[2], pads=[1,1]>(a, w)", Fraction(-3, 2)),
        ("y = Conv<pads=[2,0]>(x, w)", -1),
        ("y = Conv(x, w)", 1),
        ("y = MaxPool<kernel_shape=[2], strides=[2]>(x)", 0),
        ("y = AveragePool<kernel_shape=[4], strides=[4]>(x)", 0),
    ],
)
def test_it_is_the_centre_less_half_of_what_a_stride_spans(body: str, offset: Fraction | int) -> None:
    found = field(body)
    assert found.offset == offset
    assert found.center is not None
    assert found.stride is not None
    assert found.offset == found.center - (found.stride - 1) / 2


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        # Kernel 3 has its middle on every other unit; kernel 2 and 4 lie evenly around what they hold.
        ("y = ConvTranspose<strides=[2], pads=[1,1], output_padding=[1]>(x, w)", Fraction(1, 4)),
        ("y = ConvTranspose<strides=[2]>(x, u)", 0),
        ("y = ConvTranspose<strides=[2], pads=[1,1]>(x, v)", 0),
        ("a = Conv<strides=[2], pads=[1,1]>(x, w) y = ConvTranspose<strides=[2]>(a, u)", Fraction(-1, 2)),
        ("a = Conv<strides=[2], pads=[1,1]>(x, v) y = ConvTranspose<strides=[2], pads=[1,1]>(a, v)", 0),
    ],
)
def test_behind_an_upsampling_it_is_the_mean_over_a_period(body: str, offset: Fraction | int) -> None:
    assert field(body, ", float[1,1,2] u, float[1,1,4] v").offset == offset


def test_of_a_decoder_it_tells_whether_the_whole_is_shifted() -> None:
    for name, offset in (("unet", 0), ("jobs/upsampler3", Fraction(3, 8)), ("jobs/upsampler4", 0)):
        final = pytest_rf.analyze(Path(__file__).parents[2] / f"examples/{name}.onnx").final[0]
        assert (final["h"].offset, final["w"].offset) == (offset, offset), name


def test_there_is_none_where_only_the_actual_input_tells_what_units_read() -> None:
    body = "a = Concat<axis=2>(x1, x0) b = Reshape(a, cut) c = MatMul(b, m) y = Reshape(c, whole)"
    text = f"""
        net (float[1,1,16] x) => (float[1,1,16] y) <int64[3] cut = {{1, 4, 4}}, int64[3] whole = {{1, 1, 16}},
            int64[2] parts = {{2, 14}}, float[4,4] m>
        {{ x0, x1 = Split<axis=2>(x, parts) {body} }}
    """
    rolled = pytest_rf.analyze(model(text)).outputs[0][2]
    assert rolled.offset is None


def read(y: Any, x: Any) -> tuple[int, int]:
    """Return the first and the last position that a sum over a unit's channels has a gradient at."""
    torch = pytest.importorskip("torch")
    (gradient,) = torch.autograd.grad(y, x, retain_graph=True)
    places = gradient.abs().sum((0, 1)).nonzero()
    return int(places.min()), int(places.max())


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_gradients_of_real_runs_say(seed: int) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(seed)
    layers, stride = [], Fraction(1)
    for _ in range(int(random.integers(2, 5))):
        kernel, padding = int(random.integers(2, 5)), int(random.integers(0, 2))
        kind = int(random.integers(0, 4))
        if kind == 0:
            layers.append(torch.nn.Conv1d(1, 1, kernel, padding=padding))
        elif kind == 1 and stride < 4:
            layers.append(torch.nn.Conv1d(1, 1, kernel, stride=2, padding=padding))
            stride *= 2
        elif kind == 2 and stride > Fraction(1, 4):
            layers.append(torch.nn.ConvTranspose1d(1, 1, kernel, stride=2, padding=padding))
            stride /= 2
        else:
            layers.append(torch.nn.Upsample(scale_factor=3))
            stride /= 3
    net = torch.nn.Sequential(*layers).double()
    for weights in net.parameters():
        weights.data = weights.data.abs() + 0.1
    x = torch.rand(1, 1, 96, dtype=torch.double, requires_grad=True)
    y = net(x)
    found = pytest_rf.analyze(net, x.detach()).outputs[0][2]
    assert found.stride == stride
    period, middle = 36, y.shape[2] // 2 - 18
    offs = []
    for unit in range(middle, middle + period):
        low, high = read(y[0, 0, unit], x)
        offs.append(Fraction(low + high, 2) - (unit * stride + (stride - 1) / 2))
    assert found.offset == sum(offs) / period


def test_there_is_none_where_there_is_no_stride() -> None:
    pooled = field("y = GlobalAveragePool(x)")
    assert pooled.stride == 0
    assert pooled.offset is None
    joined = field(
        "a = Conv<strides=[2], pads=[1,1]>(x, w) b = Conv<strides=[4], pads=[1,1]>(x, w) y = Concat<axis=2>(a, b)"
    )
    assert joined.stride is None
    assert joined.offset is None


def test_it_is_a_word_of_requirements_with_a_path() -> None:
    text = """
    net (float[1,1,64] x) => (float[1,1,?] b) <float[1,1,3] w>
    { a = Conv<strides=[2], pads=[1,1]>(x, w) b = Conv<strides=[2], pads=[1,1]>(a, w) }
    """
    analysis = pytest_rf.analyze(model(text))
    assert analysis.check("final offset == -3/2") == []
    (finding,) = analysis.check("final offset == 0")
    assert "offset is -1.5" in finding.message
    assert [step.growth for step in finding.path] == ["-1/2", -1]
    (tensor, *_) = analysis.to_dict()["tensors"]
    assert tensor["fields"]["x"]["t"]["offset"] == "-1/2"
