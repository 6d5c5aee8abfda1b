"""Which configuration each of many files belongs to: those of a commit, in a repository of several projects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pytest_rf.config import discovery, reading
from pytest_rf.config.declared import Config
from pytest_rf.errors import ConfigError


class Group(NamedTuple):
    """Files to check together.

    Attributes:
        config: the configuration that they belong to; None where there is none above them.
        paths: the files as they were given, the configuration among them where it was given.
    """

    config: Config | None
    paths: list[str]


def groups(paths: Iterable[str]) -> list[Group]:
    """Return files by the nearest configuration in their folder or above it, in the order in which they were given.

    A ``pyproject.toml`` without our table concerns others, and is left out.

    Raises:
        ConfigError: a configuration is wrong, or something on the way looks like one and is not.
    """
    found: dict[Path | None, list[str]] = {}
    for path in dict.fromkeys(paths):
        if path.endswith(".toml"):
            config: Path | None = Path(path).absolute()
            if Path(path).name == discovery.PYPROJECT and not discovery.is_about_us(Path(path)):
                continue
        else:
            config = discovery.discover(Path(path).absolute().parent)
        found.setdefault(config, []).append(path)
    return [Group(None if config is None else _read(config), given) for config, given in found.items()]


def _read(path: Path) -> Config:
    """Return a configuration; one that another beside it keeps from being read is refused.

    Raises:
        ConfigError: it is wrong.
    """
    beside = discovery.unread(path)
    if beside:
        raise ConfigError(beside)
    return reading.load(path)
