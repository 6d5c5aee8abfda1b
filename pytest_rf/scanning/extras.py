"""Libraries that not everybody has: imported where they are needed, and missed in one line."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pytest_rf.errors import RFError


class ExtraError(RFError):
    """A library is not installed."""


def imported(module: str, extra: str, what: str) -> Any:
    """Return a module of a library that an extra brings.

    Args:
        module: its name.
        extra: the extra.
        what: what needs it, for the error.

    Raises:
        ExtraError: it is not installed, or cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        gone = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == library
        reason = "is not installed" if gone else f"cannot be imported ({error})"
        raise ExtraError(
            f"{what} needs {library}, which {reason}; install it with pip install 'pytest-rf[{extra}]'"
        ) from None
