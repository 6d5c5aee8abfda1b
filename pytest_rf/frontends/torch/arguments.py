"""What a module is called with, from examples or from shapes, and the names of its inputs and outputs."""

from __future__ import annotations

import dataclasses
import inspect
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.trees import map_tensors, named_tensors
from pytest_rf.given import empty, remedy


@dataclasses.dataclass(slots=True)
class Arguments:
    """The arguments of one call of a module.

    Attributes:
        args: positional.
        kwargs: by name.
        constants: by name; their tensors are not inputs.
        names: what the user calls the first positional ones, where the code gives them no name of its own.
        method: the method that is called.
        shaped: the inputs that were made from a shape alone, so that their type is a guess.
        made: those and the ones that were made from a shape and a type.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    constants: dict[str, Any] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] = ()
    method: str = "forward"
    shaped: tuple[str, ...] = ()
    made: tuple[str, ...] = ()

    def function(self, module: Any) -> Callable[..., Any]:
        """Return what is called: the module with its hooks, or one of its other methods."""
        called: Callable[..., Any] = module if self.method == "forward" else getattr(module, self.method)
        return called


_NAMED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


def parameters(module: Any, method: str = "forward") -> list[str]:
    """Return the names of the arguments of a module's method."""
    schema = getattr(getattr(module, method, None), "schema", None)
    if schema is not None:  # TorchScript
        return [argument.name for argument in schema.arguments[1:]]  # the first is the module itself
    signature = _signature(module, method)
    if signature is None:
        return []
    return [name for name, parameter in signature.parameters.items() if parameter.kind in _NAMED]


def _signature(module: Any, method: str = "forward") -> inspect.Signature | None:
    try:
        return inspect.signature(getattr(module, method))
    except (AttributeError, TypeError, ValueError):
        return None


def arguments(module: torch.nn.Module, example: Any, kwargs: Mapping[str, Any] | None = None) -> Arguments:
    """Return what the module is called with.

    Args:
        module: the module.
        example: a tuple of positional arguments, a dict or other mapping of keyword arguments (if
            its keys are names of the module's arguments), or the only argument; None beside
            ``kwargs`` stands for no argument.
        kwargs: keyword arguments.
    """
    named = dict(kwargs or {})
    if type(example) is tuple:
        return Arguments(example, named)
    if example is None and named:
        return Arguments((), named)
    if isinstance(example, Mapping) and example and set(example) <= set(parameters(module)):
        return Arguments((), {**example, **named})
    return Arguments((example,), named)


def by_shape(module: torch.nn.Module, inputs: Any, kwargs: Mapping[str, Any] | None = None) -> Arguments:
    """Return arguments made from shapes.

    Args:
        module: the module.
        inputs: ``{"x": (1, 3, 8, 8)}``; its type is that of the module's parameters, unless the argument is
            declared to be of integers. A shape alone is that of the first argument, several are those
            of the first ones. A shape with a type is ``((1, 16), "int64")``. Tensors and other values are
            passed as they are.
        kwargs: further keyword arguments, passed as they are.

    Raises:
        ModelError: the module has no argument of such a name, or what is given is not a shape.
    """
    names = parameters(module)
    if not isinstance(inputs, Mapping):
        inputs = dict(zip(_enough(names, len(given := _several(inputs))), given, strict=True))
    own, declared = _own_type(module), _declared_types(module)
    made = {
        str(name): _made(str(name), value, declared.get(str(name), own)) for name, value in inputs.items()
    }
    shaped = tuple(str(name) for name, value in inputs.items() if _is_shape(value))
    filled_in = shaped + tuple(str(name) for name, value in inputs.items() if _is_typed(value))
    named = dict(kwargs or {})
    strange = [name for name in made if name not in names]
    if not names:
        return Arguments(tuple(made.values()), named, names=tuple(made), shaped=shaped, made=filled_in)
    if strange and not takes_any(module):
        if len(made) <= len(names) and len(strange) == len(made) and _of_torch(module):
            # Nobody chose that nn.Sequential calls its argument "input".
            return Arguments(tuple(made.values()), named, names=tuple(made), shaped=shaped, made=filled_in)
        raise ModelError(no_argument(module, strange))
    leading = []
    positional = [name for name in names if name not in _keywords(module)]
    for name in positional:  # where possible: wrappers may only take positional arguments
        if name not in made:
            break
        leading.append(made.pop(name))
    return Arguments(tuple(leading), {**made, **named}, shaped=shaped, made=filled_in)


