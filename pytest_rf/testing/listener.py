"""Listens which PyTorch module a test calls, so that a bare marker needs to name none."""

from __future__ import annotations

import sys
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf.errors import ModelError

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis
    from pytest_rf.frontends.torch.snapshot import Snapshot

_LISTENER: pytest.StashKey[Listener] = pytest.StashKey()

_NOTHING = (
    "the test has called no PyTorch module; call the model itself, model(x), within the test, or give model= an "
    ".onnx path, package.module:factory, a model of the configuration or a fixture of the test"
)


class Listener:
    """The first module that is called while it listens, and does not fail, is the one that the test is about.

    Once it has heard one it hears no more, and PyTorch is as it was while the model runs.
    """

    def __init__(self) -> None:
        self._heard: Snapshot | None = None
        self._failed = ""
        self._on = False

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
        from pytest_rf.frontends.torch.snapshot import Snapshot

        self._module = nn.Module
        self._original = original = nn.Module.__call__

        @wraps(original)
        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._on:  # a thread was on its way here while another one was heard
                return original(module, *args, **kwargs)
            self.stop()
            # The first call is an outermost one: those inside it come after it.
            self._heard = Snapshot(module, args, kwargs, sys._getframe(1))
            try:
                return original(module, *args, **kwargs)
            except BaseException as error:  # a call that fails, as a test may expect, is not the one
                self._failed = f"{self._heard.name}, which raised {type(error).__name__}"
                self._heard = None
                self._listen()
                raise

        self._call = call
        self._listen()

    def _listen(self) -> None:
        self._on = True
        self._module.__call__ = self._call

    def stop(self) -> None:
        """Listen no more, and leave PyTorch as it was."""
        if self._on:
            self._module.__call__ = self._original
        self._on = False

    @cached_property
    def analysis(self) -> Analysis:
        """The model that was heard, analysed with the inputs of that call, as it was then.

        Raises:
            ModelError: there was none, or it cannot be analysed.
        """
        from pytest_rf.loading import analyze

        heard = self._heard
        if heard is None:
            raise ModelError(f"{_NOTHING}{f' (it called {self._failed})' if self._failed else ''}")
        if heard.problem:
            raise ModelError(
                f"{heard.problem}; call the model itself, model(x), or use the fixture: rf.check(...)"
            )
        with heard.restored():
            return analyze(heard.module, heard.call, name=heard.name)


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
