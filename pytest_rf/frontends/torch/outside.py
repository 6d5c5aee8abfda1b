"""What has left torch, or this thread: what is done with it there is not seen."""

from __future__ import annotations

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from pytest_rf.frontends.torch.recording import Const, Ref


class Outside:
    """Knows what has left, and which tensors may have come of it: those that no operator made.

    Attributes:
        left: the values that have left.
        reason: how the last of them did, as reports explain a tensor that came back.
    """

    def __init__(self) -> None:
        self.left: list[Ref | Const] = []
        self.reason = ""
        self._inside: dict[int, StorageWeakRef] = {}

    def know(self, tensor: torch.Tensor) -> None:
        """Note a tensor that an operator made, or that the module has."""
        if tensor.layout is torch.strided and not tensor.is_meta:
            storage = tensor.untyped_storage()
            self._inside[storage._cdata] = StorageWeakRef(storage)  # which keeps the number from being reused

    def knows(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor was made by torch, within sight."""
        return tensor.layout is torch.strided and tensor.untyped_storage()._cdata in self._inside
