"""Names of the tensors in the arguments and results of a call, after the keys that lead to them."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from pytest_rf.errors import ModelError

_DEPTH = 8


@dataclasses.dataclass(slots=True)
class Arguments:
    """The arguments of one call of a module.

    Attributes:
        args: positional.
        kwargs: by name.
        constants: by name, whose tensors are no inputs.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    constants: dict[str, Any] = dataclasses.field(default_factory=dict)


def named_tensors(tree: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (name, tensor) for every tensor within a structure: "", "0", "features.0", "logits"."""
    if isinstance(tree, torch.Tensor):
        yield name, tree
        return
    if depth > _DEPTH or isinstance(tree, (str, bytes, int, float, torch.nn.Module, type(None))):
        return
    for key, item in _children(tree):
        yield from named_tensors(item, f"{name}.{key}" if name else str(key), depth + 1)


def _children(tree: Any) -> list[tuple[Any, Any]]:
    if isinstance(tree, Mapping):
        return list(tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return list(zip(tree._fields, tree, strict=True))
    if isinstance(tree, (list, tuple)):
        return list(enumerate(tree))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(field.name, getattr(tree, field.name)) for field in dataclasses.fields(tree)]
    return list(getattr(tree, "__dict__", {}).items())


def map_tensors(
    tree: Any, substitute: Callable[[str, torch.Tensor], torch.Tensor], name: str = "", depth: int = 0
) -> Any:
    """Return a copy of a structure with every tensor replaced; what holds none is passed as it is."""
    if isinstance(tree, torch.Tensor):
        return substitute(name, tree)
    if depth > _DEPTH or next(named_tensors(tree), None) is None:
        return tree
    changed = [
        (key, map_tensors(item, substitute, f"{name}.{key}" if name else str(key), depth + 1))
        for key, item in _children(tree)
    ]
    if isinstance(tree, dict) and type(tree) is dict:
        return dict(changed)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(item for _, item in changed))
    if type(tree) in (list, tuple):
        return type(tree)(item for _, item in changed)
    return _copied(tree, changed)


def _copied(tree: Any, changed: list[tuple[Any, Any]]) -> Any:
    clone = object.__new__(type(tree))
    clone.__dict__.update(tree.__dict__)
    if isinstance(tree, Mapping):
        for key, item in changed:
            clone[key] = item
    elif isinstance(tree, list):
        clone.extend(item for _, item in changed)
    else:
        for key, item in changed:
            object.__setattr__(clone, key, item)
    return clone


def parameters(module: Any) -> list[str]:
    """Return the names of the arguments of a module's forward method."""
    schema = getattr(getattr(module, "forward", None), "schema", None)
    if schema is not None:  # TorchScript
        return [argument.name for argument in schema.arguments[1:]]  # the first is the module itself
    try:
        signature = inspect.signature(module.forward)
    except (TypeError, ValueError):
        return []
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return [name for name, parameter in signature.parameters.items() if parameter.kind in kinds]


def arguments(module: torch.nn.Module, example: Any, kwargs: Mapping[str, Any] | None = None) -> Arguments:
    """Return what the module is called with.

    Args:
        module: the module.
        example: a tuple of positional arguments, a dict of keyword arguments (if its keys are names
            of the module's arguments), or the only argument.
        kwargs: keyword arguments.
    """
    named = dict(kwargs or {})
    if type(example) is tuple:
        return Arguments(example, named)
    if isinstance(example, dict) and example and set(example) <= set(parameters(module)):
        return Arguments((), {**example, **named})
    return Arguments((example,), named)


def by_shape(module: torch.nn.Module, inputs: Any) -> Arguments:
    """Return arguments made from shapes.

    Args:
        module: the module.
        inputs: ``{"x": (1, 3, 8, 8)}``; a shape alone is that of the first argument. A shape with a
            type is ``((1, 16), "int64")``. Tensors and other values are passed as they are.
    """
    names = parameters(module)
    if not isinstance(inputs, Mapping):
        inputs = {names[0] if names else "x": inputs}
    dtype = _own_type(module)
    made = {name: _made(name, value, dtype) for name, value in inputs.items()}
    if names and not set(made) <= set(names):
        missing = ", ".join(repr(name) for name in made if name not in names)
        if not _takes_any(module):
            raise ModelError(
                f"{type(module).__name__}: no argument named {missing}; forward takes {', '.join(names)}"
            )
    if not names:
        return Arguments(tuple(made.values()), {})
    leading = []
    for name in names:  # positional where possible: wrappers may only take positional arguments
        if name not in made:
            break
        leading.append(made.pop(name))
    return Arguments(tuple(leading), made)


def _made(name: str, value: Any, dtype: torch.dtype) -> Any:
    if _is_shape(value):
        return _filled(value, dtype)
    if isinstance(value, (list, tuple)) and len(value) == 2 and _is_shape(value[0]):
        wanted = value[1]
        if isinstance(wanted, str):
            wanted = getattr(torch, wanted, None)
        if isinstance(wanted, torch.dtype):
            return _filled(value[0], wanted)
        if not _is_shape(value[1]):
            raise ModelError(f"input {name!r}: {value[1]!r} is not a type; give one as in ((1, 16), 'int64')")
    if isinstance(value, (list, tuple)) and value and all(_is_shape(item) for item in value):
        return type(value)(_filled(item, dtype) for item in value)
    if isinstance(value, Mapping):
        return {key: _made(f"{name}.{key}", item, dtype) for key, item in value.items()}
    return value


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple)) and len(value) > 0 and all(type(extent) is int for extent in value)
    )


def _filled(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    if any(extent < 1 for extent in shape):
        raise ModelError(f"shape {list(shape)}: every extent must be at least 1")
    generator = torch.Generator().manual_seed(0)
    if dtype.is_floating_point or dtype.is_complex:
        return torch.rand(*shape, generator=generator, dtype=torch.float32).to(dtype)
    return torch.zeros(*shape, dtype=dtype)


def _own_type(module: torch.nn.Module) -> torch.dtype:
    """Return the floating type of the module's parameters, float32 if it has none."""
    for parameter in module.parameters():
        if parameter.dtype in (torch.float16, torch.bfloat16, torch.float64):
            return parameter.dtype
        if parameter.dtype.is_floating_point:
            break
    return torch.float32


def _takes_any(module: torch.nn.Module) -> bool:
    try:
        kinds = {parameter.kind for parameter in inspect.signature(module.forward).parameters.values()}
    except (TypeError, ValueError):
        return True
    return inspect.Parameter.VAR_KEYWORD in kinds


def input_names(module: torch.nn.Module, call: Arguments) -> list[str]:
    """Return the name of each positional argument."""
    names = parameters(module)
    positional = [names[i] if i < len(names) else f"arg{i}" for i in range(len(call.args))]
    return positional


def output_name(name: str, number: int) -> str:
    """Return the name of an output; a lone tensor has no key to be named after."""
    return name or ("output" if number == 0 else f"output{number}")
