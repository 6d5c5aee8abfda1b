"""Runs one operator: on its values, or by shape, on twins of its tensors without any."""

from __future__ import annotations

import functools
import sys
from math import prod
from typing import Any

import torch

from pytest_rf.frontends.torch.elementwise import shaped
from pytest_rf.frontends.torch.layouts import META
from pytest_rf.frontends.torch.recording import replaced, tensors_in
from pytest_rf.frontends.torch.shapes import SHAPES, positions
from pytest_rf.frontends.torch.traits import Traits

Twins = dict[int, torch.Tensor]

FEW, PAIRS = 1 << 20, 1 << 26
"""So many elements are sooner computed than torch has imported its compiler, which takes a second; of several tensors
an operator may look at as many as there are pairs."""


def run(
    func: Any, trait: Traits, args: tuple[Any, ...], kwargs: dict[str, Any], home: torch.device | None
) -> Any:
    """Return what an operator makes.

    Args:
        func: the overload.
        trait: what its schema says.
        args: its arguments; what an in-place operator or a view returns is among them.
        kwargs: likewise.
        home: None to run it on its values; by shape, the device of operators without a shape function.
    """
    try:
        return _run(func, trait, args, kwargs, home)
    except RuntimeError:
        if not _autocasting() or trait.writes or trait.view:
            raise
        # Autocasting happens before operators arrive here, and within those that are recorded whole.
        same, named = _of_one_type((args, kwargs))
        return _run(func, trait, same, named, home)


def _autocasting() -> bool:
    """Whether the code runs within an autocast context; the switch itself is off while operators run."""
    depth = torch.autocast_increment_nesting()
    torch.autocast_decrement_nesting()
    return bool(depth > 1)


def _of_one_type(tree: Any) -> Any:
    """Return arguments whose floating tensors have one type, the widest among them."""
    floating = [tensor for tensor in tensors_in(tree) if tensor.is_floating_point()]
    widest = functools.reduce(torch.promote_types, (tensor.dtype for tensor in floating))
    return replaced(tree, lambda tensor: tensor.to(widest) if tensor.is_floating_point() else tensor)


def _run(
    func: Any, trait: Traits, args: tuple[Any, ...], kwargs: dict[str, Any], home: torch.device | None
) -> Any:
    if home is None:
        return func(*args, **kwargs)
    if trait.independent:  # some outputs have values, which come from the arguments that have some
        results = _on_zeros(func, args, kwargs, home)
        return tuple(
            one if index in trait.independent else twinned(one, {}) for index, one in enumerate(results)
        )
    if kwargs and kwargs.get("device") is not None:
        kwargs = {**kwargs, "device": META}
    shaper = SHAPES.get(func)
    if shaper is not None and (result := shaper(*args, **kwargs)) is not None:
        return result
    # A view computes nothing, so it needs no twins.
    return func(*args, **kwargs) if trait.view else _by_shape(func, trait, args, kwargs, home)


def _by_shape(
    func: Any, trait: Traits, args: tuple[Any, ...], kwargs: dict[str, Any], home: torch.device
) -> Any:
    """Run an operator on twins without values of its tensors."""
    if trait.pointwise and (made := shaped(func, trait, args, kwargs)) is not None:
        return made
    tensors = tensors_in(args)
    if kwargs:
        tensors += tensors_in(kwargs)
    if trait.name in ("index", "index_put", "_index_put_impl"):
        args = (args[0], positions(args[1]), *args[2:])
    twins: Twins = {}
    blank, named = args, kwargs
    if not all(tensor.is_meta for tensor in tensors):
        blank, named = twinned(args, twins), twinned(kwargs, twins)
    result = _computed(func, trait, args, kwargs, home)
    try:
        result = func(*blank, **named) if result is None else result
    except NotImplementedError:
        result = twinned(_on_zeros(func, blank, named, home), {})
    if twins and trait.writes:
        originals = {id(twin): tensor for tensor in tensors if (twin := twins.get(id(tensor))) is not None}
        for tensor in originals.values():
            shape = twins[id(tensor)].shape
            if shape != tensor.shape:  # out= of another shape is resized
                tensor.resize_(shape)
        result = replaced(result, lambda tensor: originals.get(id(tensor), tensor))
    return result


def twinned(tree: Any, twins: Twins) -> Any:
    """Return arguments with a tensor without values for each; the same one for the same tensor."""

    def twin(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_meta:
            return tensor
        found = twins.get(id(tensor))
        if found is None:
            found = twins[id(tensor)] = torch.empty_strided(
                tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META
            )
        return found

    return replaced(tree, twin)


def _computed(
    func: Any, trait: Traits, args: tuple[Any, ...], kwargs: dict[str, Any], home: torch.device
) -> Any:
    """Return what an operator makes of a few zeros, where its shape function would import the compiler; else None."""
    if not trait.by_python or trait.writes or "device" in kwargs or "torch._dynamo" in sys.modules:
        return None
    tensors = tensors_in([args, kwargs])
    if any(tensor.layout is not torch.strided for tensor in tensors):
        return None
    counts = [max(tensor.numel(), 1) for tensor in tensors]
    if sum(counts) > FEW or (len(counts) > 1 and prod(counts) > PAIRS):
        return None
    given, named = _zeros(args, home), _zeros(kwargs, home)
    try:
        result = func(*given, **named)
        storages = {one.untyped_storage()._cdata for one in tensors_in([given, named])}
        if any(one.untyped_storage()._cdata in storages for one in tensors_in(result)):
            return None  # it has handed back an argument
        return twinned(result, {})
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        return None  # the shape function says better what does not fit


def _on_zeros(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], home: torch.device) -> Any:
    """Run an operator without a shape function on zeros in place of what has no values."""
    if kwargs.get("device") is not None:
        kwargs = {**kwargs, "device": home}
    return func(*_zeros(args, home), **_zeros(kwargs, home))


def _zeros(tree: Any, home: torch.device) -> Any:
    """Return arguments with zeros in place of what has no values."""

    def zeros(tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.is_meta:
            return tensor
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=home).zero_()

    return replaced(tree, zeros)
