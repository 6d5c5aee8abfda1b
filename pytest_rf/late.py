"""Functions of modules that are imported when the first of them is called."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


class Late:
    """Stands for a module in a table of functions: the table is read without what they need.

    Type checkers see the module itself, behind ``TYPE_CHECKING``.
    """

    def __init__(self, module: str) -> None:
        """Remember the module."""
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a function of the module."""
        found: Callable[..., Any] | None = None

        def call(*arguments: Any) -> Any:
            nonlocal found
            if found is None:
                found = getattr(import_module(self._module), name)
            return found(*arguments)

        return call
