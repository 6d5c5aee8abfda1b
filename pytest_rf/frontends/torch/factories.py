"""Factories that make tensors before the dispatcher sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def redirected(at_home: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    """Redirect the factories, which take the device of their input, to the device that constants are on.

    Args:
        at_home: of keyword arguments, the same with that device in place of ``meta``.
    """
    tensor, as_tensor, new_tensor = torch.tensor, torch.as_tensor, torch.Tensor.new_tensor

    def make(data: Any, **kwargs: Any) -> torch.Tensor:
        return tensor(data, **at_home(kwargs))

    def convert(data: Any, dtype: Any = None, device: Any = None) -> torch.Tensor:
        return as_tensor(data, dtype=dtype, **at_home({"device": device}))

    def make_like(like: torch.Tensor, data: Any, **kwargs: Any) -> torch.Tensor:
        kwargs.setdefault("device", like.device)
        kwargs.setdefault("dtype", like.dtype)
        return tensor(data, **at_home(kwargs))

    torch.tensor, torch.as_tensor, torch.Tensor.new_tensor = make, convert, make_like
    try:
        yield
    finally:
        torch.tensor, torch.as_tensor = tensor, as_tensor
        torch.Tensor.new_tensor = new_tensor
