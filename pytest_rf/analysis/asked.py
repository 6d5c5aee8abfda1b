"""Which values a run is made for: only what is asked for, but not one run for each of many."""

from __future__ import annotations

from collections.abc import Collection, Iterable

PATIENCE = 3
"""After so many values that nobody has announced all that have a name are worked out: a whole report, most likely."""


class Asked:
    """What has been asked for of the values of a graph.

    Args:
        named: numbers of the values that have a name.
    """

    def __init__(self, named: Collection[int]) -> None:
        self._named = named
        self._expected: set[int] = set()

    def expect(self, numbers: Iterable[int]) -> None:
        """Note that these values will be asked for."""
        self._expected.update(numbers)

    def together(self, number: int, done: Collection[int]) -> set[int]:
        """Return the values that a run is made for when one is asked for, of which others are ``done``."""
        if number in self._expected:
            return self._expected.difference(done)
        if len(done) >= PATIENCE and number in self._named:
            return set(self._named).difference(done)
        return {number}
