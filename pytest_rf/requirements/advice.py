"""What would put a finding right, in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from pytest_rf.requirements.context import Context
from pytest_rf.requirements.measure import Reading
from pytest_rf.requirements.syntax import Comparator
from pytest_rf.requirements.vocabulary import Metric
from pytest_rf.requirements.wording import listed, number

#: Metrics that grow by 2 × stride with one more 3-tap layer, of which one side's share is stride.
_GROWS_BY = {"rf": 2, "rf_min": 2, "coverage": 2, "lookahead": 1, "lookback": 1, "halo": 1}


def for_comparison(
    axis_field: Any,
    context: Context,
    metric: Metric,
    comparator: Comparator,
    reading: Reading,
    wanted: Fraction,
    path: Sequence[tuple[Any, Any]],
) -> str:
    """Return advice for a comparison that fails.

    Args:
        axis_field: the field of the axis.
        context: what brings context into it.
        metric: what was compared.
        comparator: how.
        reading: the figure that fails.
        wanted: what it was compared with.
        path: pairs of a tensor's description and its growth, along which the field grew.
    """
    if metric.name == "context":
        return _context(context) if context.remaining else ""
    low, high = reading.low.upper, reading.high.upper
    too_small = low < wanted if comparator in (">=", "==") else low <= wanted if comparator == ">" else False
    if too_small:
        return _grow(axis_field, metric, Fraction(low) if math.isfinite(low) else Fraction(0), wanted)
    if comparator == "!=":
        return ""
    if math.isinf(high):
        return _unbounded(context, metric, path)
    if metric.name == "stride":
        return f"the strides on the way multiply to {number(high)}: take one of them out, or upsample"
    if not metric.monotone:
        return ""
    most = max((step for step in path if math.isfinite(step[1])), key=lambda step: step[1], default=None)
    largest = f"; the layer that adds most is {most[0]} (+{number(most[1])})" if most and most[1] > 0 else ""
    excess = _positions(axis_field, metric, Fraction(high) - wanted)
    return f"{number(excess)} too many{largest}"


def for_claim(context: Context, predicate: str, negated: bool, path: Sequence[tuple[Any, Any]]) -> str:
    """Return advice for a claim that fails."""
    if negated:
        return ""
    if context.remaining and predicate in ("bounded", "causal"):
        return _context(context)
    whole = next((label for label, growth in path if growth == math.inf), None)
    if predicate in ("bounded", "causal") and whole is not None:
        return f"{whole} mixes the whole axis"
    if predicate == "causal":
        return "pad on the left only (kernel - 1, times the dilation), and crop nothing from the right"
    if predicate == "aligned":
        return "give the branches that meet one stride and matching padding"
    return ""


def _grow(axis_field: Any, metric: Metric, low: Fraction, wanted: Fraction) -> str:
    """Say how much is missing and what one more layer would add."""
    missing = _positions(axis_field, metric, wanted - low)
    if metric.kind not in ("length", "ratio") or metric.name == "density":
        return ""
    text = f"{number(missing)} missing"
    stride = getattr(axis_field, "stride", None)
    factor = _GROWS_BY.get(metric.name)
    if factor is None or stride is None or stride <= 0 or not math.isfinite(stride):
        return text
    adds = Fraction(stride) * factor
    layers = max(1, math.ceil(missing / adds))
    enough = "one such layer is" if layers == 1 else f"{layers} such layers are"
    one_more = f"one more 3-tap layer at stride {number(Fraction(stride))} adds {number(adds)}"
    return f"{text}: {one_more}, so {enough} enough"


def _positions(axis_field: Any, metric: Metric, difference: Fraction) -> Fraction:
    """Return a difference in input positions, which for a share of the input it is not yet."""
    return difference * axis_field.extent if metric.name == "coverage" else difference


def _unbounded(context: Context, metric: Metric, path: Sequence[tuple[Any, Any]]) -> str:
    """Say what reads the whole axis."""
    if metric.guarantee and context.remaining:
        return _context(context)
    whole = next((label for label, growth in path if growth == math.inf), None)
    return (
        f"{whole} mixes the whole axis"
        if whole is not None
        else "an operator on the way mixes the whole axis"
    )


def _context(context: Context) -> str:
    """Say where context comes from and how to accept it."""
    return (
        f"statistics of the whole axis come in at {listed(context.remaining)}; "
        "normalise with fixed statistics, or list them in accept_context"
    )
