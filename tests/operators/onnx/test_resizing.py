"""Resize in every mode, transform and ratio, held against what running it shows."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator
from oracle.compare import compare
from oracle.engines.abilities import reference_resizes_quickly
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf
from pytest_rf.analysis import Tensor

from .written import model

SCALES = ("0.25", "0.5", "0.75", "1.0", "1.25", "1.5", "2.0")

TRANSFORMS = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric")
TEXT = """g (float[1,{n}] x) => (y) <float[2] scales = {{1.0, {scale}}}> {{
    y = Resize<mode = "{mode}", antialias = {antialias}, coordinate_transformation_mode = "{transform}">(
        x, , scales)
}}"""


@pytest.mark.parametrize(
    ("mode", "antialias"), [("nearest", 0), ("linear", 0), ("linear", 1), ("cubic", 0), ("cubic", 1)]
)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_what_an_output_samples(transform: str, mode: str, antialias: int) -> None:
    for n in (4, 8):
        for scale in SCALES:
            text = TEXT.format(n=n, scale=scale, mode=mode, antialias=antialias, transform=transform)
            graph = model(text, opset=19)
            found = compare(pytest_rf.analyze(graph), probe_rows(load(graph), generic_inputs({"x": (1, n)})))
            assert found.compared
            assert not found.unsound, f"{n} times {scale}: {found.report()}"


ENGINES = ("onnxruntime", "reference")


def read_by(engine: str, graph: onnx.ModelProto, shape: tuple[int, ...], axis: int) -> np.ndarray:
    """Return (extent of the axis, its outputs): which positions weigh anything at all, however little."""
    if engine == "reference":
        run = ReferenceEvaluator(graph).run
    else:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        run = onnxruntime.InferenceSession(graph.SerializeToString(), options).run
    rows = []
    for place in range(shape[axis]):
        x = np.zeros(shape, np.float32)
        x[(slice(None),) * axis + (place,)] = 1e30
        y = run(None, {"x": x})[0]
        rows.append((y != 0).any(axis=tuple(d for d in range(y.ndim) if d != axis)))
    return np.asarray(rows)


def ends(rows: np.ndarray) -> list[np.ndarray]:
    """Return the first and the last position that each unit reads."""
    found = rows.any(axis=0)
    return [np.where(found, rows.argmax(axis=0), -1), np.where(found, rows[::-1].argmax(axis=0), -1)]


def outside(tensor: Tensor, rows: np.ndarray, axis: int) -> list[int]:
    """Return the units that read a position outside of their bounds."""
    low, high = (
        bound.min(axis=tuple(d for d in range(bound.ndim) if d != axis)) for bound in tensor.bounds(axis)
    )
    place = np.arange(len(rows))[:, None]
    return np.flatnonzero((rows & ((place < low) | (place > high))).any(axis=0)).tolist()


def resize(n: int, to: str, attributes: str, roi: str = "", opset: int = 19) -> onnx.ModelProto:
    """Return a Resize of n positions ``to`` a size, or by a scale (a number with a point)."""
    scaled = "." in to
    constants = [f"float[2] s = {{1.0, {to}}}" if scaled else f"int64[2] s = {{1, {to}}}"]
    constants += [f"float[4] r = {{{roi}}}"] if roi else []
    inputs = f"x, {'r' if roi else ''}, {'s' if scaled else ', s'}"
    text = f"g (float[1,{n}] x) => (y) <{', '.join(constants)}> {{ y = Resize<{attributes}>({inputs}) }}"
    return model(text, opset=opset)


# From how many positions to how many, or by which scale; the attributes; the region, if any.
DOUBTFUL = {
    "a tie by the quotient of sizes": (14, "8", 'mode = "nearest", nearest_mode = "floor"', "asymmetric", ""),
    "a scale that is not what it seems": (9, "0.6", 'mode = "linear"', "half_pixel", ""),
    "the border of a crop": (8, "0.75", 'mode = "linear"', "tf_crop_and_resize", "0, 0.2, 1, 1.2"),
    "a tensor that is copied": (3, "1.3", 'mode = "nearest"', "pytorch_half_pixel", ""),
    "a region of a tensor that is copied": (
        8,
        "8",
        'mode = "linear"',
        "tf_crop_and_resize",
        "0, 0.2, 1, 0.8",
    ),
    "corners of a size that is rounded": (3, "1.5", 'mode = "linear"', "align_corners", ""),
    "a rim of a widened kernel": (7, "0.6", 'mode = "linear", antialias = 1', "asymmetric", ""),
    "a cubic kernel": (56, "72", 'mode = "cubic"', "half_pixel", ""),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_engines_round_differently_is_an_upper_bound(name: str) -> None:
    n, to, mode, transform, roi = DOUBTFUL[name]
    graph = resize(n, to, f'{mode}, coordinate_transformation_mode = "{transform}"', roi)
    tensor = pytest_rf.analyze(graph)["y"]
    assert tensor.status == "upper_bound"
    assert tensor.reason is not None
    assert "rounding" in tensor.reason
    assert [outside(tensor, read_by(engine, graph, (1, n), 1), 1) for engine in ENGINES] == [[], []]


SIMPLE = ("nearest", "linear")


@pytest.mark.parametrize("mode", SIMPLE)
@pytest.mark.parametrize("transform", ["half_pixel", "pytorch_half_pixel", "asymmetric"])
def test_powers_of_two_are_exact(mode: str, transform: str) -> None:
    for n in (1, 2, 5, 14, 64, 100):
        for to in ("0.25", "0.5", "2.0", "4.0", "8.0", str(2 * n), str(4 * n)):
            if n * float(to) >= 1:
                attributes = f'mode = "{mode}", coordinate_transformation_mode = "{transform}"'
                tensor = pytest_rf.analyze(resize(n, to, attributes))["y"]
                # What makes one position of many is read from its middle by one engine, its start by another.
                alone = transform == "pytorch_half_pixel" and tensor.shape == (1, 1)
                assert tensor.status == "exact" or alone, (n, to)


def drawn(count: int, seed: int = 0) -> Iterator[tuple[onnx.ModelProto, int]]:
    """Yield models with a Resize at random."""
    rng = random.Random(seed)
    for _ in range(count):
        n, mode = rng.randint(2, 40), rng.choice(["nearest", "linear", "cubic"])
        transform = rng.choice([*TRANSFORMS, "tf_crop_and_resize"])
        attributes = f'mode = "{mode}", coordinate_transformation_mode = "{transform}"'
        if mode == "nearest":
            nearest = rng.choice(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
            attributes += f', nearest_mode = "{nearest}"'
        else:
            attributes += f", antialias = {int(rng.random() < 0.3)}"
        region = f"0, {rng.choice([0, 0.1, 0.25])}, 1, {rng.choice([1, 0.8, 1.2])}"
        to = (
            str(rng.randint(1, 60))
            if rng.random() < 0.5
            else f"{rng.choice([5, 6, 7, 8, 9, 11, 12, 13, 15, 20]) / 10}"
        )
        yield resize(n, to, attributes, region if "tf" in transform else ""), n


def test_no_engine_reads_beyond_the_bounds() -> None:
    vain = 0
    for graph, n in drawn(150):
        tensor = pytest_rf.analyze(graph)["y"]
        seen = [read_by(engine, graph, (1, n), 1) for engine in ENGINES]
        if seen[0].shape != seen[1].shape:  # 40 times 0.7 is 27 or 28
            continue
        for rows in seen:
            assert not outside(tensor, rows, 1), graph.graph
        same = np.array_equal(*map(ends, seen))
        assert same or tensor.status == "upper_bound", graph.graph
        # The order in which an engine adds up the places of a crop is not known.
        vain += same and tensor.status == "upper_bound" and "tf_crop" not in str(graph)
    assert vain <= 5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_each_axis_is_rounded_by_itself(rank: int, engine: str) -> None:
    if rank == 3 and engine == "reference" and not reference_resizes_quickly():
        pytest.skip("this onnx takes minutes to resize a volume so often")
    extents, sizes = [14, 12, 9][:rank], [8, 24, 7][:rank]
    shape = ",".join(map(str, [1, 1, *extents]))
    text = f"""g (float[{shape}] x) => (y) <int64[{rank + 2}] s = {{{",".join(map(str, [1, 1, *sizes]))}}}> {{
        y = Resize<mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , , s)
    }}"""
    graph = model(text, opset=19)
    tensor = pytest_rf.analyze(graph, axes={"x": dict(zip("abc"[:rank], range(2, 2 + rank), strict=True))})[
        "y"
    ]
    assert [tensor[axis].upper_bound for axis in range(2, 2 + rank)] == [True, False, False][:rank]
    for axis in range(2, 2 + rank):
        assert not outside(tensor, read_by(engine, graph, (1, 1, *extents), axis), axis)


@pytest.mark.parametrize("opset", [9, 10])
def test_before_opset_11_the_upper_neighbour_may_be_taken(opset: int) -> None:
    operator = "Upsample" if opset == 9 else "Resize"
    text = f"""g (float[1,1,1,15] x) => (y) <float[4] s = {{1.0, 1.0, 1.0, {0.7 if opset == 10 else 1.25}}}> {{
        y = {operator}<mode = "nearest">(x, s)
    }}"""
    graph = model(text, opset=opset)
    tensor = pytest_rf.analyze(graph)["y"]
    assert not outside(tensor, read_by("onnxruntime", graph, (1, 1, 1, 15), 3), 3)
    assert (tensor.status == "upper_bound") == (opset == 10)


BEHIND = """g (float[1,1,14] x) => (y) <float[1,1,3] w = {1, 1, 1}, int64[3] s = {1, 1, 8}> {
    r = Resize<mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , , s)
    y = Conv(r, w)
}"""


@pytest.mark.parametrize(
    ("requirement", "outcome"),
    [
        ("final rf >= 3", "holds"),
        ("final rf <= 5", "holds"),
        ("final rf >= 6", "violated"),
        ("final rf >= 4", "undecidable"),
        ("final start >= -9", "undecidable"),
        ("final multiple == 7", "holds"),
    ],
)
def test_what_is_asked_for_is_held_against_what_is_certain(requirement: str, outcome: str) -> None:
    analysis = pytest_rf.analyze(model(BEHIND, opset=19), axes={"x": {"t": 2}})
    assert analysis["y"]["t"].rf_range == (4, 5)
    assert analysis["y"]["t"].rf_certain == (3, 5)
    found = analysis.check(requirement)
    if outcome == "holds":
        assert not found
        return
    (one,) = found
    assert one.undecidable == (outcome == "undecidable")
    if one.undecidable:
        assert "its rounding of resized positions" in str(one)
        assert "data" not in str(one)
