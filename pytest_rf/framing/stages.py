"""What a front-end makes positions of: windows over samples, one after the other (SEMANTICS 10).

Position ``i`` of the model's axis was computed from the samples ``hop·i - before`` to ``hop·i - before + window - 1``
and stands for its hop, the samples ``hop·i`` to ``hop·i + hop - 1``. What is read before the first sample is the
front-end's padding and is no sample; the signal ends where the last window ends.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from pytest_rf.figures import written


class Stage(NamedTuple):
    """One framing: windows of ``window`` samples, one every ``hop``; ``before`` of them lie before their own hop."""

    window: int
    hop: int
    before: int = 0


class Framing(Struct, frozen=True):
    """A front-end: stages one behind the other, the first of which reads the samples.

    Attributes:
        stages: the framings, from the signal on.
        rate: samples a second; None where that is not said.
    """

    stages: tuple[Stage, ...]
    rate: Fraction | None = None

    def __str__(self) -> str:
        told = [
            f"frames({s.window}, {s.hop}{f', before = {s.before}' if s.before else ''}" for s in self.stages
        ]
        rate = "" if self.rate is None else f", rate = {written(self.rate)}"
        return " then ".join(f"{one}{rate if not number else ''})" for number, one in enumerate(told))

    @property
    def hop(self) -> int:
        """Samples from one position to the next, which are those that it stands for."""
        return self._whole.hop

    @property
    def window(self) -> int:
        """Samples from the first to the last that a position was computed from."""
        return self._whole.window

    @property
    def before(self) -> int:
        """How many of them lie before the position's own hop."""
        return self._whole.before

    @property
    def behind(self) -> int:
        """How many of them lie behind it; below 0 where the window ends within the hop."""
        return self.window - self.before - self.hop

    @property
    def _whole(self) -> Stage:
        """All stages as one."""
        whole = Stage(1, 1)
        for one in self.stages:
            whole = Stage(
                whole.hop * (one.window - 1) + whole.window,
                whole.hop * one.hop,
                whole.before + whole.hop * one.before,
            )
        return whole

    @property
    def variance(self) -> Fraction:
        """The variance of a position's energy over its samples, which each stage hands on in equal parts."""
        total, hop = Fraction(0), 1
        for one in self.stages:
            total += hop * hop * Fraction(one.window * one.window - 1, 12)
            hop *= one.hop
        return total

    def extent(self, count: int) -> int:
        """Return how many samples a signal has from which so many positions were computed."""
        for one in reversed(self.stages):
            count = one.hop * (count - 1) - one.before + one.window if count > 0 else 0
        return count

    def shortest(self, count: int) -> int | None:
        """Return of how many samples so many positions can be computed at least; None where there may be padding."""
        return None if any(one.before for one in self.stages) else self.extent(count)
