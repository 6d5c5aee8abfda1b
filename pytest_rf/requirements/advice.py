"""What would put a finding right, in plain words.

Advice is tried before it is given: the model is analysed with the change that it proposes, and what does
not make the requirement hold is not said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.alignment import misaligned
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.paths import Measure
from pytest_rf.analysis.tensors import Contribution, contributions, owners
from pytest_rf.analysis.variants import nearest_window, reading_earlier, spacing, with_layers
from pytest_rf.figures import Number, said
from pytest_rf.graph import Graph
from pytest_rf.requirements.context import Context
from pytest_rf.requirements.explain import branches_of, describe, named
from pytest_rf.requirements.measure import Undecidable
from pytest_rf.requirements.syntax import Comparator
from pytest_rf.requirements.vocabulary import Metric
from pytest_rf.requirements.wording import listed

#: Nothing is tried with models of more steps than this: advice must not take longer than the answer.
_LARGEST = 5000
#: At most this many layers more are proposed.
_LAYERS = 4
#: At most this many layers whose dilations double are.
_DILATED = 8
#: At most this many strides are looked at.
_FACTORS = 8
#: Windows that look ahead are moved at most this often: once per branch.
_ROUNDS = 4


def is_small(graph: Graph) -> bool:
    """Whether variants of a model are quick to analyse."""
    return len(graph.program) <= _LARGEST


class Case(NamedTuple):
    """A part of a requirement that fails at one place.

    Attributes:
        tensor: the tensor there.
        field: its field.
        context: what brings context into it.
        can_try: whether advice may be tried: not of the hundredth finding, nor with a huge model.
        path: how the figure at hand grew.
        read: reads that figure from a field.
        holds: whether the part holds of a field.
    """

    tensor: Tensor
    field: AxisField
    context: Context
    can_try: bool
    path: Sequence[Contribution]
    read: Measure
    holds: Callable[[AxisField], bool | None]

    def held(self, changed: AxisField | None) -> bool:
        """Return whether the part holds of a field in a changed model."""
        try:
            return changed is not None and bool(self.holds(changed))
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
        accepted = _context(case) if metric.guarantee else ""
        return accepted or (_ahead(case) if metric.cause == "ahead" else "")
    if metric.cause == "strides":
        return _strides(case, comparator, Fraction(high), wanted)
    if not metric.monotone:
        return ""
    if metric.cause == "ahead" and (advice := _ahead(case)):
        return advice
    most = max((one for one in case.path if one.growth > 0), key=lambda one: one.growth, default=None)
    largest = f"; the layer that adds most is {describe(most.tensor)} (+{said(most.growth)})" if most else ""
    excess = (Fraction(high) - wanted) * _scale(case, metric)
    return f"{_positions(excess)} too many{largest}" if excess else largest.removeprefix("; ")


def for_claim(case: Case, predicate: Metric, negated: bool) -> str:
    """Return advice for a claim that fails."""
    if negated:
        return ""
    if predicate.cause == "ahead":
        return _context(case) or _ahead(case)
    if predicate.cause == "context":
        return _context(case)
    return _moved_branch(case) if predicate.cause == "branches" else ""


def _scale(case: Case, metric: Metric) -> int:
    """Return what makes input positions of a figure, which is one for a share of the input."""
    return case.field.extent if metric.share_of else 1


def _positions(count: Number) -> str:
    """Return a length in words: all metrics that advice is about are lengths along the input, or shares of it."""
    return f"{said(count)} input position{'' if count == 1 else 's'}"


# ---------------------------------------------------------------------- too small


def _grow(case: Case, metric: Metric, low: Fraction, wanted: Fraction) -> str:
    """Say how much is missing, and which layers more would bring it."""
    if not metric.monotone:
        return ""
    missing = (wanted - low) * _scale(case, metric)
    are = "is" if missing == 1 else "are"
    text = f"{_positions(missing)} {are} missing" if missing else "one more input position is needed"
    layers = _layers(case, low * _scale(case, metric), missing) if case.can_try else ""
    return f"{text}: {layers}" if layers else text


def _layers(case: Case, low: Fraction, missing: Fraction) -> str:
    """Return how many layers more make the part hold, by trying it."""
    stride = case.field.stride
    one = with_layers(case.field, [1]) if stride else None
    figure = case.read(one) if one is not None else None
    if figure is None or not math.isfinite(figure) or figure <= low:
        return ""
    adds = Fraction(figure) - low
    count = max(1, math.ceil(missing / adds))
    each = f"one more 3-tap layer at stride {said(Fraction(stride or 1))} adds {said(adds)}"
    for more in (count, count + 1):  # one more where it must be larger, not equal
        if more <= _LAYERS and case.held(with_layers(case.field, [1] * more)):
            return f"{each}, so {'one such layer is' if more == 1 else f'{more} such layers are'} enough"
    if count <= _LAYERS:
        return ""
    several = math.ceil(math.log2(missing / adds + 1))
    dilations = [2**n for n in range(several)]
    if several <= _DILATED and case.held(with_layers(case.field, dilations)):
        return f"{several} more 3-tap layers with dilations 1 to {dilations[-1]}, doubling, are enough"
    return ""


# ---------------------------------------------------------------------- too large


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


def _ahead(case: Case) -> str:
    """Say which layers look ahead, and how each of them would not; nothing where one of them has to."""
    moves: dict[int, int] = {}
    told: dict[int, str] = {}
    path = case.path if case.can_try else ()
    for _ in range(_ROUNDS):
        for one in path:
            number, ahead = one.tensor.number, min(one.growth, one.total)
            if ahead == math.inf:
                told[number] = _masking(one.tensor)
                if not told[number]:
                    return ""
            elif ahead > 0:
                apart = spacing(case.field, number)
                if apart is None:
                    return ""
                moves[number] = moves.get(number, 0) + math.ceil(ahead / apart)
        changed = reading_earlier(case.field, moves, told) if moves or told else None
        if changed is None:
            return ""
        if case.held(changed):
            known = owners(case.field.runs)
            padded = [f"{named(known[number])} by {distance}" for number, distance in sorted(moves.items())]
            pads = [f"pad on the left instead of the right: {listed(padded, 6)}"] if padded else []
            return "; ".join([*told.values(), *pads])
        path = contributions(changed.runs, case.tensor, changed.input, changed.axis, case.read)
    return ""


def _masking(tensor: Tensor) -> str:
    """Say how an operator that reads the whole axis can be kept from what lies ahead."""
    kind = tensor.op.lower()
    if "attention" in kind:
        return f"mask what lies ahead in {named(tensor)} (causal attention)"
    recurrent = any(name in kind for name in ("lstm", "gru", "rnn"))
    return f"run {named(tensor)} in one direction only" if recurrent else ""


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


# ---------------------------------------------------------------------- misaligned


def _moved_branch(case: Case) -> str:
    """Say which branch must be padded otherwise to stand where the other does, if that is all."""
    field = case.field
    nodes = misaligned(field) if case.can_try else []
    branches = branches_of(field, nodes[0]) if nodes else []
    if len(branches) != 2 or branches[0].stride != branches[1].stride:
        return ""
    centers = [one.center for one in branches]
    if any(at is None or not math.isfinite(at) for at in centers):
        return ""
    a, b = (Fraction(at or 0) for at in centers)
    for one, distance in ((branches[1], b - a), (branches[0], a - b)):
        window = nearest_window(one)
        if window is None or not distance or (distance / window.apart).denominator != 1:
            continue
        taps = int(distance / window.apart)
        known = owners(field.runs)
        if window.number in known and case.held(reading_earlier(field, {window.number: taps})):
            front, behind = ("more", "less") if taps > 0 else ("less", "more")
            layer = named(known[window.number])
            return f"pad {layer} by {abs(taps)} {front} in front and {abs(taps)} {behind} behind"
    return ""
