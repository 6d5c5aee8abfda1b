"""What a step of a tensor stands for: the input positions that it is held against by look-ahead and look-back.

Where a tensor moves by one stride, step ``i`` stands for ``[i·stride, (i+1)·stride - 1]`` (SEMANTICS 4; at strides
below 1 for the position that it lies in). Where steps of different rates stand on one axis only the model's authors
can tell: ``stands_for = { t = "4i" }`` is the last position that step ``i`` stands for, and its first is the one
after the last of the step before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from pytest_rf.errors import RequirementError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

At = TypeVar("At", int, "npt.NDArray[np.int64]")
"""One step or position, or many."""


class Steps(Struct, frozen=True):
    """Step ``i`` stands for the positions from ``rate·i + first`` to ``rate·i + last``.

    ``whole``: both are rounded down to positions. Elsewhere they may lie between two, at a stride of 3/2, say.
    ``hop``: positions are told in samples of a front-end, each standing for so many.
    """

    rate: Fraction
    first: Fraction
    last: Fraction
    whole: bool
    hop: int = 1

    @property
    def pace(self) -> Fraction:
        """How far one step moves on, in what positions are told in."""
        return self.rate if self.hop == 1 else self.rate * self.hop

    @property
    def scale(self) -> int:
        """What the places are multiplied by to make them whole."""
        return 1 if self.whole else self.rate.denominator

    def begins(self, steps: At) -> At:
        """Return the first position that each step stands for, times ``scale``."""
        found = self._at(self.first, steps)
        return found if self.hop == 1 else found * self.hop

    def ends(self, steps: At) -> At:
        """Return the last position that each step stands for, times ``scale``."""
        found = self._at(self.last, steps)
        return found if self.hop == 1 else found * self.hop + (self.hop - 1) * self.scale

    def from_on(self, positions: At) -> At:
        """Return the first step whose positions begin at each of these positions, or after it."""
        denominator = lcm(self.rate.denominator, self.first.denominator)
        first = positions if self.hop == 1 else -(-positions // self.hop)
        rate, origin = _times(self.rate, denominator), _times(self.first, denominator)
        return -(-(_exact(first, rate, origin) * denominator - origin) // rate)

    def _at(self, offset: Fraction, steps: At) -> At:
        denominator = lcm(self.rate.denominator, offset.denominator)
        rate, shift = _times(self.rate, denominator), _times(offset, denominator)
        found = _exact(steps, rate, shift) * rate + shift
        return found if denominator == self.scale else found // (denominator // self.scale)

    def fits(self, count: int, extent: int) -> bool:
        """Whether ``count`` steps stand for an input of ``extent`` positions, and one more would not."""
        return count > 0 and self.ends(count - 1) < extent * self.scale <= self.ends(count)


def _times(fraction: Fraction, multiple: int) -> int:
    """Return a fraction times a multiple of its denominator."""
    return fraction.numerator * (multiple // fraction.denominator)


def _exact(places: At, *numbers: int) -> At:
    """Return places that can be reckoned with such numbers: a slice's step may be beyond what 64 bits hold."""
    if isinstance(places, int) or all(abs(number) < _LARGE for number in numbers):
        return places
    return places.astype(object)


_LARGE = 1 << 31


def strided(stride: Fraction, origin: Fraction = Fraction(0)) -> Steps:
    """Return the steps of a tensor that moves by ``stride``; the first stands for positions from ``origin`` on."""
    if stride < 1:
        return Steps(stride, origin, origin, True)
    return Steps(stride, origin, origin + stride - 1, stride.denominator == 1)


def told(axes: Iterable[str], stands_for: Mapping[str, str]) -> dict[str, Steps]:
    """Return what the steps along axes stand for, from the texts that a model's authors write.

    Args:
        axes: the names of the model's axes.
        stands_for: axis name -> text.

    Raises:
        RequirementError: a text is not understood, or there is no such axis.
    """
    known = list(axes)
    for axis in stands_for:
        if axis not in known:
            there = ", ".join(known) or "none; name them with axes"
            raise RequirementError(f'stands_for: the model has no axis "{axis}"; there are {there}')
    return {axis: parse(text) for axis, text in stands_for.items()}


_NUMBER = r"([0-9]{1,9}(?:/[0-9]{1,9})?)"
_FORM = rf"\s*{_NUMBER}?\s*[*·]?\s*i\s*(?:([+-])\s*{_NUMBER})?\s*"


def parse(text: str) -> Steps:
    """Read what a step stands for: ``4i``, ``4*i + 3``, ``1/2 i``.

    Raises:
        RequirementError: it is not of this form, or the steps do not go forward.
    """
    match = re.fullmatch(_FORM, text[:60])
    shown = text if len(text) <= 40 else text[:40] + "…"
    if match is None:
        raise RequirementError(
            f'stands_for "{shown}" is not understood: write the last input position that step i stands for, '
            'as in "4i" or "4i + 3"'
        )
    rate, sign, offset = match.groups()
    try:
        slope = Fraction(rate or 1)
        last = Fraction(offset or 0) * (-1 if sign == "-" else 1)
    except ZeroDivisionError:
        raise RequirementError(f'stands_for "{shown}" divides by 0') from None
    if not slope:
        raise RequirementError(f'stands_for "{shown}": steps have to go forward')
    return Steps(slope, last - slope + 1, last, True)
