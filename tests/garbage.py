"""What some work leaves to Python's search of garbage."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable


def left_by(work: Callable[[], object]) -> Counter[str]:
    """Return the kinds of objects that only a search frees after some work, when it is done once more."""
    work()
    gc.collect()
    searching = gc.isenabled()
    gc.disable()
    try:
        work()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        if searching:
            gc.enable()
