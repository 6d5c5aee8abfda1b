"""Which metrics and rules have a witness, and what looks for it.

Those that are not listed have none, as no single position of the actual input shows what is wrong: a stride, a centre
or an offset are about all units together, ``rf_min`` and ``erf`` about one path or all, ``multiple`` and ``min_input``
about other extents; branches that are not aligned, phases that differ, dead or needless operators, taps that read
padding alone and fields that are larger than the input leave every unit reading what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace as changed
from fractions import Fraction

from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.analysis.metrics import METRICS, Origin
from pytest_rf.figures import Number, number
from pytest_rf.findings import Finding, Shaped, Witness
from pytest_rf.framing import Framing
from pytest_rf.witnesses import looking
from pytest_rf.witnesses.looking import Claim, Look
from pytest_rf.witnesses.seeing import Sight, at
from pytest_rf.witnesses.walking import Chain

Limit = Callable[[Sight, Number], "Claim | None"]
"""Looks for a unit whose figure is beyond a limit."""

TOO_LARGE: Mapping[str, Limit] = {
    "rf": looking.wider,
    "coverage": looking.wider,
    "lookahead": looking.ahead,
    "lookback": looking.back,
    "latency": looking.late,
    "halo": looking.out_of_tile,
}
"""Metrics that are larger than allowed."""

TOO_SMALL: Mapping[str, Limit] = {
    "rf": looking.narrower,
    "coverage": looking.narrower,
    "density": lambda sight, least: looking.hole(sight),
    "lookahead": looking.short_ahead,
    "lookback": looking.short_back,
}
"""Metrics that are smaller than wanted."""

CLAIMED: Mapping[str, Look] = {
    "bounded": looking.everything,
    "causal": lambda sight: looking.ahead(sight, 0),
    "independent": looking.other_sample,
    "symmetric": looking.unmirrored,
    "context": looking.by_context,
}
"""Predicates that do not hold, and context where there should be none."""


def before(framing: Framing, most: Number) -> Number:
    """Return what a limit on samples before is in positions, whose windows begin before they do."""
    return Fraction(most - framing.before) / framing.hop


def behind(framing: Framing, most: Number) -> Number:
    """Return what a limit on samples behind is in positions, whose windows end behind them."""
    return Fraction(most - framing.behind) / framing.hop


WINDOWED: Mapping[str, Callable[[Framing, Number], Number]] = {
    "rf": lambda framing, most: Fraction(most - framing.window) / framing.hop + 1,
    "lookahead": behind,
    "lookback": before,
    "latency": behind,
}
"""What a limit in samples of a front-end is in positions."""

RULES: Mapping[str, Look] = {
    "batch-leak": looking.other_sample,
    "training-mode": looking.other_sample,
    "border-reads-ahead": lambda sight: looking.ahead(sight, 0),
    "context-ahead": lambda sight: looking.ahead(sight, 0),
    "gridding": looking.hole,
    "hidden-context": looking.by_context,
    "uneven-padding": looking.unmirrored,
}
"""Rules about what one tensor reads."""

UNREAD = ("unread-input", "stride-skips-input", "batch-leak")
"""Rules about positions that no output reads."""

LOCAL = ("rf", "coverage", "symmetric", "border-reads-ahead", "uneven-padding")
"""Metrics and rules that leave context out."""


def of_requirement(
    analysis: Analysis, found: Finding, align: int | None = None, origin: Origin = "end"
) -> Finding:
    """Return a violation of a requirement with its witness, if it has one.

    Args:
        analysis: the model.
        found: the finding.
        align: of a halo, what the borders of its tiles are multiples of; by default the tensor's own multiple.
        origin: which of its input steps an output step stands for.
    """
    need = found.required
    if analysis.stream is not None:  # no single call shows it
        return found
    if found.undecidable or need is None or need.value is None:
        return found
    if found.metric == "unused":
        return replace(found, witness=_of_unread(analysis, found, _selected(analysis, found)))
    look: Look | None = None
    if found.metric in CLAIMED and need.value is (found.metric != "context"):
        look = CLAIMED[found.metric]
    elif not isinstance(need.value, bool) and found.measured:
        look = _against(found, number(need.value), origin)
    return found if look is None else _witnessed(analysis, found, look, align)


def of_rule(analysis: Analysis, found: Finding) -> Finding:
    """Return a finding of a built-in rule with its witness, if it has one."""
    if found.undecidable or analysis.stream is not None:
        return found
    if found.rule in RULES:
        found = _witnessed(analysis, found, RULES[found.rule])
    if found.rule in UNREAD and found.witness is None:
        found = replace(found, witness=_of_unread(analysis, found, analysis.outputs))
    return found


def _against(found: Finding, wanted: Number, origin: Origin) -> Look | None:
    """Return what looks for a unit on the wrong side of what a figure is compared with."""
    assert found.required is not None
    sign = found.required.comparator[:1]
    high = max(number(one.high) for one in found.measured)
    too_large = sign == "<" or (sign == "=" and high > wanted)
    limit = (TOO_LARGE if too_large else TOO_SMALL if sign in (">", "=") else {}).get(found.metric)
    if limit is None:
        return None
    metric = METRICS[found.metric]
    if found.counted and found.metric not in (*WINDOWED, "halo"):
        return None
    # "< 5" is broken by 5 itself, and all counts are of whole positions.
    strict = found.required.comparator in ("<", ">")
    edge = (-0.5 if sign == "<" else 0.5) if strict else 0

    def look(sight: Sight) -> Claim | None:
        most = wanted * sight.extent if metric.share_of else wanted
        stride = sight.field.in_samples.stride if found.counted else sight.field.stride
        if metric.shift is not None:
            if not stride:
                return None
            most = most - metric.shift(stride, origin)
        most = most + edge
        if found.counted:
            framing = sight.field.framing
            if not stride or stride < framing.hop:  # a step of less than a position has no window of its own
                return None
            if found.metric == "halo":  # the window is another one on either side
                found_before = looking.outside(sight, before(framing, most), True)
                return found_before or looking.outside(sight, behind(framing, most), False)
            most = WINDOWED[found.metric](framing, most)
        return limit(sight, most)

    return look


def _selected(analysis: Analysis, found: Finding) -> list[Tensor]:
    """Return the tensors that a requirement about all of them together selects."""
    if found.where == "output":
        return analysis.outputs
    if found.where == "final":
        return [
            one.at(axis, found.input)
            for one in analysis.final
            if found.input in one.inputs
            for axis in found.axes
            if axis in analysis.inputs[found.input].axes
        ]
    return [tensor for tensor in [_tensor(analysis, found)] if tensor is not None and not found.others]


def _tensor(analysis: Analysis, found: Finding) -> Tensor | None:
    """Return the tensor that a finding is about; None where its name is another one's."""
    named = [tensor for tensor in analysis.outputs if tensor.name == found.tensor]
    named += [analysis.tensors[found.tensor]] if found.tensor in analysis.tensors else []
    if not named and found.tensor in analysis.graph.inputs:
        named = [analysis[found.tensor]]
    return next((one for one in named if (one.node, one.op) == (found.node, found.op)), None)


