"""What a scan has found so far, a line per file in a file beside its output: safe from any end of the scan.

Each line is written at once. A line that was cut off, by the machine's end for instance, is dropped, and its file is
scanned again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_rf.errors import RFError
from pytest_rf.scanning import rows
from pytest_rf.scanning.rows import Row


class JournalError(RFError):
    """A journal cannot be written, or another scan is at work on the same output."""


class Journal:
    """The journal of an output.

    Attributes:
        path: where it lies.
        left: the rows by file that a scan before has left in it.
    """

    def __init__(self, output: Path) -> None:
        """Open it, and take up what is in it.

        Raises:
            JournalError: it cannot be written, or another scan has it open.
        """
        self.path = output.with_name(f".{output.name}.journal")
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            self._file = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise self._error(error) from None
        try:
            if not _is_locked(self._file) or not os.path.samestat(self.path.stat(), os.fstat(self._file)):
                raise JournalError(
                    f"{output}: another scan is at work on it; wait for its end, or name another file"
                )
            self.left = self._read()
        except OSError as error:
            os.close(self._file)
            raise self._error(error) from None
        except BaseException:
            os.close(self._file)
            raise

    def add(self, found: Sequence[Row]) -> None:
        """Write the rows of one file.

        Raises:
            JournalError: they cannot be written.
        """
        rest = memoryview(rows.written(found).encode() + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise self._error(error) from None

    def close(self, done: bool) -> None:
        """Close it, and remove it where all that is in it has got into the output, or where nothing is in it."""
        done = done or not os.fstat(self._file).st_size
        if sys.platform == "win32":  # which does not remove what is open
            os.close(self._file)
        if done:
            self.path.unlink(
                missing_ok=True
            )  # while it is locked: another scan must not take up what is gone
        if sys.platform != "win32":
            os.close(self._file)

    def _read(self) -> dict[str, list[Row]]:
        """Return the rows by file, and cut off the half of a line at the end."""
        text = b"".join(iter(lambda: os.read(self._file, 1 << 20), b""))
        length = text.rfind(b"\n") + 1
        os.ftruncate(self._file, length)
        os.lseek(self._file, length, os.SEEK_SET)
        found = filter(None, map(rows.read, text[:length].splitlines()))
        return {one[0].file: one for one in found}

    def _error(self, error: OSError) -> JournalError:
        return JournalError(f"{self.path}: cannot be written: {error.strerror or error}; name another output")


def _is_locked(file: int) -> bool:
    """Return whether the file is locked now for this process, not for those that it starts: its end unlocks it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, 1 << 40, os.SEEK_SET)  # beyond the text, which others may read
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
