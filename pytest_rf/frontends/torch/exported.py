"""Programs of ``torch.export``: given by the user, or made where recording at the dispatcher fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from pytest_rf.frontends.torch.arguments import Arguments, given
from pytest_rf.frontends.torch.failures import Failed
from pytest_rf.frontends.torch.muted import muted
from pytest_rf.frontends.torch.record import record
from pytest_rf.frontends.torch.recording import Recording


def program_call(
    program: Any,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> tuple[Any, Arguments]:
    """Return an exported program as a module, and its arguments: by default those that it was exported with."""
    module = program.module()
    if inputs is None and example is None and not kwargs:
        positional, named = program.example_inputs
        constants = {name: torch.as_tensor(value) for name, value in (values or {}).items()}
        named = {name: value for name, value in named.items() if name not in constants}
        return module, Arguments(tuple(positional), named, constants)
    return module, given(module, example, inputs, kwargs, values)


def capture_program(*args: Any) -> Recording:
    """Record an exported program, see :func:`program_call`."""
    return _record(*program_call(*args))


def export(module: torch.nn.Module, call: Arguments) -> Recording:
    """Export a module, a copy of the user's, and record the program."""
    with torch.no_grad(), muted(type(module).__name__):
        program = torch.export.export(module, call.args, {**call.kwargs, **call.constants}, strict=False)
    return _record(program.module(), call)


def _record(module: torch.nn.Module, call: Arguments) -> Recording:
    paths = dict(module.named_modules())
    try:
        recording = record(module, call, False, paths)
    except Failed:
        try:
            recording = record(module, call, True, paths)
        except Failed as failed:
            raise failed.as_error(module, call) from failed
    recording.way = "export"
    return recording
