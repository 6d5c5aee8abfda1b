"""The configuration: ``rf.toml``, ``.rf.toml``, or ``[tool.pytest-rf]`` in ``pyproject.toml``."""

from __future__ import annotations

from pathlib import Path


class Config:
    """A configuration that was read and found right (fields follow)."""


class Target:
    """One model to analyse (fields follow)."""


def discover(directory: Path | None = None) -> Path | None:
    """Return the nearest configuration file in ``directory`` (default: the working directory) or above it."""
    raise NotImplementedError


def load(path: Path | str) -> Config:
    """Read a configuration file, with all that it extends.

    Raises:
        ConfigError: it cannot be read or says something that is wrong.
        RequirementError: a requirement in it cannot be understood.
    """
    raise NotImplementedError
