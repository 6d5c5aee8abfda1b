"""The figures of SEMANTICS 4, computed from fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.field import Field
from pytest_rf.domains.hull import CUT, ENDLESS, LIMIT, Hull
from pytest_rf.domains.layout import Factor, Key, carried
from pytest_rf.graph import Value

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis, Input

Number = int | float | Fraction


def sizes(hull: Hull) -> npt.NDArray[np.float64]:
    """Return the size of the field of every element in one period: 0 where nothing is read, or infinite."""
    size = np.where(np.maximum(hull.lo, -hull.hi) >= CUT, 0.0, (hull.hi - hull.lo + 1).astype(float))
    return np.where((hull.lo == -ENDLESS) | (hull.hi == ENDLESS), np.inf, size)


def positions(
    field: Field, key: Key, shape: Sequence[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return lo and hi of every element of a tensor of ``shape``, read-only; 0 and -1 where nothing is read."""
    hull = field.hulls.get(key)
    if hull is None or 0 in shape:
        lo, hi = np.zeros(shape, np.int64), np.full(shape, -1, np.int64)
    else:
        full = [factor.extent for axis in field.layout for factor in axis]
        grid: list[int] = []
        flat: list[int] = []
        place = 0
        for axis, extent in zip(field.layout, shape, strict=True):
            varies = any(hull.lo.shape[place + i] > 1 for i in range(len(axis)))
            grid += full[place : place + len(axis)] if varies else [1] * len(axis)
            flat.append(extent if varies else 1)
            place += len(axis)
        marks = hull.lo >= LIMIT
        lo = np.broadcast_to(np.where(marks, 0, hull.lo), grid).reshape(flat)
        hi = np.broadcast_to(np.where(marks, -1, hull.hi), grid).reshape(flat)
        lo, hi = np.broadcast_to(lo, shape), np.broadcast_to(hi, shape)
    lo.flags.writeable = hi.flags.writeable = False
    return lo, hi


def plain(number: Fraction | float) -> Number:
    """Return a whole number as int, other fractions as they are."""
    if isinstance(number, Fraction):
        return number.numerator if number.denominator == 1 else number
    return int(number) if math.isfinite(number) and number == int(number) else number


