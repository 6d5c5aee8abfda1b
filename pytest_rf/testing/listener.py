"""Listens which PyTorch modules a test calls, so that a bare marker needs to name none."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from types import FrameType
from typing import Any

import pytest

from pytest_rf.errors import NO_TORCH, ModelError
from pytest_rf.testing.heard import MOST, Call, Heard, Key, names

_LISTENER: pytest.StashKey[Listener] = pytest.StashKey()

#: Functions that run what is the test's body, and what prepares it; by the package they are in.
_BODY = {("_pytest", "pytest_pyfunc_call"), ("unittest", "_callTestMethod")}
_PREPARING = {
    ("_pytest", "call_fixture_func"),
    ("unittest", "_callSetUp"),
    ("unittest", "_callTearDown"),
    ("unittest", "_callCleanup"),
}

#: What calls modules to write down what they do.
_TRACERS = ("torch.jit._trace", "torch.export", "torch._export", "torch.onnx")


class Listener:
    """Hears the outermost calls of modules: those that no other module's call makes.

    Calls that fail (a test may expect it), that prepare the test, that are made by a backward pass (checkpoints)
    and that a tracer or a compiler makes do not count. Of the calls of one module, those at different inputs are
    kept, each once.

    Attributes:
        modules: what was heard, by the modules' ids.
        aside: what was called and does not count, in words.
    """

    def __init__(self) -> None:
        self.modules: dict[int, Heard] = {}
        self.aside: dict[str, None] = {}
        self._body = self._on = False
        self._clock = count(1)
        self._lock = threading.RLock()
        self._thread = threading.local()
        self._running: list[Any] = []

    def start(self) -> None:
        """Begin to listen.

        Raises:
            ModelError: PyTorch is not installed.
        """
        try:
            import torch
        except ImportError:
            raise ModelError(
                f"a marker without model= hears which PyTorch module the test calls, and {NO_TORCH}, or give model="
            ) from None

        original = torch.nn.Module.__call__

        @wraps(original)
        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            # What compiles this code must see that it does nothing here: this comes first.
            if torch.compiler.is_compiling() or not self._listens(module):
                return original(module, *args, **kwargs)
            self._thread.within = True
            self._running.append(module)
            try:
                heard = self._begins(module, args, kwargs, sys._getframe(1))
                try:
                    result = original(module, *args, **kwargs)
                except BaseException as error:
                    for one in heard:
                        self._failed(one, error)
                    raise
                for one in heard:
                    self._returned(one, args, kwargs, result)
                return result
            finally:
                self._running.pop(next(place for place, one in enumerate(self._running) if one is module))
                self._thread.within = False

        self._module, self._original, self._call = torch.nn.Module, original, call
        self._passes = torch._C._current_graph_task_id
        self._traces = torch.jit.is_tracing
        self._module.__call__ = call
        self._on = True

    def begin_body(self) -> None:
        """From now on, calls are the test's own."""
        self._body = True

    def stop(self) -> None:
        """Listen no more, and leave PyTorch as it was."""
        # Where the test itself has put something in its place, that calls the original through this.
        if self._on and self._module.__call__ is self._call:
            self._module.__call__ = self._original
        self._call = self._original  # which does not hold what was heard
        self._on = False
        self._thread = threading.local()

    def _listens(self, module: Any) -> bool:
        """Whether a call is an outermost one that the test makes."""
        return (
            self._on
            and not getattr(self._thread, "within", False)
            and self._passes() == -1
            and not module.__dict__.get("_is_replica", False)
            # A module that runs its parts in threads of its own.
            and not any(part is module for one in tuple(self._running) for part in one.modules())
        )

    def _begins(self, module: Any, args: Any, kwargs: Any, start: FrameType) -> list[_Begun]:
        """Return what begins with a call: the module's own, and that of a method around it."""
        from torch.utils._python_dispatch import _disable_current_modes

        from pytest_rf.frontends.torch.callers import around, given
        from pytest_rf.frontends.torch.identity import class_name

        frames, own = _frames(start)
        traced = self._traces() or any(map(_is_tracer, frames))
        if traced or not (self._body and own):
            by = "a tracer" if traced else "a fixture or by setUp"
            self._aside(f"{class_name(module)} was called by {by}, which does not count, at {_place(frames)}")
            return []
        method = around(module, frames)
        with _disable_current_modes():  # a test that records operators finds none of ours
            begun = _Begun(module, within=None if method is None else method.module)
            self._recall(begun, args, kwargs, frames)
            if method is None:
                self._thread.method = None, None
                return [begun]
            frame, running = getattr(self._thread, "method", (None, None))
            if running is None or frame is not method.frame:
                args, kwargs, changed = given(method.frame)
                running = _Begun(method.module, method.name, by_method=True)
                self._recall(running, args, kwargs, frames[frames.index(method.frame) + 1 :], changed)
                # Kept until the next call: a frame that is gone can be taken for one that comes to its place.
                self._thread.method = method.frame, running
            return [running, begun]

    def _recall(
        self, begun: _Begun, args: Any, kwargs: Any, frames: list[FrameType], changed: Sequence[str] = ()
    ) -> None:
        """Find the module of a call that begins, and keep the call if nothing like it has been heard."""
        from pytest_rf.frontends.torch.identity import class_names, is_training, unwrapped
        from pytest_rf.frontends.torch.signatures import signature
        from pytest_rf.frontends.torch.snapshot import Snapshot

        module = begun.module
        model = unwrapped(module)
        heard = self.modules.get(id(model)) or Heard(model, class_names(model))
        begun.heard, begun.key = heard, Key(begun.method, is_training(module), *signature(args, kwargs))
        if begun.key in heard.calls:
            return
        heard.names = dict(names(module, [frame for _, frame in _user_frames(frames)])) | heard.names
        if len(heard.calls) >= MOST:
            heard.more = True
        else:
            snapshot = Snapshot(module, args, kwargs, begun.method, changed)
            begun.call = Call(snapshot, _place(frames))

    def _returned(self, begun: _Begun, args: Any, kwargs: Any, result: Any) -> None:
        """Keep a call that did not fail."""
        from pytest_rf.frontends.torch.identity import has_weights, is_loss

        with self._lock:
            heard = self.modules.setdefault(id(begun.heard.module), begun.heard)
            heard.last = next(self._clock)
            if begun.within is None:
                heard.outermost = True
            elif not any(owner is begun.within for owner in heard.within):
                heard.within.append(begun.within)
            if begun.call is None:
                return
            begun.call.snapshot.returned()
            heard.calls.setdefault(begun.key, begun.call)
            if heard.rank:
                loss = not begun.by_method and is_loss(args, kwargs, result)
                heard.rank = 0 if has_weights(heard.module) else min(heard.rank, 2 if loss else 1)

    def _failed(self, begun: _Begun, error: BaseException) -> None:
        """Leave out a call that failed, and that of a method which may fail with it."""
        if begun.call is None:
            return
        with self._lock:
            if begun.heard.calls.get(begun.key) is begun.call:
                del begun.heard.calls[begun.key]
        snapshot = begun.call.snapshot
        self._aside(f"it called {snapshot.name}, which raised {type(error).__name__}, at {begun.call.place}")

    def _aside(self, told: str) -> None:
        self.aside[told] = None


