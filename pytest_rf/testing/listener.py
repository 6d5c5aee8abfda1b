"""Listens which PyTorch module a test calls, so that a bare marker needs to name none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any

import pytest

from pytest_rf.errors import ModelError

_LISTENER: pytest.StashKey[Listener] = pytest.StashKey()


@dataclass
class Listener:
    """The first module that is called while it listens is the one that the test is about.

    Attributes:
        heard: the module and the arguments of its call; None as long as there was none.
    """

    heard: tuple[Any, tuple[Any, ...], dict[str, Any]] | None = None

    def start(self) -> None:
        """Begin to listen.

        Raises:
            ModelError: PyTorch is not installed.
        """
        try:
            from torch import nn
        except ImportError:
            raise ModelError(
                "a marker without model= hears which PyTorch module the test calls, and torch is not installed; "
                "give model="
            ) from None
        self._module = nn.Module
        self._original = original = nn.Module.__call__

        @wraps(original)
        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            # The first call is an outermost one: those inside it come after it.
            if self.heard is None:
                self.heard = (module, args, kwargs)
            return original(module, *args, **kwargs)

        nn.Module.__call__ = call

    def stop(self) -> None:
        """Listen no more, and leave PyTorch as it was."""
        self._module.__call__ = self._original


def listen(item: pytest.Item) -> None:
    """Listen until :func:`stop` to what ``item`` calls."""
    listener = Listener()
    listener.start()
    item.stash[_LISTENER] = listener


def stop(item: pytest.Item) -> Listener | None:
    """Stop listening; return what was heard, None where nobody listened."""
    listener = item.stash.get(_LISTENER, None)
    if listener is not None:
        del item.stash[_LISTENER]
        listener.stop()
    return listener
