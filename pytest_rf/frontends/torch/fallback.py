"""Operators without a rule: what torch composes them of, recorded by shape."""

from __future__ import annotations

from typing import Any

import torch

from pytest_rf.frontends.torch.locate import Locator
from pytest_rf.frontends.torch.record import below_autograd
from pytest_rf.frontends.torch.recorder import Recorder
from pytest_rf.frontends.torch.recording import Const, Recorded, Recording, Ref
from pytest_rf.frontends.torch.tape import Tape
from pytest_rf.frontends.torch.traits import traits


def decomposed(call: Recorded, recording: Recording) -> Recording | None:
    """Return the recording of an operator's decomposition; None if torch has none.

    Its inputs are the variables among the call's arguments, each once, named by their numbers.
    """
    if call.function is None:
        return None
    trait = traits(call.function)
    function = trait.functional
    body = _body(function)
    if body is None:
        return None
    parts = Recording(way=recording.way)
    tape = Tape(parts, Locator(torch.nn.Module(), {}), real=False, valueless=True)
    recorder = Recorder(tape, torch.device("cpu"))
    stand_ins: dict[int, torch.Tensor] = {}

    def tensor(value: Any) -> Any:
        if isinstance(value, Ref):
            if value.number not in stand_ins:
                variable = recording.values[value.number]
                blank = torch.empty(variable.shape, dtype=variable.dtype, device="meta")
                stand_ins[value.number] = tape.declare(str(value.number), blank)
            return stand_ins[value.number]
        if isinstance(value, Const):
            return value.tensor
        if isinstance(value, (list, tuple)):
            return type(value)(tensor(item) for item in value)
        return value

    args = tensor(call.args)
    written = {name for _, name, _ in trait.writes} if function is not call.function else set()
    kwargs = {name: tensor(value) for name, value in call.kwargs.items() if name not in written}
    try:
        with below_autograd(), recorder:
            result = body(*args, **kwargs)
        results = result if isinstance(result, (tuple, list)) else (result,)
        tensors = [item for item in results if isinstance(item, torch.Tensor)]
        for index, item in enumerate(tensors):
            parts.outputs[str(index)] = tape.value_of(item)
    except Exception:  # a decomposition that does not run by shape is of no use
        return None
    finally:
        tape.close()
    if any(part.function is function for part in parts.calls):
        return None
    return parts


def _body(function: Any) -> Any:
    from torch._decomp import decomposition_table

    if function in decomposition_table:
        return decomposition_table[function]
    if torch._C._dispatch_has_kernel_for_dispatch_key(function.name(), "CompositeImplicitAutograd"):
        return function.decompose
    return None
