"""What two calls of a module have in common: the form of their input, without its data."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import torch

from pytest_rf.frontends.torch.arguments import Arguments, parameters
from pytest_rf.frontends.torch.trees import children, named_tensors

_DEPTH = 8
_STEERING = (str, bytes, int, float, complex, type(None), torch.dtype, torch.device, enum.Enum, range, slice)
"""Values that can steer the geometry."""


def signature(args: Any, kwargs: Any) -> tuple[Hashable, Hashable]:
    """Return the form of a call's input, and the values of its tensors that are one whole number.

    The form is the structure, the shapes and types of tensors, and the values of what is not a tensor. A whole
    number in a tensor steers the geometry only where the code looks at it.
    """
    numbers: list[Hashable] = []
    return _form((args, kwargs), numbers, 0), tuple(numbers)


def _form(tree: Any, numbers: list[Hashable], depth: int) -> Hashable:
    kind = f"{type(tree).__module__}.{type(tree).__qualname__}"
    if isinstance(tree, torch.Tensor):
        numbers.append(_number(tree))
        return "tensor", tuple(map(str, tree.shape)), str(tree.dtype)
    if isinstance(tree, _STEERING):
        return kind, repr(tree)
    if depth > _DEPTH:
        return kind
    if isinstance(tree, (Mapping, tuple, list, deque)) or (is_dataclass(tree) and not isinstance(tree, type)):
        return kind, tuple((str(key), _form(item, numbers, depth + 1)) for key, item in children(tree))
    if hasattr(tree, "shape") and hasattr(tree, "dtype"):  # an array of another library
        return kind, str(tree.shape), str(tree.dtype)
    return kind, tuple((name, _form(tensor, numbers, depth + 1)) for name, tensor in named_tensors(tree))


def _number(tensor: torch.Tensor) -> int | None:
    """Return the whole number that a tensor is, None where it is not one, or where its value cannot be read."""
    plain = type(tensor) is torch.Tensor and tensor.ndim == 0 and tensor.device.type == "cpu"
    if not plain or tensor.is_floating_point() or tensor.is_complex():
        return None
    try:
        return int(tensor.item())
    except RuntimeError:  # within transforms of torch.func
        return None


def described(module: torch.nn.Module, call: Arguments) -> str:
    """Return a call's input for messages: ``x 1×3×32×32, scale 2``."""
    names = parameters(module, call.method)
    positional = [names[place] if place < len(names) else str(place) for place in range(len(call.args))]
    found = [*zip(positional, call.args, strict=True), *call.kwargs.items()]
    return ", ".join(text for name, value in found for text in _described(str(name), value))


def _described(name: str, value: Any) -> Iterator[str]:
    for inner, tensor in named_tensors(value, name):
        number = _number(tensor)
        form = str(number) if number is not None else "×".join(map(str, tensor.shape)) or "scalar"
        usual = tensor.dtype is torch.float32 or number is not None
        yield f"{inner} {form}{'' if usual else str(tensor.dtype).replace('torch.', ' ')}"
    if isinstance(value, _STEERING) or (isinstance(value, (tuple, list)) and all(map(_is_plain, value))):
        yield f"{name} {value!r}"


def _is_plain(value: Any) -> bool:
    return isinstance(value, _STEERING)
