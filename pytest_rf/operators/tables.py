"""The tables of all families of one front-end in one: from an operator's name to its rule."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


def families(package: str) -> list[ModuleType]:
    """Return the modules of a package that hold a table ``RULES``, by name."""
    path = import_module(package).__path__
    modules = [import_module(f"{package}.{found.name}") for found in iter_modules(path)]
    return [module for module in modules if hasattr(module, "RULES")]


def table(package: str) -> dict[str, Any]:
    """Return all rules of a package's families by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    rules: dict[str, Any] = {}
    for family in families(package):
        twice = rules.keys() & family.RULES.keys()
        if twice:
            raise ValueError(f"two rules for {', '.join(sorted(twice))}")
        rules.update(family.RULES)
    return rules
