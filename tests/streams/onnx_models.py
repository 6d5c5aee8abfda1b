"""Step models as ONNX text, with weights of given shapes."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
from onnx import numpy_helper

HEADER = '<ir_version: 8, opset_import: ["" : 17]>'
ENDS = "int64[1] end = {1000000}, int64[1] time = {2}, int64[1] one = {1}"


def model(text: str, **weights: tuple[int, ...]) -> onnx.ModelProto:
    """Return a model whose weights, by name, have these shapes."""
    made = onnx.parser.parse_model(HEADER + text)
    random = np.random.default_rng(0)
    for name, shape in weights.items():
        array = (random.standard_normal(shape) / max(np.prod(shape[1:]), 1) ** 0.5).astype(np.float32)
        made.graph.initializer.append(numpy_helper.from_array(array, name))
    return made


def cached_conv(
    cache: int = 8, taps: int = 9, chunk: int = 4, names: tuple[str, str] = ("cache", "new_cache")
) -> onnx.ModelProto:
    """Return a convolution with a cache before it, which is as long as the taps ask for; padded if it is shorter."""
    before, after = names
    short = max(taps - 1 - cache, 0)
    return model(
        f"""step (float[1,2,{chunk}] x, float[1,2,{cache}] {before})
        => (float[1,2,{chunk}] y, float[1,2,{cache}] {after})
        <int64[6] pads = {{0, 0, {short}, 0, 0, 0}}, int64[1] keep = {{-{cache}}},
         int64[1] used = {{-{chunk + taps - 1}}}, {ENDS}> {{
            whole = Concat<axis = 2>({before}, x)
            {after} = Slice(whole, keep, end, time)
            padded = Pad(whole, pads)
            own = Slice(padded, used, end, time)
            y = Conv(own, w)
        }}""",
        w=(2, 2, taps),
    )


def causal_conv(taps: int = 9, before: int = 8, after: int = 0, extent: int = 64) -> onnx.ModelProto:
    """Return the same convolution offline."""
    return model(
        f"""offline (float[1,2,{extent}] x) => (float[1,2,N] y) {{
            y = Conv<pads = [{before}, {after}]>(x, w)
        }}""",
        w=(2, 2, taps),
    )
