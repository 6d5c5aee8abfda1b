"""The tables of all families of one front-end in one: from an operator's name to its rule."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


def families(package: str, only: Iterable[str] = ()) -> list[ModuleType]:
    """Return the modules of a package that hold a table ``RULES``, by name: all, or only those named."""
    names = only or (found.name for found in iter_modules(import_module(package).__path__))
    modules = [import_module(f"{package}.{name}") for name in names]
    return [module for module in modules if hasattr(module, "RULES")]


def table(package: str, only: Iterable[str] = ()) -> dict[str, Any]:
    """Return all rules of a package's families, or of some of them, by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    rules: dict[str, Any] = {}
    for family in families(package, only):
        twice = rules.keys() & family.RULES.keys()
        if twice:
            raise ValueError(f"two rules for {', '.join(sorted(twice))}")
        rules.update(family.RULES)
    return rules
