"""Pauses Python's search for cycles of garbage where it finds nothing and can cost as much as the work itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

_LEAST = 200_000
"""Fewer objects than this are not worth a search of all that there are."""


class _Made(Struct):
    """How many objects have been made while the search was paused, and how many there were at the last search.

    ``kept``: whether what was there at the first search stays for good.
    """

    since: int = 0
    living: int = 0
    kept: bool = False


_made = _Made()


@contextmanager
def paused() -> Iterator[None]:
    """Search for no cycles meanwhile.

    An analysis makes tens of thousands of objects, nearly all of which stay until it goes as a whole. For Python that
    is a sign to search all objects of the process, those of torch and onnx included. What needs no search is freed as
    ever; and once as many have been made as a quarter of all there are, which is Python's own rule, all are searched.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            _made.since += gc.get_count()[0]
            if _made.since > max(_LEAST, _made.living // 4):
                _search_all()
            elif not _made.kept and not gc.get_freeze_count():
                # What was made stays for now: it goes to the oldest generation at once, without a search.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _search_all() -> None:
    """Search all objects of the process."""
    gc.collect()
    _made.since, _made.living = 0, len(gc.get_objects())


def collect() -> None:
    """Search once if the search is paused: what one model has left is freed before the next one comes.

    What is there at the first time, modules for the most part, stays for good, and is not searched again.
    """
    if not gc.isenabled():
        gc.collect()
        if not _made.kept:
            gc.freeze()
            _made.kept = True
