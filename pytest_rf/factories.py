"""Models that code makes: ``package.module:factory`` and callables. This runs code of the project."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from pytest_rf.containment import contained, told
from pytest_rf.errors import NO_TORCH, ModelError


def made(source: str, root: Path) -> Any:
    """Return what ``package.module:factory``, imported from ``root``, makes or is.

    Raises:
        ModelError: there is no such name, the code fails or exits, or gives something else.
    """
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
        return found if _is_model(found) else called(found, source)
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def called(factory: Any, source: str) -> Any:
    """Return the module that a callable makes.

    Raises:
        ModelError: it is none, it fails or exits, or it gives something else.
    """
    if not callable(factory):
        raise ModelError(f"{source}: is {_a(factory)}, neither an nn.Module nor a callable that makes one")
    try:
        with contained(source):
            model = factory()
    except ModelError:
        raise
    except Exception as error:  # whatever the code does
        _refuse_without_torch(error, source)
        raise ModelError(f"{source}: {told(error)}") from error
    if not _is_model(model):
        raise ModelError(f"{source}: gave {_a(model)} instead of an nn.Module")
    return model


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
