"""The ways out of sight: methods that hand a tensor to NumPy or Python, and other threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch

from pytest_rf.frontends.torch.failures import ValuesNeeded
from pytest_rf.frontends.torch.tape import Tape

_EXITS = ("numpy", "tolist", "__array__", "__dlpack__")


@contextmanager
def from_torch(tape: Tape) -> Iterator[None]:
    """Follow what leaves torch for as long as the context lasts."""
    originals = {name: getattr(torch.Tensor, name) for name in _EXITS}
    inherited = {name for name in _EXITS if name not in vars(torch.Tensor)}
    for name, original in originals.items():
        setattr(torch.Tensor, name, _noting(tape, name, original))
    try:
        yield
    finally:
        for name, original in originals.items():
            if name in inherited:
                delattr(torch.Tensor, name)
            else:
                setattr(torch.Tensor, name, original)


def _noting(tape: Tape, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of tensors that notes what leaves through it."""

    def leave(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if tape.follows(tensor):
            value, place = tape.value_of(tensor), tape.locator.place()
            tape.append("aten.item.default", None, (value,), {}, ())
            tape.recording.note_look(place)
            tape.outside.left.append(value)
            tape.outside.reason = f"computed outside of torch, after {name}() at {place.source}"
        return original(tensor, *args, **kwargs)

    return leave


@contextmanager
def to_threads(tape: Tape) -> Iterator[None]:
    """Notice threads that are started, or given work: what they compute is not seen."""
    here = threading.get_ident()
    places = ((threading.Thread, "start"), (ThreadPoolExecutor, "submit"))
    originals = [(kind, name, vars(kind)[name]) for kind, name in places]

    def noticing(original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == here:
                _leave_for_a_thread(tape)
            return original(*args, **kwargs)

        return call

    for kind, name, original in originals:
        setattr(kind, name, noticing(original))
    try:
        yield
    finally:
        for kind, name, original in originals:
            setattr(kind, name, original)


def _leave_for_a_thread(tape: Tape) -> None:
    """Take every tensor that comes from nowhere for one that a thread has made of the inputs.

    That needs values: the tensors of a thread are recognised by their storage.
    """
    if not tape.real:
        tape.stop(ValuesNeeded(f"a thread at {tape.locator.source()}"))
    tape.outside.left += tape.recording.inputs.values()
    tape.outside.reason = f"computed in another thread, started at {tape.locator.source()}"
