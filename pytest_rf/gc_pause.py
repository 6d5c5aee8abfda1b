"""Pauses Python's search for cycles of garbage where it finds nothing and can cost as much as the work itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Search for no cycles meanwhile.

    An analysis makes tens of thousands of objects, which all stay. For Python that is a sign to search
    all objects of the process, those of torch and onnx included. What needs no search is freed as ever.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            if not gc.get_freeze_count():
                # What was made stays: it goes to the oldest generation at once, without a search.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def collect() -> None:
    """Search once if the search is paused: what one model has left is freed before the next one comes."""
    if not gc.isenabled():
        gc.collect()
