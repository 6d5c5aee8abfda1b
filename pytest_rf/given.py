"""What users give as an input of a call: a shape, a shape with a type, an example, or a structure of these."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from pytest_rf.errors import ModelError

LARGEST = 2**31 - 1
"""The largest extent that can be given."""

TYPES = {
    **{name: name for name in ("bool", "uint8", "int8", "int16", "int32", "int64")},
    **{name: name for name in ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")},
    **{
        "short": "int16",
        "int": "int32",
        "long": "int64",
        "half": "float16",
        "float": "float32",
        "double": "float64",
    },
}
"""Types of elements by the names that they can be given by: those of torch, in which ``int`` has 32 bits."""

Typed = tuple[tuple[int, ...], str]
"""A shape with the name of a type."""


class CallError(ModelError):
    """What is given of a call is not of its form.

    Attributes:
        key: what it was given as.
        at: the keys and places that lead to it from there.
    """

    def __init__(self, key: str, reason: str, *at: str | int, plain: bool = False) -> None:
        """Keep the place beside the message; ``plain``: the reason goes behind the key as it is."""
        super().__init__(f"{key} {reason}" if plain else f"{key}: {reason}")
        self.key = key
        self.at = at


def written(given: Any) -> str:
    """Return a shape, perhaps with a type, in the form of :func:`spec`, as TOML writes it."""
    if is_typed(given):
        return f'{{ shape = {list(given[0])}, dtype = "{given[1]}" }}'
    return str(list(given))


def option(name: str, extents: Sequence[int], dtype: str = "") -> str:
    """Return how an input is given on the command line."""
    return "--input " + shlex.quote(f"{name}={','.join(map(str, extents))}{dtype and f':{dtype}'}")


def remedy(name: str, extents: Sequence[int], dtype: str = "") -> str:
    """Return how an input is given, at each door, as errors say it."""
    shape = ", ".join(map(str, extents))
    plain = re.fullmatch(r"[A-Za-z0-9_-]+", name) is not None
    key = name if plain else json.dumps(name, ensure_ascii=False)
    toml = written((tuple(extents), dtype) if dtype else tuple(extents))
    tuple_ = f"({shape},)" if len(extents) == 1 else f"({shape})"
    python = f"({tuple_}, {dtype!r})" if dtype else tuple_
    return (
        f"{option(name, extents, dtype)}, in a configuration inputs = {{ {key} = {toml} }}, "
        f"in Python inputs={{{name!r}: {python}}}"
    )


def specs(given: Any) -> Any:
    """Return inputs in one form: shapes are tuples, shapes with types are pairs, everything else is as it was.

    Args:
        given: inputs by name; or the first one, or a list of the first ones, without their names.

    Raises:
        CallError: one is not a shape, or its type is unknown.
    """
    if isinstance(given, Mapping):
        return {str(name): _inside(str(name), str(name), one) for name, one in given.items()}
    if isinstance(given, (list, tuple)) and not is_shape(given) and not _is_pair(given):
        if not given:
            raise CallError("inputs", "is empty; give shapes, as in inputs={'x': (1, 3, 224, 224)}")
        return [spec(str(place), one) for place, one in enumerate(given)]
    return spec("0", given)


def spec(name: str, given: Any) -> Any:
    """Return one input in one form; ``name`` is what errors call it.

    Raises:
        CallError: it is not a shape, or its type is unknown.
    """
    if is_shape(given):
        return shape(name, given)
    if _is_pair(given):
        return shape(name, given[0]), type_name(name, given[1])
    if isinstance(given, Mapping):
        if _is_table(given):
            return _table(name, given)
        return {key: _inside(str(key), f"{name}.{key}", one) for key, one in given.items()}
    if isinstance(given, (list, tuple)):
        if given and all(isinstance(one, (Real, str)) for one in given):
            raise CallError(
                "inputs",
                f"input {name!r}: {given!r} is not a shape, which has whole numbers, as in (1, 3, 224, 224)",
            )
        structure = [_inside(place, f"{name}.{place}", one) for place, one in enumerate(given)]
        return tuple(structure) if type(given) is tuple else structure if type(given) is list else given
    return given


def _inside(key: str | int, name: str, given: Any) -> Any:
    """Return what :func:`spec` does of a part of a structure; errors tell the way to it."""
    try:
        return spec(name, given)
    except CallError as error:
        error.at = (key, *error.at)
        raise


def is_shape(given: Any) -> bool:
    """Whether something is a shape: one whole number or more."""
    return (
        isinstance(given, (list, tuple))
        and len(given) > 0
        and all(isinstance(extent, Integral) and not isinstance(extent, bool) for extent in given)
    )


def is_typed(given: Any) -> bool:
    """Whether something is a shape with a type, in the form that :func:`spec` gives it."""
    return (
        type(given) is tuple and len(given) == 2 and isinstance(given[0], tuple) and isinstance(given[1], str)
    )


def shape(name: str, given: Any) -> tuple[int, ...]:
    """Return a shape as whole numbers.

    Raises:
        CallError: an extent is negative, or too large.
    """
    extents = tuple(int(extent) for extent in given)
    for place, extent in enumerate(extents):
        if extent < 0:
            raise empty(name, extents, place)
        if extent > LARGEST:
            reason = f"an extent is at most {LARGEST}"
            raise CallError("inputs", f"input {name!r}: shape {list(extents)}: {reason}", place)
    return extents


def empty(name: str, extents: Sequence[int], *at: str | int) -> CallError:
    """Return the error of an input that has no elements."""
    first = (
        "; a state that is empty in the first call is given as later calls have it" if 0 in extents else ""
    )
    reason = f"input {name!r}: shape {list(extents)}: every extent must be at least 1{first}"
    return CallError("inputs", reason, *at)


def refuse_empty(given: Any, name: str = "", at: tuple[str | int, ...] = ()) -> None:
    """Refuse inputs, in the form of :func:`specs`, among which one has no elements.

    Raises:
        CallError: there is one.
    """
    extents = given[0] if is_typed(given) else given
    if is_shape(extents):
        if 0 in extents:
            raise empty(name or "0", extents, *at, *([] if is_typed(given) else [list(extents).index(0)]))
    elif isinstance(given, Mapping):
        for key, one in given.items():
            refuse_empty(one, f"{name}.{key}" if name else str(key), (*at, str(key)))
    elif isinstance(given, (list, tuple)):
        for place, one in enumerate(given):
            refuse_empty(one, f"{name}.{place}" if name else str(place), (*at, place))


def type_name(name: str, given: Any) -> str:
    """Return the name of a type of elements, given by name or as a type of torch or numpy.

    Raises:
        CallError: there is no such type.
    """
    text = str(given).removeprefix("torch.")
    if not isinstance(given, str) and (isinstance(given, type) or hasattr(given, "newbyteorder")):
        import numpy as np

        text = np.dtype(given).name
    known = TYPES.get(text)
    if known is None:
        from difflib import get_close_matches

        near = get_close_matches(text, TYPES, n=1)
        hint = (
            f", did you mean {near[0]!r}?"
            if near
            else f"; there are {', '.join(dict.fromkeys(TYPES.values()))}"
        )
        raise CallError("inputs", f"input {name!r}: {str(given)[:60]!r} is not a type of elements{hint}")
    return known


def _is_pair(given: Any) -> bool:
    """Whether something is a shape and a type one behind the other."""
    return (
        isinstance(given, (list, tuple))
        and len(given) == 2
        and is_shape(given[0])
        and (isinstance(given[1], (str, type)) or type(given[1]).__name__.lower().endswith("dtype"))
    )


def _is_table(given: Mapping[Any, Any]) -> bool:
    """Whether a mapping is ``{shape = [...], dtype = "..."}`` and not a structure of inputs."""
    others = (one for key, one in given.items() if key != "shape")
    return is_shape(given.get("shape")) and not any(isinstance(one, (list, tuple, Mapping)) for one in others)


def _table(name: str, given: Mapping[Any, Any]) -> tuple[int, ...] | Typed:
    for key in given:
        if key not in ("shape", "dtype"):
            from difflib import get_close_matches

            near = get_close_matches(str(key), ("shape", "dtype"), n=1)
            hint = f", did you mean {near[0]!r}?" if near else "; there are shape and dtype"
            raise CallError("inputs", f"input {name!r}: unknown key {str(key)[:60]!r}{hint}")
    extents = shape(name, given["shape"])
    return (extents, type_name(name, given["dtype"])) if given.get("dtype") is not None else extents
