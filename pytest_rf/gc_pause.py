"""Pauses Python's search for cycles of garbage where it finds nothing and can cost as much as the work itself."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

_LEAST = 200_000
"""Fewer objects than this are not worth a search of all that there are."""


class _Made(Struct):
    """What has been made while the search was paused.

    Attributes:
        since: how many objects have outlived the pause in which they were made, since the last look.
        living: how many there were at the last search.
        blocks: how many pieces of memory were in use when they were fewest, since the last search.
        kept: whether what was there at the first search stays for good.
    """

    since: int = 0
    living: int = 0
    blocks: int = 0
    kept: bool = False


_made = _Made()


@contextmanager
def paused() -> Iterator[None]:
    """Search for no cycles meanwhile.

    An analysis makes tens of thousands of objects, nearly all of which stay until it goes as a whole. For Python that
    is a sign to search all objects of the process, those of torch and onnx included. What needs no search is freed as
    ever; and once as many are in use that were not before as a quarter of all there are, which is Python's own rule,
    all are searched.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            _made.since += gc.get_count()[0]
            if _made.since > _LEAST and _has_grown():
                _search_all()
            elif not _made.kept and not gc.get_freeze_count():
                # What was made stays for now: it goes to the oldest generation at once, without a search.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _has_grown() -> bool:
    """Whether what was made has not gone by itself, as it does where nobody holds it and nothing holds itself."""
    now, before = sys.getallocatedblocks(), _made.blocks
    _made.since, _made.blocks = 0, min(now, before or now)
    return now - _made.blocks > max(_LEAST, _made.living // 4)


def _search_all() -> None:
    """Search all objects of the process."""
    gc.collect()
    _made.living, _made.blocks = len(gc.get_objects()), sys.getallocatedblocks()


def collect() -> None:
    """Search once if the search is paused: what one model has left is freed before the next one comes.

    What is there at the first time, modules for the most part, stays for good, and is not searched again.
    """
    if not gc.isenabled():
        gc.collect()
        if not _made.kept:
            gc.freeze()
            _made.kept = True
