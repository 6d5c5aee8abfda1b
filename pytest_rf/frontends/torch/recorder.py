"""Records the operators of one call: constants run for real, what depends on an input by shape only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pytest_rf import registry
from pytest_rf.frontends.torch import factories, higher_order, opaque, running
from pytest_rf.frontends.torch import traits as schemas
from pytest_rf.frontends.torch.locate import Locator
from pytest_rf.frontends.torch.memory import BY_MEMORY, RESHAPED, Handle
from pytest_rf.frontends.torch.outside import Outside
from pytest_rf.frontends.torch.recording import (
    LOOKS,
    Call,
    Const,
    Recording,
    Ref,
    leaves,
    replaced,
    tensors_in,
)
from pytest_rf.frontends.torch.tracking import Constants, Tracker
from pytest_rf.frontends.torch.traits import Traits
from pytest_rf.frontends.torch.trees import named_tensors


class ValuesNeeded(Exception):
    """The code looks at values that a run by shapes does not have."""


class Unsupported(Exception):
    """The call cannot be recorded at the dispatcher (a higher-order operator, say)."""


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """The dispatch mode that writes a recording.

    Below autograd, where this mode runs, composite operators arrive whole; those that keep the
    structure visible are recorded as they are, the others by their parts.

    Attributes:
        recording: what has been recorded so far.
        real: whether activations have values.
        obstacle: why this way of recording cannot succeed, once that is known.
    """

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the wrapper that this asks for would import the compiler

    def __init__(
        self, recording: Recording, locator: Locator, home: torch.device, real: bool, valueless: bool = False
    ) -> None:
        super().__init__()
        self.recording = recording
        self.locator = locator
        self.real = real
        self.obstacle: Exception | None = None
        self._home = torch.device("cpu") if home.type == "meta" else home
        self._valueless = valueless
        self._tracker = Tracker(real, self._emit)
        self._constants = Constants()
        self._outside = Outside(self)
        locator.run = self._module_call  # type: ignore[method-assign]
        locator.returned = self._returned  # type: ignore[method-assign]

    # -- what callers need -------------------------------------------------------------------------

    def declare(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
        """Make a tensor a graph input and return the stand-in that the call gets."""
        if self.real:
            stand_in = tensor.detach().clone()
        else:
            stand_in = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        ref = self.recording.make(tuple(tensor.shape), tensor.dtype)
        self.recording.inputs[name] = ref
        self._tracker.adopt(stand_in, ref)
        return stand_in

    def adopt(self, tensor: torch.Tensor, ref: Ref) -> None:
        """Make a tensor known that holds a recorded value."""
        self._tracker.adopt(tensor, ref)

    def value_of(self, tensor: torch.Tensor) -> Ref | Const:
        """Return the present value of a tensor that the call returned."""
        self._arrived([tensor])
        handle = self._tracker.handle(tensor)
        if handle is None:
            return Const(tensor)
        return self._tracker.functions.read(handle)

    def follows(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor depends on an input."""
        return self._tracker.handle(tensor) is not None

    def merge(self, op: str, operands: list[torch.Tensor], result: torch.Tensor) -> torch.Tensor:
        """Record an operator of our own that made ``result`` of the operands."""
        made = result if self.real else torch.empty(result.shape, dtype=result.dtype, device="meta")
        if made is not result or not self.follows(result):
            made = made.detach()
        values = tuple(self.value_of(operand) for operand in operands)
        ref = self.recording.make(tuple(made.shape), made.dtype)
        self.recording.calls.append(Call(op, None, values, {}, (ref,), self.locator.place()))
        if self.follows(made):
            made = made.clone()
        self._tracker.adopt(made, ref)
        return made

    def close(self) -> None:
        """Restore what the call wrote and take the marks off the user's tensors."""
        self._constants.restore()
        self._tracker.close()

    @contextmanager
    def watching(self, module: torch.nn.Module) -> Iterator[None]:
        """Watch what the dispatcher does not see: factories, and what leaves for NumPy."""
        with opaque.functions(self), self._outside.threads():
            if not self.real:
                with factories.redirected(self._at_home):
                    yield
                return
            for tensor in (*module.parameters(), *module.buffers()):
                self._outside.know(tensor)
            with self._outside.watch():
                yield

    def leaves_for_a_thread(self) -> None:
        """Go on without knowing what a thread computes; that needs values, to tell its tensors by."""
        if not self.real:
            self.obstacle = ValuesNeeded(f"a thread at {self.locator.source()}")
            raise self.obstacle
        self._outside.leave_for_a_thread()

    def _module_call(self, original: Any, module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        """Call a module; one that is registered stands as a single operator for all that it runs."""
        kind = registry.module_class(module)
        if kind is None:
            return original(module, *args, **kwargs)
        return opaque.alone(self, kind, lambda: original(module, *args, **kwargs), [args, kwargs])

    def _returned(self, path: str, result: Any) -> None:
        tensor = next(iter(named_tensors(result)), ("", None))[1] if path else None
        handle = None if tensor is None else self._tracker.handle(tensor)
        if handle is not None:
            value = self._tracker.functions.read(handle)
            if isinstance(value, Ref):
                self.recording.modules[path] = value

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
            result = higher_order.run(self, func._name, args, kwargs)
            if result is NotImplemented:
                self.obstacle = Unsupported(f"higher-order operator {func._name}")
                raise self.obstacle
            return result
        trait = schemas.traits(func)
        tensors = tensors_in(args)
        if kwargs:
            tensors += tensors_in(kwargs)
        self._arrived(tensors)
        handles: dict[int, Handle] = {}
        for tensor in tensors:
            if tensor.is_nested:
                self.obstacle = Unsupported("nested tensors are not followed")
                raise self.obstacle
            handle = self._tracker.handle(tensor)
            if handle is not None:
                handles[id(tensor)] = handle
        if not handles:
            return self._constant(func, trait, args, kwargs, tensors)
        if trait.composite:
            with self:
                return func.decompose(*args, **kwargs)
        if trait.name in BY_MEMORY and not trait.writes:
            with self:
                return BY_MEMORY[trait.name](*args, **kwargs)
        if trait.name == "set" and trait.writes:  # its tensor has another storage now, which tells what it is
            return func(*args, **kwargs)
        if func in RESHAPED:
            before = tuple(args[0].shape)
            result = func(*args, **kwargs)
            self._tracker.reshape(RESHAPED[func], args, kwargs, before, handles[id(args[0])])
            return result
        if trait.like:
            return self._factory_like(func, trait, args, kwargs)
        if trait.reads_values:
            self._look(trait)
        return self._symbolic(func, trait, args, kwargs, handles)

    def _constant(
        self,
        func: Any,
        trait: Traits,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[torch.Tensor],
    ) -> Any:
        for tensor in tensors:
            self._needs_values(tensor)
        if trait.composite and trait.view:
            with self:  # a later write must find the way from the view to its base
                return func.decompose(*args, **kwargs)
        kwargs = self._at_home(kwargs)
        for position, _, _ in trait.writes:
            if position < len(args) and isinstance(args[position], torch.Tensor):
                self._constants.before_write(args[position])
        if trait.secret:
            self._secret_writes(trait, args)
        if self._valueless and any(tensor.is_meta for tensor in tensors):
            twins: dict[int, torch.Tensor] = {}
            result = func(*running.twinned(args, twins), **running.twinned(kwargs, twins))
        else:
            result = func(*args, **kwargs)
        if (
            trait.view
            and tensors
            and self._tracker.follow_constant_view(func, trait.name, args, kwargs, result)
        ):
            return result
        if not trait.writes:
            for tensor in tensors_in(result):
                if not any(tensor is given for given in tensors):
                    self._created(tensor)
        return result

    def _created(self, tensor: torch.Tensor) -> None:
        self._constants.created(tensor)
        if self.real:
            self._outside.know(tensor)

    def _arrived(self, tensors: list[torch.Tensor]) -> None:
        """Look for tensors that came from outside of torch, once something has left for there."""
        if self._outside.used:
            for tensor in tensors:
                if not self.follows(tensor) and not self._outside.knows(tensor):
                    self._outside.enter(tensor)

    def _factory_like(self, func: Any, trait: Traits, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        model = args[0]
        kwargs = self._at_home(kwargs)
        blank = torch.empty_strided(
            model.shape, model.stride(), dtype=model.dtype, device=model.device if self.real else self._home
        )
        result = func(blank, *args[1:], **kwargs)
        self._created(result)
        return result

    def _look(self, trait: Traits) -> None:
        place = self.locator.place()
        if not self.real:
            self.obstacle = ValuesNeeded(f"{trait.op} at {place.source}")
            raise self.obstacle
        if trait.name in LOOKS:
            self.recording.note_look(place)

    def _symbolic(
        self,
        func: Any,
        trait: Traits,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        handles: dict[int, Handle],
    ) -> Any:
        for position, name, _ in trait.writes:
            target = args[position] if position < len(args) else kwargs.get(name)
            for tensor in tensors_in(target):
                if id(tensor) not in handles:
                    if self.real:
                        self._constants.originals.save(tensor)
                    handles[id(tensor)] = self._tracker.promote(tensor)
        if trait.secret and self.real:
            self._secret_writes(trait, args)
        recorded = self._recorded(args, handles), self._recorded(kwargs, handles)
        result = running.run(func, trait, args, kwargs, None if self.real else self._home)
        self._record(func, trait, args, kwargs, recorded, result, handles)
        return result

    # -- recording ---------------------------------------------------------------------------------

    def _record(
        self,
        func: Any,
        trait: Traits,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        recorded: tuple[tuple[Any, ...], dict[str, Any]],
        result: Any,
        handles: dict[int, Handle],
    ) -> None:
        if trait.name == "as_strided":  # of the storage, whatever the view that it is called on
            self._tracker.follow_view(func, trait.name, args, kwargs, result, [None], handles)
            return
        written = {returned: position for position, _, returned in trait.writes if returned is not None}
        results = result if isinstance(result, tuple) else () if result is None else (result,)
        outputs: list[Ref | None] = []
        writes: list[tuple[Handle, Ref]] = []
        views = False
        for index, item in enumerate(results):
            for tensor in leaves(item):
                if not isinstance(tensor, torch.Tensor):
                    outputs.append(None)
                    continue
                given = args[trait.independent[index]] if index in trait.independent else None
                if given is not None and id(given) not in handles:  # what made it is constant, so it is
                    outputs.append(None)
                    self._created(tensor)
                    continue
                if tensor.layout is torch._mkldnn:
                    self.obstacle = Unsupported(
                        "the model is optimised for mkldnn, in operators out of sight"
                    )
                    raise self.obstacle
                ref = self.recording.make(tuple(tensor.shape), tensor.dtype)
                outputs.append(ref)
                if index in written:
                    position = written[index]
                    target = args[position] if position < len(args) else tensor
                    writes.append((handles.get(id(target)) or handles[id(tensor)], ref))
                elif not self._tracker.shares(tensor, handles):
                    self._tracker.adopt(tensor, ref)
                elif trait.view:
                    views = True
        if views:
            self._tracker.follow_view(func, trait.name, args, kwargs, result, outputs, handles)
        for position, name, returned in trait.writes:
            if returned is None:  # written but not returned (foreach operators, running statistics)
                target = args[position] if position < len(args) else kwargs.get(name)
                for tensor in tensors_in(target):
                    ref = self.recording.make(tuple(tensor.shape), tensor.dtype)
                    outputs.append(ref)
                    writes.append((handles[id(tensor)], ref))
        self.recording.calls.append(
            Call(trait.op, func, recorded[0], recorded[1], tuple(outputs), self.locator.place())
        )
        for handle, ref in writes:
            self._tracker.functions.write(handle, ref)

    def _emit(
        self,
        func: Any,
        op: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        shape: tuple[int, ...],
        dtype: torch.dtype,
    ) -> Ref:
        ref = self.recording.make(shape, dtype)
        op = op or schemas.traits(func).op
        self.recording.calls.append(Call(op, func, args, kwargs, (ref,), self.locator.place()))
        return ref

    def _recorded(self, tree: Any, handles: dict[int, Handle]) -> Any:
        def substitute(tensor: torch.Tensor) -> Ref | Const:
            handle = handles.get(id(tensor))
            if handle is not None:
                return self._tracker.functions.read(handle)
            self._needs_values(tensor)
            return self._constants.refer(tensor)

        return replaced(tree, substitute)

    def _needs_values(self, tensor: torch.Tensor) -> None:
        """Give up on shapes alone if a constant came about without values."""
        if tensor.is_meta and not self._valueless and not self.real:
            self.obstacle = ValuesNeeded(f"a constant without values at {self.locator.source()}")
            raise self.obstacle

    # -- the home device ---------------------------------------------------------------------------

    def _secret_writes(self, trait: Traits, args: tuple[Any, ...]) -> None:
        mean, variance, flag = trait.secret
        if len(args) > flag and args[flag]:
            for tensor in (args[mean], args[variance]):
                if isinstance(tensor, torch.Tensor):
                    self._constants.before_write(tensor)

    def _at_home(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Redirect what the code makes on its input's device, which is ``meta`` only for us."""
        device = kwargs.get("device")
        if device is not None and not self.real and torch.device(device).type == "meta":
            return {**kwargs, "device": self._home}
        return kwargs
