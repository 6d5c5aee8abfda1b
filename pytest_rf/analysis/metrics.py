"""The figures of SEMANTICS 4, computed from fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.lines import line, sizes
from pytest_rf.analysis.runs import Kind
from pytest_rf.domains.field import Field
from pytest_rf.domains.hull import LIMIT, Hull
from pytest_rf.domains.layout import Key, carried, place_dims, stride
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Value
from pytest_rf.interpreter import Ignorance

if TYPE_CHECKING:
    from pytest_rf.analysis.analysis import Analysis
    from pytest_rf.analysis.tensors import Input

Number = int | float | Fraction


def positions(
    field: Field, key: Key, shape: Sequence[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return lo and hi of every element of a tensor of ``shape``, read-only; 0 and -1 where nothing is read."""
    hull = field.hulls.get(key)
    if hull is None or 0 in shape:
        lo, hi = np.broadcast_to(np.int64(0), shape), np.broadcast_to(np.int64(-1), shape)
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
    return lo, hi


def plain(number: Fraction | float) -> Number:
    """Return a whole number as int, other fractions as they are."""
    if isinstance(number, Fraction):
        return number.numerator if number.denominator == 1 else number
    return int(number) if math.isfinite(number) and number == int(number) else number


_NOT_YET = ("density", "erf", "min_input", "unused")


