"""Which edits are tried for which finding: chosen by what the finding is about, one of each kind of layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from pytest_rf.access import Taps
from pytest_rf.analysis.metrics import METRICS, PREDICATES
from pytest_rf.cures import ahead, aligned, context, strides
from pytest_rf.cures.change import Change, Several
from pytest_rf.cures.geometry import Geometry, is_causal
from pytest_rf.cures.inserted import Inserted
from pytest_rf.cures.ladders import Ladder, alone
from pytest_rf.cures.replaced import Zeros
from pytest_rf.cures.sites import Layer, Sites
from pytest_rf.cures.trial import Trial, beside
from pytest_rf.figures import number
from pytest_rf.graph import Union

#: Kernels are not made larger than this, nor are dilations.
_LARGEST_KERNEL = 31
_LARGEST_DILATION = 4096
#: A layer more has so many taps, and one of these dilations.
_TAPS = 3
_DILATIONS = tuple(2**n for n in range(13))
#: At most this many kinds of layers are edited.
_KINDS = 16
#: Series of so many dilations are given other ones as a whole.
_SERIES = 6
#: Other dilations that are tried against holes are this near.
_NEAR = 4


class Place(NamedTuple):
    """A layer that can be edited along the axes of a finding.

    Attributes:
        layer: the layer.
        axes: numbers of its windows along these axes.
        apart: how many input positions neighbours are apart that it reads.
        extent: the smallest extent of what it reads along them.
    """

    layer: Layer
    axes: tuple[int, ...]
    apart: Fraction
    extent: int

    @property
    def node(self) -> int:
        """The number of its node."""
        return self.layer.node.index


def proposals(trial: Trial) -> Iterator[Ladder]:
    """Yield what is worth trying for a finding, what helps most often first."""
    found = trial.found
    if found.undecidable or (not trial.fields and found.code != "RF303"):
        return
    if found.number is None:
        yield from _RULES.get(found.code, _nothing)(trial)
    elif found.metric in PREDICATES:
        if found.required is not None and found.required.value is True:
            yield from _CLAIMS.get(PREDICATES[found.metric].cause, _nothing)(trial)
    elif found.metric in METRICS:
        yield from _for_comparison(trial)


def _nothing(trial: Trial) -> Iterator[Ladder]:
    return iter(())


def _for_comparison(trial: Trial) -> Iterator[Ladder]:
    found, wanted = trial.found, trial.wanted
    metric = METRICS[found.metric]
    if metric.form == "sources":
        yield from _without_context(trial)
        return
    if wanted is None or not found.measured or found.required is None:
        return
    measured = [number(end) for one in found.measured for end in (one.low, one.high)]
    comparator = found.required.comparator[0]
    too_small = comparator in ">=" and min(measured) <= wanted and math.isfinite(min(measured))
    too_large = comparator in "<=" and max(measured) >= wanted
    grows = metric.monotone or metric.name == "erf"
    if metric.name == "density":
        yield from _without_holes(trial)
    elif too_small and grows:
        yield from _larger(trial)
    elif too_large and metric.guarantee:
        yield from _without_context(trial)
        if metric.cause == "ahead":
            yield from ahead.ladders(trial, trial.fields)
    if too_large and grows and math.isfinite(max(measured)):
        yield from _smaller(trial)


# ---------------------------------------------------------------------- larger, smaller


def _larger(trial: Trial) -> Iterator[Ladder]:
    places = _kinds(trial)
    levels = {place.node for place in _levels(places)}
    for place in places:
        yield _dilations(place, up=True)
        yield _kernels(trial.sites, place, up=True)
        if place.node in levels:
            extents = place.layer.step.value.extents
            room = min(extents[place.layer.axes[axis]] for axis in place.axes)
            dilations = [n for n in _DILATIONS if n * (_TAPS - 1) < room]
            yield Ladder(partial(_inserted, place), dilations, "up")


def _inserted(place: Place, dilation: int) -> Change:
    return Inserted(place.node, place.axes, _TAPS, dilation)


def _smaller(trial: Trial) -> Iterator[Ladder]:
    for place in _kinds(trial):
        yield _dilations(place, up=False)
        yield _kernels(trial.sites, place, up=False)


def _dilations(place: Place, up: bool) -> Ladder:
    windows = place.layer.windows
    own = max(windows.dilation[axis] for axis in place.axes)
    taps = max(windows.kernel[axis] for axis in place.axes)
    largest = min((place.extent - 1) // (taps - 1), _LARGEST_DILATION)
    numbers = range(own + 1, largest + 1) if up else range(own - 1, 0, -1)
    if windows.transposed:
        numbers = range(0)
    return Ladder(partial(_geometry, "dilation", place), numbers, "up" if up else "down")


def _kernels(sites: Sites, place: Place, up: bool) -> Ladder:
    windows = place.layer.windows
    own = max(windows.kernel[axis] for axis in place.axes)
    each = 1 if all(is_causal(sites, place.layer, axis) for axis in place.axes) else 2
    apart = max(windows.dilation[axis] for axis in place.axes)
    largest = min((place.extent - 1) // apart + 1, _LARGEST_KERNEL)
    numbers = range(own + each, largest + 1, each) if up else range(own - each, 0, -each)
    return Ladder(partial(_geometry, "kernel", place), numbers, "up" if up else "down")


def _geometry(kind: str, place: Place, value: int) -> Change:
    return Geometry("kernel" if kind == "kernel" else "dilation", place.node, place.axes, value)


def _kinds(trial: Trial) -> list[Place]:
    """Return the last layer of each kind on the way to the finding's tensor, those of the largest strides first."""
    kinds: dict[tuple[object, ...], Place] = {}
    for place in _places(trial):
        windows = place.layer.windows
        if windows.transposed or all(windows.kernel[axis] == 1 for axis in place.axes):
            continue
        mark = (place.apart, windows.kernel, windows.dilation, windows.stride, place.axes)
        kinds.pop(mark, None)
        kinds[mark] = place
    late_first = list(kinds.values())[::-1]
    return sorted(late_first, key=lambda place: -place.apart)[:_KINDS]


