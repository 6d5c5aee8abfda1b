"""Programs of ``torch.export``: given by the user, or made where the dispatcher alone does not do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from pytest_rf.frontends.torch.recording import Recording
from pytest_rf.frontends.torch.structure import Arguments, arguments, by_shape


def capture_program(
    program: Any, example: Any = None, inputs: Any = None, kwargs: Mapping[str, Any] | None = None
) -> Recording:
    """Record an exported program; without arguments with those that it was exported with."""
    module = program.module()
    if inputs is not None:
        call = by_shape(module, inputs)
    elif example is not None or kwargs:
        call = arguments(module, example if example is not None else (), kwargs)
    else:
        positional, named = program.example_inputs
        call = Arguments(tuple(positional), dict(named))
    return _record(module, call)


def export(module: torch.nn.Module, call: Arguments) -> Recording:
    """Export a module, a copy of the user's, and record the program."""
    with torch.no_grad():
        program = torch.export.export(module, call.args, {**call.kwargs, **call.constants}, strict=False)
    return _record(program.module(), call)


def _record(module: torch.nn.Module, call: Arguments) -> Recording:
    from pytest_rf.frontends.torch.capture import Failed, record

    try:
        recording = record(module, call, real=False)
    except Failed:
        try:
            recording = record(module, call, real=True)
        except Failed as failed:
            raise failed.as_error(module) from failed
    recording.way = "export"
    return recording
