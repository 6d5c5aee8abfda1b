"""Tensors within the structures that modules take and return, named after the keys that lead to them."""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from pytest_rf.errors import ModelError

_DEPTH = 8
_LEAVES = (str, bytes, int, float, torch.nn.Module, type(None))


def named_tensors(tree: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (name, tensor) for every tensor within a structure: "", "0", "features.0", "logits"."""
    if isinstance(tree, torch.Tensor):
        yield name, tree
        return
    if depth > _DEPTH or isinstance(tree, _LEAVES):
        return
    for key, item in children(tree):
        yield from named_tensors(item, f"{name}.{key}" if name else str(key), depth + 1)


def children(tree: Any) -> list[tuple[Any, Any]]:
    """Return what a structure holds, by its keys, fields or attributes."""
    if isinstance(tree, Mapping):
        return list(tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return list(zip(tree._fields, tree, strict=True))
    if isinstance(tree, (list, tuple, deque)):
        return list(enumerate(tree))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(field.name, getattr(tree, field.name)) for field in dataclasses.fields(tree)]
    return list(getattr(tree, "__dict__", {}).items()) + list(_slots(tree))


def _slots(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds in slots that its class declares."""
    for kind in type(tree).__mro__:
        declared = vars(kind).get("__slots__", ())
        for name in (declared,) if isinstance(declared, str) else tuple(declared):
            if not name.startswith("__") and hasattr(tree, name):
                yield name, getattr(tree, name)


def map_tensors(
    tree: Any, substitute: Callable[[str, torch.Tensor], torch.Tensor], name: str = "", depth: int = 0
) -> Any:
    """Return a copy of a structure with every tensor replaced; what holds none is passed as it is.

    Raises:
        ModelError: the structure holds tensors and cannot be copied.
    """
    if isinstance(tree, torch.Tensor):
        return substitute(name, tree)
    if depth > _DEPTH or next(named_tensors(tree), None) is None:
        return tree
    changed = [
        (key, map_tensors(item, substitute, f"{name}.{key}" if name else str(key), depth + 1))
        for key, item in children(tree)
    ]
    if type(tree) is dict:
        return dict(changed)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(item for _, item in changed))
    if type(tree) in (list, tuple):
        return type(tree)(item for _, item in changed)
    try:
        return _copied(tree, changed)
    except Exception as error:  # whatever a class of the user's does when it is copied
        raise ModelError(
            f"input {name!r}: a {type(tree).__name__} cannot be copied ({type(error).__name__}: {error}); "
            "pass its tensors in a dict, a list or a dataclass"
        ) from error


def _copied(tree: Any, changed: list[tuple[Any, Any]]) -> Any:
    """Return a copy of a container or an object of another class, holding what has changed."""
    clone = copy.copy(tree)
    if isinstance(tree, Mapping):
        for key, item in changed:
            clone[key] = item
    elif isinstance(tree, (list, deque)):
        for place, item in changed:
            clone[place] = item
    else:
        for key, item in changed:
            object.__setattr__(clone, key, item)
    return clone