def _levels(places: Sequence[Place]) -> list[Place]:
    """Return a layer for each stride at which what it makes has its positions: the latest."""
    levels: dict[Fraction, Place] = {}
    for place in places:
        step = place.apart * max(place.layer.windows.stride[axis] for axis in place.axes)
        known = levels.get(step)
        if known is None or known.node < place.node:
            levels[step] = place
    return [levels[step] for step in sorted(levels, reverse=True)]


def _places(trial: Trial) -> Iterator[Place]:
    """Yield the layers on the way to the finding's tensor with windows along its axes, in graph order."""
    above = trial.ancestors()
    for layer in trial.sites.layers.values():
        if layer.step.value.number in above:
            place = _place(trial, layer)
            if place is not None:
                yield place


def _place(trial: Trial, layer: Layer) -> Place | None:
    """Return a layer with its windows along the finding's axes."""
    axes, apart = trial.along(layer), beside(trial.fields[0], layer.operand).stride
    if not axes or not apart:
        return None
    extents = trial.sites.graph.values[layer.operand].extents
    return Place(layer, axes, Fraction(apart), min(extents[layer.axes[axis]] for axis in axes))


# ---------------------------------------------------------------------- holes, checkerboards, padding


def _without_holes(trial: Trial) -> Iterator[Ladder]:
    """Yield other dilations, and smaller ones first, of each layer that is dilated or could be."""
    places = [place for place in _places(trial) if not place.layer.windows.transposed]
    dilated = [place for place in places if _dilation(place) > 1 and max(place.layer.windows.kernel) > 1]
    for place in dilated[::-1][:_KINDS]:
        own = _dilation(place)
        numbers = sorted(
            (own + n for n in range(-_NEAR, _NEAR + 1) if n and own + n > 0), key=lambda n: abs(n - own)
        )
        yield Ladder(partial(_geometry, "dilation", place), numbers)

    yield from map(alone, _hybrid(dilated))


