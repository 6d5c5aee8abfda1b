"""What a kept result rests on, as one short text: it changes whenever any of that does."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct

from pytest_rf.version import __version__

LARGEST = 1 << 28
"""Bytes of a file; to read more costs more than to analyse what it holds."""


def key(file: Path, facts: Sequence[Any]) -> str:
    """Return the key of what is found out about a file.

    Args:
        file: it.
        facts: all else that the result rests on, as plain data.

    Raises:
        OSError: the file cannot be read, is not a regular file or is too large.
        TypeError: a fact is no plain data.
    """
    return _digest(content(file), (ours(), *facts))


def stamped(facts: Sequence[Any]) -> str:
    """Return the key of what rests on plain data alone.

    Raises:
        TypeError: a fact is no plain data.
    """
    return _digest(b"", facts)


def _digest(start: bytes, facts: Sequence[Any]) -> str:
    digest = sha256(start)
    for one in facts:
        for text in _told(one):
            digest.update(text.encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
    return digest.hexdigest()


def content(file: Path) -> bytes:
    """Return the digest of what a file holds.

    Raises:
        OSError: it cannot be read, is not a regular file or is too large.
    """
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise OSError(f"{file} is not a regular file of {LARGEST} bytes at most")
        digest = sha256()
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.digest()


@lru_cache(maxsize=1)
def ours() -> str:
    """Return what we are: our version, that of each library whose code decides, and our own files.

    A checkout that is worked in has one version for ever; its files tell.
    """
    from importlib.metadata import version  # and with it much that runs without a cache need nothing of

    top = Path(__file__).parents[1]
    files = sorted(_files(top))
    libraries = [version(name) for name in ("onnx", "numpy")]
    return repr((__version__, sys.version, sys.platform, libraries, files))


def _files(folder: Path | str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path)
            elif entry.name.endswith((".py", ".toml")):
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size


def _told(value: Any) -> Iterator[str]:
    """Yield texts that are the same for the same data, and different for different data."""
    kind = type(value).__name__
    if value is None or isinstance(value, (bool, int, float, str, bytes, date, Fraction, PurePath)):
        yield f"{kind} {value!r}"
    elif isinstance(value, Mapping):
        yield f"{kind} {len(value)}"
        for one in value.items():
            yield from _told(one)
    elif isinstance(value, (list, tuple)):
        yield f"{kind} {len(value)}"
        for one in value:
            yield from _told(one)
    elif isinstance(value, (set, frozenset)):
        yield from _told((kind, *sorted(value, key=repr)))
    elif is_dataclass(value):
        yield kind
        for field in fields(value):
            yield from _told(getattr(value, field.name))
    elif isinstance(value, Struct):
        yield kind
        for name in value.__struct_fields__:
            yield from _told(getattr(value, name))
    else:
        raise TypeError(f"{kind} is no plain data")
