"""Records one call of a module at the dispatcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from pytest_rf.errors import ModelError, RFError
from pytest_rf.frontends.torch.arguments import Arguments, input_names, output_name
from pytest_rf.frontends.torch.failures import Failed, Obstacle
from pytest_rf.frontends.torch.identity import held, home
from pytest_rf.frontends.torch.locate import Locator
from pytest_rf.frontends.torch.preserve import preserved
from pytest_rf.frontends.torch.programs import ProgramLocator
from pytest_rf.frontends.torch.recorder import Recorder
from pytest_rf.frontends.torch.recording import Recording
from pytest_rf.frontends.torch.tape import Tape
from pytest_rf.frontends.torch.trees import map_tensors, named_tensors


def record(
    module: torch.nn.Module, call: Arguments, real: bool, paths: Mapping[str, torch.nn.Module]
) -> Recording:
    """Record a call at the dispatcher.

    Args:
        module: the module.
        call: what it is called with.
        real: run activations on their values instead of by shape.
        paths: the module's path -> module, itself included (``named_modules``).

    Raises:
        Failed: this way of recording does not work, by the module's fault or not.
        ModelError: no way would: the call returned no tensor, or computes some in another thread.
    """
    recording = Recording(way="dispatch/real" if real else "dispatch/meta")
    recording.kinds = {path: type(child).__name__ for path, child in paths.items()}
    locator = (ProgramLocator if isinstance(module, torch.fx.GraphModule) else Locator)(
        module, paths, __file__
    )
    valueless = any(tensor.is_meta for tensor in held(paths.values()))
    tape = Tape(recording, locator, real, valueless)
    recorder = Recorder(tape, home(module))
    names = input_names(module, call)
    args = tuple(map_tensors(item, tape.declare, name) for name, item in zip(names, call.args, strict=True))
    kwargs = {name: map_tensors(item, tape.declare, name) for name, item in call.kwargs.items()}
    with preserved(paths.values()):
        try:
            with below_autograd(), recorder.watching(module), recorder:
                result = call.function(module)(*args, **kwargs, **call.constants)
            if tape.obstacle is not None:
                raise tape.obstacle
            if locator.elsewhere:
                raise ModelError(
                    f"{type(module).__name__}: calls {locator.elsewhere!r} in another thread, where its operators "
                    "are not seen; have it call its modules in turn"
                )
            for number, (name, tensor) in enumerate(named_tensors(result)):
                recording.outputs[_unused(output_name(name, number), recording)] = tape.value_of(tensor)
        except RFError:
            raise
        except (Exception, SystemExit) as error:  # a model that exits has not been analysed
            cause = tape.obstacle or error
            raise Failed(cause, locator.failed, isinstance(cause, Obstacle)) from error
        finally:
            tape.close()
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
def below_autograd() -> Iterator[None]:
    """Dispatch below autograd: no graph is built, and composite operators arrive whole."""
    with torch.no_grad():
        guard = torch._C._AutoDispatchBelowAutograd()
        try:
            yield
        finally:
            del guard
