"""Figures in words: lengths with their unit, what was measured and what was required, and the one line of a finding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from pytest_rf.figures import Number, number, said, written
from pytest_rf.findings import Finding, Measurement, Spacing
from pytest_rf.requirements.units import Quantity, physical
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES


def measured(found: Finding) -> str:
    """Return what was measured: ``427``, ``187 to 188``, ``at most 224 (certain: 31)``, ``not causal``, …."""
    if found.metric in PREDICATES:
        return ", ".join(f"{'' if one.low else 'not '}{found.metric}" for one in found.measured)
    text = _measurements(found.measured, _kind(found), found.spacing)
    if found.context and _kind(found) == "truth":
        return f"{text} (from {listed(found.context)})"
    return f"{text} ({_measurements(found.local, _kind(found))} without context)" if found.local else text


def required(found: Finding) -> str:
    """Return what was required: ``>= 428``, ``>= 80 mm (160)``, ``<= input (224)``, ``causal``."""
    need = found.required
    if need is None or not need.comparator:
        return "" if need is None else need.text
    text = f"{need.comparator} {need.text}"
    if need.value is None or isinstance(need.value, bool):
        return text
    exact = Fraction(number(need.value))
    plain = (written(exact), f"{written(exact * 100)}%" if _kind(found) == "ratio" else "")
    return text if need.text in plain else f"{text} ({said(exact)})"


def sentence(found: Finding, several: bool) -> str:
    """Return the one line about a requirement: what was measured, what was required, where.

    Args:
        found: the finding.
        several: whether the model has several inputs, so that the line has to name the one that is meant.
    """
    on = f" on ax{'is' if len(found.axes) == 1 else 'es'} {' and '.join(found.axes)}" if found.axes else ""
    if several and found.input:
        on += f' of input "{found.input}"'
    at = f' (tensor "{found.tensor}", {found.op or "input"})'
    claim = found.metric in PREDICATES
    subject = f"{found.where} is" if claim else f"{found.where} {found.metric}"
    if found.reason:
        known = f"; it is {measured(found)}" if found.measured and not claim else ""
        return f"{subject} {required(found)}: cannot be decided{on}: {found.reason}{known}{at}"
    note = f"; {found.note}" if found.note else ""
    verb = "" if claim else " is"
    return f"{subject}{verb} {measured(found)}{on}, required {required(found)}{note}{at}"


def listed(words: Sequence[str], most: int = 3) -> str:
    """Return a few words and how many more there are."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


def _kind(found: Finding) -> str:
    """Return the kind of metric that a finding is about; what is not a metric counts something."""
    metric = METRICS.get(found.metric)
    return "step" if metric is None else metric.kind


def _measurements(found: Sequence[Measurement], kind: str, spacing: Spacing | None = None) -> str:
    texts = []
    for one in found:
        low, high = (_figure(number(end), kind, spacing) for end in (one.low, one.high))
        if one.low != one.high or (one.certain is not None and one.certain[0] != one.certain[1]):
            text = f"{low} to {high}{'' if one.certain is None else ' at most'}"
        elif one.certain is None:
            text = high
        else:
            certain = number(one.certain[1])
            known = f" (certain: {_figure(certain, kind, spacing)})" if math.isfinite(certain) else ""
            text = f"at most {high}{known}"
        texts.append(f"{text}{one.side and ' ' + one.side}")
    return ", ".join(texts)


def _figure(value: Number, kind: str, spacing: Spacing | None) -> str:
    """Return a figure of a metric, with its physical length where the axis has a spacing."""
    if kind == "truth":
        return "yes" if value else "no"
    if kind == "ratio":
        return "inf" if value == math.inf else f"{float(value) * 100:.6g}%"
    exact = kind == "step" and isinstance(value, Fraction)
    text = str(value) if exact else said(value)
    if spacing is None or math.isinf(value):
        return text
    length = physical(
        Fraction(value), Quantity(Fraction(number(spacing.number)), spacing.unit), spacing.shown or None
    )
    return f"{text} ({said(length.number)} {length.unit})"
