"""The real architectures of the onnx wheel: figures known from outside, bounds against a probe at full size."""

from __future__ import annotations

from functools import cache

import pytest
from oracle import light

import pytest_rf
from pytest_rf.analysis import Analysis

# Height axis of the last feature map: size, stride, start. From the literature, not from this tool.
KNOWN = {
    "bvlc_alexnet": (195, 32, -64),
    "vgg19": (268, 32, -118),
    "resnet50": (427, 32, -213),
    "densenet121": (2071, 32, -1021),
}

WATCHED = 14
"""Tensors of each model whose every unit is checked at each border that is probed."""


def pinned(name: str, axis: int, tensors: list[str]) -> list[str]:
    """Return the tensors whose first, central and last units are pinned along an input axis.

    A run of VGG-19 takes half a second: two amid the net and the final map have to do, and the latter alone along the
    width, where these nets do as along the height.
    """
    final = analysed(name).final[0].name
    return {2: [*light.spread(tensors, 5)[2:4], final], 3: [final]}.get(axis, tensors)


@cache
def analysed(name: str) -> Analysis:
    return pytest_rf.analyze(light.path(name))


def test_all_nine_are_there() -> None:
    assert len(light.NAMES) == 9
    assert set(KNOWN) < set(light.NAMES)


@pytest.mark.parametrize("name", KNOWN)
def test_known_figures(name: str) -> None:
    (final,) = analysed(name).final
    field = final["h"]
    assert (field.rf, field.stride, field.start) == KNOWN[name]
    assert field.rf_range == (field.rf, field.rf)


@pytest.mark.parametrize("name", light.NAMES)
def test_every_tensor_is_analysed_exactly(name: str) -> None:
    tensors = {tensor.name: tensor for tensor in analysed(name)}
    for tensor in light.data_tensors(light.load(name)):
        assert tensors[tensor].status == "exact"
        for axis in range(4):
            low, high = tensors[tensor].bounds(axis)
            assert low.shape == high.shape == tuple(tensors[tensor].shape)


@pytest.mark.parametrize("name", light.NAMES)
def test_bounds_agree_with_a_probe(name: str) -> None:
    analysis = analysed(name)
    probe = light.Probe(name, WATCHED)
    borders: list[light.Border] = []
    for axis, extent in enumerate(probe.shape):
        tensors = pinned(name, axis, probe.tensors)
        borders += light.pinning(analysis, tensors, axis, extent, ["first", "centre", "last"])
    wrong = [message for border in dict.fromkeys(borders) for message in probe.wrong(analysis, border)]
    assert not wrong, "\n".join(wrong)


def test_the_probe_notices_bounds_that_are_off_by_one() -> None:
    probe = light.Probe("squeezenet", 6)
    (name,) = probe.tensors[3:4]
    low, high = analysed("squeezenet")[name].bounds(2)
    centre = low.shape[2] // 2
    start, end = int(low[0, 0, centre, 0]), int(high[0, 0, centre, 0])
    assert 0 < start < end < 223
    assert probe.reached(light.Border(2, 0, start))[name][0, 0, centre, 0]
    assert not probe.reached(light.Border(2, 0, start - 1))[name][0, 0, centre, 0]
    assert probe.reached(light.Border(2, end, 223))[name][0, 0, centre, 0]
    assert not probe.reached(light.Border(2, end + 1, 223))[name][0, 0, centre, 0]
