"""The effective field against energies that dense matrices hand on, layer by layer (SEMANTICS 8)."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import model

import pytest_rf

LENGTH = 600
Rows = np.ndarray
"""(channels, places, positions): the energy that an element has from each input position."""
Layer = tuple[str, Callable[[Rows], Rows]]
"""Nodes that make ``y`` of ``x``, and what they do to energies."""


def mean_of(rows: list[Rows]) -> Rows:
    return np.mean(rows, axis=0)


def conv(kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1) -> Layer:
    weight = f"w{kernel}_{4 // groups}"
    text = f"y = Conv<strides=[{stride}], dilations=[{dilation}], group={groups}>(x, {weight})"

    def energies(x: Rows) -> Rows:
        count = (x.shape[1] - dilation * (kernel - 1) - 1) // stride + 1
        taps = [x[:, k * dilation :][:, : (count - 1) * stride + 1 : stride] for k in range(kernel)]
        own = mean_of(taps).reshape(groups, 4 // groups, count, -1).mean(axis=1)
        return np.repeat(own, 4 // groups, axis=0)

    return text, energies


def pooled(kernel: int, stride: int) -> Layer:
    def energies(x: Rows) -> Rows:
        count = (x.shape[1] - kernel) // stride + 1
        return mean_of([x[:, k:][:, : (count - 1) * stride + 1 : stride] for k in range(kernel)])

    return f"y = AveragePool<kernel_shape=[{kernel}], strides=[{stride}]>(x)", energies


def transposed(kernel: int, stride: int) -> Layer:
    def energies(x: Rows) -> Rows:
        out = np.zeros((1, (x.shape[1] - 1) * stride + kernel, x.shape[2]))
        hits = np.zeros(out.shape[1])
        for tap in range(kernel):
            out[:, tap : tap + (x.shape[1] - 1) * stride + 1 : stride] += x.mean(axis=0, keepdims=True)
            hits[tap : tap + (x.shape[1] - 1) * stride + 1 : stride] += 1
        return np.repeat(out / np.maximum(hits, 1)[:, None], 4, axis=0)

    return f"y = ConvTranspose<strides=[{stride}]>(x, w{kernel}_4)", energies


def repeated(times: int) -> Layer:
    return f'y = Resize<mode="nearest">(x, none, s{times})', lambda x: np.repeat(x, times, axis=1)


def linear() -> Layer:
    def energies(x: Rows) -> Rows:
        # Half-pixel places of a doubling lie between two elements: each counts for one half.
        out = np.empty((x.shape[0], 2 * x.shape[1], x.shape[2]))
        before, after = (
            np.concatenate([x[:, :1], x[:, :-1]], axis=1),
            np.concatenate([x[:, 1:], x[:, -1:]], axis=1),
        )
        out[:, 0::2], out[:, 1::2] = (before + x) / 2, (x + after) / 2
        return out

    return 'y = Resize<mode="linear">(x, none, s2)', energies


def residual(kernel: int) -> Layer:
    """Every summand gets the whole."""
    same, side = kernel // 2, f"pads=[{kernel // 2}, {kernel // 2}]"

    def energies(x: Rows) -> Rows:
        wide = np.pad(x, ((0, 0), (same, same), (0, 0)))
        return x + mean_of([wide[:, k : k + x.shape[1]] for k in range(kernel)]).mean(axis=0, keepdims=True)

    return f"b = Conv<{side}>(x, w{kernel}_4) y = Add(x, b)", energies


def averaged(kernel: int) -> Layer:
    text, energies = residual(kernel)
    return text.replace("Add", "Mean"), energies


def concatenated() -> Layer:
    """Beside each other 1 tap and 5, of which the next layer reads both: 4 channels of 8 are of either."""

    def energies(x: Rows) -> Rows:
        wide = np.pad(x, ((0, 0), (2, 2), (0, 0)))
        five = mean_of([wide[:, k : k + x.shape[1]] for k in range(5)]).mean(axis=0, keepdims=True)
        both = np.concatenate([x, np.repeat(five, 4, axis=0)])
        return np.repeat(both.mean(axis=0, keepdims=True), 4, axis=0)

    return "b = Conv<pads=[2, 2]>(x, w5_4) c = Concat<axis=1>(x, b) y = Conv(c, w1_8)", energies


LAYERS: list[Layer] = [
    *(conv(kernel) for kernel in (1, 2, 3, 5)),
    conv(3, stride=2),
    conv(5, stride=2),
    conv(3, dilation=2),
    conv(3, dilation=4),
    conv(3, groups=4),
    conv(3, groups=2),
    pooled(2, 2),
    pooled(3, 1),
    transposed(3, 2),
    transposed(4, 2),
    transposed(2, 3),
    repeated(2),
    linear(),
    residual(3),
    residual(5),
    averaged(3),
    concatenated(),
]


def net(layers: list[Layer]) -> tuple[pytest_rf.Analysis, Rows]:
    """Return the analysis of a stack, and its energies."""
    body, last = [], "x"
    rows = np.repeat(np.eye(LENGTH)[None], 4, axis=0)
    for number, (text, energies) in enumerate(layers):
        renamed = text.replace("(x", f"({last}").replace("y =", f"a{number} =")
        for inner in "bc":
            renamed = renamed.replace(f"{inner} =", f"{inner}{number} =").replace(
                f"({inner}", f"({inner}{number}"
            )
            renamed = renamed.replace(f", {inner})", f", {inner}{number})")
        body.append(renamed)
        last, rows = f"a{number}", energies(rows)
    weights = [f"float[4, {n}, {k}] w{k}_{n}" for k in (1, 2, 3, 4, 5) for n in (1, 2, 4, 8)]
    scales = ["float[0] none", "float[3] s2 = {1, 1, 2}", "float[3] s3 = {1, 1, 3}"]
    text = f"net (float[1, 4, {LENGTH}] x) => (float[1, 4, ?] {last}) <{', '.join(weights + scales)}>"
    return pytest_rf.analyze(model(f"{text} {{ {' '.join(body)} }}")), rows


def is_handy(layers: list[Layer]) -> bool:
    """Return whether a stack has enough places for a look at its middle, and never so many that it takes long."""
    rows = np.ones((4, LENGTH, 1))
    for _, energies in layers:
        rows = energies(rows)
        if not 60 <= rows.shape[1] <= 2500:
            return False
    return True


def widths(rows: Rows) -> np.ndarray:
    """Return the effective field of every unit, which is a place with all its channels."""
    energy = rows.sum(axis=0)
    energy = energy / np.maximum(energy.sum(axis=1, keepdims=True), 1e-300)
    places = np.arange(energy.shape[1])
    mean = energy @ places
    return np.sqrt(1 + 12 * ((places[None, :] - mean[:, None]) ** 2 * energy).sum(axis=1))


def test_energies_by_hand() -> None:
    _, rows = net([conv(3), conv(3)])
    assert rows[0, 10, 10:15] * 9 == pytest.approx([1, 2, 3, 2, 1])
    assert widths(rows)[10] == pytest.approx(sqrt(17))


@pytest.mark.parametrize("count", range(1, 11))
def test_stacked_layers_of_three_taps(count: int) -> None:
    analysis, _ = net([conv(3)] * count)
    field = analysis.final[0]["t"]
    assert field.erf == pytest.approx(sqrt(1 + 8 * count), rel=1e-12)
    assert field.rf == 2 * count + 1
    assert analysis.check(f"final erf >= {field.erf - 0.001:.6f}") == []
    assert len(analysis.check(f"final erf >= {field.erf + 0.001:.6f}")) == 1


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_one_layer_has_as_many_positions_as_taps(kernel: int) -> None:
    analysis, _ = net([conv(kernel)])
    assert analysis.final[0]["t"].erf == pytest.approx(kernel, rel=1e-12)


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(LAYERS), min_size=1, max_size=5).filter(is_handy))
def test_energies_are_those_of_dense_matrices(layers: list[Layer]) -> None:
    analysis, rows = net(layers)
    count = rows.shape[1]
    assert analysis.final[0].shape == (1, 4, count)
    found = widths(rows)[count // 2 - 12 : count // 2 + 12]  # all phases of 12 and its divisors
    small, large = analysis.final[0]["t"].erf_range
    reads = rows.sum(axis=(0, 2))[count // 2 - 12 : count // 2 + 12] > 0
    found = np.where(reads, found, 0.0)  # a unit that no tap reaches has no energy
    assert (small, large) == pytest.approx((found.min(), found.max()), rel=1e-9, abs=1e-9)
    assert analysis.final[0]["t"].erf == large


def test_planes_have_a_field_per_axis() -> None:
    body = "a = Conv<strides=[2, 1]>(x, w) y = Conv<dilations=[1, 3]>(a, w)"
    text = f"net (float[1, 2, 64, 64] x) => (float[1, 2, ?, ?] y) <float[2, 2, 3, 3] w> {{ {body} }}"
    field = pytest_rf.analyze(model(text)).final[0]
    assert field["h"].erf == pytest.approx(sqrt(1 + 12 * (2 / 3 + 4 * 2 / 3)))
    assert field["w"].erf == pytest.approx(sqrt(1 + 12 * (2 / 3 + 9 * 2 / 3)))


def test_statistics_bring_no_energy_and_mixing_has_no_bounds() -> None:
    body = "a = Conv(x, w) y = InstanceNormalization(a, s, s)"
    text = f"net (float[1, 2, 64] x) => (float[1, 2, ?] y) <float[2, 2, 3] w, float[2] s> {{ {body} }}"
    assert pytest_rf.analyze(model(text)).final[0]["t"].erf == pytest.approx(3)
    body = "a = Conv(x, w) b = Transpose<perm=[0, 2, 1]>(a) c = MatMul(b, a) d = Softmax<axis=-1>(c) y = MatMul(d, b)"
    text = f"net (float[1, 2, 64] x) => (float[1, ?, 2] y) <float[2, 2, 3] w> {{ {body} }}"
    assert pytest_rf.analyze(model(text)).final[0]["t"].erf == inf


def test_what_data_chooses_is_left_open() -> None:
    text = "net (float[1, 2, 64] x) => (float[1, 2, 4] y) <int64[1] k = {4}, float[2, 2, 3] w>"
    body = "{ a = Conv(x, w) b, i = TopK<axis=2>(a, k) y = Relu(b) }"
    analysis = pytest_rf.analyze(model(f"{text} {body}"))
    assert analysis["y"]["t"].erf is None
    (finding,) = analysis.check("output erf.t >= 3")
    assert finding.undecidable
    assert "depends on data" in finding.message


def test_energy_beyond_floating_point_is_not_known() -> None:
    body = " ".join(f"x{number + 1} = Add(x{number}, x{number})" for number in range(1100))
    text = f"net (float[1, 1, 8] x0) => (float[1, 1, ?] y) <float[1, 1, 3] w> {{ {body} y = Conv(x1100, w) }}"
    field = pytest_rf.analyze(model(text)).final[0]["t"]
    assert field.rf == 3
    assert field.erf is None


@pytest.mark.parametrize(
    "activation",
    [
        "b = Relu(a)",
        "s = Sigmoid(a) b = Mul(a, s)",
        "s = Sigmoid(a) b = Mul(s, a)",
        "f = Div(a, two) e = Erf(f) g = Add(e, one) h = Mul(a, g) b = Mul(h, half)",
        "n = Abs(a) d = Add(n, one) b = Div(a, d)",
        "s = Mul(a, half) b = Max(a, s)",
        "p = Greater(a, one) s = Mul(a, half) b = Where(p, a, s)",
        "b = Mul(a, a)",
    ],
)
def test_an_activation_that_is_written_out_is_one_function(activation: str) -> None:
    body = f"a = Conv<pads=[2, 2]>(x, w) {activation} c = Conv<pads=[2, 2]>(b, w) y = Add(x, c)"
    numbers = "float one = {1}, float two = {2}, float half = {0.5}"
    text = f"net (float[1, 4, 64] x) => (float[1, 4, ?] y) <float[4, 4, 5] w, {numbers}> {{ {body} }}"
    assert pytest_rf.analyze(model(text)).final[0]["t"].erf == pytest.approx(
        5
    )  # the mean of 0 and 2 layers of 5


def test_a_sum_of_a_tensor_and_a_function_of_it_has_two_summands() -> None:
    body = "a = Conv<pads=[2, 2]>(x, w) b = Relu(x) s = Add(x, b) y = Add(a, s)"
    text = f"net (float[1, 4, 64] x) => (float[1, 4, ?] y) <float[4, 4, 5] w> {{ {body} }}"
    variance = 1 / 3 * (5**2 - 1) / 12
    assert pytest_rf.analyze(model(text)).final[0]["t"].erf == pytest.approx(sqrt(1 + 12 * variance))