@dataclass(frozen=True, slots=True)
class AxisField:
    """The field of one tensor along one axis of one input. Sizes are in input positions."""

    analysis: Analysis
    value: Value
    input: Input
    axis: int

    @property
    def key(self) -> Key:
        """The input axis that the figures are about."""
        return (self.input.name, self.axis)

    @property
    def extent(self) -> int:
        """The input's extent along the axis."""
        return self.input.shape[self.axis]

    def _is_spatial(self) -> bool:
        return self.axis in self.input.axes.values()

    def _theory(self, context: bool = False) -> Field:
        return self.analysis.theory(self.value, self.key, context)

    @property
    def irregular(self) -> bool:
        """Whether there is no periodic map, so that the figures are the largest over the actual units."""
        hull = self._theory().hulls.get(self.key)
        return hull is not None and hull.irregular

    @property
    def rf_range(self) -> tuple[Number, Number]:
        """Smallest and largest theoretical size over phases and units; infinite where unbounded.

        The unit is a position, with all channels and samples there: a concat of a 1×1 and a 3×3 branch
        sees 3. ``Tensor.bounds`` tells channels apart.
        """
        return self._range(self._theory(), self.analysis.finite(self.value, self.key, False))

    def _range(self, theory: Field, finite: Field) -> tuple[Number, Number]:
        hull = theory.hulls.get(self.key)
        if hull is None:
            return 0, 0
        every = sizes(
            self._by_place(finite, finite.hulls[self.key]) if hull.irregular else self._by_place(theory, hull)
        )
        return plain(float(every.min())), plain(float(every.max()))

    def _by_place(self, field: Field, hull: Hull) -> Hull:
        """Return the hulls of positions: what all channels and samples there read together."""
        factors = [factor for axis in field.layout for factor in axis]
        spatial = {(self.input.name, axis) for axis in (*self.input.axes.values(), self.axis)}
        rest = tuple(dim for dim, factor in enumerate(factors) if not factor.carries & spatial)
        return Hull(hull.lo.min(axis=rest, keepdims=True), hull.hi.max(axis=rest, keepdims=True), hull.jump)

    @property
    def rf(self) -> Number:
        """The theoretical receptive field: the largest over phases and units."""
        return self.rf_range[1]

    @property
    def rf_certain(self) -> tuple[Number, Number]:
        """Smallest and largest size of what is read for certain, whatever data chooses."""
        if not self.upper_bound:
            return self.rf_range
        theory = self.analysis.outcome(self.value, "certain theory")
        finite = self.analysis.outcome(self.value, "certain finite")
        assert isinstance(theory, Field)
        assert isinstance(finite, Field)
        return self._range(theory, finite)

    @property
    def rf_min(self) -> Number:
        """The theoretical size over the shortest path: at every merge the smaller branch."""
        theory = self.analysis.outcome(self.value, "shortest theory")
        finite = self.analysis.outcome(self.value, "shortest finite")
        assert isinstance(theory, Field)
        assert isinstance(finite, Field)
        return self._range(theory, finite)[0]

    @property
    def upper_bound(self) -> bool:
        """Whether data chooses the positions along this axis."""
        outcome = self.analysis.outcome(self.value)
        return isinstance(outcome, Field) and self.key in outcome.uncertain

    @property
    def context(self) -> tuple[str, ...]:
        """Names of the nodes that bring in context along this axis; empty where there is none."""
        outcome = self.analysis.outcome(self.value)
        if not isinstance(outcome, Field):
            return ()
        return tuple(
            self.analysis.graph.nodes[number].name for number in sorted(outcome.context.get(self.key, ()))
        )

    @property
    def stride(self) -> Fraction:
        """Input positions that one step along the tensor moves the field; 0 where no position is left."""
        return self._stride(self._theory())

    def _stride(self, field: Field) -> Fraction:
        hull = field.hulls.get(self.key)
        if hull is None or self.key not in carried(field.layout):
            return Fraction(0)
        if hull.jump is not None and not hull.irregular:
            speeds = [Fraction(abs(jump), hull.period(dim)) for dim, jump in enumerate(hull.jump) if jump]
            if len(speeds) == 1:
                return speeds[0]
        return field.strides.get(self.key, Fraction(0))

    @property
    def start(self) -> Number:
        """First position of unit 0 in the theoretical field; where that is unbounded, on the actual input."""
        field = self._theory()
        hull = field.hulls.get(self.key)
        if hull is None:
            return 0
        low = None if hull.irregular else self._first(field, hull)
        if low is None or low <= -LIMIT:
            finite = self.analysis.finite(self.value, self.key, False)
            low = self._first(finite, finite.hulls[self.key])
        return 0 if low is None else low

    def _first(self, field: Field, hull: Hull) -> int | None:
        """Return the least ``lo`` of the elements at place 0 of every axis with positions."""
        factors = [factor for axis in field.layout for factor in axis]
        index = tuple(slice(0, 1) if self.key in factor.carries else slice(None) for factor in factors)
        low = hull.lo[index]
        real = low[low < LIMIT]
        return int(real.min()) if real.size else None

    @property
    def center(self) -> Number:
        """``start + (rf - 1) / 2``."""
        start, size = self.start, self.rf
        if size == math.inf:
            return math.inf
        return plain(Fraction(start) + Fraction(Fraction(size) - 1, 2))

    @property
    def coverage(self) -> float:
        """The theoretical size as a part of the input's extent."""
        return float(self.rf) / self.extent if self.extent else math.inf

    @property
    def lookahead(self) -> Number:
        """Input positions behind its own step that an output step reads, context counted; ≤ 0 is causal."""
        return self._reach(ahead=True)

    @property
    def lookback(self) -> Number:
        """Input positions before its own step that an output step reads, context counted."""
        return self._reach(ahead=False)

    def _reach(self, ahead: bool) -> Number:
        field = self._guaranteed("theory")
        hull = field.hulls.get(self.key)
        if hull is None:
            return -math.inf
        stride = self._stride(field)
        if hull.irregular:
            field = self._guaranteed("finite")
            hull = field.hulls[self.key]
        edge = (
            np.where(hull.hi >= LIMIT, np.inf, hull.hi)
            if ahead
            else np.where(hull.lo <= -LIMIT, -np.inf, hull.lo)
        )
        edge = np.where(np.maximum(hull.lo, -hull.hi) >= CUT, -np.inf if ahead else np.inf, edge)
        place = self._places(field, hull)
        if ahead:
            own = np.vectorize(lambda i: ceil((int(i) + 1) * stride) - 1, otypes=[float])(place)
            return plain(float((edge - own).max()))
        own = np.vectorize(lambda i: floor(int(i) * stride), otypes=[float])(place)
        return plain(float((own - edge).max()))

    def _guaranteed(self, kind: str) -> Field:
        outcome = self.analysis.outcome(self.value, f"guaranteed {kind}")
        if not isinstance(outcome, Field):
            raise ValueError(f"unknown: {outcome.reason}")
        return outcome

    def _places(self, field: Field, hull: Hull) -> npt.NDArray[np.int64]:
        """Return for every element of one period its place along the axis that carries the positions."""
        factors: list[Factor] = [factor for axis in field.layout for factor in axis]
        place = np.zeros((1,) * len(factors), np.int64)
        scale = 1
        for dim in range(len(factors) - 1, -1, -1):
            if self.key in factors[dim].carries:
                line = np.arange(hull.period(dim)).reshape(
                    [-1 if d == dim else 1 for d in range(len(factors))]
                )
                place = place + line * scale
                scale *= factors[dim].extent
        return np.asarray(np.broadcast_to(place, np.broadcast_shapes(place.shape, hull.lo.shape)))

    @property
    def bounded(self) -> bool:
        """Whether neither mixing, context nor data-dependence reaches along the axis without bound."""
        hull = self._guaranteed("theory").hulls.get(self.key)
        return not self.upper_bound and (hull is None or not bool(np.isinf(sizes(hull)).any()))

    @property
    def causal(self) -> bool:
        """Whether no output step reads input behind its own step."""
        return self.lookahead <= 0

    @property
    def halo(self) -> tuple[Number, Number]:
        """Context that a tile needs (before, after) for borders on multiples of the tensor's stride."""
        return self.halo_for(None)

    def halo_for(self, align: int | None) -> tuple[Number, Number]:
        """Return the halo for tiles whose borders lie on multiples of ``align`` input positions."""
        field = self._guaranteed("theory")
        hull = field.hulls.get(self.key)
        stride = self._stride(field)
        if hull is None or not stride:
            return 0, 0
        if hull.irregular or np.isinf(sizes(hull)).any():
            return math.inf, math.inf
        return _halo(self._edges(field, hull), stride, align or max(stride.numerator, 1))

    def _edges(
        self, field: Field, hull: Hull
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int]:
        """Return lo and hi per place over one whole period of the moving axis, its length and its jump."""
        place = self._places(field, hull)
        length = int(place.max()) + 1
        lo, hi = np.full(length, ENDLESS), np.full(length, -ENDLESS)
        np.minimum.at(lo, place.reshape(-1), np.broadcast_to(hull.lo, place.shape).reshape(-1))
        np.maximum.at(hi, place.reshape(-1), np.broadcast_to(hull.hi, place.shape).reshape(-1))
        jump = sum(hull.jump) if hull.jump is not None else 0
        return lo, hi, length, jump


def _halo(
    edges: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int], stride: Fraction, align: int
) -> tuple[int, int]:
    """Return the largest reach out of a tile over all borders ``align·n`` and all phases."""
    lo, hi, length, jump = edges
    # Borders repeat against the phases after lcm(align, jump) input positions.
    common = math.lcm(align, max(abs(jump), 1))
    before = after = 0
    for border in range(0, common, align):
        first = ceil(border / stride)
        last = floor(border / stride) - 1
        for step in range(length):
            i, j = first + step, last - step
            low, high = int(lo[i % length]), int(hi[j % length])
            if low < LIMIT:
                before = max(before, border - (low + jump * (i // length)))
            if high > -LIMIT:
                after = max(after, high + jump * (j // length) - (border - 1))
    return before, after