@dataclass(frozen=True, slots=True, repr=False)
class AxisField:
    """The field of one tensor along one axis of one input. Sizes are in input positions.

    ``local``: guarantees leave all context out, as if all of it were accepted.
    """

    analysis: Analysis
    value: Value
    input: Input
    axis: int
    local: bool = False

    def __repr__(self) -> str:
        found = self.analysis.runs.structure(self.value)
        if isinstance(found, Ignorance):
            return f"<Field along axis {self.axis} of {self.input.name!r}: unknown: {found.reason}>"
        return f"<Field along axis {self.axis} of {self.input.name!r}: rf {self.rf}, stride {self.stride}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """Say which figure is meant; those that are there are found before."""
            if name in _NOT_YET:
                raise AttributeError(f"{name} is not available yet in this version of pytest-rf")
            near = get_close_matches(name, [known for known in dir(type(self)) if known[0] != "_"], n=1)
            raise AttributeError(f"a field has no {name!r}{f', did you mean {near[0]!r}?' if near else ''}")

    @property
    def key(self) -> Key:
        """The input axis that the figures are about."""
        return (self.input.name, self.axis)

    @property
    def extent(self) -> int:
        """The input's extent along the axis."""
        return self.input.shape[self.axis]

    def _theory(self, context: bool = False) -> Field:
        return self.analysis.runs.field(self.value, self.key, theory=True, context=context)

    def _finite(self) -> Field:
        return self.analysis.runs.field(self.value, self.key)

    @property
    def irregular(self) -> bool:
        """Whether there is no periodic map, so that the figures are the largest over the actual units."""
        hull = self._theory().hulls.get(self.key)
        return hull is not None and bool(hull.irregular)

    @property
    def rf_range(self) -> tuple[Number, Number]:
        """Smallest and largest theoretical size over phases and units; infinite where unbounded.

        The unit is a position, with all channels and samples there: a concat of a 1×1 and a 3×3 branch
        sees 3. ``Tensor.bounds`` tells channels apart.
        """
        return self._range(self._theory(), self._finite)

    def _range(self, theory: Field, finite: Callable[[], Field]) -> tuple[Number, Number]:
        hull = theory.hulls.get(self.key)
        if hull is None:
            return 0, 0
        # The actual input is looked at only where there is no theoretical map.
        field = finite() if hull.irregular else theory
        every = sizes(self._by_place(field, field.hulls[self.key]))
        return plain(float(every.min())), plain(float(every.max()))

    def _by_place(self, field: Field, hull: Hull) -> Hull:
        """Return the hulls of positions: what all channels and samples there read together."""
        spatial = {(self.input.name, axis) for axis in (*self.input.axes.values(), self.axis)}
        own = set().union(*(place_dims(field.layout, key) for key in spatial))
        rest = tuple(dim for dim in range(hull.lo.ndim) if dim not in own)
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
        return self._range(self._of_kind("certain", True), lambda: self._of_kind("certain", False))

    @property
    def rf_min(self) -> Number:
        """The theoretical size over the shortest path: at every merge the smaller branch."""
        return self._range(self._of_kind("shortest", True), lambda: self._of_kind("shortest", False))[0]

    @property
    def without_context(self) -> AxisField:
        """The same field with all context accepted: guarantees are those of its local figures."""
        return replace(self, local=True)

    def _of_kind(self, kind: Kind, theory: bool) -> Field:
        # What counts when all context is accepted is what the plain run has counted already.
        kind = "plain" if self.local and kind == "guaranteed" else kind
        return self.analysis.runs.of_kind(kind, self.value, self.key, theory)

    @property
    def upper_bound(self) -> bool:
        """Whether data chooses the positions along this axis."""
        outcome = self.analysis.runs.structure(self.value)
        return isinstance(outcome, Structure) and self.key in outcome.uncertain

    @property
    def context(self) -> tuple[str, ...]:
        """Names of the nodes that bring in context along this axis; empty where there is none."""
        outcome = self.analysis.runs.structure(self.value)
        if not isinstance(outcome, Structure):  # the tensor's status says so
            return ()
        return tuple(
            self.analysis.graph.nodes[number].name for number in sorted(outcome.context.get(self.key, ()))
        )

    @property
    def stride(self) -> Fraction | None:
        """Input positions that one step along the tensor moves the field.

        0 where no position is left; None where positions are interleaved with those of other axes.
        """
        return self._stride(self._theory())

    def _stride(self, field: Field) -> Fraction | None:
        if self.key not in carried(field.layout):
            return Fraction(0)
        own = line(field, self.key)
        # Where everything is read nothing moves; the windows on the way tell the step.
        return own.stride if own and own.jump else stride(field.layout, self.key)

    @property
    def start(self) -> Number:
        """First position of unit 0 in the theoretical field; where that is unbounded, on the actual input."""
        for theory in (True, False):
            field = self._theory() if theory else self._finite()
            hull = field.hulls.get(self.key)
            if hull is not None and not hull.irregular:
                own = place_dims(field.layout, self.key)
                low = hull.lo[tuple(slice(0, 1 if dim in own else None) for dim in range(hull.lo.ndim))]
                real = low[np.abs(low) < LIMIT]
                if real.size:
                    return int(real.min())
        return 0

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
        field = self._of_kind("guaranteed", True)
        hull = field.hulls.get(self.key)
        if hull is None or self.key not in carried(field.layout):
            return -math.inf if hull is None else math.inf
        step = self._stride(field)
        own = line(self._of_kind("guaranteed", False) if hull.irregular else field, self.key)
        if own is None or step is None:
            return math.inf
        return plain(own.lookahead(step) if ahead else own.lookback(step))

    @property
    def bounded(self) -> bool:
        """Whether neither mixing, context nor data-dependence reaches along the axis without bound.

        Where there is no periodic map no bound is known.
        """
        hull = self._of_kind("guaranteed", True).hulls.get(self.key)
        if hull is None or self.upper_bound:
            return not self.upper_bound
        return not hull.irregular and not bool(np.isinf(sizes(hull)).any())

    @property
    def causal(self) -> bool:
        """Whether no output step reads input behind its own step."""
        return self.lookahead <= 0

    @property
    def aligned(self) -> bool:
        """Whether all branches that meet on the way have one stride and one centre."""
        from pytest_rf.analysis.alignment import misaligned

        self._theory()  # which raises where nothing is known
        return not misaligned(self.analysis, self.value.number, self.key)

    @property
    def independent(self) -> bool:
        """Of the batch axis: whether every unit reads its own sample only, context counted."""
        field = self._of_kind("guaranteed", False)
        hull = field.hulls.get(self.key)
        if hull is None:
            return True
        own = line(field, self.key, parts=False)
        if own is None:
            # Samples and other things share an axis: whose sample a unit is cannot be told, only how many.
            return bool((sizes(hull) <= 1).all())
        samples = np.arange(len(own.lo))
        return bool(((own.lo >= samples) & (own.hi <= samples)).all())

    @property
    def multiple(self) -> int:
        """Input extents that are multiples of this fit all strides on the way to the tensor."""
        return self.analysis.runs.multiple(self.value, self.key)

    @property
    def halo(self) -> tuple[Number, Number]:
        """Context that a tile needs (before, after) for borders on multiples of the model's ``multiple``."""
        return self.halo_for(self.multiple)

    def halo_for(self, align: int) -> tuple[Number, Number]:
        """Return the halo for tiles whose borders lie on multiples of ``align`` input positions."""
        field = self._of_kind("guaranteed", True)
        if self.key not in field.hulls:
            return 0, 0
        own, step = line(field, self.key), self._stride(field)
        if own is not None and own.jump:
            before, after = own.halo(align)
        elif own is not None and step and self.key not in field.endless:
            # No window reads this axis, which has borders in every run.
            before, after = own.halo_within(align, step, self.extent)
        else:
            return math.inf, math.inf
        return plain(before), plain(after)
