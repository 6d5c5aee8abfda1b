"""The wire format of protobuf: numbers, and files that are read where and when somebody looks.

Files are read by ``pread``: a mapping would end the process if the file shrank.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""The wire types; 3 and 4 mark groups, which ONNX never had."""

_FIRST, _LARGEST = 1 << 12, 1 << 18
"""Bytes that are read at a place, and that are read at once where a walk goes on from there."""
ROOM = 32
"""More than a tag and a length take."""


class Cut(ValueError):
    """A message that ends within a field, or is no message at all."""


class Changed(Exception):
    """A file that is another than the one that was opened first."""


def number(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that is encoded at a place, and the place behind it.

    Raises:
        Cut: there is none.
    """
    found = shift = 0
    while shift < 70:
        if at >= len(data):
            raise Cut("a number is cut off")
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise Cut("a number has too many bytes")


def encoded(found: int) -> bytes:
    """Return a number as protobuf writes it."""
    out = bytearray()
    while found > 127:
        out.append(found & 127 | 128)
        found >>= 7
    out.append(found)
    return bytes(out)


class Content:
    """Bytes that are read at places: those of a file, or some that are there.

    Attributes:
        size: how many there are.
        data: those around the place that was read last.
        base: the place of the first of them.
    """

    def __init__(self, file: BinaryIO | None, size: int, data: bytes = b"") -> None:
        self._file = file
        self.size = size
        self.data, self.base = data, 0
        self._next = _FIRST

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Return bytes that are there."""
        return cls(None, len(data), data)

    def around(self, at: int) -> None:
        """Have ``data`` hold at least ``ROOM`` bytes from a place on, if there are so many.

        Raises:
            Changed: the file has become shorter.
        """
        end = self.base + len(self.data)
        if self.base <= at and (at + ROOM <= end or end == self.size):
            return
        near = self.base <= at <= end
        self._next = min(2 * self._next, _LARGEST) if near else _FIRST
        self.base, self.data = at, self.read(at, min(at + self._next, self.size))

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from one place to another.

        Raises:
            Changed: the file has become shorter.
        """
        if self.base <= begin and end <= self.base + len(self.data):
            return self.data[begin - self.base : end - self.base]
        assert self._file is not None
        found = _pread(self._file, end - begin, begin)
        if len(found) < end - begin:
            raise Changed
        return found


def _pread(file: BinaryIO, count: int, at: int) -> bytes:
    if not hasattr(os, "pread"):  # Windows
        file.seek(at)
        return file.read(count)
    parts: list[bytes] = []
    while count > 0:
        part = os.pread(file.fileno(), min(count, 1 << 30), at)
        if not part:
            break
        parts.append(part)
        count -= len(part)
        at += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def opened(path: Path) -> BinaryIO:
    """Return a regular file, opened without waiting for anything and without a buffer.

    Raises:
        OSError: it cannot be opened.
        IsADirectoryError: it is no regular file.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: opening a device can do things
        raise IsADirectoryError
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    )
    handle = os.open(path, flags)
    file = open(handle, "rb", buffering=0)  # noqa: PTH123, SIM115 - it is the caller's to close
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise IsADirectoryError
    return file
