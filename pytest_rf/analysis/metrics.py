"""The figures of SEMANTICS 4, computed from fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from math import lcm, prod
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis import guarantees
from pytest_rf.analysis.field import Field
from pytest_rf.analysis.guarantees import Number, plain
from pytest_rf.analysis.lines import line, sizes
from pytest_rf.analysis.runs import Kind
from pytest_rf.analysis.samples import Samples
from pytest_rf.analysis.steps import Steps, strided
from pytest_rf.domains.hull import LIMIT, NOWHERE, Hull, is_rigid
from pytest_rf.domains.layout import Key, carried, is_uneven, is_unlike, place_dims, places, stride
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Value
from pytest_rf.interpreter import Ignorance

if TYPE_CHECKING:
    from pytest_rf.analysis.analysis import Analysis
    from pytest_rf.analysis.tensors import Input


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
        return self._range(self.of_kind("certain", True), lambda: self.of_kind("certain", False))

    @property
    def rf_min(self) -> Number:
        """The theoretical size over the shortest path: at every merge the smaller branch."""
        return self._range(self.of_kind("shortest", True), lambda: self.of_kind("shortest", False))[0]

    @property
    def without_context(self) -> AxisField:
        """The same field with all context accepted: guarantees are those of its local figures."""
        return replace(self, local=True)

    def of_kind(self, kind: Kind, theory: bool) -> Field:
        """Return the field in one kind of run, on an input without end or the actual one."""
        # What counts when all context is accepted is what the plain run has counted already.
        kind = "plain" if self.local and kind == "guaranteed" else kind
        return self.analysis.runs.of_kind(kind, self.value, self.key, theory)

    @property
    def upper_bound(self) -> bool:
        """Whether data or rounding chooses positions along this axis."""
        outcome = self.analysis.runs.structure(self.value)
        return isinstance(outcome, Structure) and self.key in outcome.uncertain | outcome.rounded

    @property
    def rounded(self) -> bool:
        """Whether rounding alone chooses between neighbours, which leaves the steps where they are."""
        outcome = self.analysis.runs.structure(self.value)
        return self.upper_bound and isinstance(outcome, Structure) and self.key not in outcome.uncertain

    @property
    def chosen_by(self) -> str:
        """What chooses positions where the field is an upper bound: data, or rounding."""
        return "the rounding of resized positions" if self.rounded else "an index that depends on data"

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

        0 where no position is left; None where the units do not move evenly: positions are interleaved with
        those of other axes, or steps of different rates lie end to end.
        """
        field = self._theory()
        if self.key not in carried(field.layout):
            return Fraction(0)
        if self.uneven:
            return None
        own = line(field, self.key)
        if own and own.jump:
            return own.stride
        # Where everything is read nothing moves; the windows on the way tell the step.
        hull = field.hulls.get(self.key)
        return stride(field.layout, self.key, moving=hull is not None and not is_rigid(hull))

    @property
    def uneven(self) -> bool:
        """Whether steps of different rates lie along the axis: pieces end to end, picked places, unlike branches."""
        field = self._theory()
        hull, own = field.hulls.get(self.key), line(field, self.key)
        if hull is None or (own and own.jump):
            return False
        joined, met = is_uneven(field.layout, self.key), is_unlike(field.layout, self.key)
        if hull.irregular:
            return hull.irregular == "uneven" or joined or met
        if is_rigid(hull):  # what reads everything has no place of its own, but lies where levels were joined
            return joined
        pieces = self.key not in field.endless and bool(self.tied("uneven"))
        step = stride(field.layout, self.key)
        if not step or not (pieces or joined or met):
            return False
        return own is None or not own.is_even(step)

    @property
    def start(self) -> Number | None:
        """First position of unit 0 in the theoretical field; where that is unbounded, on the actual input.

        None where the units do not move evenly.
        """
        if self.uneven:
            return None
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
    def center(self) -> Number | None:
        """``start + (rf - 1) / 2``; None where the units do not move evenly."""
        start, size = self.start, self.rf
        if start is None:
            return None
        if size == math.inf:
            return math.inf
        return plain(Fraction(start) + Fraction(Fraction(size) - 1, 2))

    @property
    def coverage(self) -> float:
        """The theoretical size as a part of the input's extent."""
        return float(self.rf) / self.extent if self.extent else math.inf

    @property
    def steps(self) -> Steps | None:
        """What the tensor's steps stand for: what its authors say, or its stride; None where there is no such thing.

        What they say holds of tensors with as many steps as it takes to stand for the whole input.
        """
        told = self._told
        if told is not None:
            return told
        step = self.stride
        return strided(step) if step else None

    @property
    def _told(self) -> Steps | None:
        told = self.analysis.stands_for.get(self.axis_name)
        return told if told is not None and told.fits(self.count, self.extent) else None

    @property
    def axis_name(self) -> str:
        """The axis by name; by number where it is not a spatial one."""
        named = (name for name, number in self.input.axes.items() if number == self.axis)
        return next(named, str(self.axis))

    @property
    def count(self) -> int:
        """The number of the tensor's places along the axis."""
        layout = self._theory().layout
        return max((prod(axis[i].extent for i in places(axis, self.key)) for axis in layout), default=0)

    @property
    def lookahead(self) -> Number | None:
        """Input positions after its own ones that an output step reads, context counted; ≤ 0 is causal.

        The worse of theory and the actual input. None where the steps stand for no positions of their own.
        """
        return guarantees.reach(self, ahead=True)

    @property
    def lookback(self) -> Number | None:
        """Input positions before its own ones that an output step reads, like ``lookahead``."""
        return guarantees.reach(self, ahead=False)

    @property
    def bounded(self) -> bool | None:
        """Whether no unit's reads grow with the extent of the axis; None where that is not known.

        Mixing, context and data-dependence do, and so does what is fetched from the other end.
        """
        return guarantees.bounded(self)

    @property
    def causal(self) -> bool | None:
        """Whether no output step reads input after its own; None where it has none of its own."""
        ahead = self.lookahead
        return None if ahead is None else ahead <= 0

    @property
    def vacuous(self) -> bool:
        """Whether no unit reads any position of the axis, so that every guarantee about it would hold."""
        hull = self.of_kind("guaranteed", False).hulls.get(self.key)
        return hull is None or bool((hull.lo >= NOWHERE).all())

    def tied(self, *reasons: str) -> tuple[str, ...]:
        """Return the names of the nodes that tie the tensor to the whole extent, for any of these reasons."""
        outcome = self.analysis.runs.structure(self.value)
        if not isinstance(outcome, Structure):
            return ()
        numbers = sorted({tie.node for tie in outcome.ties.get(self.key, ()) if tie.why in reasons})
        return tuple(self.analysis.graph.nodes[number].name for number in numbers)

    @property
    def aligned(self) -> bool | None:
        """Whether all branches that meet on the way have one stride and one centre; None: not known."""
        from pytest_rf.analysis.alignment import aligned

        self._theory()  # which raises where nothing is known
        return aligned(self.analysis, self.value.number, self.key)

    @property
    def independent(self) -> bool | None:
        """Of the batch axis: whether every unit reads its own sample only, context counted; None: not known."""
        return self.samples.apart

    @property
    def samples(self) -> Samples:
        """Of the batch axis: whose samples the units read, and the first operator that mixes them."""
        return Samples(self.analysis, self.value, self.key)

    @property
    def multiple(self) -> int:
        """Input extents that are multiples of this fit all strides on the way to the tensor."""
        found = self.analysis.runs.multiple(self.value, self.key)
        told = self._told
        return found if told is None else lcm(found, told.rate.numerator)

    @property
    def halo(self) -> tuple[Number, Number] | None:
        """Context that a tile needs (before, after) for borders on multiples of the model's ``multiple``.

        Infinite where no tile sees what the whole sees; None where the steps have no common stride.
        """
        return self.halo_for(self.multiple)

    def halo_for(self, align: int) -> tuple[Number, Number] | None:
        """Return the halo for tiles whose borders lie on multiples of ``align`` input positions."""
        return guarantees.halo(self, align)
