"""The kinds of values that options take: shapes, settings, states, chunks, units, names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    PairType = click.ParamType[tuple[str, Any]]
    UnitType = click.ParamType[tuple[int, ...]]
    NamesType = click.ParamType[tuple[str, ...]]
else:  # what a ParamType converts to can be stated from click 8.4 on
    PairType = UnitType = NamesType = click.ParamType

_INPUT = r"(?P<name>.+)=(?P<shape>[0-9]{1,12}(?:[,x×][0-9]{1,12})*)(?::(?P<dtype>\w{1,40}))?"
_UNIT = r"[0-9]{1,12}(?:,[0-9]{1,12})*"


class InputShape(PairType):
    """``name=1,3,224,224`` or, with the type of its elements, ``ids=1,16:int64``."""

    name = "name=1,3,224,224"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return the name and the shape, with its type where one is given."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(_INPUT, value, re.DOTALL)
        if match is None:
            self.fail(
                f"{value!r} is not an input shape; write it as name=1,3,224,224, with a type as name=1,16:int64",
                param,
                ctx,
            )
        shape = [int(extent) for extent in re.split("[,x×]", match["shape"])]
        if 0 in shape:
            self.fail(f"{value!r} has an extent of 0; every extent is 1 or more", param, ctx)
        return match["name"], shape if match["dtype"] is None else {"shape": shape, "dtype": match["dtype"]}


class Setting(PairType):
    """``name=value``: a number, true or false, a list such as ``8,8`` or ``[8, 8]``, else a text."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return the name and the value."""
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not name or not equals:
            self.fail(f"{value!r} is not a setting; write it as name=value", param, ctx)
        return name, _value(text)


def _value(text: str) -> Any:
    """Return what a text means as a value of TOML; several with commas are a list, and all else is a text."""
    from pytest_rf.config.tomlfile import value

    text = text.strip()
    for written in (text, f"[{text}]") if "," in text else (text,):
        try:
            return value(written)
        except ValueError:
            continue
    return text


class StatePair(PairType):
    """``cache=new_cache``, or ``auto``."""

    name = "input=output"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return the state input and the output; ``auto`` stands alone."""
        if isinstance(value, tuple):
            return value
        before, equals, after = value.partition("=")
        if value != "auto" and not (before and equals and after):
            self.fail(
                f"{value!r} is no pair of a state input and an output; write cache=new_cache, or auto",
                param,
                ctx,
            )
        return before, after


class ChunkSize(PairType):
    """``32``, or ``x=32`` where inputs differ."""

    name = "N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return the input, empty for all, and the number."""
        if isinstance(value, tuple):
            return value
        name, _, number = value.rpartition("=")
        if not (number.isascii() and number.isdigit()) or len(number) > 12 or not int(number):
            self.fail(f"{value!r} is not a number of positions; write 32, or x=32 for one input", param, ctx)
        return name, int(number)


class Unit(UnitType):
    """``12,7``."""

    name = "12,7"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return the position."""
        if isinstance(value, tuple):
            return value
        if re.fullmatch(_UNIT, value) is None:
            self.fail(
                f"{value!r} is not a unit; write its position along the spatial axes as 12,7", param, ctx
            )
        return tuple(int(place) for place in value.split(","))


class Names(NamesType):
    """``rf,halo,lookahead``."""

    name = "rf,halo,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if "" in names:
            self.fail(f"{value!r} has an empty name; write names with commas between, as rf,halo", param, ctx)
        return names
