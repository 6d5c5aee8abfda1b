"""Short-time Fourier transforms of ATen: windows over time, mixed within."""

from __future__ import annotations

from pytest_rf.access import SAME, WHOLE, Read, Relation, spread
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.views import pads
from pytest_rf.operators.windows import Window


def _support(call: OpCall, size: int) -> tuple[int, int]:
    """Return first and length of the samples that a frame reads: the window is centred in the frame.

    A window function of shorter length leaves the ends of the frame at zero.
    """
    length = int(call.get("win_length") or size)
    return (size - length) // 2, length


def stft(call: OpCall) -> object:
    """Stft: (..., time) becomes (..., frequency, frame)."""
    x = call.x
    size = int(call["n_fft"])
    hop = int(call.get("hop_length") or size // 4)
    first, length = _support(call, size)
    rank = x.rank
    if call.get("center", False):
        modes = {"reflect": "reflect", "constant": "drop", "replicate": "edge", "circular": "wrap"}
        x = pads(call.b, x, {rank - 1: (size // 2, size // 2)}, modes[call.get("pad_mode", "reflect")])  # type: ignore[arg-type]
    w = Window(length, hop, 1, -first)
    windows.describe(call.b, [Window(length, hop)])
    axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(rank - 1)]
    axes.append((rank, w.taps))
    return call.b.union(call.shape, Read(x.number, tuple(axes)), *_window(call))


def istft(call: OpCall) -> object:
    """Istft: overlapping frames are added."""
    x = call.x
    size = int(call["n_fft"])
    hop = int(call.get("hop_length") or size // 4)
    first, length = _support(call, size)
    lead = x.rank - 2
    cut = size // 2 if call.get("center", True) else 0
    axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(lead)]
    axes += [(None, WHOLE), (lead, spread(length, hop, 1, cut - first))]
    windows.describe(call.b, [Window(length, hop)], kind="transposed")
    return call.b.union(call.shape, Read(x.number, tuple(axes)), *_window(call))


def _window(call: OpCall) -> list[Read]:
    """A window function that is computed: all of it."""
    return [Read(value.number, ((None, WHOLE),)) for value in call.given("window") if value.varies]


RULES: Rules = {"aten.stft": stft, "aten.istft": istft}  # type: ignore[dict-item]
