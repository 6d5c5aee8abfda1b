"""Figures in words: lengths with their unit, what was measured and what was required, and the one line of a finding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from pytest_rf.figures import Number, number, said, written
from pytest_rf.findings import Elsewhere, Finding, Measurement, Spacing
from pytest_rf.requirements.units import Quantity, physical
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES
from pytest_rf.results import Held

#: What tilings need, by the name that findings give it.
TILINGS = {"min_overlap": "overlap", "min_context": "context"}


def measured(found: Finding) -> str:
    """Return what was measured: ``427``, ``187 to 188``, ``at most 224 (certain: 31)``, ``not causal``, …."""
    if found.metric in PREDICATES:
        return ", ".join(f"{'' if one.low else 'not '}{found.metric}" for one in found.measured)
    if found.metric in TILINGS and any(number(one.low) == math.inf for one in found.measured):
        return f"no {TILINGS[found.metric]} is seamless"
    text = _measurements(found, found.measured, found.spacing)
    if found.metric in TILINGS:
        return f"needs {text}{' in total' if len(found.measured) == 1 else ''}"
    if found.context and _kind(found) == "truth":
        return f"{text} (from {listed(found.context)})"
    return f"{text} ({_measurements(found, found.local)} without context)" if found.local else text


def required(found: Finding) -> str:
    """Return what was required: ``>= 428``, ``>= 80 mm (160)``, ``<= input (224)``, ``causal``."""
    need = found.required
    if need is None or not need.comparator:
        return "" if need is None else need.text
    text = f"{need.comparator} {need.text}"
    if need.value is None or isinstance(need.value, bool):
        return text
    exact = Fraction(number(need.value))
    plain = [written(exact), f"{written(exact * 100)}%" if _kind(found) == "ratio" else ""]
    if found.counted:
        plain = [_counted(found, exact)]
    return text if need.text in plain else f"{text} ({_counted(found, exact)})"


def sentence(found: Finding, several: bool) -> str:
    """Return the one line about a requirement: what was measured, what was required, where.

    Args:
        found: the finding.
        several: whether the model has several inputs, so that the line has to name the one that is meant.
    """
    return f"{_sentence(found, several)}{f' (from {found.pack})' if found.pack else ''}"


def _sentence(found: Finding, several: bool) -> str:
    on = on_axes(found.axes)
    if several and found.input:
        on += f' of input "{found.input}"'
    claim = found.metric in PREDICATES
    subject = f"{found.where} is" if claim else f"{found.where} {found.metric}"
    note = f"; {found.note}" if found.note else ""
    known = f"; it is {measured(found)}" if found.reason and found.measured and not claim else ""
    if any(one.tensor != found.tensor for one in found.others):
        said = (
            f"{found.reason}{known}" if found.reason else f"{'' if claim else 'measured '}{measured(found)}"
        )
        worst = f'"{found.tensor}" ({found.op or "input"})'
        return f"{subject} {required(found)}: {failing(found)} {worst}{on}: {said}{note}"
    also = "".join(f"; {_other_axes(found, one)}" for one in found.others)
    at = f"{also}{located(found.tensor, found.op)}"
    if found.reason:
        return f"{subject} {required(found)}: cannot be decided{on}: {found.reason}{known}{at}"
    return f"{subject}{'' if claim else ' is'} {measured(found)}{on}, required {required(found)}{note}{at}"


def located(tensor: str, op: str) -> str:
    """Return where something is found, as the end of a line says it: `` (tensor "y", Conv)``."""
    return f' (tensor "{tensor}", {op or "input"})'


def failing(found: Finding) -> str:
    """Return at how many tensors something fails: ``8 tensors fail and 3 cannot be decided, worst``."""
    failing = {one.tensor for one in found.tensors if not one.undecidable}
    open_ = {one.tensor for one in found.tensors} - failing
    if not failing:
        return f"cannot be decided at {len(open_):,} tensors, first"
    fail = f"{len(failing):,} tensor{'s fail' if len(failing) > 1 else ' fails'}"
    rank = "worst" if found.required is not None and found.required.comparator else "first"
    return f"{fail}{f' and {len(open_):,} cannot be decided' if open_ else ''}, {rank}"


def held(parts: Sequence[Held], several: bool) -> str:
    """Return what was measured where a requirement holds: ``427 on axes h and w at layer4, nearest of 12 tensors``.

    Args:
        parts: what was measured, part by part.
        several: whether the model has several inputs, so that they have to be named.
    """
    named = len({one.metric for one in parts}) > 1
    places: dict[tuple[str, ...], dict[str, None]] = {}
    for one in parts:
        figure, place = _held(one, named), _at(one, several)
        places.setdefault((one.metric, place), {})[figure] = None
    return "; ".join(f"{', '.join(figures)}{place}" for (_, place), figures in places.items())


def _held(one: Held, named: bool) -> str:
    found = Finding(code="", rule="", model="", message="", metric=one.metric)
    found = replace(found, measured=one.measured, spacing=one.spacing, counted=one.counted)
    told = f"{measured(found)}{on_axes(one.axes)}"
    # A claim does not name its figure, and what a tiling needs is said as a sentence.
    bare = one.metric in PREDICATES or one.metric in TILINGS
    return f"{one.metric} {told}" if not bare and (named or one.is_claim) else told


def _at(one: Held, several: bool) -> str:
    of = f' of input "{one.input}"' if several and one.input else ""
    if one.tensors == 1:
        return f"{of} at {one.tensor}"
    many = f"as at {one.tensors - 1:,} more" if one.is_claim else f"nearest of {one.tensors:,} tensors"
    return f"{of} at {one.tensor}, {many}"


def elsewhere(found: Finding, other: Elsewhere) -> str:
    """Return what was measured at one of a finding's further tensors, or that it is not known."""
    if other.undecidable:
        return "undecidable"
    return measured(replace(found, measured=other.measured, local=(), context=()))


