"""Fourier transforms: of whole axes, which are mixed, and of frames along time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_rf.access import WHOLE, Read
from pytest_rf.graph import Builder
from pytest_rf.node import Role
from pytest_rf.operators.reads import ENDS, Ends, all_of, along, indexed
from pytest_rf.operators.views import slices
from pytest_rf.operators.windows import Window, describe
from pytest_rf.value import Value


def transform(
    b: Builder, x: Value, axes: Mapping[int, int], shape: Sequence[int], *, parts: bool = False
) -> Value:
    """Return a tensor of ``shape`` whose every frequency reads every position.

    Args:
        b: the builder.
        x: the signal.
        axes: axis that is transformed -> how many of its positions are used.
        shape: the result's.
        parts: whether the last axis holds real and imaginary parts.
    """
    x = slices(b, x, {axis: (0, 1, min(used, x.extents[axis])) for axis, used in axes.items()})
    last: dict[int, Ends] = {x.rank - 1: ENDS} if parts else {}
    return b.union(shape, along(x, {**dict.fromkeys(axes, WHOLE), **last}))


def stft(
    b: Builder, x: Value, w: Window, shape: Sequence[int], time: int, frames: int, function: Value | None
) -> Value:
    """Return frames of a signal, each mixed to frequencies.

    Args:
        b: the builder.
        x: the signal; what stands behind its time axis are real and imaginary parts.
        w: what of the time axis a frame reads.
        shape: the result's.
        time: the axis of time.
        frames: the axis of the result that numbers the frames.
        function: the window function.
    """
    describe(b, [w])
    b.node.role = Role("unfold", (time,))
    read = indexed(x, *range(time), (frames, w.taps), *[ENDS] * (x.rank - time - 1))
    return b.union(shape, read, *_of(function))


def istft(b: Builder, x: Value, w: Window, shape: Sequence[int], function: Value | None) -> Value:
    """Return the signal of which ``x`` (..., frequency, frame) holds the frames: they are added where they overlap."""
    describe(b, [w], kind="transposed")
    time = x.rank - 2
    b.node.role = Role("fold", (time,))
    read = indexed(x, *range(time), ENDS, (time, w.spread_at(tuple(range(w.kernel)))))
    return b.union(shape, read, *_of(function))


def _of(function: Value | None) -> list[Read]:
    return [] if function is None else [all_of(function)]
