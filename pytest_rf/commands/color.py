"""Whether output has colour: as the environment says, else on a terminal alone."""

from __future__ import annotations

import os
import sys
from typing import IO


def wants_color(stream: IO[str] | None = None) -> bool:
    """Return whether a stream is to be coloured where no option says so: by default standard output.

    ``NO_COLOR`` forbids it, ``FORCE_COLOR`` and ``CLICOLOR_FORCE`` ask for it (none of them counts where it is
    empty); otherwise terminals are coloured that are not dumb, unless ``CLICOLOR`` is 0.
    """
    told = os.environ.get
    if told("NO_COLOR"):
        return False
    if told("FORCE_COLOR") or told("CLICOLOR_FORCE", "") not in ("", "0"):
        return True
    if told("TERM") == "dumb" or told("CLICOLOR") == "0":
        return False
    stream = stream or sys.stdout
    return stream is not None and stream.isatty()
