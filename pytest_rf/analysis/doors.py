"""The doors to what stands above the figures and shows them; it is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pytest_rf.errors import RFError

NO_MATPLOTLIB = "matplotlib is not installed; install it with pip install 'pytest-rf[plot]'"
"""What to say where something is to be drawn and there is no matplotlib."""


def plots() -> Any:
    """Return the package :mod:`pytest_rf.plots`.

    Raises:
        RFError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise RFError(NO_MATPLOTLIB)
    return import_module("pytest_rf.plots")


def notebook() -> Any:
    """Return the package :mod:`pytest_rf.notebook`."""
    return import_module("pytest_rf.notebook")
