"""Samples of a front-end as physical quantities: how far apart they are, and whether a spacing agrees with that."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_rf.errors import RequirementError
from pytest_rf.figures import written
from pytest_rf.requirements.units import Quantity, positions

if TYPE_CHECKING:
    from pytest_rf.framing import Framing


def distance(framing: Framing, spacing: Quantity | None) -> Quantity | None:
    """Return the distance between samples, by the rate or by the spacing of positions; None where neither is said."""
    if framing.rate is not None:
        return Quantity(1 / framing.rate, "s")
    return None if spacing is None else Quantity(spacing.number / framing.hop, spacing.unit)


def conflict(framing: Framing, spacing: Quantity) -> str:
    """Say how the spacing of positions contradicts what a front-end makes them of; empty where it does not."""
    if framing.rate is None:
        return ""
    hop = Quantity(Fraction(framing.hop) / framing.rate, "s")
    try:
        if positions(hop, spacing, "") == 1:
            return ""
    except RequirementError:
        pass
    apart = f"{framing.hop} samples at {written(framing.rate)} a second"
    return f"positions are {spacing} apart here, and by the front-end {apart}: leave one of them out"
