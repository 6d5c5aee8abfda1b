"""From whatever users hold to an :class:`~pytest_rf.analysis.Analysis`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pytest_rf import gc_pause
from pytest_rf.analysis import steps
from pytest_rf.analysis.accepting import verified
from pytest_rf.analysis.described import Relower
from pytest_rf.checkable import Analysis
from pytest_rf.errors import ModelError


@gc_pause.paused()
def analyze(
    model: Any,
    *example: Any,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    axes: Mapping[str, Mapping[str, int]] | None = None,
    accept_context: Sequence[str] = (),
    stands_for: Mapping[str, str] | None = None,
    name: str | None = None,
    **unknown: Any,
) -> Analysis:
    """Analyse a model.

    Args:
        model: the path of an .onnx file, an ``onnx.ModelProto``, or a PyTorch module or program.
        example: for PyTorch, the inputs of one call.
        inputs: input name -> shape. For ONNX, for what the file leaves open.
        kwargs: for PyTorch, keyword arguments of the call.
        values: input name -> array, for inputs that steer the geometry.
        weights: whether taps that are exactly 0 and attention scores masked with -inf do not read.
        axes: input name -> axis name -> axis number, where the roles of axes are not to be guessed;
            ``batch`` and ``channel`` name these, other names are those of spatial axes.
        accept_context: nodes whose context is accepted by the guarantees (``op:InstanceNormalization``); a
            pattern that matches nothing is an error.
        stands_for: axis name -> the last input position that step ``i`` stands for, as in ``{"t": "4i"}``, where
            steps of different rates lie on the axis.
        name: what messages call the model; the file's name by default.
        unknown: anything else is refused, with a word on where it may belong.

    Raises:
        ModelError: the model cannot be read or analysed, or is not called like this.
        RequirementError: what a step stands for is not understood.
    """
    analysis = _analyzed(
        model, *example, inputs=inputs, kwargs=kwargs, values=values, weights=weights, name=name, **unknown
    )
    return described(analysis, axes, accept_context, stands_for)


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
    if isinstance(accept_context, str):
        accepted = accept_context  # which is refused
    said = replace(analysis, wanted_axes={**analysis.wanted_axes, **(axes or {})}, accept_context=accepted)
    if stands_for:
        names = [axis for source in said.inputs.values() for axis in source.axes]
        said.stands_for = {**said.stands_for, **steps.told(names, stands_for)}
    return verified(said)


def _analyzed(
    model: Any,
    *example: Any,
    inputs: Any,
    kwargs: Mapping[str, Any] | None,
    values: Mapping[str, Any] | None,
    weights: bool,
    name: str | None,
    **unknown: Any,
) -> Analysis:
    """Return the analysis of a model as it is, without what its authors say of its axes."""
    if unknown:
        first = next(iter(unknown))
        raise ModelError(
            f"analyze takes no {', '.join(map(repr, unknown))}; arguments of the module itself go into "
            f"kwargs={{{first!r}: ...}}"
        )
    if isinstance(model, (str, PathLike)):
        from pytest_rf.frontends.onnx import lower, read

        path = fspath(model)
        _no_call(path, example, kwargs)
        graph = lower(read(path), path, inputs, values, weights)
        # The file is read again only if it is asked for: its weights are not kept.
        reopen = lambda: _onnx_at(read(path), path, inputs, values, weights)  # noqa: E731
        return Analysis(graph, name or Path(path).stem, path, reopen=reopen)
    if type(model).__module__.split(".")[0] in ("onnx", "onnx_ml_pb2") or hasattr(model, "opset_import"):
        from pytest_rf.frontends.onnx import lower

        called = name or model.graph.name or "model"
        _no_call(called, example, kwargs)
        again = _onnx_at(model, called, inputs, values, weights)
        return Analysis(lower(model, called, inputs, values, weights), called, reopen=lambda: again)
    if is_torch(model):
        from pytest_rf.frontends.torch import load, reopened

        given: Any = None if not example else example[0] if len(example) == 1 else example
        graph, way = load(model, given, inputs, kwargs, values, weights)
        return Analysis(
            graph,
            name or _name(model),
            None,
            way,
            reopen=lambda: reopened(model, given, inputs, kwargs, values, weights),
            module=model,
        )
    raise ModelError(no_model(model))


def _onnx_at(model: Any, name: str, inputs: Any, values: Any, weights: bool) -> Relower:
    """Return what gives the graph of an ONNX model at other shapes than it was analysed with."""
    from pytest_rf.frontends.onnx import lower

    return lambda shapes: lower(model, name, {**(inputs or {}), **shapes}, values, weights, opened=True)


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
    if example or kwargs:
        raise ModelError(
            f"{path}: an ONNX model is not run on examples; give the shapes that it leaves open, as in "
            "inputs={'image': (1, 3, 224, 224)}"
        )


def no_model(model: Any) -> str:
    """Return what to say about something that is not a model, with the likeliest remedy."""
    kind = type(model).__name__
    if isinstance(model, type):
        return f"{model.__name__} is a class: give an instance of it, {model.__name__}(...)"
    if kind == "OrderedDict" or isinstance(model, dict):
        return f"{kind} holds no code (is it a state_dict?): load it into its module and give that"
    if callable(model) and not hasattr(model, "parameters"):
        name = getattr(model, "__name__", kind)
        return (
            f"{name} is a {kind}: call it if it makes the model, or put it into the forward of an nn.Module"
        )
    return f"{kind} is neither an .onnx path, an ONNX model nor a PyTorch module"
