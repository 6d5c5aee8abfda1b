"""The requirement language: what a model must satisfy, in one line such as ``final rf >= 224``.

``parser`` holds the grammar, ``evaluating`` the meaning; the meanings of the figures are the engine's.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_rf.requirements.parser import parse
from pytest_rf.requirements.syntax import Requirement, RequirementTextError

if TYPE_CHECKING:
    from pytest_rf.requirements.checking import check
    from pytest_rf.requirements.evaluating import evaluate, holds
    from pytest_rf.requirements.settings import Settings

__all__ = ["Requirement", "RequirementTextError", "Settings", "check", "evaluate", "holds", "parse"]

_HOMES = {"Settings": "settings", "check": "checking", "evaluate": "evaluating", "holds": "evaluating"}


def __getattr__(name: str) -> Any:
    """Import what holds requirements where one is held; they are read without it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
