"""Arrays in .npy files, which may be hostile: nothing in them is run, and nothing large is read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from msgspec import Struct

from pytest_rf.errors import ModelError
from pytest_rf.paths import lies_in

LARGEST = 1 << 26
"""Bytes of a file of values; what steers the geometry is far smaller."""


class Npy(Struct, frozen=True):
    """A file that holds the elements of an input.

    Attributes:
        text: its path as it was given.
        path: where it lies.
        root: the folder that it must stay below, also through links; None for any.
    """

    text: str
    path: Path
    root: Path | None = None

    def load(self) -> Any:
        """Return the elements as a numpy array.

        Raises:
            ModelError: the file leads out of its folder, cannot be read, or holds no plain array.
        """
        import numpy as np

        self._refuse_outside()
        try:
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise ModelError(f"values: {self.text} is not a regular file; give the path of a .npy file")
            if status.st_size > LARGEST:
                raise ModelError(
                    f"values: {self.text} has {status.st_size} bytes, more than the limit of {LARGEST}"
                )
            with self.path.open("rb") as file:
                return np.lib.format.read_array(file, allow_pickle=False)
        except OSError as error:
            raise ModelError(
                f"values: {self.text} cannot be read: {error.strerror or error}; check the path"
            ) from None
        except (ValueError, EOFError, SyntaxError, TypeError, MemoryError):
            raise ModelError(
                f"values: {self.text} is not a .npy file of numbers; write it with numpy.save, without objects"
            ) from None

    def _refuse_outside(self) -> None:
        if self.root is None:
            return
        try:
            inside = lies_in(self.path, self.root)
        except (OSError, ValueError):
            raise ModelError(f"values: {self.text} is not a path") from None
        if not inside:
            raise ModelError(
                f"values: {self.text} leads out of the folder of the configuration; copy the file below it"
            )


def npy(text: str, root: Path | None) -> Npy:
    """Return the file that a text means: below ``root``, or from the working directory."""
    return Npy(text, (root or Path.cwd()) / text, root)
