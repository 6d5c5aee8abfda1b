"""Whether the samples of a batch are independent: the verdict, the operator that mixes them, and the remedy."""

from __future__ import annotations

from pytest_rf import paths
from pytest_rf.analysis import Input
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.errors import RFError
from pytest_rf.requirements.select import time_first
from pytest_rf.value import Shape


def verdict(axis_field: AxisField, source: Input, number: int) -> tuple[bool | None, str]:
    """Return whether the samples of an input stay apart, and where that is not known why, and what would help."""
    holds = axis_field.independent
    if source.shape[number] < 2:
        return None, _one(axis_field, source, number)
    if holds is None:
        return None, axis_field.samples.reason
    return holds, ""


def _one(axis_field: AxisField, source: Input, number: int) -> str:
    """Say that one sample cannot be mixed with another, and how to analyse two: by shapes, if the model runs there."""
    runs, more = axis_field.runs, axis_field.samples.one_more
    told = f"undecidable at batch {source.shape[number]}"
    stream = runs.about.stream
    tried = runs.about.reopen is not None
    if tried:
        try:
            runs.lowered(more)
        except RFError as error:
            return f"{told}, and it does not run at {more[source.name][number]} ({error}): {ANEW}"
    if stream is not None:
        more = {name: _two(stream.given(name), number) for name in more}
    shown = (
        {source.name: more[source.name], **more} if len(more) <= _SHOWN else {source.name: more[source.name]}
    )
    shapes = ", ".join(f"{name} = {list(shape)}" for name, shape in shown.items())
    others = "" if len(shown) == len(more) else f", and the other {len(more) - len(shown)} inputs likewise"
    return f"{told}: give a batch of 2 or more, as in inputs = {{ {shapes} }}{others}{'' if tried else f', or {ANEW}'}"


ANEW = "export it anew with an open batch"

#: The shapes of so many inputs are told.
_SHOWN = 3


def _two(shape: Shape, number: int) -> Shape:
    return tuple(2 if axis == number else extent for axis, extent in enumerate(shape))


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
