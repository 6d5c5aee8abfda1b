"""Options that several commands share, and the kinds of values that they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pytest_rf.config.declared import Config

Command = TypeVar("Command", bound=Callable[..., Any])

_INPUT = re.compile(r"(?P<name>.+)=(?P<shape>[0-9]{1,12}(?:[,x×][0-9]{1,12})*)", re.DOTALL)
_UNIT = re.compile(r"[0-9]{1,12}(?:,[0-9]{1,12})*")


class InputShape(click.ParamType[tuple[str, tuple[int, ...]]]):
    """``name=1,3,224,224``."""

    name = "name=1,3,224,224"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        """Return the name and the shape."""
        if isinstance(value, tuple):
            return value
        match = _INPUT.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is not an input shape; write it as name=1,3,224,224", param, ctx)
        shape = tuple(int(extent) for extent in re.split("[,x×]", match["shape"]))
        if 0 in shape:
            self.fail(f"{value!r} has an extent of 0; every extent is 1 or more", param, ctx)
        return match["name"], shape


class Unit(click.ParamType[tuple[int, ...]]):
    """``12,7``."""

    name = "12,7"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return the position."""
        if isinstance(value, tuple):
            return value
        if _UNIT.fullmatch(value) is None:
            self.fail(
                f"{value!r} is not a unit; write its position along the spatial axes as 12,7", param, ctx
            )
        return tuple(int(place) for place in value.split(","))


class Names(click.ParamType[tuple[str, ...]]):
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


def inputs(command: Command) -> Command:
    """Add ``--input``."""
    return click.option(
        "--input",
        "inputs",
        type=InputShape(),
        multiple=True,
        help="Shape of an input that the model leaves open; repeatable.",
    )(command)


def config(command: Command) -> Command:
    """Add ``--config``."""
    return click.option(
        "--config",
        metavar="FILE",
        help="The configuration; by default the nearest rf.toml, .rf.toml or pyproject.toml upwards.",
    )(command)


def allow_code(command: Command) -> Command:
    """Add ``--allow-code``."""
    return click.option(
        "--allow-code",
        is_flag=True,
        help="Allow package.module:factory, which imports and runs code of the project.",
    )(command)


def _debug(context: click.Context, option: click.Parameter, wanted: bool) -> bool:
    """Have the package's own log records written to standard error, if ``--debug`` is given."""
    if wanted:
        from pytest_rf.commands import failures

        failures.show_log()
    return wanted


def debug(command: Command) -> Command:
    """Add ``--debug``."""
    return click.option(
        "--debug",
        is_flag=True,
        callback=_debug,
        help="Show the traceback of a bug of pytest-rf, and torch's log of a failed capture.",
    )(command)


def output(command: Command) -> Command:
    """Add ``--output``, ``--color`` and ``--debug``."""
    for option in (
        debug,
        click.option("--color/--no-color", default=None, help="Colour; by default on a terminal only."),
        click.option("-o", "--output", metavar="FILE", help="Write to a file instead."),
    ):
        command = option(command)
    return command


def shapes(pairs: tuple[tuple[str, tuple[int, ...]], ...]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of ``--input`` by name.

    Raises:
        click.UsageError: a name is given twice.
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in pairs:
        if name in found:
            raise click.UsageError(f"--input {name} is given twice")
        found[name] = shape
    return found


def configuration(file: str | None) -> Config | None:
    """Return the configuration of ``--config``, or the nearest one upwards, or None; files are named from its folder.

    They are named from the working directory where that is no part of the folder.
    """
    from pytest_rf import config, paths
    from pytest_rf.commands import failures

    found = config.discover() if file is None else None
    if found is not None and (unread := config.unread(found)):
        failures.warn(unread)
    place = found if file is None else file
    if place is None:
        return None
    loaded = config.load(place)
    paths.name_from(paths.around(loaded.root))
    return loaded
