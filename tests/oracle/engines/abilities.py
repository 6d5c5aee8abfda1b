"""What the engines that are installed can do, found by asking them.

Older ones lack operators and compute some otherwise than the standard has it; what they say is then no oracle. They
are asked by an example whose answer the standard gives, never by their version.
"""

from __future__ import annotations

from functools import cache
from time import process_time

import numpy as np
import onnx.defs
import onnxruntime
from models import model
from onnx.reference import ReferenceEvaluator


def reference_knows(opset: int) -> bool:
    """Return whether onnx, and so its reference evaluator, has the operators of an opset."""
    return onnx.defs.onnx_opset_version() >= opset


@cache
def onnxruntime_reads(opset: int) -> bool:
    """Return whether onnxruntime takes models of an opset at all."""
    net = model("g (float[1] x) => (float[1] y) { y = Identity(x) }", opset=opset, ir=10)
    try:
        onnxruntime.InferenceSession(net.SerializeToString())
    except Exception:  # of a kind that differs between versions
        return False
    return True


@cache
def onnxruntime_pads_what_is_left(mode: str) -> bool:
    """Return whether onnxruntime fills from what a crop leaves, or refuses; some read beside it."""
    net = model(
        f'g (float[5] x) => (y) <int64[2] p = {{6, -3}}> {{ y = Pad<mode = "{mode}">(x, p) }}', opset=21
    )
    x = np.arange(1, 6, dtype=np.float32)
    session = onnxruntime.InferenceSession(net.SerializeToString())
    try:
        padded = session.run(None, {"x": x})[0]
    except Exception:  # more than there is to reflect
        return True
    return np.array_equal(padded, np.pad(x[:2], (6, 0), mode=mode))  # type: ignore[call-overload]


@cache
def reference_goes_back_from_one_side() -> bool:
    """Return whether the reference evaluator makes a signal of one side of its spectrum.

    An older standard has no such transform, and its evaluator computes another one without a word.
    """
    net = model(
        "g (float[1,4,2] x) => (y) <int64 a = {1}> { y = DFT<inverse=1, onesided=1>(x, , a) }", opset=21
    )
    return ReferenceEvaluator(net).run(None, {"x": np.ones((1, 4, 2), np.float32)})[0].shape == (1, 6, 1)


@cache
def reference_resizes_quickly() -> bool:
    """Return whether the reference evaluator resizes along one axis after the other.

    An older one gathers for every element of the result anew what surrounds it, all channels included: most
    of a second for this example, and minutes for a layer of a decoder.
    """
    net = model(
        "g (float[1,4,8,8] x) => (y) <float[4] scales = {1, 1, 2, 2}> { y = Resize(x, , scales) }", opset=17
    )
    run = ReferenceEvaluator(net).run
    before = process_time()
    run(None, {"x": np.ones((1, 4, 8, 8), np.float32)})
    return process_time() - before < 0.1
