"""Distinguishes tensors that depend on an input from constants, and follows views of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from pytest_rf.frontends.torch.memory import Emit, Functionaliser, Handle, Layout, Memory, Step, view_steps
from pytest_rf.frontends.torch.preserve import Originals
from pytest_rf.frontends.torch.recording import Const, Ref, tensors_in

aten = torch.ops.aten
_ATTRIBUTE = "_pytest_rf_handle"


class Tracker:
    """Knows the tensors of one recording by a mark on them, else by their storage.

    Attributes:
        functions: reads and writes aliases.
    """

    def __init__(self, real: bool, emit: Emit) -> None:
        self.functions = Functionaliser(emit)
        self._real = real
        self._memories: dict[int, tuple[StorageWeakRef | torch.UntypedStorage, Memory]] = {}
        self._promoted = False
        self._tagged: list[torch.Tensor] = []

    def close(self) -> None:
        """Take the marks off the user's tensors; nothing is read or written any more."""
        self.functions.close()
        for tensor in self._tagged:
            tensor.__dict__.pop(_ATTRIBUTE, None)

    def adopt(self, tensor: torch.Tensor, ref: Ref) -> None:
        """Make a new tensor known as the root of its own storage."""
        memory = Memory(Layout.of(tensor), ref)
        number = self._remember(tensor, memory) if tensor.layout is torch.strided else None
        setattr(tensor, _ATTRIBUTE, Handle(memory, (), ref, 0, number))

    def _remember(self, tensor: torch.Tensor, memory: Memory) -> int:
        """Have a storage known by its number for as long as it is there; one without elements can be held."""
        storage = tensor.untyped_storage()
        number: int = storage._cdata
        self._memories[number] = (storage if tensor.is_meta else StorageWeakRef(storage), memory)
        return number

    def handle(self, tensor: torch.Tensor) -> Handle | None:
        """Return the handle of a tensor that depends on an input."""
        handle: Handle | None = getattr(tensor, _ATTRIBUTE, None)
        if handle is not None and handle.storage == _storage(tensor):
            return handle if handle.memory.value is not None else None
        if not (self._real or self._promoted or tensor.is_meta) or tensor.layout is not torch.strided:
            return None
        found = self._memories.get(tensor.untyped_storage()._cdata)
        if found is None or (isinstance(found[0], StorageWeakRef) and found[0].expired()):
            return None
        memory = found[1]
        where = (list(tensor.shape), list(tensor.stride()), tensor.storage_offset())
        step = Step(aten.as_strided.default, where, {}, memory.layout.size, tuple(tensor.shape), tensor.dtype)
        handle = Handle(memory, (step,))
        self._tag(tensor, handle)
        return handle

    def shares(self, tensor: torch.Tensor, handles: Mapping[int, Handle]) -> bool:
        """Whether a result lies in the memory of an argument, although its operator is not a view.

        Dropout that is off hands back its argument, for one; a write into the result then changes both.
        """
        if id(tensor) in handles:
            return True
        storage = _storage(tensor)
        return storage is not None and storage in [handle.storage for handle in handles.values()]

    def _tag(self, tensor: torch.Tensor, handle: Handle) -> None:
        handle.storage = _storage(tensor)
        setattr(tensor, _ATTRIBUTE, handle)

    def promote(self, tensor: torch.Tensor) -> Handle:
        """Turn a constant that is about to get an input's values into a variable."""
        handle: Handle | None = getattr(tensor, _ATTRIBUTE, None)
        if handle is None:
            handle = Handle(Memory(Layout.of(tensor), None, constant=tensor))
            self._tag(tensor, handle)
            self._tagged.append(tensor)
        memory = handle.memory
        assert memory.constant is not None
        memory.value = Const(memory.constant.detach().clone())
        self._remember(memory.constant, memory)
        self._promoted = True
        return handle

    def follow_view(
        self,
        func: Any,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Any,
        outputs: list[Ref | None],
        handles: dict[int, Handle],
    ) -> None:
        """Make the outputs of a view operator known as aliases of its first argument."""
        base = handles[id(args[0])]
        tensors = tensors_in(result)
        memory = base.memory
        steps = view_steps(func, name, args, kwargs, tensors)
        for tensor, step, ref in zip(tensors, steps, outputs, strict=True):
            if tensor is not args[0]:
                self._tag(tensor, Handle(memory, base.extended(step), ref, memory.version))

    def reshape(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        before: tuple[int, ...],
        handle: Handle,
    ) -> None:
        """Note that a tensor has become the view ``func`` of itself."""
        x = args[0]
        step = Step(func, args[1:], kwargs, before, tuple(x.shape), x.dtype)
        self._tag(x, Handle(handle.memory, handle.extended(step)))

    def follow_constant_view(
        self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> bool:
        """Remember the way from a constant view to its base: it may be written with an input's values.

        Returns:
            Whether the result is a view: some operators make one only where they can.
        """
        if not args or not isinstance(args[0], torch.Tensor):
            return False
        base, tensors = args[0], tensors_in(result)
        storage = _storage(base)
        if [_storage(tensor) for tensor in tensors] != [storage] * len(tensors):
            return False
        handle: Handle | None = getattr(base, _ATTRIBUTE, None)
        if handle is None:
            handle = Handle(Memory(Layout.of(base), None, constant=base))
            self._tag(base, handle)
            self._tagged.append(base)
        for tensor, step in zip(tensors, view_steps(func, name, args, kwargs, tensors), strict=True):
            if tensor is not base:
                setattr(tensor, _ATTRIBUTE, Handle(handle.memory, handle.extended(step), storage=storage))
                self._tagged.append(tensor)
        return True


def _storage(tensor: torch.Tensor) -> int | None:
    """Return the number of a tensor's storage; None where it has none of its own."""
    if tensor.layout is not torch.strided:
        return None
    number: int = tensor.untyped_storage()._cdata
    return number


class Constants:
    """Constant tensors: as recorded calls refer to them, and as they were before the call wrote them."""

    def __init__(self) -> None:
        self.originals = Originals()
        self._known: dict[int, tuple[torch.Tensor, Const]] = {}
        self._latest: list[
            torch.Tensor
        ] = []  # of the known ones; their storages are looked at when one is written
        self._storages: set[int] = set()
        self._created: set[int] = set()

    def refer(self, tensor: torch.Tensor) -> Const:
        """Return the constant as a recorded call refers to it."""
        known = self._known.get(id(tensor))
        if known is None:
            known = self._known[id(tensor)] = (tensor, Const(tensor))
            self._latest.append(tensor)
        return known[1]

    def created(self, tensor: torch.Tensor) -> None:
        """Note a tensor that the call itself made: nobody needs it restored."""
        if tensor.layout is torch.strided:
            self._created.add(tensor.untyped_storage()._cdata)

    def restore(self) -> None:
        """Write back what the call wrote; those who refer to it keep what it was when they did."""
        if not self.originals:
            return
        for used, const in self._known.values():
            if self.originals.holds(used):
                const.tensor = used.detach().clone()
        self.originals.restore()

    def before_write(self, tensor: torch.Tensor) -> None:
        """Keep the elements as they are for those who refer to them, and for afterwards."""
        if tensor.layout is not torch.strided:
            return
        self._storages.update(number for one in self._latest if (number := _storage(one)) is not None)
        self._latest.clear()
        storage = tensor.untyped_storage()._cdata
        if storage in self._storages:
            for key, (used, const) in list(self._known.items()):
                if _storage(used) == storage:
                    const.tensor = used.detach().clone()
                    del self._known[key]
            self._storages.discard(storage)
        if storage not in self._created:
            self.originals.save(tensor)
