"""The dispatch mode that records: constants are run for real, what depends on an input by shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pytest_rf import registry
from pytest_rf.frontends.torch import exits, higher_order, opaque, running
from pytest_rf.frontends.torch.factories import Home
from pytest_rf.frontends.torch.failures import Unsupported, ValuesNeeded
from pytest_rf.frontends.torch.memory import BY_MEMORY, RESHAPED, Handle
from pytest_rf.frontends.torch.recording import LOOKS, Ref, tensors_in
from pytest_rf.frontends.torch.tape import Operation, Tape
from pytest_rf.frontends.torch.traits import Traits, traits
from pytest_rf.frontends.torch.trees import named_tensors


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """Runs each operator, and has it recorded if it depends on an input.

    Below autograd, where this mode runs, composite operators arrive whole; those that keep the
    structure visible are recorded as they are, the others by their parts.

    Args:
        tape: writes the recording.
        device: the device of the model's tensors.
    """

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the wrapper that this asks for would import the compiler

    def __init__(self, tape: Tape, device: torch.device) -> None:
        super().__init__()
        higher_order.admit(Recorder)
        self._tape = tape
        self._home = Home(device, tape.real)

    # -- what the dispatcher does not see ----------------------------------------------------------

    @contextmanager
    def watching(self, module: torch.nn.Module) -> Iterator[None]:
        """Watch what the dispatcher does not see: calls of modules, factories, and what leaves for NumPy."""
        tape = self._tape
        with (
            tape.locator.watch(registry.module_class, self._run_alone, self._returned),
            opaque.functions(tape),
            exits.to_threads(tape),
        ):
            if not tape.real:
                with self._home.factories():
                    yield
                return
            for tensor in (*module.parameters(), *module.buffers()):
                tape.outside.know(tensor)
            with exits.from_torch(tape):
                yield

    def _run_alone(self, original: Any, module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        """Call a module that is registered: it stands as a single operator for all that it runs."""
        kind = registry.module_class(module)
        assert kind is not None
        return opaque.alone(self._tape, kind, lambda: original(module, *args, **kwargs), [args, kwargs])

    def _returned(self, path: str, result: Any) -> None:
        """Note the first tensor that a module returned."""
        if not path:
            return
        tracker = self._tape.tracker
        tensor = (
            result
            if isinstance(result, torch.Tensor)
            else next((one for _, one in named_tensors(result)), None)
        )
        handle = None if tensor is None else tracker.handle(tensor)
        if handle is not None:
            value = tracker.functions.read(handle)
            if isinstance(value, Ref):
                self._tape.recording.modules[path] = value

    # -- dispatch ----------------------------------------------------------------------------------

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run one operator, and record it if it depends on an input."""
        kwargs = kwargs or {}
        if not isinstance(func, torch._ops.OpOverload):
            result = higher_order.run(self._tape, self, func._name, args, kwargs)
            if result is NotImplemented:
                self._tape.stop(Unsupported(f"higher-order operator {func._name}"))
            return result
        trait = traits(func)
        tensors = tensors_in(args)
        if kwargs:
            tensors += tensors_in(kwargs)
        handles = self._handles(tensors)
        if not handles:
            return self._constant(func, trait, args, kwargs, tensors)
        if trait.composite:
            with self:
                return func.decompose(*args, **kwargs)
        if trait.name in BY_MEMORY and not trait.writes:
            with self:
                return BY_MEMORY[trait.name](*args, **kwargs)
        if trait.rebinds:
            return func(*args, **kwargs)
        if trait.writes and func in RESHAPED:
            before = tuple(args[0].shape)
            result = func(*args, **kwargs)
            self._tape.tracker.reshape(RESHAPED[func], args, kwargs, before, handles[id(args[0])])
            return result
        if trait.like:
            return self._factory_like(func, args, kwargs)
        if trait.reads_values or (trait.name == "index" and _picks_by_mask(args[1], handles)):
            self._look(trait)
        return self._symbolic(Operation(func, trait, args, kwargs, handles))

    def _handles(self, tensors: list[torch.Tensor]) -> dict[int, Handle]:
        """Return what is known of the arguments that depend on an input, by their ``id``."""
        tape = self._tape
        if tape.outside.left:
            tape.arrived(tensors)
        known = tape.tracker.handle
        handles: dict[int, Handle] = {}
        for tensor in tensors:
            if tensor.is_nested:
                tape.stop(Unsupported("nested tensors are not followed"))
            handle = known(tensor)
            if handle is not None:
                handles[id(tensor)] = handle
        return handles

    def _constant(
        self,
        func: Any,
        trait: Traits,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[torch.Tensor],
    ) -> Any:
        """Run an operator on constants."""
        tape = self._tape
        for tensor in tensors:
            if tensor.is_meta:
                tape.needs_values(tensor)
        if trait.composite and trait.view:
            with self:  # a later write must find the way from the view to its base
                return func.decompose(*args, **kwargs)
        if kwargs:
            kwargs = self._home.keywords(kwargs)
        for position, _, _ in trait.writes:
            if position < len(args) and isinstance(args[position], torch.Tensor):
                tape.constants.before_write(args[position])
        if trait.secret:
            self._secret_writes(trait, args)
        if tape.valueless and any(tensor.is_meta for tensor in tensors):
            twins: dict[int, torch.Tensor] = {}
            result = func(*running.twinned(args, twins), **running.twinned(kwargs, twins))
        else:
            result = func(*args, **kwargs)
        if (
            trait.view
            and tensors
            and tape.tracker.follow_constant_view(func, trait.name, args, kwargs, result)
        ):
            return result
        if not trait.writes:
            for tensor in tensors_in(result):
                if not any(tensor is given for given in tensors):
                    tape.created(tensor)
        return result

    def _factory_like(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a factory that takes a tensor for its shape and type only: what it makes is constant."""
        result = func(self._home.blank(args[0]), *args[1:], **self._home.keywords(kwargs))
        self._tape.created(result)
        return result

    def _look(self, trait: Traits) -> None:
        """Note that the code gets to see values, or a shape that depends on them."""
        place = self._tape.locator.place()
        if not self._tape.real:
            self._tape.stop(ValuesNeeded(f"{trait.op} at {place.source}"))
        if trait.name in LOOKS:
            self._tape.recording.note_look(place)

    def _symbolic(self, operation: Operation) -> Any:
        """Run and record an operator that depends on an input."""
        tape, trait, handles = self._tape, operation.trait, operation.handles
        func, args, kwargs = operation.function, operation.args, operation.kwargs
        for position, name, _ in trait.writes:
            for tensor in operation.written(position, name):
                if id(tensor) not in handles:
                    if tape.real:
                        tape.constants.originals.save(tensor)
                    handles[id(tensor)] = tape.tracker.promote(tensor)
        if trait.secret and tape.real:
            self._secret_writes(trait, args)
        before = tape.referred(args, handles), tape.referred(kwargs, handles)
        result = running.run(func, trait, args, kwargs, None if tape.real else self._home.device)
        tape.ran(operation, *before, result)
        return result

    def _secret_writes(self, trait: Traits, args: tuple[Any, ...]) -> None:
        """Keep running statistics as they are, where the operator is to update them."""
        mean, variance, flag = trait.secret
        if len(args) > flag and args[flag]:
            for tensor in (args[mean], args[variance]):
                if isinstance(tensor, torch.Tensor):
                    self._tape.constants.before_write(tensor)


def _picks_by_mask(indices: Sequence[Any], handles: Mapping[int, Handle]) -> bool:
    """Whether a computed mask is among indices: how many elements it picks depends on values."""
    masks = (index for index in indices if id(index) in handles)
    return any(mask.dtype in (torch.bool, torch.uint8) for mask in masks)
