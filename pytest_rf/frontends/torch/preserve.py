"""Leaves the user's module, and the state of the process that a forward pass touches, as found."""

from __future__ import annotations

import random
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from operator import is_
from typing import Any

import torch

_REGISTRIES = ("_parameters", "_buffers", "_modules")
_CONTAINERS = frozenset([list, dict, set, OrderedDict])
"""Types whose contents are restored; the hooks of a module are in ordered dicts."""


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
    attributes: list[tuple[torch.nn.Module, dict[str, Any]]] = []
    dicts: list[tuple[Any, Any]] = []  # with their copies
    others: list[tuple[Any, Any]] = []
    empty: list[Any] = []  # as most dicts of hooks
    learning: list[tuple[torch.Tensor, bool]] = []
    for module in modules:
        own = module.__dict__
        for value in own.values():
            if type(value) in _CONTAINERS:
                if not value:
                    empty.append(value)
                elif isinstance(value, dict):
                    dicts.append((value, value.copy()))
                else:
                    others.append((value, value.copy()))
        for name in _REGISTRIES:
            registry = own.get(name)
            # Plain ones are among the containers, and TorchScript has its own.
            if type(registry) not in _CONTAINERS and isinstance(registry, dict) and registry:
                dicts.append((registry, registry.copy()))
        parameters = own.get("_parameters")
        if parameters:
            learning += [(p, p.requires_grad) for p in parameters.values() if p is not None and p.is_leaf]
        attributes.append((module, own.copy()))

    def restore() -> None:
        for value in filter(None, empty):
            value.clear()
        for value, copy in others:
            if not _same(value, copy):
                _refill(value, copy)
        for value, copy in dicts:
            if not (_same(value.values(), copy.values()) and _same(value, copy)):
                _refill(value, copy)
        for module, copy in attributes:
            own = module.__dict__
            if not (_same(own.values(), copy.values()) and [*own] == [*copy]):
                _refill(own, copy)
        for parameter, learns in learning:
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
