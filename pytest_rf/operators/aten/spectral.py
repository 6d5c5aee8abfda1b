"""Fourier transforms of ATen, of whole axes and of frames along time."""

from __future__ import annotations

from typing import Literal

from pytest_rf.operators import spectral
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.views import pads, roll
from pytest_rf.operators.windows import Window
from pytest_rf.value import Value

BORDERS: dict[str, Literal["drop", "edge", "reflect", "wrap"]] = {
    "reflect": "reflect",
    "constant": "drop",
    "replicate": "edge",
    "circular": "wrap",
}


def fourier(call: OpCall) -> Value:
    """FFTs: along their axes everything is mixed; an axis is cut to what its length needs, or padded."""
    x = call.x
    name = "dim" if "dim" in call.arguments else "dims"
    if call.arguments.get(name) is None:
        count = len(call.get("s") or []) or x.rank
        axes = list(range(x.rank - count, x.rank)) if call.name.endswith("fftn") else [x.rank - 1]
    else:
        axes = call.axes(name)
    used = {axis: x.extents[axis] for axis in axes}
    lengths = [call["n"]] if call.get("n") is not None else list(call.get("s") or [])
    for axis, length in zip(axes, lengths, strict=False):
        half = axis == axes[-1] and call.name in ("fft_irfft", "fft_hfft", "fft_irfft2", "fft_irfftn")
        if length >= 0:
            used[axis] = length // 2 + 1 if half else length
    return spectral.transform(call.b, x, used, call.shape)


def shift(call: OpCall) -> Value:
    """Fftshift, ifftshift: a roll by half."""
    x, sign = call.x, -1 if "ifft" in call.name else 1
    return roll(call.b, x, {axis: sign * (x.extents[axis] // 2) for axis in call.axes()})


def frame(call: OpCall, centred: int = 0) -> Window:
    """Return what a frame reads, of a signal that has ``centred`` samples more in front than it is given.

    The window is centred in the frame: a function of shorter length leaves the ends of the frame at zero.
    """
    size = int(call["n_fft"])
    length = int(call.get("win_length") or size)
    return Window(length, int(call.get("hop_length") or size // 4), 1, centred - (size - length) // 2)


def stft(call: OpCall) -> Value:
    """Stft: (..., time) becomes (..., frequency, frame)."""
    x, time, half = call.x, call.x.rank - 1, int(call["n_fft"]) // 2
    if call.get("center", False):
        x = pads(call.b, x, {time: (half, half)}, BORDERS[call.get("pad_mode", "reflect")])
    return spectral.stft(call.b, x, frame(call), call.shape, time, time + 1, call.get("window"))


def istft(call: OpCall) -> Value:
    """Istft: overlapping frames are added."""
    cut = int(call["n_fft"]) // 2 if call.get("center", True) else 0
    return spectral.istft(call.b, call.x, frame(call, cut), call.shape, call.get("window"))


_FOURIER = """
    fft_fft fft_ifft fft_rfft fft_irfft fft_hfft fft_ihfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_fftn
    fft_ifftn fft_rfftn fft_irfftn _fft_c2c _fft_r2c _fft_c2r
"""

RULES: Rules = {
    **{f"aten.{name}": fourier for name in _FOURIER.split()},
    "aten.fft_fftshift": shift,
    "aten.fft_ifftshift": shift,
    "aten.stft": stft,
    "aten.istft": istft,
}
