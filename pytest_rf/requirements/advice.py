"""What a finding lacks or has too much of, and what of the configuration would put it right, in plain words.

Edits of the model that would are :mod:`pytest_rf.cures`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from pytest_rf.analysis import smallest
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.tensors import Contribution
from pytest_rf.figures import Number, said
from pytest_rf.findings import Blame
from pytest_rf.requirements.context import Context
from pytest_rf.requirements.explain import describe
from pytest_rf.requirements.measure import Undecidable
from pytest_rf.requirements.syntax import Comparator
from pytest_rf.requirements.vocabulary import Metric
from pytest_rf.requirements.wording import listed

#: At most this many strides are looked at.
_FACTORS = 8


class Case(NamedTuple):
    """A part of a requirement that fails at one place.

    Attributes:
        field: the field there.
        context: what brings context into it.
        path: how the figure at hand grew.
        holds: whether the part holds of a field.
    """

    field: AxisField
    context: Context
    path: Sequence[Contribution]
    holds: Callable[[AxisField], bool | None]

    def held(self, field: AxisField) -> bool:
        """Return whether the part holds of a field."""
        try:
            return bool(self.holds(field))
        except Undecidable:
            return False


def for_comparison(
    case: Case, metric: Metric, comparator: Comparator, low: Number, high: Number, wanted: Fraction
) -> str:
    """Return advice for a comparison that fails.

    Args:
        case: where it fails.
        metric: what was compared.
        comparator: how.
        low: the smallest figure of all units.
        high: the largest.
        wanted: what it was compared with.
    """
    if metric.form == "sources":
        return _statistics(case)
    too_small = low < wanted if comparator in (">=", "==") else low <= wanted if comparator == ">" else False
    if too_small:
        return _grow(case, metric, Fraction(low), wanted) if math.isfinite(low) else ""
    if comparator == "!=":
        return ""
    if math.isinf(high):
        return _context(case) if metric.guarantee else ""
    if metric.cause == "room":
        return smallest.obstacle(case.field)
    if metric.cause == "strides":
        return _strides(case, comparator, Fraction(high), wanted)
    if not metric.monotone:
        return ""
    excess = (Fraction(high) - wanted) * _scale(case, metric)
    most = max((one for one in case.path if one.growth > 0), key=lambda one: one.growth, default=None)
    largest = f"; the layer that adds most is {describe(most.tensor)} (+{said(most.growth)})" if most else ""
    outside = "" if most or not excess else _outside(case, metric)
    return (
        f"{_positions(case, excess)} too many{outside or largest}" if excess else largest.removeprefix("; ")
    )


def _outside(case: Case, metric: Metric) -> str:
    """Return what a figure is of that no layer adds to: the front-end, the chunk; empty where it is of neither."""
    field = case.field
    parts = [f"the front-end {field.framing}"] if field.framed and metric.grows else []
    parts += [f"the chunk of {field.chunk} positions"] if metric.waits and field.chunk > 1 else []
    whose = " and ".join(parts)
    return f", all of {whose}: no layer adds any" if parts else ""


#: What helps against an operator that reads without end, by what it does.
_INSTEAD = {
    "circular": "let nothing that leaves at one end come in at the other: pad with zeros or by reflection, and crop",
    "window": "give its windows a fixed size, and let their number grow with the input",
    "grid": "resize by a fixed factor with half-pixel centres (align_corners=False)",
}


def for_claim(case: Case, predicate: Metric, negated: bool, blame: Sequence[Blame] = ()) -> str:
    """Return advice for a claim that fails; ``blame``: the operators for which it does, if they are looked for."""
    if negated or predicate.cause not in ("ahead", "context"):
        return ""
    if predicate.cause == "context" and blame and blame[0].does in _INSTEAD:
        return _INSTEAD[blame[0].does]
    return _context(case)


def _scale(case: Case, metric: Metric) -> int:
    """Return what makes input positions of a figure, which is one for a share of the input."""
    return case.field.extent if metric.share_of else 1


def _positions(case: Case, count: Number) -> str:
    """Return a length in words: all metrics that advice is about are lengths along the input, or shares of it."""
    return f"{said(count)} {_one(case)}{'' if count == 1 else 's'}"


def _one(case: Case) -> str:
    return "sample" if case.field.framed else "input position"


def _grow(case: Case, metric: Metric, low: Fraction, wanted: Fraction) -> str:
    """Say how much is missing."""
    if not metric.monotone:
        return ""
    missing = (wanted - low) * _scale(case, metric)
    are = "is" if missing == 1 else "are"
    return f"{_positions(case, missing)} {are} missing" if missing else f"one more {_one(case)} is needed"


def _context(case: Case) -> str:
    """Say where context comes from and how to accept it, if that is all that is wrong."""
    alone = bool(case.context.remaining) and case.held(case.field.without_context)
    return _statistics(case) if alone else ""


def _statistics(case: Case) -> str:
    sources = case.context.remaining
    if not sources:
        return ""
    text = f"statistics of the whole axis come in at {listed(sources)}; "
    trained = _in_training(case, sources)
    if trained:
        call = "export the model" if case.field.runs.about.capture == "onnx" else "call .eval() on the model"
        text += f"{listed(trained)} {'is' if len(trained) == 1 else 'are'} in training mode: {call}"
        text += " in evaluation mode" if case.field.runs.about.capture == "onnx" else ""
        if len(trained) == len(sources):
            return text
        text += "; "
    return f"{text}normalise with fixed statistics, or list them in accept_context"


def _in_training(case: Case, sources: Sequence[str]) -> list[str]:
    wanted = set(sources)
    return [node.name for node in case.field.runs.graph.nodes if node.training and node.name in wanted]


def _strides(case: Case, comparator: Comparator, high: Fraction, wanted: Fraction) -> str:
    """Say what the strides on the way multiply to, and without which of them it would be small enough."""
    factors = sorted(one.factor for one in case.path if one.factor > 1)[:_FACTORS]
    if not factors:
        return ""
    text = f"the strides on the way multiply to {said(high)}"
    for count in range(1, len(factors) + 1):
        for some in combinations(factors, count):
            less = high / math.prod(some)
            if (
                less < wanted
                if comparator == "<"
                else less == wanted
                if comparator == "=="
                else less <= wanted
            ):
                kind = "a stride" if count == 1 else "strides"
                return f"{text}; without {kind} of {' and '.join(map(said, some))} it is {said(less)}"
    return text
