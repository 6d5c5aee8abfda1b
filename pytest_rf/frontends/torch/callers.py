"""Who calls a module: the method of a module around it, where one runs (``model.encode(x)``)."""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any, NamedTuple

import torch

#: Steps of training loops, as Lightning and MMEngine name them. They return losses and may update weights: the
#: modules that they call are models, they themselves are not.
STEPS = frozenset({"training_step", "validation_step", "test_step", "train_step", "val_step"})


class Method(NamedTuple):
    """A running method of a module that contains the module called."""

    module: torch.nn.Module
    name: str
    frame: FrameType


def around(module: torch.nn.Module, frames: Iterable[FrameType]) -> Method | None:
    """Return the outermost running method of a module that contains ``module``; frames go outwards."""
    found = None
    for frame in frames:
        code = frame.f_code
        if not code.co_argcount or code.co_name in STEPS:
            continue
        owner = variables(frame).get(code.co_varnames[0])
        if (
            isinstance(owner, torch.nn.Module)
            and owner is not module
            and _is_method(owner, code)
            and any(child is module for child in owner.modules())
        ):
            found = Method(owner, code.co_name, frame)
    return found


def variables(frame: FrameType) -> dict[str, Any]:
    """Return the local variables of running code, and keep none of them alive."""
    held = frame.f_locals
    found = dict(held)
    # Before Python 3.13 a frame keeps the dict, and with it what the code deletes later, unless it is emptied here.
    # It is left alone where others hold it too (a call of locals(), a debugger).
    if (
        sys.version_info < (3, 13)
        and frame.f_code.co_flags & inspect.CO_OPTIMIZED
        and sys.getrefcount(held) <= 3
    ):
        held.clear()
    return found


def _is_method(owner: torch.nn.Module, code: CodeType) -> bool:
    """Whether code is that of a method which ``owner``'s class defines, under decorators perhaps."""
    function = getattr(type(owner), code.co_name, None)
    own = function is not None and function is not getattr(torch.nn.Module, code.co_name, None)
    return own and _code(function) is code


def _code(function: Any) -> CodeType | None:
    return getattr(inspect.unwrap(function), "__code__", None)


def given(frame: FrameType) -> tuple[tuple[Any, ...], dict[str, Any], list[str]]:
    """Return what a running method was called with, and the arguments that it has replaced since."""
    code, values = frame.f_code, variables(frame)
    count, keywords = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames
    positional, named = names[1:count], names[count : count + keywords]
    rest = list(names[count + keywords :])
    several = rest.pop(0) if code.co_flags & inspect.CO_VARARGS else None
    others = rest.pop(0) if code.co_flags & inspect.CO_VARKEYWORDS else None
    every = {*positional, *named, several, others}
    changed = [name for name in _stored(code, frame.f_lasti) if name in every]
    args = (*(values.get(name) for name in positional), *(values.get(several, ()) if several else ()))
    kwargs = {name: values.get(name) for name in named} | dict(values.get(others, {}) if others else {})
    return args, kwargs, changed


def _stored(code: CodeType, end: int) -> list[str]:
    """Return the local names that the code before an instruction assigns or deletes."""
    found: dict[str, None] = {}
    for instruction in dis.get_instructions(code):
        if instruction.offset >= end:
            break
        if instruction.opname.startswith(("STORE_FAST", "DELETE_FAST", "STORE_DEREF", "DELETE_DEREF")):
            value = instruction.argval
            found.update(dict.fromkeys(value if isinstance(value, tuple) else (value,)))
    return list(found)
