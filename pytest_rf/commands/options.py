"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pytest_rf.commands.values import ChunkSize, InputShape, Setting, StatePair

if TYPE_CHECKING:
    from pytest_rf.config.declared import Config

Command = TypeVar("Command", bound=Callable[..., Any])

Pairs = tuple[tuple[str, Any], ...]


def inputs(command: Command) -> Command:
    """Add ``--input``."""
    return click.option(
        "--input",
        "inputs",
        type=InputShape(),
        multiple=True,
        help="Shape of an input, with its type where that is not clear, as ids=1,16:int64; repeatable.",
    )(command)


_VALUE = click.option(
    "--value",
    "values",
    type=Setting(),
    multiple=True,
    help="The value of an input that steers the geometry, as sr=16000 or grid=grid.npy; repeatable.",
)
_WEIGHTS = click.option(
    "--weights", is_flag=True, help="Weights and masked scores that are exactly zero do not read."
)

_MASK_BELOW = click.option(
    "--mask-below",
    type=float,
    help="With --weights: a constant of this or less that is added before a softmax is a mask; -100, or -inf.",
)


_STATE = click.option(
    "--state",
    type=StatePair(),
    multiple=True,
    help="A state of a step model, as cache=new_cache, repeatable; or auto. Figures are those of the stream.",
)
_CHUNK = click.option(
    "--chunk",
    type=ChunkSize(),
    multiple=True,
    help="Positions along a stream that a call advances by, as 16, or input=16; of a step model all that it is given.",
)


def _of_streams(state: Pairs, chunk: Pairs) -> dict[str, Any]:
    """Return what is said of a step model, key by key.

    Raises:
        click.UsageError: it is said twice.
    """
    pairs, sizes = once(state, "--state"), once(chunk, "--chunk")
    if "auto" in pairs and len(pairs) > 1:
        raise click.UsageError("--state auto stands alone; or name all pairs")
    if "" in sizes and len(sizes) > 1:
        raise click.UsageError("--chunk is one number, or one for each input")
    return {
        "state": "auto" if pairs.get("auto") == "" else pairs,
        "chunk": sizes.get("", sizes),
    }


def call(command: Command) -> Command:
    """Add what describes the call of a model: it is handed over as ``call``, key by key."""

    @wraps(command)
    def described(
        *args: Any,
        inputs: Pairs,
        values: Pairs,
        kwargs: Pairs,
        factory: Pairs,
        weights: bool,
        state: Pairs,
        chunk: Pairs,
        mask_below: float | None,
        **rest: Any,
    ) -> Any:
        given = {
            "inputs": once(inputs, "--input"),
            "values": once(values, "--value"),
            "kwargs": once(kwargs, "--kwarg"),
            "args": once(factory, "--factory-arg"),
            "weights": weights or None,
            **_of_streams(state, chunk),
            "mask_below": mask_below,
        }
        return command(*args, call={key: value for key, value in given.items() if value}, **rest)

    result: Any = described
    for option in (
        _CHUNK,
        _STATE,
        _MASK_BELOW,
        _WEIGHTS,
        click.option(
            "--factory-arg",
            "factory",
            type=Setting(),
            multiple=True,
            help="An argument of what makes the model, as width=64; repeatable.",
        ),
        click.option(
            "--kwarg",
            "kwargs",
            type=Setting(),
            multiple=True,
            help="A keyword argument of the call of a module, as scale=2; repeatable.",
        ),
        _VALUE,
        inputs,
    ):
        result = option(result)
    found: Command = result
    return found


def call_of_files(command: Command) -> Command:
    """Add what describes the call of a model that is a file: it is handed over as ``call``, key by key."""

    @wraps(command)
    def described(
        *args: Any, inputs: Pairs, values: Pairs, weights: bool, mask_below: float | None, **rest: Any
    ) -> Any:
        given = {
            "inputs": once(inputs, "--input"),
            "values": once(values, "--value"),
            "weights": weights or None,
            "mask_below": mask_below,
        }
        return command(*args, call={key: value for key, value in given.items() if value}, **rest)

    result: Any = inputs(_VALUE(_WEIGHTS(_MASK_BELOW(described))))
    found: Command = result
    return found


def config(command: Command) -> Command:
    """Add ``--config`` and ``--root``."""
    root = click.option(
        "--root",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        expose_value=False,
        callback=_reach,
        help="The folder that the configuration's sources and packs must stay in; by default its own.",
    )
    return root(
        click.option(
            "--config",
            metavar="FILE",
            help="The configuration; by default the nearest rf.toml, .rf.toml or pyproject.toml upwards.",
        )(command)
    )


def _reach(context: click.Context, option: click.Parameter, folder: Path | None) -> None:
    """Let configurations reach into a folder while the command runs."""
    if folder is not None:
        from pytest_rf import paths

        context.find_root().with_resource(paths.reaching(folder))


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

        context.find_root().with_resource(failures.shown_log())
    return wanted


def format(choices: Sequence[str], default: str) -> Callable[[Command], Command]:
    """Add ``--format``: one of some forms of what is written."""
    return click.option(
        "--format",
        "format",
        type=click.Choice(choices),
        default=default,
        show_default=True,
        help="The form of what is written.",
    )


def debug(command: Command) -> Command:
    """Add ``--debug``."""
    return click.option(
        "--debug",
        is_flag=True,
        callback=_debug,
        help="Show the traceback of a bug of pytest-rf, and torch's log of a failed capture.",
    )(command)


def working(command: Command) -> Command:
    """Add ``--jobs``, ``--isolate``, ``--no-cache`` and ``--cache-dir``; the last two come as ``cache``."""

    @wraps(command)
    def worked(*args: Any, no_cache: bool, cache_dir: Path | None, **rest: Any) -> Any:
        folder = None if no_cache else cache_dir or _default_cache()
        return command(*args, cache=folder, **rest)

    result: Any = worked
    for option in (
        click.option(
            "--cache-dir",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            envvar="PYTEST_RF_CACHE_DIR",
            help="Keep results here, not in the user's cache folder.",
        ),
        click.option("--no-cache", is_flag=True, help="Keep no results, and take none that are kept."),
        click.option(
            "--isolate",
            type=click.Choice(["auto", "always", "never"]),
            help="Which model files have a process of their own, with limits of time and memory; code has one always.",
        ),
        click.option(
            "-j",
            "--jobs",
            type=click.IntRange(min=0, max=1024),
            metavar="N",
            help="Work on models in N processes; 0 for as many as there are processors.",
        ),
    ):
        result = option(result)
    found: Command = result
    return found


def _default_cache() -> Path | None:
    from pytest_rf.running import cache  # with what results are signed by

    return cache.default()


def output(command: Command) -> Command:
    """Add ``--output``, ``--color`` and ``--debug``."""
    for option in (
        debug,
        click.option("--color/--no-color", default=None, help="Colour; by default on a terminal only."),
        click.option("-o", "--output", metavar="FILE", help="Write to a file instead."),
    ):
        command = option(command)
    return command


def once(pairs: Pairs, option: str) -> dict[str, Any]:
    """Return what an option gives by name.

    Raises:
        click.UsageError: a name is given twice.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise click.UsageError(f"{option} {name} is given twice")
        found[name] = value
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
