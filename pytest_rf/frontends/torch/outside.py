"""Tensors that leave torch, or this thread, and come back: what is done with them there is not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from pytest_rf.frontends.torch.recording import Call, Const, Ref

if TYPE_CHECKING:
    from pytest_rf.frontends.torch.recorder import Recorder

_EXITS = ("numpy", "tolist", "__array__", "__dlpack__")


class Outside:
    """Knows what left torch, and which tensors may have come of it: those that no operator made."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._left: list[Ref | Const] = []
        self._reason = ""
        self._inside: dict[int, StorageWeakRef] = {}

    @property
    def used(self) -> bool:
        """Whether anything that depends on an input has left."""
        return bool(self._left)

    def know(self, tensor: torch.Tensor) -> None:
        """Note a tensor that an operator made, or that the module has."""
        if tensor.layout is torch.strided and not tensor.is_meta:
            storage = tensor.untyped_storage()
            self._inside[storage._cdata] = StorageWeakRef(storage)  # which keeps the number from being reused

    def knows(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor was made by torch, within sight."""
        return tensor.layout is torch.strided and tensor.untyped_storage()._cdata in self._inside

    def enter(self, tensor: torch.Tensor) -> None:
        """Make a tensor that came from outside a variable of which nothing is known."""
        recording = self._recorder.recording
        ref = recording.make(tuple(tensor.shape), tensor.dtype)
        place = self._recorder.locator.place()
        reason = {"reason": self._reason}
        recording.calls.append(Call("rf.outside.default", None, tuple(self._left), reason, (ref,), place))
        self._recorder.adopt(tensor, ref)

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Follow what leaves for as long as the context lasts."""
        originals = {name: getattr(torch.Tensor, name) for name in _EXITS}
        inherited = {name for name in _EXITS if name not in vars(torch.Tensor)}
        for name, original in originals.items():
            setattr(torch.Tensor, name, self._wrapped(name, original))
        try:
            yield
        finally:
            for name, original in originals.items():
                if name in inherited:
                    delattr(torch.Tensor, name)
                else:
                    setattr(torch.Tensor, name, original)

    @contextmanager
    def threads(self) -> Iterator[None]:
        """Notice threads that are started, or given work: what they compute is not seen."""
        here = threading.get_ident()
        places = ((threading.Thread, "start"), (ThreadPoolExecutor, "submit"))
        originals = [(kind, name, vars(kind)[name]) for kind, name in places]

        def noticing(original: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(original)
            def call(*args: Any, **kwargs: Any) -> Any:
                if threading.get_ident() == here:
                    self._recorder.leaves_for_a_thread()
                return original(*args, **kwargs)

            return call

        for kind, name, original in originals:
            setattr(kind, name, noticing(original))
        try:
            yield
        finally:
            for kind, name, original in originals:
                setattr(kind, name, original)

    def leave_for_a_thread(self) -> None:
        """Take every tensor that comes from nowhere for one that a thread has made of the inputs."""
        recording = self._recorder.recording
        self._left += recording.inputs.values()
        self._reason = f"computed in another thread, started at {self._recorder.locator.source()}"

    def _wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def leave(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            if self._recorder.follows(tensor):
                value, recording = self._recorder.value_of(tensor), self._recorder.recording
                self._left.append(value)
                place = self._recorder.locator.place()
                recording.calls.append(Call("aten.item.default", None, (value,), {}, (), place))
                recording.note_look(place)
                self._reason = f"computed outside of torch, after {name}() at {place.source}"
            return original(tensor, *args, **kwargs)

        return leave