def _hybrid(dilated: Sequence[Place]) -> Iterator[Change]:
    """Yield a series of dilations for all dilated layers, each small enough for what the layers before it fill."""
    for factor in (1, 2, 3) if 1 < len(dilated) <= _SERIES else ():
        series = [1 + n if factor == 1 else factor**n for n in range(len(dilated))]
        parts = [
            _geometry("dilation", place, value)
            for place, value in zip(dilated, series, strict=True)
            if value != _dilation(place)
        ]
        yield Several(tuple(parts))


def _dilation(place: Place) -> int:
    return max(place.layer.windows.dilation[axis] for axis in place.axes)


def _own(trial: Trial) -> Iterator[Place]:
    """Yield the layer that makes the finding's tensor."""
    tensor = trial.tensor
    for layer in trial.sites.layers.values():
        if tensor is not None and tensor.value in layer.node.outputs.values():
            axes = tuple(range(len(layer.axes)))
            extents = trial.sites.graph.values[layer.operand].extents
            yield Place(layer, axes, Fraction(1), min(extents[place] for place in layer.axes))
            return


def _even_overlap(trial: Trial) -> Iterator[Ladder]:
    for place in _own(trial):
        windows = place.layer.windows
        own, step = max(windows.kernel), max(windows.stride)
        numbers = sorted(
            (n for n in range(max(own - step, step), own + step + 1) if n != own),
            key=lambda n: (abs(n - own), -n),
        )
        yield Ladder(partial(_geometry, "kernel", place), numbers)


def _narrower(trial: Trial) -> Iterator[Ladder]:
    for place in _own(trial):
        fitting = _place(trial, place.layer)
        if fitting is not None:
            for ladder in (_dilations(fitting, up=False), _kernels(trial.sites, fitting, up=False)):
                yield ladder._replace(way="")


def _without_context(trial: Trial) -> Iterator[Ladder]:
    yield from map(alone, context.changes(trial))


def _zeros(trial: Trial) -> Iterator[Ladder]:
    """Yield zeros for what fetches padding from inside, on the way to the finding's tensor."""
    above = trial.ancestors()
    found: dict[int, None] = {}
    for step in trial.sites.graph.program:
        reads = step.action.reads if isinstance(step.action, Union) else ()
        borders = {one.border for read in reads for _, one in read.axes if isinstance(one, Taps)}
        if step.value.number in above and borders & {"reflect", "wrap"} and step.node.index >= 0:
            found[step.node.index] = None
    yield from map(alone, context.together([Zeros(node) for node in found]))


def _causal(trial: Trial) -> Iterator[Ladder]:
    yield from _without_context(trial)
    yield from _zeros(trial)
    yield from ahead.ladders(trial, trial.fields)


def _aligned(trial: Trial) -> Iterator[Ladder]:
    yield from map(alone, aligned.changes(trial))


def _later_strides(trial: Trial) -> Iterator[Ladder]:
    yield from map(alone, strides.changes(trial))


Proposer = Callable[[Trial], Iterator[Ladder]]

_CLAIMS: dict[str, Proposer] = {"ahead": _causal, "context": _without_context, "branches": _aligned}
"""The cause for which a claim fails -> what is tried."""

_RULES: dict[str, Proposer] = {
    "RF104": _narrower,
    "RF202": _later_strides,
    "RF203": _aligned,
    "RF302": _without_holes,
    "RF303": _even_overlap,
    "RF304": _without_context,
    "RF401": _without_context,
    "RF402": _without_context,
    "RF403": _zeros,
}
"""The code of a rule -> what is tried."""
