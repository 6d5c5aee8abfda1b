"""Captures one call of a PyTorch module, by the first way that works."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.copying import copied
from pytest_rf.frontends.torch.locate import Locator
from pytest_rf.frontends.torch.preserve import preserved
from pytest_rf.frontends.torch.recorder import Recorder, Unsupported, ValuesNeeded
from pytest_rf.frontends.torch.recording import Recording
from pytest_rf.frontends.torch.structure import (
    Arguments,
    arguments,
    by_shape,
    input_names,
    map_tensors,
    named_tensors,
    output_name,
)


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
        example: the arguments of the call, as in :func:`structure.arguments`.
        inputs: or only their shapes, as in :func:`structure.by_shape`.
        kwargs: keyword arguments of the call.
        values: keyword arguments that are constants.

    Raises:
        ModelError: if the module cannot be called with these arguments, naming the place within it.
    """
    if isinstance(module, torch.export.ExportedProgram):
        from pytest_rf.frontends.torch.exported import capture_program

        return capture_program(module, example, inputs, kwargs)
    if not isinstance(module, torch.nn.Module):
        raise ModelError(f"{type(module).__name__} is not an nn.Module or ExportedProgram")
    module = getattr(module, "_orig_mod", module)  # torch.compile wraps it; the code within is the model
    if inputs is None and example is None and not kwargs:
        raise ModelError(
            f"{type(module).__name__}: needs example inputs or shapes, as in inputs={{'x': (1, 3, 224, 224)}}"
        )
    call = by_shape(module, inputs) if inputs is not None else arguments(module, example, kwargs)
    call.constants.update({name: torch.as_tensor(value) for name, value in (values or {}).items()})
    if any(torch.nn.parameter.is_lazy(tensor) for tensor in _tensors(module)):
        module = _initialised(module, call)
    return _first_that_works(module, call)


def _tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _initialised(module: torch.nn.Module, call: Arguments) -> torch.nn.Module:
    """Return a copy of a module with lazy parameters, which have their shapes after a first call."""
    module, call = copied(module, call)
    with torch.no_grad():
        module(*call.args, **call.kwargs, **call.constants)
    return module


def _first_that_works(module: torch.nn.Module, call: Arguments) -> Recording:
    valueless = home(module).type == "meta"
    compiler = "torch._dynamo" in sys.modules
    try:
        return record(module, call, real=False)
    except Failed as failed:
        by_shape_failed = failed
    if not compiler and "torch._dynamo" in sys.modules:  # the call imported it; now it can be kept out
        try:
            return record(module, call, real=False)
        except Failed as failed:
            by_shape_failed = failed
    if valueless:
        raise by_shape_failed.as_error(module)
    try:
        return record(module, call, real=True)
    except Failed as failed:
        failure = failed
    if not failure.mine and not _runs(module, call):
        raise failure.as_error(module)
    from pytest_rf.frontends.torch.exported import export

    try:
        return export(copied(module)[0], call)
    except Exception as error:  # the export has many ways to fail, none of them ours
        raise ModelError(
            f"{type(module).__name__} cannot be captured: {_first_line(failure.cause)}; "
            f"torch.export: {_first_line(error)}"
        ) from error


class Failed(Exception):
    """One way of recording did not work."""

    def __init__(self, cause: Exception, place: tuple[str, str] | None, mine: bool) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.place = place
        self.mine = mine

    def as_error(self, module: torch.nn.Module) -> ModelError:
        """Return the error that the user sees."""
        kind = type(module).__name__
        where = f" in {self.place[0]!r} ({self.place[1]})" if self.place and self.place[0] else ""
        return ModelError(f"{kind} failed{where}: {type(self.cause).__name__}: {_first_line(self.cause)}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def home(module: torch.nn.Module) -> torch.device:
    """Return the device that the module's tensors are on."""
    for tensor in _tensors(module):
        return tensor.device
    return torch.device("cpu")


def record(
    module: torch.nn.Module, call: Arguments, real: bool, run: Callable[..., Any] | None = None
) -> Recording:
    """Record a call at the dispatcher.

    Args:
        module: the module.
        call: what it is called with.
        real: run activations on their values instead of by shape.
        run: called instead of the module.
    """
    recording = Recording(way="dispatch/real" if real else "dispatch/meta")
    recording.kinds = {path: type(child).__name__ for path, child in module.named_modules()}
    locator = Locator(module)
    valueless = any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))
    recorder = Recorder(recording, locator, home(module), real, valueless)
    names = input_names(module, call)
    args = tuple(
        map_tensors(item, recorder.declare, name) for name, item in zip(names, call.args, strict=True)
    )
    kwargs = {name: map_tensors(item, recorder.declare, name) for name, item in call.kwargs.items()}
    if not recording.inputs:
        raise ModelError(f"{type(module).__name__}: the call has no tensor among its arguments")
    with preserved(module):
        try:
            with locator.watch(), below_autograd(), recorder.watching(module), recorder:
                result = (run or module)(*args, **kwargs, **call.constants)
            if recorder.obstacle is not None:
                raise recorder.obstacle
            for number, (name, tensor) in enumerate(named_tensors(result)):
                recording.outputs[_unused(output_name(name, number), recording)] = recorder.value_of(tensor)
        except ModelError:
            raise
        except Exception as error:
            cause = recorder.obstacle or error
            raise Failed(cause, locator.failed, isinstance(cause, (Unsupported, ValuesNeeded))) from error
        finally:
            recorder.close()
    if not recording.outputs:
        raise ModelError(f"{type(module).__name__}: the call returned no tensor")
    return recording


def _unused(name: str, recording: Recording) -> str:
    unused, count = name, 1
    while unused in recording.outputs:
        count += 1
        unused = f"{name}_{count}"
    return unused


@contextmanager
def below_autograd() -> Any:
    """Dispatch below autograd: no graph is built, and composite operators arrive whole."""
    with torch.no_grad():
        guard = torch._C._AutoDispatchBelowAutograd()
        try:
            yield
        finally:
            del guard


def _runs(module: torch.nn.Module, call: Arguments) -> bool:
    try:
        with preserved(module), torch.no_grad():
            args, kwargs = copy.deepcopy((call.args, call.kwargs))
            module(*args, **kwargs, **call.constants)
    except Exception:  # whatever the module raises
        return False
    return True
