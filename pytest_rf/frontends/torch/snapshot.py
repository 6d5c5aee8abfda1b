"""One call of a module as it was made, to be looked at later: the module may have changed by then."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType, FrameType
from typing import Any

import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments
from pytest_rf.frontends.torch.preserve import attributes_of
from pytest_rf.frontends.torch.trees import map_tensors

_DEVICES = ("cpu", "cuda")


class Snapshot:
    """A call of a module: its arguments, the modules' attributes, and the autocast context.

    Attributes:
        module: the module that was called.
        call: its arguments, in copies.
        problem: why the call cannot be repeated; empty where it can.

    Args:
        module: the module that is called.
        args: its positional arguments.
        kwargs: its keyword arguments.
        frame: who calls it. Where that is a method of a module around it (``model.encode(x)``), the method's
            call is what is kept.
    """

    def __init__(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType | None
    ) -> None:
        self.problem = ""
        method, around = "forward", _around(module, frame)
        if around is not None:
            module, method, outer = around
            args, kwargs, changed = _given(outer)
            if changed:
                self.problem = (
                    f"the test calls {type(module).__name__}.{method}(), which replaces its argument "
                    f"{', '.join(map(repr, changed))} before it calls a module, so the call cannot be repeated"
                )
        self.module = module
        try:
            copies = map_tensors((args, kwargs), lambda name, tensor: tensor.detach().clone())
        except ModelError as error:
            self.problem, copies = str(error), ((), {})
        self.call = Arguments(copies[0], dict(copies[1]), method=method)
        self._attributes = attributes_of(module)
        self._autocast = [
            (device, torch.get_autocast_dtype(device))
            for device in _DEVICES
            if torch.is_autocast_enabled(device)
        ]

    @property
    def name(self) -> str:
        """What messages call the model."""
        kind = type(getattr(self.module, "_orig_mod", self.module)).__name__
        return kind if self.call.method in ("forward", "__call__") else f"{kind}.{self.call.method}"

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Have the module and the context as they were at the call; afterwards as they are now."""
        now = attributes_of(self.module)
        with ExitStack() as stack:
            stack.callback(now)
            self._attributes()
            for device, dtype in self._autocast:
                stack.enter_context(torch.autocast(device, dtype=dtype))
            yield


def _around(
    module: torch.nn.Module, frame: FrameType | None
) -> tuple[torch.nn.Module, str, FrameType] | None:
    """Return the outermost running method of a module that contains ``module``, and its frame."""
    found = None
    while frame is not None:
        code = frame.f_code
        if code.co_argcount:
            owner = frame.f_locals.get(code.co_varnames[0])
            if (
                isinstance(owner, torch.nn.Module)
                and owner is not module
                and _is_method(owner, code)
                and any(child is module for child in owner.modules())
            ):
                found = owner, code.co_name, frame
        frame = frame.f_back
    return found


def _is_method(owner: torch.nn.Module, code: CodeType) -> bool:
    """Whether code is that of a method which ``owner``'s class defines, under decorators perhaps."""
    function = getattr(type(owner), code.co_name, None)
    own = function is not None and function is not getattr(torch.nn.Module, code.co_name, None)
    return own and _code(function) is code


def _code(function: Any) -> CodeType | None:
    return getattr(inspect.unwrap(function), "__code__", None)


def _given(frame: FrameType) -> tuple[tuple[Any, ...], dict[str, Any], list[str]]:
    """Return what a running method was called with, and the arguments that it has replaced since."""
    code, values = frame.f_code, frame.f_locals
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
