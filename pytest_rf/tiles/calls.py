"""Axes along which a step model is called chunk by chunk: these are not tiled."""

from __future__ import annotations

import math

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.domains.layout import Key
from pytest_rf.errors import UnknownError
from pytest_rf.figures import Number, said


def untiled(analysis: Analysis) -> dict[str, str]:
    """Return the axes of a step model along which it is called chunk by chunk, with why none of them is tiled."""
    found: dict[str, str] = {}
    for (name, number), advance in (analysis.stream.advance if analysis.stream is not None else {}).items():
        source = analysis.inputs[name]
        axis = next((axis for axis, place in source.axes.items() if place == number), "")
        told = f"a stream is run in calls of {advance}, not in tiles: its state holds what a tile would read again"
        back = _lookback(analysis, (name, number))
        early = (
            f"; to begin in the middle, begin {said(back)} earlier, as far as outputs look back"
            if back
            else ""
        )
        found.setdefault(axis, f"{axis}: {told}{early}")
    return found


def _lookback(analysis: Analysis, key: Key) -> Number:
    """Return how far outputs look back along an input axis; 0 where that is without end, or not known."""
    try:
        fields = [
            AxisField(analysis.runs, one.value, analysis.inputs[key[0]], key[1]) for one in analysis.outputs
        ]
        found = [one.lookback for one in fields]
    except UnknownError:
        return 0
    known = [back for back in found if back is not None and back < math.inf]
    return max(known) if len(known) == len(found) else 0
