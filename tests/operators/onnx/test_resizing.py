"""Resize in every mode, transform and ratio, held against what running it shows."""

from __future__ import annotations

import pytest
from oracle.compare import compare
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf

from .text import model

SCALES = ("0.25", "0.5", "1.0", "1.25", "1.5", "2.0")
"""Where the inverse of a scale is rounded, taps whose weight is 0 get one of 1e-16 (0.75 with antialiasing)."""

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
            found = compare(pytest_rf.analyze(graph), probe_rows(graph, generic_inputs({"x": (1, n)})))
            assert found.compared
            assert not found.unsound, f"{n} times {scale}: {found.report()}"
