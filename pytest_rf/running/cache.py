"""Results that are kept between runs, each in a file of its own that is written whole or not at all.

They lie in the user's own cache folder and not beside the models: a result that came with a model, in its repository,
would be its author's word and not ours. Several runs can use the folder at the same time. Nothing that goes wrong
here is an error; there is just no result.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

DAYS = 30
"""Results that nobody has asked for in as many days are deleted."""

_DAY = 86400.0
_CHECKED = 32
_LARGEST = 1 << 26


def default() -> Path | None:
    """Return the folder for what this user's programs keep, ours in it; None where the user has none."""
    if sys.platform == "win32":
        base, told = os.environ.get("LOCALAPPDATA", ""), "pytest-rf/Cache"
    else:
        base, told = os.environ.get("XDG_CACHE_HOME", ""), "pytest-rf"
    if Path(base).is_absolute():
        return Path(base, told)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / told


class Cache:
    """Results by their keys, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder, which is made when something is kept."""
        self.folder = folder
        self._kept = False

    def get(self, key: str) -> bytes | None:
        """Return the result of a key; None where there is none that is whole."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST)
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)
        except OSError:
            return None
        check, content = data[:_CHECKED], data[_CHECKED:]
        return content if sha256(key.encode() + content).digest() == check else None

    def keep(self, key: str, content: bytes) -> None:
        """Keep a result."""
        path = self._path(key)
        draft = path.with_name(f".{os.urandom(8).hex()}.tmp")
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                draft.write_bytes(sha256(key.encode() + content).digest() + content)
                draft.replace(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            self._kept = True

    def close(self) -> None:
        """Delete what nobody has asked for in a long time; once a day, by a run that has kept something."""
        stamp, now = self.folder / "pruned", time.time()
        with suppress(OSError):
            if not self._kept or (stamp.exists() and now - stamp.stat().st_mtime < _DAY):
                return
            stamp.touch()
            for path in self.folder.glob("??/*"):
                with suppress(OSError):  # another run has been quicker
                    if now - path.stat().st_mtime > DAYS * _DAY:
                        path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]
