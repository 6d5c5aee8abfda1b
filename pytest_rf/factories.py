"""Models that code makes: ``package.module:factory``, classes and functions. This runs code of the project."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from inspect import isroutine
from pathlib import Path
from typing import Any

from pytest_rf.containment import contained, told
from pytest_rf.errors import NO_TORCH, ModelError

_FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

Arguments = Sequence[Any] | Mapping[str, Any]
"""Arguments of a factory, by position or by name."""


def is_factory(source: str) -> bool:
    """Return whether a source has the form ``package.module:factory``."""
    return _FACTORY.fullmatch(source) is not None


def is_there(path: str) -> bool:
    """Return whether a path exists; what cannot be one does not."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def made(source: Any, root: Path, args: Arguments = ()) -> Any:
    """Return the model that a source is, or that it makes.

    Args:
        source: ``package.module:factory``, a class or a function, which are called; whatever else it is, is returned.
        root: the folder that the package is imported from.
        args: what a factory is called with.

    Raises:
        ModelError: there is no such name, the code fails or exits, or gives something else; or there are ``args``,
            and nothing to call with them.
    """
    if isinstance(source, str) and is_factory(source) and not is_there(source):
        return _imported(source, root, args)
    if is_maker(source):
        return called(source, getattr(source, "__name__", type(source).__name__), args)
    if args:
        raise ModelError(_no_factory(source if isinstance(source, str) else _kind(source)))
    return source


def is_maker(source: Any) -> bool:
    """Whether something is a class or a function that can make a model; methods of modules are their own business."""
    if hasattr(getattr(source, "__self__", None), "named_modules"):
        return False
    return isinstance(source, (type, partial)) or isroutine(source)


def _imported(source: str, root: Path, args: Arguments) -> Any:
    place, _, name = source.partition(":")
    folder = str(root)
    sys.path.insert(0, folder)
    try:
        try:
            with contained(source):
                found = getattr(import_module(place), name)
        except ModuleNotFoundError as error:
            _refuse_without_torch(error, source)
            if place.endswith(".py"):
                raise ModelError(f"{source}: write the module's name, {place[:-3]}:{name}") from error
            raise ModelError(
                f"{source}: {told(error)}; it is looked for below {folder} and in sys.path"
            ) from error
        except ModelError:
            raise
        except Exception as error:  # whatever the import runs
            raise ModelError(f"{source}: {told(error)}") from error
        # A module is used as it is; only what is not a module makes one when it is called.
        if not _is_model(found):
            return called(found, source, args)
        if args:
            raise ModelError(_no_factory(source))
        return found
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def called(factory: Any, source: str, args: Arguments = ()) -> Any:
    """Return the module that a callable makes of arguments.

    Raises:
        ModelError: it is none, it fails or exits, or it gives something else.
    """
    if not callable(factory):
        raise ModelError(f"{source}: is {_a(factory)}, neither an nn.Module nor a callable that makes one")
    try:
        with contained(source):
            model = factory(**args) if isinstance(args, Mapping) else factory(*args)
    except ModelError:
        raise
    except Exception as error:  # whatever the code does
        _refuse_without_torch(error, source)
        raise ModelError(f"{source}: {told(error)}{_hint(error, args)}") from error
    if not _is_model(model):
        raise ModelError(f"{source}: gave {_a(model)} instead of an nn.Module")
    return model


def _hint(error: Exception, args: Arguments) -> str:
    """Return what may help where a factory was called without what it needs."""
    if not isinstance(error, TypeError) or "missing" not in str(error) or args:
        return ""
    return (
        "; give the arguments of what makes the model: --factory-arg width=64, in a configuration "
        "args = { width = 64 }, in Python args={'width': 64}; a function that is the model itself goes into the "
        "forward of an nn.Module"
    )


def _no_factory(what: str) -> str:
    return f"{what}: args are those of a factory, and this is the model itself; leave them out, or use kwargs"


def _kind(model: Any) -> str:
    return type(model).__name__


def _refuse_without_torch(error: Exception, source: str) -> None:
    """Say how to install torch, if it is what the code has not found."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "torch":
        raise ModelError(f"{source}: {NO_TORCH}") from error


def _is_model(found: Any) -> bool:
    """Whether something is an ``nn.Module`` or an ``ExportedProgram``; torch need not be there to tell."""
    return not isinstance(found, type) and (
        hasattr(found, "named_modules") or type(found).__name__ == "ExportedProgram"
    )


def _a(found: Any) -> str:
    return "None" if found is None else f"{type(found).__name__} {str(found)[:40]!r}"
