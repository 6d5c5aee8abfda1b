"""What a task may take, and how a process is held to its memory."""

from __future__ import annotations

import os
import sys

from msgspec import Struct

SECONDS = 300.0
"""How long a model may take where nothing else is said."""
MEMORY = 4 << 30
"""Bytes that a model file may take where nothing else is said; code has what the machine has."""


class Terms(Struct, frozen=True):
    """What a task may take.

    Attributes:
        seconds: the time from where a process begins with it.
        memory: the bytes that it may add to what its process has; None for any.
        alone: whether its process works on nothing before and nothing after it, as what runs code does.
    """

    seconds: float = SECONDS
    memory: int | None = None
    alone: bool = False


def is_memory_held() -> bool:
    """Return whether this platform refuses memory to a process beyond a limit."""
    return sys.platform == "linux"


def hold_memory(memory: int | None) -> None:
    """Refuse this process more than so many bytes beside what it has; where that is possible.

    Private, writable memory counts (``RLIMIT_DATA``), as libraries that are only mapped cost nothing. What is refused
    is a ``MemoryError``, or the death of native code that does not expect it.
    """
    if sys.platform != "linux":
        return
    import resource

    limit, most = resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_DATA)[1]
    if memory is not None:
        limit = _held() + memory
    if most != resource.RLIM_INFINITY:
        limit = most if limit == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


def _held() -> int:
    """Return the private, writable bytes of this process."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a third faster, and each task pays
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
