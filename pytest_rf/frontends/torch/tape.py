"""Writes a recording: which tensors depend on an input, what they hold, and the operators that made them."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from msgspec import Struct

from pytest_rf.frontends.torch.failures import Obstacle, Unsupported, ValuesNeeded
from pytest_rf.frontends.torch.locate import Locator
from pytest_rf.frontends.torch.memory import Handle
from pytest_rf.frontends.torch.outside import Outside
from pytest_rf.frontends.torch.recording import (
    PLAIN,
    Const,
    Recorded,
    Recording,
    Ref,
    leaves,
    tensors_in,
)
from pytest_rf.frontends.torch.tracking import Constants, Tracker
from pytest_rf.frontends.torch.traits import Traits, traits


class Operation(Struct, frozen=True, eq=False):
    """One operator that runs.

    Attributes:
        function: the overload.
        trait: what its schema says.
        args: its arguments, tensors as they are.
        kwargs: its keyword arguments.
        handles: what is known of those tensors among its arguments that depend on an input, by their ``id``.
    """

    function: Any
    trait: Traits
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    handles: dict[int, Handle]

    def written(self, position: int, name: str) -> list[torch.Tensor]:
        """Return the tensors of an argument that the operator writes."""
        return tensors_in(self.args[position] if position < len(self.args) else self.kwargs.get(name))


class Tape:
    """Writes the recording of one call.

    Args:
        recording: where it is written.
        locator: knows where operators are called.
        real: whether activations have values.
        valueless: whether the model's own tensors have none.

    Attributes:
        tracker: knows the tensors that depend on an input.
        constants: knows the others.
        outside: knows what has left torch, or this thread.
        obstacle: why this way of recording cannot succeed, once that is known.
    """

    def __init__(self, recording: Recording, locator: Locator, real: bool, valueless: bool = False) -> None:
        self.recording = recording
        self.locator = locator
        self.real = real
        self.valueless = valueless
        self.tracker = Tracker(real, self._emit)
        self.constants = Constants()
        self.outside = Outside()
        self.obstacle: Obstacle | None = None

    def close(self) -> None:
        """Restore what the call wrote and take the marks off the user's tensors."""
        self.constants.restore()
        self.tracker.close()

    def stop(self, why: Obstacle) -> NoReturn:
        """Give up; the code of the model may catch what is raised here.

        Raises:
            Obstacle: always.
        """
        self.obstacle = why
        raise why

    # -- tensors -----------------------------------------------------------------------------------

    def declare(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
        """Make a tensor a graph input and return the stand-in that the call gets."""
        if self.real:
            stand_in = tensor.detach().clone()
        else:
            stand_in = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        ref = self.recording.inputs[name] = self._variable(tensor)
        self.tracker.adopt(stand_in, ref)
        return stand_in

    def follows(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor depends on an input."""
        return self.tracker.handle(tensor) is not None

    def value_of(self, tensor: torch.Tensor) -> Ref | Const:
        """Return the present value of a tensor that the call returned."""
        self.arrived([tensor])
        handle = self.tracker.handle(tensor)
        if handle is None:
            return Const(tensor)
        return self.tracker.functions.read(handle)

    def created(self, tensor: torch.Tensor) -> None:
        """Note a constant that the call itself made."""
        self.constants.created(tensor)
        if self.real:
            self.outside.know(tensor)

    def arrived(self, tensors: list[torch.Tensor]) -> None:
        """Look for tensors that came from outside of torch, once something has left for there.

        Nothing is known of what they hold, but that it may depend on all that has left.
        """
        if not self.outside.left:
            return
        for tensor in tensors:
            if not self.follows(tensor) and not self.outside.knows(tensor):
                ref = self._variable(tensor)
                reason = {"reason": self.outside.reason}
                self.append("rf.outside.default", None, tuple(self.outside.left), reason, (ref,))
                self.tracker.adopt(tensor, ref)

    def _variable(self, tensor: torch.Tensor) -> Ref:
        return self.recording.make(tuple(tensor.shape), tensor.dtype)

    # -- operators ---------------------------------------------------------------------------------

    def append(
        self,
        op: str,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        outputs: tuple[Ref | None, ...],
    ) -> None:
        """Record an operator at the place that runs; the arguments are those of :class:`Recorded`."""
        place = self.locator.place(3)  # what calls this is ours, and what calls that as well
        self.recording.calls.append(Recorded(op, function, args, kwargs, outputs, place))

    def merge(self, op: str, operands: list[torch.Tensor], result: torch.Tensor) -> torch.Tensor:
        """Record an operator of our own that made ``result`` of the operands."""
        made = result if self.real else torch.empty(result.shape, dtype=result.dtype, device="meta")
        if made is not result or not self.follows(result):
            made = made.detach()
        values = tuple(self.value_of(operand) for operand in operands)
        ref = self._variable(made)
        self.append(op, None, values, {}, (ref,))
        if self.follows(made):
            made = made.clone()
        self.tracker.adopt(made, ref)
        return made

    def referred(self, tree: Any, handles: dict[int, Handle]) -> Any:
        """Return arguments with a reference in place of each tensor: to its present value, or to a constant."""
        if isinstance(tree, torch.Tensor):
            handle = handles.get(id(tree))
            if handle is not None:
                return self.tracker.functions.read(handle)
            if tree.is_meta:
                self.needs_values(tree)
            return self.constants.refer(tree)
        if isinstance(tree, (list, tuple)):
            made = [item if type(item) in PLAIN else self.referred(item, handles) for item in tree]
            return tuple(made) if type(tree) is tuple else made
        if type(tree) is dict and tree:
            return {key: self.referred(item, handles) for key, item in tree.items()}
        return tree

    def needs_values(self, tensor: torch.Tensor) -> None:
        """Give up on shapes alone if a constant came about without values."""
        if tensor.is_meta and not self.valueless and not self.real:
            self.stop(ValuesNeeded(f"a constant without values at {self.locator.source()}"))

    def ran(self, operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Record an operator that has run.

        Args:
            operation: the operator.
            args: its arguments as they were before, see :meth:`referred`.
            kwargs: likewise.
            result: what it returned.
        """
        trait, handles = operation.trait, operation.handles
        if trait.of_storage:
            self._follow_view(operation, result, [None])
            return
        written, tracker = trait.written, self.tracker
        outputs: list[Ref | None] = []
        writes: list[tuple[Handle, Ref]] = []
        views = False
        results = result if isinstance(result, tuple) else () if result is None else (result,)
        for index, item in enumerate(results):
            for tensor in (item,) if isinstance(item, torch.Tensor) else leaves(item):
                ref = self._output(operation, index, tensor)
                outputs.append(ref)
                if ref is None:
                    continue
                if index in written:
                    position = written[index]
                    target = operation.args[position] if position < len(operation.args) else tensor
                    writes.append((handles.get(id(target)) or handles[id(tensor)], ref))
                elif tracker.shares(tensor, handles):
                    views = views or trait.view
                else:
                    tracker.adopt(tensor, ref)
        if views:
            self._follow_view(operation, result, outputs)
        for position, name, returned in trait.writes:
            if returned is None:  # written but not returned (foreach operators, running statistics)
                for tensor in operation.written(position, name):
                    ref = self._variable(tensor)
                    outputs.append(ref)
                    writes.append((handles[id(tensor)], ref))
        self.append(trait.op, operation.function, args, kwargs, tuple(outputs))
        for handle, ref in writes:
            self.tracker.functions.write(handle, ref)

    def _output(self, operation: Operation, index: int, item: Any) -> Ref | None:
        """Return a new variable for what an operator returned; None where it depends on no input."""
        if not isinstance(item, torch.Tensor):
            return None
        independent = operation.trait.independent
        if index in independent and id(operation.args[independent[index]]) not in operation.handles:
            self.created(item)  # what made it is constant, so it is
            return None
        if item.layout is torch._mkldnn:
            self.stop(Unsupported("the model is optimised for mkldnn, in operators out of sight"))
        return self.recording.make(tuple(item.shape), item.dtype)

    def _follow_view(self, operation: Operation, result: Any, outputs: list[Ref | None]) -> None:
        function, name = operation.function, operation.trait.name
        args, kwargs = operation.args, operation.kwargs
        self.tracker.follow_view(function, name, args, kwargs, result, outputs, operation.handles)

    def _emit(
        self,
        function: Any,
        op: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        shape: tuple[int, ...],
        dtype: torch.dtype,
    ) -> Ref:
        ref = self.recording.make(shape, dtype)
        self.append(op or traits(function).op, function, args, kwargs, (ref,))
        return ref
