"""From whatever users hold to an :class:`~pytest_rf.analysis.Analysis`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pytest_rf import gc_pause, limits
from pytest_rf.analysis import steps
from pytest_rf.analysis.accepting import verified
from pytest_rf.analysis.described import Relower, say
from pytest_rf.checkable import Analysis
from pytest_rf.errors import ModelError
from pytest_rf.given import remedy
from pytest_rf.graph import MASK_BELOW, Graph
from pytest_rf.registry import NONE, Operators

_LARGEST = 1 << 20
"""No larger extent is chosen."""


def described(
    analysis: Analysis,
    axes: Mapping[str, Mapping[str, int]] | None = None,
    accept_context: Sequence[str] = (),
    stands_for: Mapping[str, str] | None = None,
) -> Analysis:
    """Return an analysis with what its authors say of the model, beside what they have said before.

    Raises:
        ModelError: an axis or a pattern is not the model's.
        RequirementError: what a step stands for is not understood.
    """
    accepted = (*analysis.accept_context, *accept_context) if accept_context else analysis.accept_context
    said = replace(analysis, wanted_axes={**analysis.wanted_axes, **(axes or {})}, accept_context=accepted)
    if stands_for:
        names = [axis for source in said.inputs.values() for axis in source.axes]
        say(said, stands_for={**said.stands_for, **steps.told(names, stands_for)})
    return verified(said)


@gc_pause.paused()
def load(
    model: Any,
    example: Sequence[Any] = (),
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    mask_below: float | None = None,
    name: str | None = None,
    operators: Operators = NONE,
) -> Analysis:
    """Return the analysis of a model as it is, without what its authors say of its axes.

    Args:
        model: the path of an .onnx file, an ``onnx.ModelProto``, or a PyTorch module or program.
        example: for PyTorch, the inputs of one call.
        inputs: shapes and examples in the form of :func:`pytest_rf.given.specs`.
        kwargs: for PyTorch, keyword arguments of the call.
        values: input name -> array, for inputs that steer the geometry.
        weights: whether taps that are exactly 0 and attention scores that a constant masks do not read.
        mask_below: a constant of this or less that is added before a softmax is a mask then; -100 by default.
        name: what messages call the model; the file's name by default.
        operators: what a configuration states of operators.

    Raises:
        ModelError: the model cannot be read or analysed, or is not called like this.
    """
    below = MASK_BELOW if mask_below is None else mask_below
    if isinstance(model, (str, PathLike)):
        from pytest_rf.frontends.onnx import skimmed

        path = fspath(model)
        _no_call(path, example, kwargs)
        # The file is read again only if it is asked for: its weights are not kept.
        called = name or Path(path).stem
        analysis = _of_file(
            lambda: skimmed(path), path, called, path, inputs, values, weights, operators, below
        )
        say(analysis, called=(path, values))
        return analysis
    if type(model).__module__.split(".")[0] in ("onnx", "onnx_ml_pb2") or hasattr(model, "opset_import"):
        called = name or model.graph.name or "model"
        _no_call(called, example, kwargs)
        analysis = _of_file(lambda: model, None, called, called, inputs, values, weights, operators, below)
        say(analysis, called=(model, values))
        return analysis
    if is_torch(model):
        from pytest_rf.frontends.torch import load, reopened

        given: Any = None if not example else example[0] if len(example) == 1 else example
        call = (model, given, inputs, kwargs or None, values or None, weights, operators, below)
        graph, way = load(*call)
        return Analysis(
            graph,
            name or _name(model),
            None,
            way,
            reopen=lambda: reopened(*call),
            module=model,
            called=(given, inputs, kwargs, values),
        )
    raise ModelError(no_model(model))


def _of_file(
    read: Callable[[], Any],
    path: str | None,
    name: str,
    place: str,
    inputs: Any,
    values: Mapping[str, Any] | None,
    weights: bool,
    operators: Operators,
    below: float,
) -> Analysis:
    """Return the analysis of an ONNX model; ``place`` is how errors name it."""
    from pytest_rf.frontends.onnx import fixed, lower, lowered, named

    model, allowed = read(), limits.current()
    shapes, only = named(model, place, inputs), fixed(model)

    def of(least: int = 0) -> Analysis:
        graph, chosen = lowered(model, place, shapes, values, weights, operators, least, below)
        taken = {source: value.extents for source, value in graph.inputs.items()}

        def reopen() -> Relower:
            with limits.held(allowed):
                again = read()

            def relower(others: Mapping[str, Sequence[int]]) -> Graph:
                with limits.held(allowed):
                    return lower(again, place, {**taken, **others}, values, weights, True, operators, below)

            return relower

        return Analysis(graph, name, path, reopen=reopen, chosen=chosen, fixed=only)

    analysis = of()
    larger = _larger(analysis)
    try:
        return of(larger) if larger else analysis
    except ModelError:  # it runs at no larger ones
        return analysis


def _larger(analysis: Analysis) -> int:
    """Return the extent at which a chosen one is twice the field, so that some unit reads no border; 0 where it is."""
    largest = 0
    for tensor in (
        analysis.final if analysis.chosen else ()
    ):  # the roles of axes are to be said before they are found
        for name in tensor.inputs if tensor.status != "unknown" else ():
            for axis in analysis.chosen.get(name, ()):
                size = tensor.at(axis, name).field(name)[axis].rf
                extent = analysis.inputs[name].shape[axis]
                if isfinite(size) and 2 * size > extent:
                    largest = max(largest, int(2 * size))
    return 1 << (largest - 1).bit_length() if 0 < largest <= _LARGEST else 0


def is_torch(model: Any) -> bool:
    """Whether the model is PyTorch's, which it can be only where torch has been imported."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return isinstance(model, torch.nn.Module) or type(model).__name__ == "ExportedProgram"


def _name(model: Any) -> str:
    """Return the class of a module; of the one that ``torch.compile`` wraps."""
    return type(getattr(model, "_orig_mod", model)).__name__


def _no_call(path: str, example: Sequence[Any], kwargs: Any) -> None:
    """Refuse the arguments of a call for a model that is not called."""
    if kwargs:
        raise ModelError(
            f"{path}: an ONNX model takes no kwargs ({', '.join(map(str, kwargs))}); give what steers its geometry as "
            "values"
        )
    if example:
        raise ModelError(
            f"{path}: an ONNX model is not run on examples; give the shapes that it leaves open: "
            f"{remedy('image', (1, 3, 224, 224))}"
        )


def no_model(model: Any) -> str:
    """Return what to say about something that is not a model, with the likeliest remedy."""
    kind = type(model).__name__
    if kind == "OrderedDict" or isinstance(model, dict):
        return f"{kind} holds no code (is it a state_dict?): load it into its module and give that"
    if callable(model) and not hasattr(model, "parameters"):
        name = getattr(model, "__name__", kind)
        return (
            f"{name} is a {kind}: call it if it makes the model, or put it into the forward of an nn.Module"
        )
    return f"{kind} is neither an .onnx path, an ONNX model nor a PyTorch module"
