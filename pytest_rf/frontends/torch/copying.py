"""Copies of modules, for what must not touch the user's own."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.nn.parameter import UninitializedBuffer


def copied(module: torch.nn.Module, beside: Any = None) -> tuple[Any, Any]:
    """Return deep copies of a module and of what is used with it, such as its arguments.

    Weights that a hook computes before each call (``torch.nn.utils.weight_norm``) are plain attributes
    with a gradient, which ``copy.deepcopy`` refuses; the copy gets their values. It refuses buffers of lazy
    modules too; the copy gets others that are as lazy.
    """
    memo: dict[int, Any] = {
        id(value): value.detach().clone()
        for child in module.modules()
        for value in child.__dict__.values()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }
    lazy: Any = UninitializedBuffer
    for buffer in module.buffers():
        if isinstance(buffer, lazy):
            like = buffer.data
            memo[id(buffer)] = lazy(device=like.device, dtype=like.dtype, persistent=buffer.persistent)
    result: tuple[Any, Any] = copy.deepcopy((module, beside), memo)
    return result
