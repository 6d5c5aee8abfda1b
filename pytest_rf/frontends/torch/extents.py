"""The same call of a module with inputs of other extents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments, given, input_names
from pytest_rf.frontends.torch.capture import capture
from pytest_rf.frontends.torch.lower import lower
from pytest_rf.frontends.torch.trees import map_tensors
from pytest_rf.graph import MASK_BELOW, Graph
from pytest_rf.registry import NONE, Operators
from pytest_rf.value import Shape


def reopened(
    module: Any,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    operators: Operators = NONE,
    mask_below: float = MASK_BELOW,
) -> Callable[[Mapping[str, Shape]], Graph]:
    """Return what gives the graph of a call whose inputs, by name, have other shapes than they had.

    The arguments are those of :func:`pytest_rf.frontends.torch.load`. Elements are repeated, or left out.

    Raises:
        ModelError: from the function that is returned: the module does not run so, naming the place within it.
    """
    if isinstance(module, torch.export.ExportedProgram):
        return _fixed
    module = getattr(module, "_orig_mod", module)
    call = given(module, example, inputs, kwargs, values)

    def again(shapes: Mapping[str, Shape]) -> Graph:
        return lower(capture(module, _resized(module, call, shapes)), weights, operators, mask_below)

    return again


def _fixed(shapes: Mapping[str, Shape]) -> Graph:
    raise ModelError("an exported program has the shapes that it was exported with")


def _resized(module: torch.nn.Module, call: Arguments, shapes: Mapping[str, Shape]) -> Arguments:
    def fitted(name: str, tensor: torch.Tensor) -> torch.Tensor:
        for axis, extent in enumerate(shapes.get(name, ())):
            if tensor.shape[axis] != extent:
                places = torch.arange(extent, device=tensor.device) % max(tensor.shape[axis], 1)
                tensor = tensor.index_select(axis, places)
        return tensor

    names = input_names(module, call)
    args = [map_tensors(item, fitted, name) for name, item in zip(names, call.args, strict=True)]
    kwargs = {name: map_tensors(item, fitted, name) for name, item in call.kwargs.items()}
    return replace(call, args=tuple(args), kwargs=kwargs)
