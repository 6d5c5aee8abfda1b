"""Captures one call of a PyTorch module, by the first way that works."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from pytest_rf.errors import ModelError, RFError
from pytest_rf.frontends.torch.arguments import (
    Arguments,
    arguments,
    by_shape,
    filled,
    input_names,
    no_argument,
    output_name,
    parameters,
    takes_any,
)
from pytest_rf.frontends.torch.copying import copied
from pytest_rf.frontends.torch.failures import Failed, told
from pytest_rf.frontends.torch.locate import Locator
from pytest_rf.frontends.torch.preserve import Originals, preserved
from pytest_rf.frontends.torch.programs import ProgramLocator
from pytest_rf.frontends.torch.recorder import Recorder, Unsupported, ValuesNeeded
from pytest_rf.frontends.torch.recording import Recording
from pytest_rf.frontends.torch.trees import map_tensors, named_tensors


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
        from pytest_rf.frontends.torch.exported import capture_program

        return capture_program(module, example, inputs, kwargs, values)
    if not isinstance(module, torch.nn.Module):
        raise ModelError(f"{type(module).__name__} is not an nn.Module or ExportedProgram")
    module = getattr(module, "_orig_mod", module)  # torch.compile wraps it; the code within is the model
    call = given(module, example, inputs, kwargs, values)
    if any(torch.nn.parameter.is_lazy(tensor) for tensor in tensors_of(module)):
        module = _initialised(module, call)
    return _first_that_works(module, call)


def given(
    module: torch.nn.Module,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Arguments:
    """Return what a module is called with, see :func:`capture`.

    Raises:
        ModelError: the module has no such arguments, or there is no tensor among them.
    """
    kind = type(module).__name__
    if isinstance(example, Arguments):
        call = example
    elif inputs is None and example is None and not kwargs:
        raise ModelError(
            f"{kind}: needs example inputs or shapes, as in inputs={{'x': (1, 3, 224, 224)}}, "
            "on the command line --input x=1,3,224,224"
        )
    elif inputs is not None:
        call = by_shape(module, inputs, kwargs)
    else:
        call = arguments(module, example, kwargs)
    constants = {str(name): torch.as_tensor(value) for name, value in (values or {}).items()}
    strange = [name for name in constants if name not in parameters(module, call.method)]
    if strange and not takes_any(module):
        raise ModelError(no_argument(module, strange, "values: "))
    call.constants.update(constants)
    tensors = [tensor for _, tensor in named_tensors([call.args, call.kwargs])]
    if any(tensor.is_quantized for tensor in tensors):
        raise ModelError(
            f"{kind}: an input is a quantised tensor, which is not followed; call a module that quantises it itself"
        )
    if not tensors:
        found = [*call.args, *call.kwargs.values()]
        kinds = ", ".join(type(value).__name__ for value in found) or "nothing"
        raise ModelError(
            f"{kind}: the call has no tensor among its arguments ({kinds}); "
            "give tensors as examples, or shapes as in inputs={'x': (1, 3, 224, 224)}"
        )
    return call


def tensors_of(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Yield all parameters and buffers of a module; those that it shares more than once."""
    for child in module.modules():
        for tensors in (child._parameters, child._buffers):
            for tensor in tensors.values():
                if tensor is not None:
                    yield tensor


def _initialised(module: torch.nn.Module, call: Arguments) -> torch.nn.Module:
    """Return a copy of a module with lazy parameters, which have their shapes after a first call."""
    try:
        module, call = copied(module, call)
        with torch.no_grad():
            call.function(module)(*call.args, **call.kwargs, **call.constants)
    except (Exception, SystemExit) as error:
        raise Failed(error, None, False).as_error(module, call) from error
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
        raise _without_values(by_shape_failed, module, call)
    try:
        return record(module, filled(call), real=True)
    except Failed as failed:
        failure = failed
    if not failure.mine and not _runs(module, call):
        raise failure.as_error(module, call)
    from pytest_rf.frontends.torch.exported import export

    try:
        return export(copied(module)[0], call)
    except Exception as error:  # the export has many ways to fail, none of them ours
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


def home(module: torch.nn.Module) -> torch.device:
    """Return the device that the module's tensors are on."""
    for tensor in tensors_of(module):
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
    paths = dict(module.named_modules())
    recording.kinds = {path: type(child).__name__ for path, child in paths.items()}
    locator = (ProgramLocator if isinstance(module, torch.fx.GraphModule) else Locator)(module, paths)
    valueless = any(tensor.is_meta for tensor in tensors_of(module))
    recorder = Recorder(recording, locator, home(module), real, valueless)
    names = input_names(module, call)
    args = tuple(
        map_tensors(item, recorder.declare, name) for name, item in zip(names, call.args, strict=True)
    )
    kwargs = {name: map_tensors(item, recorder.declare, name) for name, item in call.kwargs.items()}
    with preserved(module):
        try:
            with locator.watch(), below_autograd(), recorder.watching(module), recorder:
                result = (run or call.function(module))(*args, **kwargs, **call.constants)
            if recorder.obstacle is not None:
                raise recorder.obstacle
            if locator.elsewhere:
                raise ModelError(
                    f"{type(module).__name__}: calls {locator.elsewhere!r} in another thread, where its operators "
                    "are not seen; have it call its modules in turn"
                )
            for number, (name, tensor) in enumerate(named_tensors(result)):
                recording.outputs[_unused(output_name(name, number), recording)] = recorder.value_of(tensor)
        except RFError:
            raise
        except (Exception, SystemExit) as error:  # a model that exits has not been analysed
            cause = recorder.obstacle or error
            raise Failed(cause, locator.failed, isinstance(cause, (Unsupported, ValuesNeeded))) from error
        finally:
            recorder.close()
    if isinstance(locator, ProgramLocator):
        locator.name_modules(recording)
    if not recording.outputs:
        raise ModelError(
            f"{type(module).__name__}: the call returned no tensor, but {_article(type(result).__name__)}"
        )
    return recording


def _article(kind: str) -> str:
    return "None" if kind == "NoneType" else f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


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
    """Whether the module runs where nothing records it; it is left as it was, its tensors included."""
    originals = Originals()
    for child in module.modules():
        for _, tensor in named_tensors(dict(child.__dict__)):
            originals.save(tensor)
    try:
        with preserved(module), torch.no_grad():
            args, kwargs = copy.deepcopy((call.args, call.kwargs))
            call.function(module)(*args, **kwargs, **call.constants)
    except (Exception, SystemExit):  # whatever the module raises
        return False
    finally:
        originals.restore()
    return True
