"""Resizing in every mode, and adaptive pools: windows whose place depends on a ratio."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from pytest_rf.access import Relation, Sets, Taps, fitted
from pytest_rf.graph import Builder
from pytest_rf.limits import afford, spending
from pytest_rf.operators import rounding, views
from pytest_rf.operators.reads import ENDS, Ends, along
from pytest_rf.operators.rounding import Numbers
from pytest_rf.value import Value

SIMPLE = 512
"""Denominators up to this make a fraction simple enough to be what was meant."""


PHASE, TAP = 32, 4
"""The room that the taps of a phase, and each of many, take where they are written out, in elements of an array."""


class Sampling(NamedTuple):
    """How one axis is resampled.

    Attributes:
        extent, output: input and output extents.
        ratio: input positions per output step.
        origin: the place in the input that output 0 samples.
        cropped: whether a place outside the input gives a constant instead of what lies at the border.
        shrinking: by how much an antialiasing kernel is widened, as engines have it, if that is not the ratio.
        formulas: the forms in which engines compute the places; none where that is exact.
    """

    extent: int
    output: int
    ratio: Fraction
    origin: Fraction
    cropped: bool = False
    shrinking: Fraction | None = None
    formulas: tuple[rounding.Formula, ...] = ()

    def place(self, index: int) -> Fraction:
        """Return the place in the input that output ``index`` samples."""
        return self.origin + index * self.ratio

    def reads(self, index: int) -> bool:
        """Whether output ``index`` samples the input at all."""
        return not self.cropped or 0 <= self.place(index) <= self.extent - 1


Kernel = Callable[[Sampling], Relation]
"""What is read at the places of an axis."""


def sampled(
    transform: str,
    extent: int,
    output: int,
    ratio: Fraction,
    region: tuple[Fraction, Fraction] | None = None,
) -> Sampling | None:
    """Return where the outputs of an axis sample it (ONNX Resize, coordinate_transformation_mode).

    Args:
        transform: the mode; None comes back of one that there is not.
        extent: the input extent.
        output: the output extent.
        ratio: input positions per output step, if the mode does not say it.
        region: the start and end of the region of interest, as fractions of the last index (tf_crop_and_resize).
    """
    half, last = Fraction(1, 2), extent - 1
    if transform == "align_corners":
        return Sampling(
            extent, output, Fraction(last, output - 1) if output > 1 else Fraction(0), Fraction(0)
        )
    if transform == "tf_crop_and_resize" and region is not None:
        start, end = region
        if output > 1:
            return Sampling(extent, output, (end - start) * last / (output - 1), start * last, cropped=True)
        return Sampling(extent, output, ratio, half * (start + end) * last, cropped=True)
    centred = half * ratio - half
    origins = {
        "half_pixel": centred,
        "pytorch_half_pixel": centred if output > 1 else Fraction(0),
        "half_pixel_symmetric": Fraction(extent, 2) * (1 - output * ratio / extent) + centred,
        "asymmetric": Fraction(0),
        "tf_half_pixel_for_nn": half * ratio,
    }
    return Sampling(extent, output, ratio, origins[transform]) if transform in origins else None


def describe(b: Builder, scales: Iterable[Fraction], mode: str, antialias: bool = False) -> None:
    """Say how the node at hand resizes, "2×3/2 linear": the scale of each axis that is resized at all."""
    words = "×".join(
        str(scale) if scale.denominator <= SIMPLE else f"{float(scale):.4g}" for scale in scales if scale != 1
    )
    b.node.kind = f"{words} {mode}{' antialiased' if antialias else ''}" if words else ""


def resize(
    b: Builder, x: Value, samplings: Mapping[int, Sampling], kernel: Kernel, whole: bool = False
) -> Value:
    """Return ``x`` resampled along some axes.

    Args:
        b: the builder.
        x: the tensor.
        samplings: axis -> how it is sampled.
        kernel: what is read at a place.
        whole: whether the grid is laid over the whole extent, from corner to corner or over a region that is given
            as a share of it, and so lies elsewhere on a part of the input.
    """
    relations = {}
    for axis, s in samplings.items():
        b.hold(s.output)
        with spending(b.graph.limits, b.node):
            relation = kernel(s)
        if s.output == s.extent and _is_same(relation):
            continue
        # One position, or as many as there were from corner to corner, lie the same on any extent.
        if whole and s.extent > 1:
            relation = fitted(relation, "grid")
        relations[axis] = (relation, s.output)
    return views.along(b, x, relations) if relations else x


def _is_same(relation: Relation) -> bool:
    return isinstance(relation, Taps) and relation[:3] == (1, 1, ((0,),))


def nearest(s: Sampling, mode: str = "floor") -> Relation:
    """Return the taps of nearest-neighbour sampling.

    Args:
        s: the sampling.
        mode: "floor", "ceil", "round_prefer_floor" or "round_prefer_ceil" (ONNX Resize).
    """
    half = Fraction(1, 2)
    rules: dict[str, tuple[Callable[[Fraction], int], Callable[[Numbers], Numbers]]] = {
        "floor": (floor, np.floor),
        "ceil": (ceil, np.ceil),
        "round_prefer_floor": (
            lambda place: ceil(place - half),
            lambda v: np.floor(v) + (v - np.floor(v) > 0.5),
        ),
        "round_prefer_ceil": (
            lambda place: floor(place + half),
            lambda v: np.floor(v) + (v - np.floor(v) >= 0.5),
        ),
    }
    exact, computed = rules[mode]
    return _periodic(s, lambda place: (exact(place),), [lambda place: (computed(place),) * 2])


def linear(s: Sampling, antialias: bool = False) -> Relation:
    """Return the taps of linear sampling; a neighbour of weight exactly 0 is not read."""
    return _kernel(s, 1, antialias)


def cubic(s: Sampling, antialias: bool = False, weighs: bool = False) -> Relation:
    """Return the taps of cubic sampling (Keys 1981): every neighbour up to two positions away.

    Args:
        s: the sampling.
        antialias: whether an axis that shrinks widens the kernel.
        weighs: whether the kernel has coefficients that, rounded, give the others a weight at a whole place, where
            all but one should weigh nothing.
    """
    return _kernel(s, 2, antialias, weighs)


def _kernel(s: Sampling, radius: int, antialias: bool, weighs: bool = False) -> Relation:
    """Every integer closer to the sampled place than the kernel's radius.

    With antialiasing a shrinking axis widens the kernel.
    """
    widening = s.ratio if s.shrinking is None else s.shrinking
    if antialias and widening > 1:
        reach = radius * fraction(widening)
        return _periodic(
            s,
            lambda place: tuple(range(floor(place - reach) + 1, ceil(place + reach))),
            rounding.kernels(radius, widening),
            ceil(2 * reach),
        )

    def taps(place: Fraction) -> tuple[int, ...]:
        whole = place.denominator == 1  # the kernel is 0 at all other whole distances
        return (int(place),) if whole else tuple(range(floor(place) + 1 - radius, floor(place) + 1 + radius))

    def read(place: Numbers) -> tuple[Numbers, Numbers]:
        low, whole = np.floor(place), place == np.floor(place)
        return np.where(whole, low, low + 1 - radius), np.where(whole, low, low + radius)

    def also(place: Numbers) -> tuple[Numbers, Numbers]:
        return np.ceil(place) - radius, np.floor(place) + radius

    return _periodic(s, taps, [read, also] if weighs else [read])


def _periodic(
    s: Sampling,
    taps: Callable[[Fraction], tuple[int, ...]],
    rules: Sequence[rounding.Rule],
    widest: int = 0,
) -> Relation:
    """Return taps that repeat after ``ratio.denominator`` outputs, which move ``ratio.numerator`` inputs.

    A ratio that is no simple fraction does not repeat on any axis of this size: each output is written out, as it
    is where engines differ by more than rounding.

    Args:
        s: the sampling.
        taps: what is read at a place.
        rules: what the forms in which engines do that read at places that they have computed.
        widest: how many taps a place has at most, if those are many.
    """
    period = s.ratio.denominator
    whole = s.reads(0) and s.reads(s.output - 1)  # places are monotonic
    exact = found = None
    if whole and period <= max(s.output, SIMPLE):
        afford(period * (PHASE + TAP * widest))
        exact = Taps(period, s.ratio.numerator, tuple(taps(s.place(i)) for i in range(period)), border="edge")
    if s.formulas:
        found = rounding.spans(s.formulas, rules, s.extent, s.output, s.cropped)
        exact = exact and rounding.along_phases(exact, found, s.extent)
    if exact is not None:
        return exact
    afford(s.output * s.extent)
    if found is not None:
        return rounding.by_index(found, s.extent)
    reads = np.zeros((s.output, s.extent), np.bool_)
    for i in filter(s.reads, range(s.output)):
        reads[i, [min(max(tap, 0), s.extent - 1) for tap in taps(s.place(i))]] = True
    return Sets(reads)


def fraction(scale: float | Fraction) -> Fraction:
    """Return the simple fraction that a 32-bit scale stands for (1.3333334 is 4/3), else its exact value."""
    exact = Fraction(scale)
    simple = exact.limit_denominator(SIMPLE)
    return simple if abs(simple - exact) <= abs(exact) * Fraction(1, 1 << 22) else exact


def adaptive_windows(extent: int, output: int) -> Taps:
    """Return the windows of adaptive pooling: ``⌊i·n/m⌋`` to ``⌈(i+1)·n/m⌉ - 1`` (PyTorch)."""
    ratio = Fraction(extent, output)
    period = ratio.denominator
    rows = tuple(tuple(range(floor(i * ratio), ceil((i + 1) * ratio))) for i in range(period))
    return Taps(period, ratio.numerator, rows)


def adaptive_pool(b: Builder, x: Value, outputs: dict[int, int]) -> Value:
    """Return ``x`` pooled adaptively to ``{axis: output extent}``; to 1 is global pooling."""
    over: dict[int, Relation | Ends] = {}
    for axis, output in outputs.items():
        if output == 1 and x.extents[axis] > 1:
            over[axis] = ENDS
        elif x.extents[axis] and output:
            windows = adaptive_windows(x.extents[axis], output)
            over[axis] = fitted(windows, "window" if output != x.extents[axis] else "")
    shape = [outputs.get(axis, extent) for axis, extent in enumerate(x.extents)]
    return b.union(shape, along(x, over, statistic=True))
