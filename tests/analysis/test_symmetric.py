"""``symmetric``: whether the fields of the units are mirror images of each other on the actual input."""

from __future__ import annotations

import random

import pytest
from models import conv, model

import pytest_rf

Sets = list[set[int]]
"""Of every place of a line the positions of the input that it reads."""


def windows(sets: Sets, kernel: int, stride: int, dilation: int, before: int, after: int) -> Sets:
    """Return what a convolution's places read, one by one."""
    places = (len(sets) + before + after - dilation * (kernel - 1) - 1) // stride + 1
    taps = [[i * stride - before + k * dilation for k in range(kernel)] for i in range(max(places, 0))]
    return [set().union(*(sets[t] for t in own if 0 <= t < len(sets))) for own in taps]


def mirrored(sets: Sets, extent: int) -> bool:
    """Whether the hulls are mirror images of each other, unit by unit."""
    for own, other in zip(sets, reversed(sets), strict=True):
        if not own or not other:
            if own or other:
                return False
        elif (min(own), max(own)) != (extent - 1 - max(other), extent - 1 - min(other)):
            return False
    return True


def drawn(random: random.Random, extent: int) -> tuple[str, Sets]:
    """Return a net along one axis as text, and what its places read."""
    sets: Sets = [{i} for i in range(extent)]
    body, weights, name = [], [], "x"
    for number in range(random.randint(1, 4)):
        kind = random.choice(["conv", "conv", "conv", "crop", "branch"])
        after, kernel = f"y{number}", random.randint(1, 4)
        if kind == "conv":
            stride, dilation = random.randint(1, 3), random.randint(1, 2)
            pads = random.choice([(0, 0), (1, 1), (kernel // 2, kernel // 2), (1, 0), (0, 2), (3, 3)])
            made = windows(sets, kernel, stride, dilation, *pads)
            geometry = f"strides=[{stride}], dilations=[{dilation}], pads=[{pads[0]},{pads[1]}]"
            body.append(f"{after} = Conv<{geometry}>({name}, w{number})")
            weights.append(f"float[1,1,{kernel}] w{number}")
        elif kind == "crop":
            pads = random.choice([(-1, -1), (-1, 0), (2, 2), (0, 1)])
            made = [
                set() if not 0 <= i < len(sets) else sets[i] for i in range(-pads[0], len(sets) + pads[1])
            ]
            body.append(f"{after} = Pad({name}, p{number})")
            weights.append(f"int64[6] p{number} = {{0,0,{pads[0]},0,0,{pads[1]}}}")
        else:
            near = windows(sets, 3, 1, 1, 1, 1)
            made = [a | b for a, b in zip(sets, near, strict=True)]
            body.append(f"b{number} = Conv<pads=[1,1]>({name}, w{number}) {after} = Add({name}, b{number})")
            weights.append(f"float[1,1,3] w{number}")
        if not made:
            break
        sets, name = made, after
    else:
        number += 1
    body, weights = body[:number] or ["y = Identity(x)"], weights[:number]
    name = name if name != "x" else "y"
    text = (
        f"net (float[1,1,{extent}] x) => (float[1,1,?] {name}) <{', '.join(weights)}> {{ {' '.join(body)} }}"
    )
    return text, sets


@pytest.mark.parametrize("seed", range(150))
def test_it_is_what_mirroring_every_unit_tells(seed: int) -> None:
    for extent in (15, 16):
        text, sets = drawn(random.Random(seed), extent)
        field = pytest_rf.analyze(model(text, opset=18)).outputs[0][2]
        assert field.symmetric is mirrored(sets, extent), text


@pytest.mark.parametrize(("extent", "holds"), [(224, False), (225, True)])
def test_uneven_padding_breaks_it(extent: int, holds: bool) -> None:
    analysis = pytest_rf.analyze(conv(3, extent, strides=[2, 2], pads=[1, 1, 1, 1]))
    assert analysis.final[0]["h"].symmetric is holds
    assert (analysis.check("is symmetric") == []) is holds
    assert (analysis.check("is not symmetric") == []) is not holds


def test_the_first_layer_that_breaks_it_is_named() -> None:
    text = """
    net (float[1,1,16] x) => (float[1,1,?] c) <float[1,1,3] w>
    { a = Conv<pads=[1,1]>(x, w) b = Conv<strides=[2], pads=[1,1]>(a, w) c = Conv<pads=[1,1]>(b, w) }
    """
    (finding,) = pytest_rf.analyze(model(text)).check("is symmetric.2")
    assert "the first that is not symmetric is b 3 stride 2 (Conv)" in finding.message


def test_other_axes_and_channels_stay_where_they_are() -> None:
    flipped = (
        "net (float[1,2,4,5] x) => (float[1,2,4,5] y) <int64[4] i = {3,2,1,0}> { y = Gather<axis=2>(x, i) }"
    )
    field = pytest_rf.analyze(model(flipped)).outputs[0]
    assert field[2].symmetric
    assert field[3].symmetric
    # One channel reads the position before, the other the one after: as mirrored channels they would fit.
    apart = """
    net (float[1,1,8] x) => (float[1,2,?] y) <float[1,1,3] w>
    { a = Conv<pads=[2,0]>(x, w) b = Conv<pads=[0,2]>(x, w) y = Concat<axis=1>(a, b) }
    """
    assert pytest_rf.analyze(model(apart)).outputs[0][2].symmetric is False


def test_tokens_are_mirrored_along_the_axis_asked_for() -> None:
    text = """
    net (float[1,3,8,6] x) => (float[1,4,?] y) <float[4,3,2,2] w, int64[3] s = {1,4,-1}>
    { a = Conv<strides=[2,2]>(x, w) y = Reshape(a, s) }
    """
    field = pytest_rf.analyze(model(text)).outputs[0]
    assert field[2].symmetric
    assert field[3].symmetric


def test_what_data_chooses_is_not_known() -> None:
    text = """
    net (float[1,1,8] x, int64[8] i) => (float[1,1,8] y) <float[1,1,3] w>
    { a = Conv<pads=[1,1]>(x, w) y = Gather<axis=2>(a, i) }
    """
    analysis = pytest_rf.analyze(model(text))
    field = analysis.outputs[0].field("x")[2]
    assert field.upper_bound
    assert field.symmetric is None
    for negation in ("", "not "):
        (finding, *_) = analysis.check(f"output is {negation}symmetric.2")
        assert finding.undecidable
        assert "an index that depends on data leaves it open" in finding.message


def test_a_whole_that_is_read_is_its_own_mirror() -> None:
    text = "net (float[1,1,8,9] x) => (float[1,1,1,1] y) { y = GlobalAveragePool(x) }"
    assert pytest_rf.analyze(model(text)).outputs[0][2].symmetric


def test_it_is_about_the_counted_field() -> None:
    text = """
    net (float[1,2,16] x) => (float[1,2,?] y) <float[2,2,3] w, float[2] s>
    { a = InstanceNormalization(x, s, s) y = Conv<pads=[2,0]>(a, w) }
    """
    assert pytest_rf.analyze(model(text)).outputs[0][2].symmetric is False
