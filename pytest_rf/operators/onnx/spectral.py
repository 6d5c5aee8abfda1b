"""Fourier transforms of ONNX: the axis is mixed; STFT mixes within windows."""

from __future__ import annotations

from pytest_rf.operators import spectral
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.windows import Window
from pytest_rf.value import Value


def dft(call: NodeCall) -> Value:
    """DFT: every frequency reads every position; the last axis holds real and imaginary parts."""
    x = call.x
    if x.rank < 2 or x.extents[-1] not in (1, 2):
        call.fail(f"the last axis of {x.shape} must hold 1 or 2 parts")
    default_axis = -2 if call.opset >= 20 else 1
    number = call.numbers(2)[0] if call.has(2) else call.integer("axis", default_axis)
    axis = call.axis(number, x.rank)
    if axis == x.rank - 1:
        call.fail("the axis of the parts cannot be transformed")
    onesided, inverse = bool(call.integer("onesided", 0)), bool(call.integer("inverse", 0))
    extent = x.extents[axis]
    default = 2 * (extent - 1) if onesided and inverse else extent
    length = call.numbers(1)[0] if call.has(1) else default
    if length < 1:
        call.fail(f"a transform of length {length} is impossible")
    read = length // 2 + 1 if onesided and inverse else length
    output = length // 2 + 1 if onesided and not inverse else length
    parts = 1 if onesided and inverse else 2
    shape = [*x.extents[:-1], parts]
    shape[axis] = output
    return spectral.transform(call.b, x, {axis: read}, shape, parts=True)


def stft(call: NodeCall) -> Value:
    """STFT: a window for each frame, mixed to frequencies."""
    x = call.x
    if x.rank == 2:
        x = call.b.reshape(x, [*x.extents, 1])
    if x.rank != 3 or x.extents[2] not in (1, 2):
        call.fail(f"a signal of shape {x.shape} is not (batch, length, 1 or 2)")
    step = call.numbers(1)[0]
    function = call.optional(2)
    shape = None if function is None else function.extents
    if shape is not None and len(shape) != 1:
        call.fail(f"the window {shape} must be a vector")
    size = call.numbers(3)[0] if call.has(3) else shape[0] if shape else 0
    if size < 1 or step < 1:
        call.fail(f"frames of {size} every {step} are impossible")
    window = Window(call.limited("frame_length", size), call.limited("frame_step", step))
    bins = size // 2 + 1 if call.integer("onesided", 1) else size
    y = (x.extents[0], window.output(x.extents[1]), bins, 2)
    return spectral.stft(call.b, x, window, y, 1, 1, function)


RULES: Rules = {"DFT": dft, "STFT": stft}
