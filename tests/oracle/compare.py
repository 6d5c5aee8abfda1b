"""Hold what an analysis says against what was seen, and say so that the difference can be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from oracle.influence import Hull, Influence


class Bounded(Protocol):
    """A tensor of an analysis, as far as it is compared."""

    name: str
    op: str
    shape: Any
    status: str

    def bounds(self, axis: int, input: str | None = None, context: bool = False) -> Hull:
        """Return the first and the last index that each element reads."""


class Analysed(Protocol):
    """Something that maps names to tensors: an analysis, or a dict made by hand."""

    def __getitem__(self, name: str) -> Bounded:
        """Return a tensor by name."""


@dataclass(frozen=True)
class Difference:
    """The elements of one tensor whose bounds along one input axis are not what was seen."""

    tensor: str
    op: str
    input: str
    axis: int
    elements: int
    total: int
    example: tuple[int, ...]
    claimed: tuple[int, int]
    seen: tuple[int, int]

    def __str__(self) -> str:
        return (
            f"{self.tensor} ({self.op}), along axis {self.axis} of {self.input}: "
            f"{self.elements} of {self.total} elements; element {self.example} "
            f"claims {_interval(self.claimed)}, seen {_interval(self.seen)}"
        )


def _interval(bounds: tuple[int, int]) -> str:
    low, high = bounds
    return f"[{low}, {high}]" if low <= high else "nothing"


@dataclass
class Comparison:
    """The outcome.

    Attributes:
        unsound: reads outside the bounds.
        inexact: bounds wider than what is read.
        unknown: tensors that were looked at and of which the analysis claims nothing.
        compared: how often a tensor's bounds along an axis were compared.
    """

    unsound: list[Difference] = field(default_factory=list)
    inexact: list[Difference] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    compared: int = 0

    def assert_exact(self) -> None:
        """Fail where a bound is not what is read, or nothing was compared."""
        assert self.compared
        assert not self.unsound, self.report()
        assert not self.inexact, self.report()

    def report(self) -> str:
        """Return the differences as text, the first of the graph first."""
        lines = [f"unsound: {d}" for d in self.unsound[:5]] + [f"inexact: {d}" for d in self.inexact[:5]]
        rest = len(self.unsound) + len(self.inexact) - len(lines)
        return "\n".join([*lines, f"... and {rest} more"] if rest else lines)


def compare(
    analysis: Analysed,
    influence: Influence,
    *,
    tensors: Iterable[str] | None = None,
    context: bool = True,
    names: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare the bounds of every tensor along every probed axis with the influence that was seen.

    Args:
        analysis: What claims bounds.
        influence: What was seen.
        tensors: Which tensors to compare; default all that were looked at.
        context: Whether bounds count context too; only such bounds can be sound against a probe.
        names: How the analysis calls the inputs, where it differs.

    Returns:
        The differences. A tensor of status ``unknown`` claims nothing: it is named and not compared.
    """
    wanted = set(influence.tensors() if tensors is None else tensors)
    found = Comparison()
    for name, source, axis in influence.rows:
        if name not in wanted:
            continue
        tensor = analysis[name]
        if tensor.status == "unknown":
            if name not in found.unknown:
                found.unknown.append(name)
            continue
        low, high = influence.hull(name, source, axis)
        claimed = tensor.bounds(axis, input=(names or {}).get(source, source), context=context)
        found.compared += 1
        note(found, (name, tensor.op, source, axis), claimed, (low, high))
    return found


def outside(claimed: Hull, seen: Hull) -> np.ndarray:
    """Return which elements were seen to read outside of what is claimed."""
    (claim_low, claim_high), (low, high) = _alike(claimed, seen)
    claims = claim_low <= claim_high
    return np.asarray((low <= high) & (~claims | (claim_low > low) | (claim_high < high)))


def wider(claimed: Hull, seen: Hull) -> np.ndarray:
    """Return which elements are claimed to read what they were not seen to."""
    (claim_low, claim_high), (low, high) = _alike(claimed, seen)
    claims = claim_low <= claim_high
    return np.asarray(claims & ((low > high) | (claim_low < low) | (claim_high > high)))


def note(found: Comparison, place: tuple[str, str, str, int], claimed: Hull, seen: Hull) -> None:
    """Enter the differences between claimed and seen bounds of one tensor along one axis."""
    unsound = outside(claimed, seen)
    inexact = ~unsound & wider(claimed, seen)
    for kind, wrong in ((found.unsound, unsound), (found.inexact, inexact)):
        if wrong.any():
            kind.append(difference(place, wrong, claimed, seen))


def difference(place: tuple[str, str, str, int], wrong: np.ndarray, claimed: Hull, seen: Hull) -> Difference:
    """Return what is to be said of the elements that are wrong, with the first of them as an example."""
    (claim_low, claim_high), (low, high) = _alike(claimed, seen)
    at = tuple(map(int, np.unravel_index(wrong.argmax(), wrong.shape)))
    claim, fact = (int(claim_low[at]), int(claim_high[at])), (int(low[at]), int(high[at]))
    return Difference(*place, int(wrong.sum()), wrong.size, at, claim, fact)


def _alike(claimed: Hull, seen: Hull) -> tuple[Hull, Hull]:
    low, high = np.broadcast_arrays(*seen)
    claim_low, claim_high = (np.broadcast_to(np.asarray(bound), low.shape) for bound in claimed)
    return (claim_low, claim_high), (low, high)
