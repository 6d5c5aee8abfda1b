"""Where the code makes constants: on the device of its input, which is ``meta`` only while it is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Home:
    """The device that constants are made on instead: the one of the model's own tensors.

    Args:
        device: that device; a model on ``meta`` has its constants on the CPU.
        real: whether activations have values, and thus are on that device anyway.

    Attributes:
        device: where constants are made.
    """

    def __init__(self, device: torch.device, real: bool) -> None:
        self.device = torch.device("cpu") if device.type == "meta" else device
        self._real = real

    def keywords(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments of a factory with this device in place of ``meta``."""
        device = kwargs.get("device")
        if device is not None and not self._real and torch.device(device).type == "meta":
            return {**kwargs, "device": self.device}
        return kwargs

    def blank(self, model: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the same form on this device, for factories that take one for its form only."""
        device = model.device if self._real else self.device
        return torch.empty_strided(model.shape, model.stride(), dtype=model.dtype, device=device)

    @contextmanager
    def factories(self) -> Iterator[None]:
        """Redirect factories that make tensors before the dispatcher sees them, for as long as the context lasts."""
        tensor, as_tensor, new_tensor = torch.tensor, torch.as_tensor, torch.Tensor.new_tensor

        def make(data: Any, **kwargs: Any) -> torch.Tensor:
            return tensor(data, **self.keywords(kwargs))

        def convert(data: Any, dtype: Any = None, device: Any = None) -> torch.Tensor:
            return as_tensor(data, dtype=dtype, **self.keywords({"device": device}))

        def make_like(like: torch.Tensor, data: Any, **kwargs: Any) -> torch.Tensor:
            kwargs.setdefault("device", like.device)
            kwargs.setdefault("dtype", like.dtype)
            return tensor(data, **self.keywords(kwargs))

        torch.tensor, torch.as_tensor, torch.Tensor.new_tensor = make, convert, make_like
        try:
            yield
        finally:
            torch.tensor, torch.as_tensor = tensor, as_tensor
            torch.Tensor.new_tensor = new_tensor
