"""Views and writes as functions: every storage has a current value, every view a path to it.

PyTorch programs write into views (``y[:, :3] = z``). Here the storage of ``y`` gets a new version:
the old one outside of the region and ``z`` inside. Whoever reads an alias later gets the view of the
new version. That is what ``torch``'s own functionalisation does; this one keeps composite operators
whole and knows constants from activations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NoReturn

import torch
from msgspec import Struct

from pytest_rf.frontends.torch.recording import Const, Ref

aten = torch.ops.aten
_OF_STORAGE = aten.as_strided.default
Emit = Callable[[Any, str, tuple[Any, ...], dict[str, Any], tuple[int, ...], torch.dtype], "Ref | Const"]


class Step(Struct, frozen=True, eq=False):
    """One view operator on the way from a storage's first tensor to an alias.

    Attributes:
        function: the overload, of one output.
        args: its arguments after the tensor.
        kwargs: its keyword arguments.
        before: shape that it views.
        shape: shape that it makes.
        dtype: type that it makes.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    before: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: torch.dtype


class Layout(Struct, frozen=True, eq=False, gc=False):
    """How a tensor lies in its storage."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: torch.dtype

    @staticmethod
    def of(tensor: torch.Tensor) -> Layout:
        """Return the layout of a tensor; of a sparse one as if it were dense."""
        if tensor.layout is not torch.strided:
            return Layout(tuple(tensor.shape), (), 0, tensor.dtype)
        return Layout(tuple(tensor.shape), tensor.stride(), tensor.storage_offset(), tensor.dtype)


class Memory(Struct, eq=False):
    """One storage.

    Attributes:
        layout: of the tensor that the storage was made for, its root.
        value: what the root holds now; None while it is constant.
        version: number of writes so far.
        constant: the root itself, where the storage is or was constant.
    """

    layout: Layout
    value: Ref | Const | None
    version: int = 0
    constant: torch.Tensor | None = None


class Handle(Struct, eq=False):
    """What is known of one tensor object.

    Attributes:
        memory: its storage.
        steps: the views that lead from the storage's root to it.
        value: its value at ``version``.
        version: the version of the memory that ``value`` belongs to.
        storage: the number of the tensor's storage; another one is there after ``x.data = y``.
    """

    memory: Memory
    steps: tuple[Step, ...] = ()
    value: Ref | Const | None = None
    version: int = -1
    storage: int | None = None

    def extended(self, step: Step) -> tuple[Step, ...]:
        """Return the path of a view of this tensor."""
        if step.function is _OF_STORAGE:  # it looks at the storage, not at this view
            return (step,)
        return (*self.steps, step)


def _over(*_: Any) -> NoReturn:
    raise RuntimeError("the recording is over")


class Functionaliser:
    """Turns reads and writes of aliases into calls without side effects, which ``emit`` records."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def close(self) -> None:
        """Let go of who records: it holds this as well, and two that hold each other wait for a search of garbage."""
        self._emit = _over

    def read(self, handle: Handle) -> Ref | Const:
        """Return the present value of an alias."""
        memory, value = handle.memory, handle.value
        if value is None or handle.version != memory.version:
            assert memory.value is not None, "a constant is read as itself"
            value = handle.value = self._follow(memory, handle.steps)
            handle.version = memory.version
        return value

    def write(self, handle: Handle, value: Ref | Const) -> None:
        """Give an alias a new value, and with it everything that shares its storage."""
        memory = handle.memory
        assert memory.value is not None, "a constant is promoted before it is written"
        if handle.steps:
            memory.value = self._scatter(memory, handle.steps, value)
        else:
            memory.value = value
        memory.version += 1
        handle.value, handle.version = value, memory.version

    def _follow(self, memory: Memory, steps: Sequence[Step]) -> Ref | Const:
        value = memory.value
        assert value is not None
        for step in steps:
            value = self._view(memory, step, value)
        return value

    def _view(self, memory: Memory, step: Step, value: Ref | Const) -> Ref | Const:
        if isinstance(value, Const) and value.tensor.device.type != "meta":
            return Const(step.function(value.tensor, *step.args, **step.kwargs))
        kwargs = step.kwargs
        if step.function is aten.as_strided.default:
            kwargs = {**kwargs, **_root(memory.layout)}
        return self._emit(step.function, "", (value, *step.args), kwargs, step.shape, step.dtype)

    def _scatter(self, memory: Memory, steps: Sequence[Step], value: Ref | Const) -> Ref | Const:
        bases: list[Ref | Const] = []
        base = memory.value
        assert base is not None
        for index, step in enumerate(steps):
            bases.append(base)
            needed = any(not _bijective(later) for later in steps[index + 1 :])
            if needed:  # the next inverse looks at what lies around its region
                base = self._view(memory, step, base)
        for step, around in zip(reversed(steps), reversed(bases), strict=True):
            value = self._inverse(memory, step, around, value)
        return value

    def _inverse(self, memory: Memory, step: Step, base: Ref | Const, value: Ref | Const) -> Ref | Const:
        """Return ``base`` with ``value`` in the region that ``step`` views."""
        function, args, before = step.function, step.args, step.before
        dtype = memory.layout.dtype
        if _bijective(step):
            if step.shape == before and function not in (
                aten.permute.default,
                aten.transpose.int,
                aten.t.default,
            ):
                return value
            if function is aten.permute.default:
                order = [axis % len(before) for axis in args[0]]
                inverse = [order.index(axis) for axis in range(len(order))]
                return self._emit(function, "", (value, inverse), {}, before, dtype)
            if function in (aten.transpose.int, aten.t.default):
                return self._emit(function, "", (value, *args), {}, before, dtype)
            return self._emit(aten.view.default, "", (value, list(before)), {}, before, dtype)
        if step.shape == before and function is aten.slice.Tensor:
            return value
        scatter = _SCATTERS.get(function)
        if scatter is not None:
            return self._emit(scatter, "", (base, value, *args), step.kwargs, before, dtype)
        if function is aten.as_strided.default:
            details = {"args": args, **_root(memory.layout)}
        elif function in _INVERSES:
            return self._emit(_INVERSES[function], "", (value,), {}, before, dtype)
        else:
            numbered = torch.arange(prod(before)).reshape(before)
            details = {"places": function(numbered, *args, **step.kwargs).numpy()}
        return self._emit(None, "rf.view_scatter.default", (base, value), details, before, dtype)


