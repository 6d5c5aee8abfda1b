"""``python -m pytest_rf`` is the command ``pytest-rf``."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def program() -> NoReturn:
    """Run the command line as a program, which ends without taking every module and object apart first.

    What was registered for the end runs, and what was written is out. Where a stream refuses that, or threads are left
    that Python would wait for, it ends in Python's own way.
    """
    gc.disable()  # what is imported stays, so a search for garbage finds none
    from pytest_rf.cli import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int) and threading.active_count() == 1:
            with suppress(Exception):  # which Python tells
                for stream in (sys.stdout, sys.stderr):
                    if stream is not None:
                        stream.flush()
                atexit._run_exitfuncs()
                os._exit(end.code)
        raise


if __name__ == "__main__":
    program()
