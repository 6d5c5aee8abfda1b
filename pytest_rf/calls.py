"""How a model is called and what its authors say of it: one record, which every door fills in the same way.

The doors are the configuration, the marker, the fixture, ``assert_rf``, ``analyze`` and the command line. Each hands
what it was given, key by key, to :func:`stated`, and the record to :func:`analysed`; so all take the same keys in the
same forms, and say the same about what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from pytest_rf.analysis import Analysis as Described
from pytest_rf.analysis.along import stream_axis
from pytest_rf.arrays import Npy
from pytest_rf.checkable import Analysis
from pytest_rf.factories import made
from pytest_rf.forms import FORMS, Origin, StepError, StreamError, form
from pytest_rf.framing import Framing
from pytest_rf.given import CallError, refuse_empty
from pytest_rf.loading import described, load
from pytest_rf.registry import NONE, Operators
from pytest_rf.requirements.frames import conflict
from pytest_rf.requirements.units import Quantity
from pytest_rf.requirements.vocabulary import nearest

__all__ = ["KEYS", "SAID", "Call", "CallError", "analysed", "stated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a model is called, and what its authors say of it.

    Attributes:
        inputs: input name -> shape, shape with type, example, or a list or mapping of these; or, where a door takes
            that, the shapes of the first inputs without their names. None: none are given.
        values: input name -> elements of inputs that steer the geometry; :class:`Npy` for what is in a file.
        kwargs: keyword arguments of the call of a module.
        args: arguments of what makes the module, by position or by name.
        axes: input name -> axis name -> axis number.
        spacing: axis name -> distance of neighbours.
        origin: which of its input steps an output step stands for.
        stands_for: axis name -> the last input position that step ``i`` stands for.
        frontend: axis name -> what makes its positions of samples, outside of the model.
        accept_context: patterns of nodes whose context is accepted.
        weights: whether exact zeros in weights and masked scores do not read.
        state: of a step model, state input -> the output that is its value in the next call, or ``"auto"``.
        chunk: how many positions along the axis of a stream a call advances by; by input where they differ. None:
            nothing is said; a step model's calls advance by all that they are given.
        mask_below: a constant of this or less that is added before a softmax is a mask then; None: -100.
    """

    inputs: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    args: Sequence[Any] | Mapping[str, Any] = ()
    axes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    spacing: Mapping[str, Quantity] = field(default_factory=dict)
    origin: Origin = "end"
    stands_for: Mapping[str, str] = field(default_factory=dict)
    frontend: Mapping[str, Framing] = field(default_factory=dict)
    accept_context: tuple[str, ...] = ()
    weights: bool = False
    state: Mapping[str, str] | str | None = None
    chunk: int | Mapping[str, int] | None = None
    mask_below: float | None = None


KEYS = tuple(one.name for one in fields(Call))
"""The keys by which every door describes a call."""

SAID = ("axes", "spacing", "origin", "stands_for", "frontend", "chunk", "accept_context")
"""Those that can be said of a model that is analysed already."""

Same = TypeVar("Same", bound=Call)


def stated(base: Same, given: Mapping[str, Any], root: Path | None = None, *, empty: bool = False) -> Same:
    """Return a call with what a door was given beside, or in place of, what it holds.

    Args:
        base: the call.
        given: key -> what was given; None is as if the key were not there.
        root: the folder that files of values must lie below; None where whoever gives them may read any.
        empty: whether inputs may be without elements, if the model says so, too.

    Raises:
        CallError: a key is unknown, or what it has is not of its form.
    """
    changed: dict[str, Any] = {}
    for key, value in given.items():
        if key not in FORMS:
            from difflib import get_close_matches

            near = get_close_matches(key, KEYS, n=1)
            raise CallError(key, f"is unknown{f', did you mean {near[0]}?' if near else ''}")
        if value is None:
            continue
        new = form(key, value, root)
        if key == "inputs" and not empty:
            refuse_empty(new)
        old = getattr(base, key)
        if key == "accept_context":
            new = (*old, *new)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            new = {**old, **new}
        changed[key] = new
    found = replace(base, **changed) if changed else base
    _agree(found.spacing, found.frontend)
    return found


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
        call = replace(call, axes={}, chunk=None)
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
        _agree({**analysis.spacing, **call.spacing}, frontend)
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


def _agree(spacing: Mapping[str, Quantity], frontend: Mapping[str, Framing]) -> None:
    """Refuse a spacing that a front-end contradicts."""
    for axis, one in frontend.items():
        if axis in spacing and (why := conflict(one, spacing[axis])):
            raise CallError("spacing", f"{axis}: {why}", axis)
