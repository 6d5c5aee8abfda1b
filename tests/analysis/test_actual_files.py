"""Guarantees of ONNX models: pads, pieces and grids that read ahead, or from the other end, at one place only."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from models import model
from onnx.reference import ReferenceEvaluator

import pytest_rf

INF = math.inf


def reads(proto: onnx.ModelProto, shape: tuple[int, ...], axis: int) -> list[list[int]]:
    """Return the positions that change each output step along the same axis, by the reference implementation."""
    run = ReferenceEvaluator(proto).run
    (name,) = (one.name for one in proto.graph.input)
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype(np.float32)
    (y,) = run(None, {name: x})
    found: list[list[int]] = [[] for _ in range(y.shape[axis])]
    for position in range(shape[axis]):
        other = x.copy()
        np.moveaxis(other, axis, 0)[position] += 3
        changed = np.moveaxis(run(None, {name: other})[0] != y, axis, 0)
        for step in np.flatnonzero(changed.reshape(len(changed), -1).any(axis=1)):
            found[step].append(position)
    return found


def pad(mode: str, before: int, after: int, rest: str = "") -> onnx.ModelProto:
    opset = 19 if mode == "wrap" else 17
    return model(
        f"""net (float[1,1,16] x) => (float[1,1,?] y)
        <int64[6] p = {{0,0,{before},0,0,{after}}}> {{
            padded = Pad<mode="{mode}">(x, p)
            y = AveragePool<kernel_shape=[{before + after + 1}]>(padded)
        }}""",
        opset,
    )


PADS = [
    ("reflect", 4, 0, 4, 4, (4, 4), True),
    ("reflect", 0, 4, 4, 4, (4, 4), True),
    ("edge", 4, 0, 0, 4, (4, 0), True),
    ("constant", 4, 0, 0, 4, (4, 0), True),
    ("wrap", 4, 0, 15, 4, (INF, INF), False),
    ("wrap", 2, 2, 15, 15, (INF, INF), False),
]


@pytest.mark.parametrize(("mode", "before", "after", "ahead", "back", "halo", "bounded"), PADS)
def test_pads_that_read_ahead_at_a_border(
    mode: str, before: int, after: int, ahead: int, back: int, halo: tuple[float, float], bounded: bool
) -> None:
    proto = pad(mode, before, after)
    field = pytest_rf.analyze(proto).outputs[0][2]
    assert (field.lookahead, field.lookback, field.halo, field.bounded) == (ahead, back, halo, bounded)
    seen = reads(proto, (1, 1, 16), 2)
    assert max(max(r) - i for i, r in enumerate(seen)) == ahead
    assert max(i - min(r) for i, r in enumerate(seen)) == back


CUTS = "<int64[1] a = {0}, int64[1] b = {4}, int64[1] c = {8}, int64[1] d = {12}, int64[1] z = {16}, int64[1] t = {2}>"


def pieces(nodes: str) -> onnx.ModelProto:
    return model(f"net (float[1,1,16] x) => (float[1,1,?] y) {CUTS} {{ {nodes} }}")


def test_a_roll_of_slices_keeps_its_stride_and_is_not_bounded() -> None:
    field = pytest_rf.analyze(
        pieces("p = Slice(x, d, z, t) q = Slice(x, a, d, t) y = Concat<axis=2>(p, q)")
    ).outputs[0][2]
    assert (field.stride, field.lookahead, field.lookback) == (1, 12, 4)
    assert (field.halo, field.bounded) == ((INF, INF), False)


@pytest.mark.parametrize(
    "nodes",
    [
        "p = Slice(x, a, b, t) q = Slice(x, c, d, t) y = Concat<axis=2>(p, q)",
        "p = AveragePool<kernel_shape=[2], strides=[2]>(x) q = Slice(x, c, z, t) y = Concat<axis=2>(p, q)",
        "y = Concat<axis=2>(x, x)",
    ],
    ids=["crops", "rates", "twice"],
)
def test_pieces_that_do_not_go_on_evenly_have_no_stride(nodes: str) -> None:
    analysis = pytest_rf.analyze(pieces(nodes))
    assert analysis.outputs[0][2].stride is None
    assert all(found.undecidable for found in analysis.check("output stride.2 <= 16"))
    assert analysis.check("output is causal.2")[0].undecidable


def test_slices_put_back_in_order_are_the_tensor() -> None:
    field = pytest_rf.analyze(
        pieces("p = Slice(x, a, c, t) q = Slice(x, c, z, t) y = Concat<axis=2>(p, q)")
    ).outputs[0][2]
    assert (field.stride, field.lookahead, field.lookback, field.bounded) == (1, 0, 0, True)


def resize(transform: str, sizes: int, mode: str = "linear", roi: str = "") -> onnx.ModelProto:
    given = f", float[6] r = {{{roi}}}" if roi else ""
    return model(
        f"""net (float[1,1,16] x) => (float[1,1,?] y) <int64[3] s = {{1,1,{sizes}}}{given}> {{
            p = AveragePool<kernel_shape=[2], strides=[2]>(x)
            y = Resize<mode="{mode}", coordinate_transformation_mode="{transform}">(p, {"r" if roi else ""}, , s)
        }}"""
    )


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
def test_grids_from_corner_to_corner_cannot_be_tiled(mode: str) -> None:
    field = pytest_rf.analyze(resize("align_corners", 16, mode)).outputs[0][2]
    assert (field.halo, field.multiple, field.bounded) == ((INF, INF), 2, True)


@pytest.mark.parametrize("transform", ["half_pixel", "pytorch_half_pixel", "asymmetric"])
def test_other_grids_can(transform: str) -> None:
    halo = pytest_rf.analyze(resize(transform, 16)).outputs[0][2].halo
    assert all(side <= 4 for side in halo)
    assert pytest_rf.analyze(resize("align_corners", 8)).outputs[0][2].halo == (0, 0)


def test_a_region_that_is_a_share_of_the_whole_cannot_be_tiled() -> None:
    whole, part = "0,0,0,1,1,1", "0,0,0.25,1,1,0.75"
    assert pytest_rf.analyze(resize("tf_crop_and_resize", 16, roi=part)).outputs[0][2].halo == (INF, INF)
    assert pytest_rf.analyze(resize("tf_crop_and_resize", 8, roi=whole)).outputs[0][2].halo == (0, 0)
