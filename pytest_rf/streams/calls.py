"""What is known of a step model's calls beside the graph that holds them one after the other: plain data."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_rf.domains.layout import Key
from pytest_rf.graph import Graph
from pytest_rf.streams.unrolling import Flow


@dataclass(frozen=True, slots=True)
class Joined:
    """What all calls give as one output.

    Attributes:
        axis: the axis of its steps.
        count: the steps of one call.
        parts: for each call the number of the value that it gives.
    """

    axis: int
    count: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Calls:
    """What is known of a step model beside the graph of its calls.

    Attributes:
        call: the graph of one call.
        states: state input -> the output that is its value in the next call.
        inputs: the streamed inputs.
        outputs: the outputs that are streams.
        advance: input axis of a stream -> positions from a call to the next.
        joined: number of the value of an output that is a stream -> how its steps lie.
        links: for each call the numbers of the values of the state that it leaves behind.
        starts: the numbers of the first values of the calls, and of what comes after the last.
        first: the first call that is given none of the first positions.
        steady: the call from which on the state reads of the first positions what it did before.
        growing: which of the states, in the order of the pairs, are larger in each call.
    """

    call: Graph
    states: Mapping[str, str]
    inputs: Mapping[str, Flow]
    outputs: Mapping[str, Flow]
    advance: Mapping[Key, int]
    joined: Mapping[int, Joined]
    links: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    first: int
    steady: int
    growing: frozenset[int] = frozenset()

    @property
    def calls(self) -> int:
        """The number of calls that are unrolled."""
        return len(self.links)

    def startup(self, key: Key) -> int:
        """Return the first position that every call is given which a steady stream gives it to."""
        return self.first * self.advance[key]

    def call_of(self, number: int) -> int:
        """Return the call that a value belongs to."""
        return min(max(bisect_right(self.starts, number) - 1, 0), len(self.starts) - 2)
