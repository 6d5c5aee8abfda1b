"""One call of a module as it was made, to be looked at later: the module may have changed by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments
from pytest_rf.frontends.torch.identity import class_name, tensors_of
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
        method: the method that is called.
        changed: the arguments that the method has replaced already.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        method: str = "forward",
        changed: Sequence[str] = (),
    ) -> None:
        self.problem = ""
        if changed:
            self.problem = (
                f"the test calls {type(module).__name__}.{method}(), which replaces its argument "
                f"{', '.join(map(repr, changed))} before it calls a module, so the call cannot be repeated"
            )
        self.module = module
        try:
            copies = map_tensors((args, kwargs), lambda name, tensor: tensor.detach().clone())
        except Exception as error:  # whatever the user's classes do; the test itself must go on
            known = isinstance(error, ModelError)
            self.problem = (
                str(error) if known else f"its input cannot be copied ({type(error).__name__}: {error})"
            )
            copies = (), {}
        self.call = Arguments(copies[0], dict(copies[1]), method=method)
        self._attributes = attributes_of(module.modules())
        self._lazy = any(map(torch.nn.parameter.is_lazy, tensors_of(module)))
        self._autocast = [
            (device, torch.get_autocast_dtype(device))
            for device in _DEVICES
            if torch.is_autocast_enabled(device)
        ]

    @property
    def name(self) -> str:
        """What messages call the model."""
        kind = class_name(self.module)
        return kind if self.call.method in ("forward", "__call__") else f"{kind}.{self.call.method}"

    def returned(self) -> None:
        """Note that the call is over: what its first call made of a lazy module, it stays."""
        if self._lazy:
            self._attributes = attributes_of(self.module.modules())

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Have the module and the context as they were at the call; afterwards as they are now."""
        now = attributes_of(self.module.modules())
        with ExitStack() as stack:
            stack.callback(now)
            self._attributes()
            for device, dtype in self._autocast:
                stack.enter_context(torch.autocast(device, dtype=dtype))
            yield
