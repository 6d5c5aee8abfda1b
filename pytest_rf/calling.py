"""Analyses a model as a call describes it, and says of an analysis what a call says of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from msgspec import structs

from pytest_rf.analysis import Analysis as Described
from pytest_rf.analysis.along import stream_axis
from pytest_rf.arrays import Npy
from pytest_rf.calls import Call, CallError, agree
from pytest_rf.checkable import Analysis
from pytest_rf.factories import made
from pytest_rf.forms import StepError, StreamError
from pytest_rf.loading import described, load
from pytest_rf.registry import NONE, Operators
from pytest_rf.requirements.vocabulary import nearest


def analysed(
    source: Any,
    call: Call,
    example: Sequence[Any] = (),
    *,
    name: str | None = None,
    root: Path | None = None,
    operators: Operators = NONE,
) -> Analysis:
    """Return the analysis of a model that is called as described.

    Args:
        source: the path of an .onnx file, ``package.module:factory``, an ``onnx.ModelProto``, a PyTorch module or
            program, or a class or function that makes one.
        call: how it is called.
        example: for PyTorch, the inputs of one call.
        name: what messages call it.
        root: the folder that ``package.module`` is imported from; the working directory by default.
        operators: what a configuration states of operators.

    Raises:
        ModelError: the model cannot be read, made or analysed, or is not called like this.
        RequirementError: what a step stands for is not understood.
    """
    model = made(source, root or Path.cwd(), call.args)
    values = {key: one.load() if isinstance(one, Npy) else one for key, one in call.values.items()}
    analysis = load(
        model,
        example,
        inputs=call.inputs,
        kwargs=call.kwargs,
        values=values,
        weights=call.weights,
        mask_below=call.mask_below,
        name=name,
        operators=operators,
    )
    if call.state is not None:
        from pytest_rf.streams import streamed  # most models have no state

        # Along which axis the inputs are streams is said of the call; all else of the net that it is.
        analysis = cast(Analysis, streamed(described(analysis, call.axes), call.state, call.chunk))
        call = structs.replace(call, axes={}, chunk=None)
    return said(analysis, call)


def said(analysis: Analysis, call: Call) -> Analysis:
    """Return an analysis with what a call says of the model, beside what has been said before.

    Raises:
        ModelError: an axis or a pattern is not the model's.
        RequirementError: what a step stands for is not understood.
    """
    analysis = described(analysis, call.axes, call.accept_context)
    for axis, told in absent(analysis, call.stands_for).items():
        raise StepError("stands_for", told, axis)
    for axis, told in absent(analysis, call.spacing).items():
        raise CallError("spacing", told, axis)
    analysis = described(analysis, stands_for=call.stands_for)
    for axis, told in absent(analysis, call.frontend).items():
        raise StreamError("frontend", told, axis)
    chunk = call.chunk
    if isinstance(chunk, Mapping):
        raise StreamError("chunk", "is one number here; by input it is for step models, whose state is named")
    if chunk and not stream_axis(analysis.inputs.values()):
        raise StreamError(
            "chunk",
            "along which axis chunks come in is not known: there is none called t, and not just one; name it, as in "
            "axes = { x = { t = 2 } }",
        )
    if call.frontend or chunk:
        frontend = {**analysis.frontend, **call.frontend}
        agree({**analysis.spacing, **call.spacing}, frontend)
        analysis = replace(analysis, frontend=frontend, chunk=chunk or analysis.chunk)
    if call.spacing or call.origin != "end":
        spacing = {**analysis.spacing, **call.spacing}
        origin = call.origin if call.origin != "end" else analysis.origin
        analysis = replace(analysis, spacing=spacing, origin=origin)
    return analysis


def absent(analysis: Described, axes: Iterable[str], models: str = "") -> dict[str, str]:
    """Return those of some axes that a model does not have, with what to say about each.

    Args:
        analysis: the model.
        axes: names of axes.
        models: the models of which none has them, in words, if they are several.
    """
    named = list(axes)
    if not named:
        return {}  # which axes the model has is not worked out for nothing
    known = list(dict.fromkeys(axis for source in analysis.inputs.values() for axis in source.axes))
    there_is = {axis.lower() for axis in known}
    there = f"there are {', '.join(known) or 'none; name them with axes'}"

    def told(axis: str) -> str:
        if models:
            return f'there is no axis "{axis}" in {models}'
        return f'the model has no axis "{axis}"{nearest(axis, known)}; {there}'

    return {axis: told(axis) for axis in named if axis.lower() not in there_is}