def _sights(analysis: Analysis, found: Finding, tensor: Tensor) -> Iterator[Sight]:
    """Yield the tensor along every axis that a finding is about."""
    batch = found.rule == "training-mode"  # which is about a layer, and names no axis
    for source in analysis.inputs.values():
        if source.name not in ([found.input] if found.input else tensor.inputs):
            continue
        for axis in found.axes or (("batch",) if batch else ()):
            try:
                place = source.axis(axis)
            except KeyError:
                continue
            key = found.rule if found.rule in RULES else found.metric
            yield Sight(tensor, tensor.field(source.name)[place], key in LOCAL)


def _witnessed(analysis: Analysis, found: Finding, look: Look, align: int | None = None) -> Finding:
    tensor = _tensor(analysis, found)
    if tensor is None or tensor.status == "unknown" or tensor.shape is None:
        return found
    for sight in _sights(analysis, found, tensor):
        sight = changed(sight, tile=align or sight.field.multiple)
        claim = look(sight)
        witness = None if claim is None else built(analysis, sight, claim)
        if witness is not None:
            return replace(found, witness=witness)
    return found


def built(analysis: Analysis, sight: Sight, claim: Claim) -> Witness | None:
    """Return the witness of a claim; None where no chain of reads leads from the unit to what it is said to read.

    Args:
        analysis: the model.
        sight: the tensor that the claim is about, along the axis that it is about.
        claim: the claim.
    """
    number, axis = sight.tensor.number, sight.key[1]
    if claim.reads:
        chain = None if sight.walker is None else sight.walker.walk(number, claim.unit, claim.position)
        if chain is None:
            return None
    else:
        chain = _nearest(sight, claim)
    place = [*chain.position] if chain else [n // 2 for n in sight.field.input.shape]
    place[axis] = claim.position
    return Witness(
        tensor=sight.tensor.name,
        unit=claim.unit,
        input=sight.key[0],
        position=tuple(place),
        axis=axis,
        reads=claim.reads,
        path=chain.nodes if chain else (),
        call=_call(analysis.inputs.values()),
    )


def _nearest(sight: Sight, claim: Claim) -> Chain | None:
    """Return the chain to the end of what a unit reads that is the nearest to a position that it does not."""
    span = sight.certain
    if span is None or sight.walker is None:
        return None
    ends = sorted(
        (at(span.lo, claim.unit), at(span.hi, claim.unit)), key=lambda end: abs(end - claim.position)
    )
    return sight.walker.walk(sight.tensor.number, claim.unit, ends[0])


def _of_unread(analysis: Analysis, found: Finding, tensors: list[Tensor]) -> Witness | None:
    """Return a position that no unit of some tensors reads, where there is one."""
    source = analysis.inputs.get(found.input)
    tensors = [one for one in tensors if source is not None and source.name in one.inputs]
    if source is None or not tensors or any(one.status == "unknown" for one in tensors):
        return None
    for axis in found.axes:
        place = source.axis(axis)
        unread = set.intersection(*(Sight(one, one.field(source.name)[place]).unread() for one in tensors))
        if unread:
            position = [n // 2 for n in source.shape]
            position[place] = min(unread)
            return Witness(
                tensor=tensors[0].name if len({one.number for one in tensors}) == 1 else "",
                unit=(),
                input=source.name,
                position=tuple(position),
                axis=place,
                reads=False,
                call=_call(analysis.inputs.values()),
            )
    return None


def _call(inputs: Iterable[Input]) -> tuple[Shaped, ...]:
    return tuple(Shaped(one.name, one.shape) for one in inputs)
