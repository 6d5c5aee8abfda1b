"""The configuration: what the authors of models declare about them.

``discovery`` which file is the configuration, and which part of it is ours
``reading``   reads and checks a configuration file with all that it extends
``tables``    the shape of the file as types; its JSON Schema
``declared``  what it says, once it has been found right
``tilings``   the tilings of a model
``tomlfile``  TOML that may be hostile
``positions`` where its keys and items stand
``packs``     the files that a configuration extends
``records``   the files that pytest-rf writes beside it: baseline and lock
``asked``     what a run is asked to check
``sources``   what a model's source stands for
``selection`` what a word on the command line or in a marker means
``remedies``  what to write so that a model is judged
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_rf.config.discovery import discover, unread

if TYPE_CHECKING:
    from pytest_rf.config.reading import load, schema

__all__ = ["discover", "load", "schema", "unread"]


def __getattr__(name: str) -> Any:
    """Import what reads a configuration where there is one to read."""
    if name not in ("load", "schema"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pytest_rf.config import reading

    return getattr(reading, name)