def _root(layout: Layout) -> dict[str, Any]:
    """Return what ``as_strided`` refers to."""
    return {"root_size": layout.size, "root_stride": layout.stride, "root_offset": layout.offset}


def _strided_copy(x: torch.Tensor, size: Any, stride: Any, storage_offset: Any = None) -> torch.Tensor:
    return x.as_strided(size, stride, storage_offset).clone()


def _strided_scatter(
    x: torch.Tensor, src: torch.Tensor, size: Any, stride: Any, storage_offset: Any = None
) -> torch.Tensor:
    whole = x.clone(memory_format=torch.preserve_format)
    whole.as_strided(size, stride, storage_offset).copy_(src)
    return whole


BY_MEMORY: dict[str, Callable[..., Any]] = {
    "as_strided_copy": _strided_copy,
    "as_strided_scatter": _strided_scatter,
}
"""Operators without side effects that look at how their argument lies in memory, as views and writes."""

RESHAPED = {
    aten.t_.default: aten.t.default,
    aten.transpose_.default: aten.transpose.int,
    aten.squeeze_.default: aten.squeeze.default,
    aten.squeeze_.dim: aten.squeeze.dim,
    aten.squeeze_.dims: aten.squeeze.dims,
    aten.unsqueeze_.default: aten.unsqueeze.default,
    aten.as_strided_.default: aten.as_strided.default,
}
"""Operators that turn a tensor into a view of itself and write nothing."""

SPLITS = frozenset(["split", "split_with_sizes", "unbind"])
_SCATTERS = {
    aten.slice.Tensor: aten.slice_scatter.default,
    aten.select.int: aten.select_scatter.default,
}
_INVERSES = {
    aten.view_as_real.default: aten.view_as_complex.default,
    aten.view_as_complex.default: aten.view_as_real.default,
}
_BIJECTIVE_NAMES = """
    view _unsafe_view reshape _reshape_alias alias detach lift_fresh squeeze unsqueeze permute
    transpose t view_as flatten contiguous
"""
_BIJECTIVE = frozenset(_BIJECTIVE_NAMES.split())


def _bijective(step: Step) -> bool:
    name = step.function._schema.name.partition("::")[2]
    if step.function is aten.view.dtype:
        return False
    return name in _BIJECTIVE or (name == "expand" and step.shape == step.before)


def view_steps(
    func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]
) -> list[Step]:
    """Return each output of a view operator as a view of one output."""
    before = tuple(args[0].shape)
    if name not in SPLITS:
        rest = args[1:]
        return [Step(func, rest, kwargs, before, tuple(tensor.shape), tensor.dtype) for tensor in tensors]
    position = 1 if name == "unbind" else 2
    axis = args[position] if len(args) > position else kwargs.get("dim", 0)
    steps, start = [], 0
    for index, tensor in enumerate(tensors):
        shape = tuple(tensor.shape)
        if name == "unbind":
            steps.append(Step(aten.select.int, (axis, index), {}, before, shape, tensor.dtype))
        else:
            end = start + shape[axis]
            steps.append(Step(aten.slice.Tensor, (axis, start, end), {}, before, shape, tensor.dtype))
            start = end
    return steps
