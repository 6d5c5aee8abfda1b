"""Copies of modules, for what must not touch the user's own."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import torch
from torch._library.custom_ops import CustomOpDef
from torch.nn.parameter import UninitializedBuffer


def copied(module: torch.nn.Module, beside: Any = None) -> tuple[Any, Any]:
    """Return deep copies of a module and of what is used with it, such as its arguments.

    Weights that a hook computes before each call (``torch.nn.utils.weight_norm``) are plain attributes
    with a gradient, which ``copy.deepcopy`` refuses; the copy gets their values. It refuses buffers of lazy
    modules too; the copy gets others that are as lazy.
    """
    lazy: Any = UninitializedBuffer
    memo: dict[int, Any] = {}
    for child in module.modules():
        for value in (*child.__dict__.values(), *child._buffers.values()):
            if isinstance(value, lazy):
                like = value.data
                memo[id(value)] = lazy(device=like.device, dtype=like.dtype, persistent=value.persistent)
            elif isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
            elif isinstance(value, CustomOpDef):  # an operator, of which there is one
                memo[id(value)] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch has to say about its own classes
        result: tuple[Any, Any] = copy.deepcopy((module, beside), memo)
    return result
