"""Files as they were at a git revision, read by git without running anything of the repository."""

from __future__ import annotations

import os
import subprocess

from pytest_rf.errors import ModelError

#: Larger files are refused before they are read.
MAX_SIZE = 1 << 31

#: git is given up after so many seconds.
_SECONDS = 120

#: Nothing is fetched, asked for or locked.
_ALONE = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def content(word: str) -> bytes:
    """Return the content of a file at a revision: ``HEAD~1:rf.lock``; ``HEAD:./rf.lock`` is seen from this folder.

    Raises:
        ModelError: there is no git, no such revision or no such file there.
    """
    revision, colon, file = word.partition(":")
    word = f"{revision}{colon}{file.replace(os.sep, '/')}"  # as git names files on every platform
    if word.startswith("-"):
        raise ModelError(f"{word}: begins with a dash, which no revision does")
    size = _git(word, "-s")
    if not size.strip().isdigit() or int(size) > MAX_SIZE:
        raise ModelError(f"{word}: larger than {MAX_SIZE} bytes; check the revision out and give the file")
    return _git(word, "blob")


def _git(word: str, what: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "cat-file", what, word],
            env={**os.environ, **_ALONE},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ModelError(f"{word}: no such file, and there is no git that could read a revision") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{word}: git cannot read it: {error}") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[0].removeprefix("fatal: ").rstrip(".") if lines else "git found nothing"
        raise ModelError(
            f"{word}: no such file, and git has no such revision or file: {reason}; a revision is written as "
            "HEAD~1:rf.lock, from the top of the repository, or HEAD~1:./rf.lock from this folder"
        )
    return done.stdout
