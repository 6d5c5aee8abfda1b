"""Captures one call of a PyTorch module, by the first way that works."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments, filled, given, input_names
from pytest_rf.frontends.torch.copying import copied
from pytest_rf.frontends.torch.exported import capture_program, export
from pytest_rf.frontends.torch.failures import Failed, ValuesNeeded, told
from pytest_rf.frontends.torch.identity import held, home
from pytest_rf.frontends.torch.preserve import Originals, preserved
from pytest_rf.frontends.torch.record import record
from pytest_rf.frontends.torch.recording import Recording
from pytest_rf.frontends.torch.trees import named_tensors


def capture(
    module: Any,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Recording:
    """Record the operators of one call of a module.

    Args:
        module: an ``nn.Module`` (``ScriptModule`` included) or an ``ExportedProgram``.
        example: the arguments of the call, as in :func:`arguments.arguments`.
        inputs: or only their shapes, as in :func:`arguments.by_shape`.
        kwargs: keyword arguments of the call.
        values: keyword arguments that are constants.

    Raises:
        ModelError: if the module cannot be called with these arguments, naming the place within it.
    """
    if inputs is not None and example is not None:
        raise ModelError("give example inputs or their shapes (inputs=), not both")
    if isinstance(module, torch.export.ExportedProgram):
        return capture_program(module, example, inputs, kwargs, values)
    if not isinstance(module, torch.nn.Module):
        raise ModelError(f"{type(module).__name__} is not an nn.Module or ExportedProgram")
    module = getattr(module, "_orig_mod", module)  # torch.compile wraps it; the code within is the model
    call = given(module, example, inputs, kwargs, values)
    paths = dict(module.named_modules())
    if any(map(torch.nn.parameter.is_lazy, held(paths.values()))):
        module = _initialised(module, call)
        paths = dict(module.named_modules())
    recording = _first_that_works(module, call, paths)
    recording.notes.extend(_made_up(module, call))
    return recording


def _made_up(module: torch.nn.Module, call: Arguments) -> Iterator[str]:
    """Say which elements stand for inputs of whole numbers that were given by their shape: they choose what is read."""
    for name, value in [*zip(input_names(module, call), call.args, strict=True), *call.kwargs.items()]:
        for inner, tensor in named_tensors(value, str(name)) if name in call.made else ():
            if not tensor.is_floating_point() and not tensor.is_complex():
                kind = str(tensor.dtype).removeprefix("torch.")
                yield f"input {inner} was given by its shape: zeros of type {kind} stand for its elements"


def _initialised(module: torch.nn.Module, call: Arguments) -> torch.nn.Module:
    """Return a copy of a module with lazy parameters, which have their shapes after a first call."""
    try:
        module, call = copied(module, call)
        with torch.no_grad():
            call.function(module)(*call.args, **call.kwargs, **call.constants)
    except (Exception, SystemExit) as error:
        raise Failed(error, None, False).as_error(module, call) from error
    return module


def _first_that_works(
    module: torch.nn.Module, call: Arguments, paths: Mapping[str, torch.nn.Module]
) -> Recording:
    valueless = home(module).type == "meta"
    compiler = "torch._dynamo" in sys.modules
    try:
        return record(module, call, False, paths)
    except Failed as failed:
        by_shape_failed = failed
    if not compiler and "torch._dynamo" in sys.modules:  # the call imported it; now it can be kept out
        try:
            return record(module, call, False, paths)
        except Failed as failed:
            by_shape_failed = failed
    if valueless:
        raise _without_values(by_shape_failed, module, call)
    by_shape_failed.forget()
    try:
        return record(module, filled(call), True, paths)
    except Failed as failed:
        failure = failed
    if not failure.mine and not _runs(module, call):
        raise failure.as_error(module, call)
    try:
        return export(copied(module)[0], call)
    except Exception as error:  # torch.export raises whatever it meets
        raise ModelError(
            f"{type(module).__name__} cannot be captured: {told(failure.cause)}; torch.export: {told(error)}"
        ) from error


def _without_values(failed: Failed, module: torch.nn.Module, call: Arguments) -> ModelError:
    """Return what to say of a module on ``meta`` that cannot be run by shapes alone."""
    if not isinstance(failed.cause, ValuesNeeded):
        return failed.as_error(module, call)
    return ModelError(
        f"{type(module).__name__}: the code looks at values ({failed.cause}), which a module on the meta device "
        "does not have; analyse it on the CPU"
    )


def _runs(module: torch.nn.Module, call: Arguments) -> bool:
    """Whether the module runs where nothing records it; it is left as it was, its tensors included."""
    originals = Originals()
    for child in module.modules():
        for _, tensor in named_tensors(dict(child.__dict__)):
            originals.save(tensor)
    try:
        with preserved(module.modules()), torch.no_grad():
            args, kwargs = copy.deepcopy((call.args, call.kwargs))
            call.function(module)(*args, **kwargs, **call.constants)
    except (Exception, SystemExit):  # whatever the module raises
        return False
    finally:
        originals.restore()
    return True