def on_axes(axes: Sequence[str]) -> str:
    """Return axes as sentences name them: `` on axis h``, `` on axes h and w``; nothing of no axis."""
    return f" on ax{'is' if len(axes) == 1 else 'es'} {' and '.join(axes)}" if axes else ""


def _other_axes(found: Finding, other: Elsewhere) -> str:
    """Return what is measured at the finding's tensor where its axes do not agree."""
    if other.undecidable:
        return (
            f"undecidable{on_axes(other.axes)}{f': {other.reason}' if other.reason != found.reason else ''}"
        )
    return f"{elsewhere(found, other)}{on_axes(other.axes)}"


def listed(words: Sequence[str], most: int = 3) -> str:
    """Return a few words and how many more there are."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


def _kind(found: Finding) -> str:
    """Return the kind of metric that a finding is about; what is not a metric counts something."""
    metric = METRICS.get(found.metric)
    return "step" if metric is None else metric.kind


def _counted(found: Finding, value: Number) -> str:
    """Return a figure with what it counts, where that is no positions."""
    unit = found.counted.removesuffix("s") if value == 1 else found.counted
    return f"{said(value)} {unit}" if unit else said(value)


def _measurements(found: Finding, ends: Sequence[Measurement], spacing: Spacing | None = None) -> str:
    texts = []
    for one in ends:
        low, high = (_figure(found, number(end), spacing) for end in (one.low, one.high))
        if one.low != one.high or (one.certain is not None and one.certain[0] != one.certain[1]):
            text = f"{low} to {high}{'' if one.certain is None else ' at most'}"
        elif one.certain is None:
            text = high
        else:
            certain = number(one.certain[1])
            known = f" (certain: {_figure(found, certain, spacing)})" if math.isfinite(certain) else ""
            text = f"at most {high}{known}"
        texts.append(f"{text}{one.side and ' ' + one.side}")
    return ", ".join(texts)


def _figure(found: Finding, value: Number, spacing: Spacing | None) -> str:
    """Return a figure of a metric, with its physical length where the axis has a spacing."""
    kind = _kind(found)
    if kind == "truth":
        return "yes" if value else "no"
    if kind == "ratio":
        return "inf" if value == math.inf else f"{float(value) * 100:.6g}%"
    exact = kind == "step" and isinstance(value, Fraction)
    text = str(value) if exact else said(value) if math.isinf(value) else _counted(found, value)
    if spacing is None or math.isinf(value):
        return text
    length = physical(
        Fraction(value), Quantity(Fraction(number(spacing.number)), spacing.unit), spacing.shown or None
    )
    return f"{text} ({said(length.number)} {length.unit})"
