"""Models to begin with: drawn graphs, and a few that are committed or written here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import onnx
from hypothesis import strategies as st
from oracle.graphs import graphs
from oracle.graphs.builder import Draw

from fuzz.breaking import mutants

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = ("tcn.onnx", "layers/two.onnx", "layers/dilated.onnx", "layers/image5x5.onnx")

BODIES = """
<ir_version: 10, opset_import: ["" : 21, "own" : 1]>
bodies (float[2, 3, 12] x, bool c) => (float[2, 3, N] y, float[M, 3] z) {
  p = If (c) <then_branch = a () => (t) { t = Relu (x) },
    else_branch = b () => (e) { e = MaxPool <kernel_shape = [3], pads = [1, 1]> (x) }>
  n = Constant <value = int64 {2}> ()
  go = Constant <value = bool {1}> ()
  q = Loop (n, go, p) <body = l (int64 i, bool g, float[2, 3, 12] s) => (bool h, float[2, 3, 12] r) { h = Identity (g)
    r = own.twice (s) }>
  like = Constant <value_ints = [3, 3, 3]> ()
  w = ConstantOfShape <value = float[1] {1.0}> (like)
  v = Conv <strides = [2]> (q, w)
  to = Constant <value_ints = [2, 3, -1]> ()
  y = Reshape (v, to)
  s = Transpose <perm = [2, 0, 1]> (x)
  one = Constant <value_ints = [1]> ()
  z = ReduceSum <keepdims = 0> (s, one)
}
<domain: "own", opset_import: ["" : 21]>
twice (a) => (b) { t = AveragePool <kernel_shape = [3], pads = [1, 1]> (a)
  b = Add (t, a) }
"""


@cache
def committed() -> tuple[onnx.ModelProto, ...]:
    """Return models that are always the same."""
    return (onnx.parser.parse_model(BODIES), *(onnx.load(EXAMPLES / name) for name in FILES))


@st.composite
def bases(draw: Draw, most: int = 4) -> onnx.ModelProto:
    """Draw a whole model."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(committed()))
    return draw(graphs(most=most, inputs=2)).model()


SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def batches(draw: Draw, size: int = 8, most: int = 4) -> list[bytes]:
    """Draw a model and several files that are broken from it.

    The breaks hang on one number: of those that are drawn each by itself most come again and again.
    """
    return mutants(draw(bases(most)), Random(draw(SEEDS)), size)
