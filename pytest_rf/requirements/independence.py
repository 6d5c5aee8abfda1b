"""Whether the samples of a batch are independent: the verdict, the operator that mixes them, and the remedy."""

from __future__ import annotations

from pytest_rf import paths
from pytest_rf.analysis import Input
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.requirements.select import time_first
from pytest_rf.value import Shape


def verdict(axis_field: AxisField, source: Input, number: int) -> tuple[bool | None, str]:
    """Return whether the samples of an input stay apart, and where that is not known why, and what would help."""
    holds = axis_field.independent
    if source.shape[number] < 2:
        stream = axis_field.runs.about.stream
        return None, _one(source, number, source.shape if stream is None else stream.given(source.name))
    if holds is None:
        return None, axis_field.samples.reason
    return holds, ""


def _one(source: Input, number: int, shape: Shape) -> str:
    """Say that one sample cannot be mixed with another, and how to analyse two; ``shape`` is what a call is given."""
    extents = (2 if axis == number else extent for axis, extent in enumerate(shape))
    return (
        f"undecidable at batch {source.shape[number]}: give a batch of 2 or more, "
        f"as in inputs = {{ {source.name} = [{', '.join(map(str, extents))}] }}; "
        "a file or program whose nodes fix it has to be exported with an open batch dimension"
    )


def explained(axis_field: AxisField, source: Input, number: int) -> tuple[str, str]:
    """Return what to say of a violation: where samples mix first, and what would keep them apart."""
    mixer = axis_field.samples.mixer
    if mixer is None:
        return "", ""
    node, how = mixer.node, mixer.how
    place = ", ".join(text for text in (node.op, paths.line(node.source)) if text)
    verb = "change places" if how in ("moves", "order") else "mix"
    note = f"samples {verb} first in {node.module or node.name} ({place})"
    if how == "statistic" and "batchnorm" in node.op.lower().replace("_", ""):
        return note, _HELP["batch norm"]
    if how in ("axis", "statistic", "moves", "pairs") and len(source.shape) > 1:
        named = time_first(source, number)
        note += f"; if axis {number} counts time and not samples, name the axes: {named}"
    return note, _HELP[how]


_HELP = {
    "axis": "it runs along the samples: turn the axes to the order that it wants (batch_first=True, say)",
    "statistic": "it takes a statistic over the samples: take it over the other axes",
    "moves": "it picks samples or moves them to other places: leave the order of the batch as it is",
    "folded": "samples and positions lie along one axis there: keep them apart in the reshape before it",
    "order": "take an axis of samples and positions apart in the order of its fold: view(batch, time, -1)",
    "pairs": (
        "it pairs samples with others, as attention along the batch does (batch_first=True, say); name the axes "
        "of an input that counts no samples"
    ),
    "batch norm": (
        "it normalises with the statistics of the batch: the module is in training mode, or keeps no running "
        "statistics; call eval() first"
    ),
}
