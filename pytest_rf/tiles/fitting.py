"""Extents of tiles that fit the grid on which a model's outputs and the windows on the way to them lie."""

from __future__ import annotations

from math import lcm

from pytest_rf.analysis.along import Along
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import RFError
from pytest_rf.tiles.axis import Fault
from pytest_rf.tiles.trial import Trial


def multiple_of(trial: Trial, axis: str, align: int) -> int:
    """Return what tiles begin on multiples of: what strides and windows on the way to outputs demand."""
    runs, found = trial.analysis.runs, align
    for key, share in trial.keys(axis).items():
        for tensor in trial.analysis.outputs:
            own = runs.multiple(tensor.value, key)
            known = runs.structure(tensor.value)
            if isinstance(known, Structure):
                own = lcm(own, Along(runs, tensor.value, runs.inputs[key[0]], key[1]).multiple)
            found = lcm(found, (own * share).numerator)
        found = lcm(found, share.numerator)
    return found


def fitted(trial: Trial, axis: str, extent: int, multiple: int, free: bool) -> tuple[int, int, list[Fault]]:
    """Return the extent of a tile, the remainder that extents have, and what is wrong with it."""
    own = trial.extent(axis) % multiple
    remainder = next(
        (rest for rest in dict.fromkeys((0, own)) if _runs(trial, axis, extent, multiple, rest)), 0
    )
    if free:
        extent = max(extent - (extent - remainder) % multiple, min(extent, multiple + remainder))
    if extent % multiple == own and extent % multiple != remainder:
        remainder = own  # it was analysed at such extents
    off = (extent - remainder) % multiple
    if not off:
        return extent, remainder, []
    near = [one for one in (extent - off, extent - off + multiple) if one > 0]
    rest = f" and {remainder} more" if remainder else ""
    fault = (
        f"a tile of {extent} is off the grid: extents that fit are multiples of {multiple}{rest}; "
        f"the nearest are {' and '.join(map(str, near))}"
    )
    return extent, remainder, [Fault(axis, fault)]


def _runs(trial: Trial, axis: str, extent: int, multiple: int, rest: int) -> bool:
    """Whether the model runs at an extent near that of a tile with such a remainder."""
    near = extent + (rest - extent) % multiple
    try:
        trial.at({axis: near})
    except RFError:
        return near == trial.extent(axis)
    return True
