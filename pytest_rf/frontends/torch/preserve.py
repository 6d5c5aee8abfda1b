"""Leaves the user's module, and the state of the process that a forward pass touches, as found."""

from __future__ import annotations

import random
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, compress, filterfalse
from operator import is_, methodcaller
from typing import Any

import torch

_REGISTRIES = ("_parameters", "_buffers", "_modules")
_CONTAINERS = frozenset([list, dict, set, OrderedDict])
"""Types whose contents are restored; the hooks of a module are in ordered dicts."""

_values = methodcaller("values")


class Originals:
    """Elements of tensors as they were before the call first wrote into them."""

    def __init__(self) -> None:
        self._saved: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __len__(self) -> int:
        """How many storages are remembered."""
        return len(self._saved)

    def save(self, tensor: torch.Tensor) -> None:
        """Remember the tensor's whole storage, once."""
        if tensor.device.type == "meta" or tensor.layout is not torch.strided:
            return
        storage = tensor.untyped_storage()
        if storage._cdata not in self._saved:
            self._saved[storage._cdata] = (storage, storage.clone())

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor's storage is remembered."""
        return tensor.layout is torch.strided and tensor.untyped_storage()._cdata in self._saved

    def restore(self) -> None:
        """Write the remembered elements back."""
        for storage, copy in self._saved.values():
            if storage.nbytes() != copy.nbytes():  # it was resized
                storage.resize_(copy.nbytes())
            storage.copy_(copy)


@contextmanager
def preserved(modules: Iterable[torch.nn.Module]) -> Iterator[None]:
    """Undo what the call changes: attributes of these modules, random state, global switches."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # this call is ours; the user's own shows what it has to say
        stack.callback(attributes_of(modules))
        stack.callback(random_state())
        for read, write in _SWITCHES:
            stack.callback(write, read())
        torch.backends.mha.set_fastpath_enabled(False)  # the fused layer hides what attention reads
        if "torch._dynamo" in sys.modules:  # nothing can be compiled before it is imported
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


_SWITCHES = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch._C._set_grad_enabled),
    # torch.use_deterministic_algorithms would import the compiler.
    (torch.are_deterministic_algorithms_enabled, torch._C._set_deterministic_algorithms),
    (torch.backends.mha.get_fastpath_enabled, torch.backends.mha.set_fastpath_enabled),
)
"""Global switches that models are known to turn, as functions that read and write them."""


def attributes_of(modules: Iterable[torch.nn.Module]) -> Callable[[], None]:
    """Return what restores the attributes of modules, and the contents of containers.

    Also which parameters get gradients: models freeze parts of themselves when they run.
    """
    modules = [*modules]
    owners = [module.__dict__ for module in modules]
    held = [*chain.from_iterable(map(_values, owners))]
    containers = [*compress(held, map(_CONTAINERS.__contains__, map(type, held)))]
    empty = [*filterfalse(None, containers)]  # as most dicts of hooks
    full = [*filter(None, containers)]
    dicts = [value for value in full if isinstance(value, dict)]
    registries = [own[name] for own in owners for name in _REGISTRIES if name in own]
    # Plain ones are among the containers, and TorchScript has its own.
    dicts += [one for one in registries if one and isinstance(one, dict) and type(one) not in _CONTAINERS]
    copies = [value.copy() for value in [*dicts, *owners]]
    others = [(value, value.copy()) for value in full if not isinstance(value, dict)]
    parameters = [
        parameter
        for own in owners
        for parameter in (own.get("_parameters") or {}).values()
        if parameter is not None and parameter.is_leaf
    ]
    learning = [parameter.requires_grad for parameter in parameters]

    def restore() -> None:
        for value in filter(None, empty):
            value.clear()
        for value, copy in others:
            if not _same(value, copy):
                _refill(value, copy)
        present = [*dicts, *[module.__dict__ for module in modules]]
        if not _all_same(present, copies):
            for value, copy in zip(present, copies, strict=True):
                if not (_same(value.values(), copy.values()) and _same(value, copy)):
                    _refill(value, copy)
        for parameter, learns in zip(parameters, learning, strict=True):
            if parameter.requires_grad != learns:
                parameter.requires_grad_(learns)

    return restore


def _refill(value: Any, copy: Any) -> None:
    value.clear()
    if isinstance(value, list):
        value.extend(copy)
    else:
        value.update(copy)


def _same(values: Any, copies: Any) -> bool:
    """Whether there are the very objects that there were when they were copied, in the same order."""
    return len(values) == len(copies) and all(map(is_, values, copies))


def _all_same(dicts: Sequence[dict[Any, Any]], copies: Sequence[dict[Any, Any]]) -> bool:
    """Whether that is so of all dicts, as it nearly always is: looked at in one go, without a call for each."""
    every = chain.from_iterable
    return (
        [*map(len, dicts)] == [*map(len, copies)]
        and all(map(is_, every(dicts), every(copies)))
        and all(map(is_, every(map(_values, dicts)), every(map(_values, copies))))
    )


def random_state() -> Callable[[], None]:
    """Return what restores the random state of torch, NumPy and Python."""
    state = torch.get_rng_state()
    devices = (
        torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None
    )
    python = random.getstate()
    numpy = sys.modules.get("numpy")
    array_state = numpy.random.get_state() if numpy is not None else None

    def restore() -> None:
        torch.set_rng_state(state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)
        random.setstate(python)
        if numpy is not None:
            numpy.random.set_state(array_state)

    return restore