def given(
    module: torch.nn.Module,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Arguments:
    """Return what a module is called with, from whatever a user has given.

    Args:
        module: the module.
        example: the arguments of the call, as in :func:`arguments`.
        inputs: or only their shapes, as in :func:`by_shape`.
        kwargs: keyword arguments of the call.
        values: keyword arguments that are constants.

    Raises:
        ModelError: the module has no such arguments, or there is no tensor among them.
    """
    kind = type(module).__name__
    if isinstance(example, Arguments):
        call = example
    elif inputs is None and example is None and not kwargs:
        raise ModelError(
            f"{kind}: needs example inputs or shapes: {remedy(_first(module), (1, 3, 224, 224))}"
        )
    elif inputs is not None:
        call = by_shape(module, inputs, kwargs)
    else:
        call = arguments(module, example, kwargs)
    constants = {str(name): torch.as_tensor(value) for name, value in (values or {}).items()}
    strange = [name for name in constants if name not in parameters(module, call.method)]
    if strange and not takes_any(module):
        raise ModelError(no_argument(module, strange, "values: "))
    call.constants.update(constants)
    tensors = [tensor for _, tensor in named_tensors([call.args, call.kwargs])]
    if any(tensor.is_quantized for tensor in tensors):
        raise ModelError(
            f"{kind}: an input is a quantised tensor, which is not followed; call a module that quantises it itself"
        )
    if not tensors:
        found = [*call.args, *call.kwargs.values()]
        kinds = ", ".join(type(value).__name__ for value in found) or "nothing"
        raise ModelError(
            f"{kind}: the call has no tensor among its arguments ({kinds}); "
            f"give tensors as examples, or shapes: {remedy(_first(module), (1, 3, 224, 224))}"
        )
    return call


def _first(module: torch.nn.Module) -> str:
    """Return the name of the first argument, for messages."""
    return next(iter(parameters(module)), "x")


def no_argument(module: torch.nn.Module, names: Iterable[str], given: str = "") -> str:
    """Return what to say about arguments that a module does not have; ``given``: how they were given."""
    known = parameters(module)
    wrong = list(names)
    near = get_close_matches(wrong[0], known, n=1)
    hint = f", did you mean {near[0]!r}?" if near else f"; forward takes {', '.join(known) or 'none'}"
    return f"{type(module).__name__}: {given}no argument named {', '.join(map(repr, wrong))}{hint}"


def _several(inputs: Any) -> list[Any]:
    """Return the shapes of the first arguments one by one."""
    if not isinstance(inputs, (list, tuple)) or not inputs or _is_typed(inputs):
        return [inputs]
    if all(isinstance(one, torch.Tensor) or _is_shape(one) or _is_typed(one) for one in inputs):
        return list(inputs)
    return [inputs]


def _enough(names: Sequence[str], count: int) -> list[str]:
    """Return names for the first arguments, also where the module has fewer."""
    return [
        names[i] if i < len(names) else "x" if not names and count == 1 else f"arg{i}" for i in range(count)
    ]


def _is_typed(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and _is_shape(value[0])
        and isinstance(value[1], (str, torch.dtype))
    )


def _made(name: str, value: Any, dtype: torch.dtype) -> Any:
    if _is_shape(value):
        return _filled(name, value, dtype)
    if _is_typed(value):
        wanted = value[1]
        if isinstance(wanted, str):
            wanted = getattr(torch, wanted.removeprefix("torch."), None)
        if not isinstance(wanted, torch.dtype):
            raise ModelError(
                f"input {name!r}: {value[1]!r} is not a type of torch; give one as in ((1, 16), 'int64')"
            )
        return _filled(name, value[0], wanted)
    if isinstance(value, (list, tuple)) and value and all(_is_shape(item) for item in value):
        return type(value)(_filled(f"{name}.{i}", item, dtype) for i, item in enumerate(value))
    if isinstance(value, (list, tuple)) and all(isinstance(item, (numbers.Real, str)) for item in value):
        raise ModelError(
            f"input {name!r}: {value!r} is not a shape, which has whole numbers, as in (1, 3, 224, 224)"
        )
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value)
    if isinstance(value, Mapping):
        return {key: _made(f"{name}.{key}", item, dtype) for key, item in value.items()}
    return value


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(extent, numbers.Integral) and not isinstance(extent, bool) for extent in value)
    )


