"""Whether output has colour: as the command line says, else the environment, else on a terminal alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO

_SAID: ContextVar[bool | None] = ContextVar("color", default=None)


@contextmanager
def said(arguments: Sequence[str]) -> Iterator[None]:
    """Hold to what a command line says of colour for as long as the context lasts, also where it is wrong otherwise.

    What is wrong with it is told in no other colour, so it is read before anything else is.
    """
    told = [one for one in arguments if one in ("--color", "--no-color")]
    before = _SAID.set(told[-1] == "--color" if told else None)
    try:
        yield
    finally:
        _SAID.reset(before)


def wants_color(stream: IO[str] | None = None) -> bool:
    """Return whether a stream is to be coloured: by default standard output.

    ``--color`` and ``--no-color`` say so outright. Else ``NO_COLOR`` forbids it, ``FORCE_COLOR`` and
    ``CLICOLOR_FORCE`` ask for it (none of them counts where it is empty); otherwise terminals are coloured that are
    not dumb, unless ``CLICOLOR`` is 0.
    """
    outright = _SAID.get()
    if outright is not None:
        return outright
    told = os.environ.get
    if told("NO_COLOR"):
        return False
    if told("FORCE_COLOR") or told("CLICOLOR_FORCE", "") not in ("", "0"):
        return True
    if told("TERM") == "dumb" or told("CLICOLOR") == "0":
        return False
    stream = stream or sys.stdout
    return stream is not None and stream.isatty()
