"""Runs the project's code: what it prints, forks and exits must not become part of the result.

On the command line it runs in a process of its own besides (:mod:`pytest_rf.running`); in tests and in Python it is
trusted as a test-suite is.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from pytest_rf.errors import ModelError

#: How the files of this package begin.
OURS = str(Path(__file__).parent) + os.sep
_IMPORTS = str(Path(importlib.__file__).parent) + os.sep


@contextmanager
def contained(source: str) -> Iterator[None]:
    """Have code run: it prints to standard error, cannot end this process, and its children end with it.

    Args:
        source: ``package.module:factory``, for messages.

    Raises:
        ModelError: the code exits.
    """
    process, leave = os.getpid(), os._exit

    def refuse(status: int) -> None:
        if os.getpid() != process:
            leave(status)
        raise SystemExit(status)

    os._exit = refuse  # type: ignore[assignment]
    try:
        with redirect_stdout(sys.stderr):
            yield
    except SystemExit as error:
        raise ModelError(f"{source}: exits ({told(error)}) instead of giving a model") from error
    finally:
        os._exit = leave
        if os.getpid() != process:  # the code has forked, and the child must not go on with our work
            leave(1)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was refused.

    To Python, to torch, to protobuf or to a library that was to be imported.
    """
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    text = str(error)
    # The system says no more where it may not map a library; where it adds a reason, that is another.
    unmapped = isinstance(error, ImportError) and text.endswith("failed to map segment from shared object")
    return unmapped or any(words in text for words in _REFUSED)


_REFUSED = ("can't allocate memory", "Failed to serialize proto")
"""What torch says, and protobuf of a message that it has read itself."""


def told(error: BaseException) -> str:
    """Return type, text and the project's innermost line of an error as one line."""
    text = " ".join(str(error).split())
    if is_out_of_memory(error):
        text += f"{': ' if text else ''}it needs more memory than it may take (limits.memory)"
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((OURS, _IMPORTS, "<")):
            place = f" (at {Path(file).name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}{': ' if text else ''}{text[:500]}{place}"