@dataclass(eq=False)
class _Begun:
    """A call that has begun; ``call`` is None where one like it has been heard."""

    module: Any
    method: str = "forward"
    within: Any = None
    by_method: bool = False
    heard: Heard = field(init=False)
    key: Key = field(init=False)
    call: Call | None = None


def _frames(frame: FrameType | None) -> tuple[list[FrameType], bool]:
    """Return the frames from a call outwards to where the test begins, and whether that is the test itself."""
    found: list[FrameType] = []
    while frame is not None:
        runs = str(frame.f_globals.get("__name__")).partition(".")[0], frame.f_code.co_name
        if runs in _BODY or runs in _PREPARING:
            return found, runs in _BODY
        found.append(frame)
        frame = frame.f_back
    return found, True


def _is_tracer(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(_TRACERS)


def _user_frames(frames: Sequence[FrameType]) -> list[tuple[str, FrameType]]:
    """Return the frames of the user's own code, each with its file."""
    from pytest_rf.frontends.torch.locate import shown

    return [(file, frame) for frame in frames if (file := shown(frame.f_code.co_filename))]


def _place(frames: Sequence[FrameType]) -> str:
    """Return the innermost line of the user's own that calls."""
    return next((f"{file}:{frame.f_lineno}" for file, frame in _user_frames(frames)), "an unknown place")


def listen(item: pytest.Item) -> Listener:
    """Return what listens to ``item`` until :func:`stop`; it has begun to."""
    listener = item.stash.get(_LISTENER, None)
    if listener is None:
        listener = Listener()
        listener.start()
        item.stash[_LISTENER] = listener
    return listener


def stop(item: pytest.Item) -> Listener | None:
    """Stop listening; return what was heard, None where nobody listened."""
    listener = item.stash.get(_LISTENER, None)
    if listener is not None:
        del item.stash[_LISTENER]
        listener.stop()
    return listener