def _filled(name: str, shape: Sequence[Any], dtype: torch.dtype) -> torch.Tensor:
    extents = [operator.index(extent) for extent in shape]
    if any(extent < 1 for extent in extents):
        raise empty(name, extents)
    generator = torch.Generator().manual_seed(0)
    if dtype.is_floating_point or dtype.is_complex:
        return torch.rand(*extents, generator=generator, dtype=torch.float32).to(dtype)
    return torch.zeros(*extents, dtype=dtype)


def filled(call: Arguments) -> Arguments:
    """Return arguments in which tensors without values, on ``meta``, are replaced by ones with values."""

    def with_values(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return _filled(name, tensor.shape, tensor.dtype) if tensor.is_meta else tensor

    return dataclasses.replace(
        call, args=map_tensors(call.args, with_values), kwargs=map_tensors(call.kwargs, with_values)
    )


def _own_type(module: torch.nn.Module) -> torch.dtype:
    """Return the floating type of the module's parameters, float32 if it has none."""
    for parameter in module.parameters():
        if parameter.dtype in (torch.float16, torch.bfloat16, torch.float64):
            return parameter.dtype
        if parameter.dtype.is_floating_point:
            break
    return torch.float32


_DECLARED = {"LongTensor": torch.int64, "IntTensor": torch.int32, "BoolTensor": torch.bool}


def _declared_types(module: torch.nn.Module) -> dict[str, torch.dtype]:
    """Return the types of arguments that are declared as tensors of integers, as ``input_ids`` often is."""
    signature = _signature(module)
    return {
        name: dtype
        for name, parameter in (signature.parameters if signature else {}).items()
        for word, dtype in _DECLARED.items()
        if word in str(parameter.annotation)
    }


def takes_any(module: torch.nn.Module) -> bool:
    """Return whether a module takes keyword arguments of any name."""
    signature = _signature(module)
    if signature is None:
        return True
    return inspect.Parameter.VAR_KEYWORD in {one.kind for one in signature.parameters.values()}


def _keywords(module: torch.nn.Module) -> set[str]:
    """Return the names of the arguments that can only be given by name."""
    signature = _signature(module)
    found = () if signature is None else signature.parameters.values()
    return {one.name for one in found if one.kind is inspect.Parameter.KEYWORD_ONLY}


def _of_torch(module: torch.nn.Module) -> bool:
    """Whether a module's ``forward`` is torch's own code."""
    home = getattr(getattr(type(module), "forward", None), "__module__", None) or ""
    return home.split(".")[0] == "torch"


def misfit(module: torch.nn.Module, call: Arguments) -> str:
    """Return why a module's method does not take these arguments; empty where it does."""
    signature = _signature(module, call.method)
    if signature is None:
        return ""
    try:
        signature.bind(*call.args, **call.kwargs, **call.constants)
    except TypeError as error:
        return f"{error}; {call.method} takes {', '.join(map(_shown, signature.parameters.values()))}"
    return ""


def _shown(parameter: inspect.Parameter) -> str:
    """Return an argument as it is declared, without its type."""
    return str(parameter.replace(annotation=inspect.Parameter.empty))


def input_names(module: torch.nn.Module, call: Arguments) -> list[str]:
    """Return the name of each positional argument."""
    names = [*call.names, *parameters(module, call.method)[len(call.names) :]]
    return [names[i] if i < len(names) else f"arg{i}" for i in range(len(call.args))]


def output_name(name: str, number: int) -> str:
    """Return the name of an output; a lone tensor has no key to be named after."""
    return name or ("output" if number == 0 else f"output{number}")
