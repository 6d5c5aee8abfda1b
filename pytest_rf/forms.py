"""The form of each key that describes a call: what a door is given becomes what the call holds, or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pytest_rf.analysis import steps
from pytest_rf.arrays import npy
from pytest_rf.errors import RequirementError
from pytest_rf.given import CallError, specs
from pytest_rf.globs import matcher
from pytest_rf.requirements.settings import spacings
from pytest_rf.requirements.units import Quantity

if TYPE_CHECKING:
    from pytest_rf.framing import Framing

Origin = Literal["end", "start", "center"]

_ORIGINS = ("end", "start", "center")

LARGEST_CHUNK = 1 << 20
"""The largest number of positions that a call advances by."""


class StepError(CallError, RequirementError):
    """What a step stands for is not understood: the call is wrong, and so is the text, as one of a requirement."""


class StreamError(CallError, RequirementError):
    """A front-end is not understood, or a stream is said of a model that has no such axis.

    Attributes:
        detail: more for a person to read beside the message: the caret under a text; or empty.
    """

    def __init__(self, key: str, reason: str, *at: str | int, detail: str = "") -> None:
        """Keep the place and the detail beside the message."""
        super().__init__(key, reason, *at)
        self.detail = detail


def form(key: str, given: Any, root: Path | None = None) -> Any:
    """Return what a call holds under one of :data:`FORMS` for what a door was given.

    Args:
        key: the key.
        given: what was given.
        root: the folder that files of values must lie below; None where whoever gives them may read any.

    Raises:
        CallError: it is not of the key's form.
    """
    return _values(given, root) if key == "values" else FORMS[key](given)


def _table(key: str, value: Any, holds: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise CallError(key, f"is a table of {holds} by name, not {_shown(value)}")
    return {str(name): one for name, one in value.items()}


def _values(value: Any, root: Path | None) -> dict[str, Any]:
    found = {}
    for name, one in _table("values", value, "numbers, lists of numbers or .npy files").items():
        if isinstance(one, str):
            if not one.lower().endswith(".npy"):
                raise CallError(
                    "values", f'{name} = "{one}" is not a number, a list or the path of a .npy file'
                )
            one = npy(one, root)
        elif isinstance(one, Mapping):
            raise CallError("values", f"{name} is a table; give a number, a list or the path of a .npy file")
        found[name] = one
    return found


def _kwargs(value: Any) -> dict[str, Any]:
    return _table("kwargs", value, "arguments of the call")


def _args(value: Any) -> tuple[Any, ...] | dict[str, Any]:
    if isinstance(value, Mapping):
        return _table("args", value, "arguments of the factory")
    if isinstance(value, (list, tuple)):
        return tuple(value)
    raise CallError("args", f"is a table or a list of the factory's arguments, not {_shown(value)}")


def _axes(value: Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, axes in _table("axes", value, "axes").items():
        if not isinstance(axes, Mapping):
            raise CallError("axes", f"has axes by input and name, as in axes = {{ {name} = {{ t = 2 }} }}")
        for axis, number in axes.items():
            if not isinstance(number, Integral) or isinstance(number, bool):
                raise CallError("axes", f"{name}: {axis} is the number of an axis, not {_shown(number)}")
        found[name] = {str(axis): int(number) for axis, number in axes.items()}
    return found


def _spacing(value: Any) -> dict[str, Quantity]:
    table = _table("spacing", value, "distances of neighbours")
    for axis, one in table.items():
        if not isinstance(one, (str, Quantity)):
            raise CallError("spacing", f'{axis} is a number with a unit, as in "0.5 mm", not {_shown(one)}')
    found: dict[str, Quantity] = {}
    for axis, one in table.items():
        try:
            found.update(spacings({axis: one}))
        except RequirementError as error:
            raise CallError("spacing", str(error), axis) from None
    return found


def _origin(value: Any) -> Origin:
    if value not in _ORIGINS:
        raise CallError("origin", f"is one of {', '.join(_ORIGINS)}, not {_shown(value)}")
    return cast(Origin, value)


def _stands_for(value: Any) -> dict[str, str]:
    table = _table("stands_for", value, 'positions such as "4i"')
    for axis, text in table.items():
        if not isinstance(text, str):
            raise CallError("stands_for", f'{axis} is a text such as "4i", not {_shown(text)}')
        try:
            steps.parse(text)
        except RequirementError as error:
            raise StepError("stands_for", f"{axis}: {error}", axis) from None
    return table


def _frontend(value: Any) -> dict[str, Framing]:
    from pytest_rf.framing import FrontendTextError, parse  # most models have none

    found = {}
    for axis, text in _table("frontend", value, "front-ends").items():
        if not isinstance(text, str):
            example = '"frames(400, 160, rate = 16000)"'
            raise CallError("frontend", f"{axis} is a text such as {example}, not {_shown(text)}")
        try:
            found[axis.lower()] = parse(text)
        except FrontendTextError as error:
            raise StreamError("frontend", f"{axis}: {error}", axis, detail=error.detail) from None
    return found


def _accept_context(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise CallError("accept_context", f'takes a list of patterns: ["{value}"]', plain=True)
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise CallError("accept_context", f"takes a list of patterns, not {_shown(value)}", plain=True)
    for pattern in value:
        try:
            matcher(pattern)
        except ValueError as error:  # too long to be matched
            raise CallError("accept_context", str(error)) from None
    return tuple(value)


def _weights(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CallError("weights", f"is true or false, not {_shown(value)}")
    return value


def _state(value: Any) -> dict[str, str] | str:
    if value == "auto":
        return "auto"
    if not isinstance(value, Mapping) or not value:
        raise CallError("state", f'is "auto" or pairs such as {{ cache = "new_cache" }}, not {_shown(value)}')
    for name, one in value.items():
        if not isinstance(one, str):
            raise CallError("state", f"{name} is the name of an output, not {_shown(one)}", str(name))
    return {str(name): one for name, one in value.items()}


def _chunk(value: Any) -> int | dict[str, int]:
    several = value if isinstance(value, Mapping) else {"": value}
    for name, one in several.items():
        if not isinstance(one, Integral) or isinstance(one, bool) or not 1 <= int(one) <= LARGEST_CHUNK:
            of = f"{name} is " if name else "is "
            told = f"{of}how many positions a call advances by, from 1 to {LARGEST_CHUNK}, not {_shown(one)}"
            raise CallError("chunk", told, *[name][: bool(name)])
    return {str(name): int(one) for name, one in value.items()} if isinstance(value, Mapping) else int(value)


def _mask_below(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value < 0:
        raise CallError("mask_below", f"is a number below 0, or -inf, not {_shown(value)}")
    return float(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


FORMS: dict[str, Callable[..., Any]] = {
    "inputs": specs,
    "values": _values,
    "kwargs": _kwargs,
    "args": _args,
    "axes": _axes,
    "spacing": _spacing,
    "origin": _origin,
    "stands_for": _stands_for,
    "frontend": _frontend,
    "accept_context": _accept_context,
    "weights": _weights,
    "state": _state,
    "chunk": _chunk,
    "mask_below": _mask_below,
}
