"""Edits that let two branches which meet stand at one place: the padding of the last layer of one is moved."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pytest_rf.analysis.alignment import mean_centre, misaligned
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.cures.change import Change
from pytest_rf.cures.geometry import Moved
from pytest_rf.cures.sites import Layer
from pytest_rf.cures.trial import Trial, beside
from pytest_rf.requirements.explain import branches_of


def changes(trial: Trial) -> Iterator[Change]:
    """Yield moves of the padding in either branch, where two of one stride meet."""
    field = trial.fields[0]
    for node in misaligned(field):
        branches = branches_of(field, node)
        centres = [mean_centre(one) for one in branches]
        if len(branches) != 2 or branches[0].stride != branches[1].stride or None in centres:
            continue
        a, b = (Fraction(at or 0) for at in centres)
        # The second branch first: of a residual that is the shortcut.
        for one, distance in ((branches[1], b - a), (branches[0], a - b)):
            layer = _last(trial, one)
            apart = None if layer is None else beside(one, layer.operand).stride
            if layer is not None and apart and (distance / apart).denominator == 1:
                axes = trial.along(layer)
                if axes:
                    yield Moved(layer.node.index, axes, int(distance / apart))
        return


def _last(trial: Trial, field: AxisField) -> Layer | None:
    """Return the last layer before a field, on a way without merges."""
    number = field.value.number
    while (step := trial.sites.makers.get(number)) is not None:
        layer = trial.sites.layers.get(step.node.index)
        if layer is not None:
            return layer
        if len(set(step.operands)) != 1:
            return None
        number = step.operands[0]
    return None
