"""What one tensor reads along one axis of one input: the base of :class:`~pytest_rf.analysis.metrics.AxisField`.

Here stands what several figures are read from; the figures themselves are rows of the table of metrics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, wraps
from math import lcm, prod
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from msgspec import structs

from pytest_rf.analysis.field import Field
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.long_profile import LongProfile, long_profile
from pytest_rf.analysis.profile import Profile, profile
from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.analysis.samples import Samples
from pytest_rf.analysis.steps import Steps, strided
from pytest_rf.domains.hull import NOWHERE, is_rigid
from pytest_rf.domains.layout import Key, has_places, is_uneven, is_unlike, places, stride
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import pieces
from pytest_rf.errors import ModelError
from pytest_rf.figures import Number
from pytest_rf.value import Value

if TYPE_CHECKING:
    from pytest_rf.framing import Framing

ENGINES = "the engine (its rounding of resized positions, its count of a window)"
"""What chooses between neighbours where engines differ."""

Same = TypeVar("Same", bound="Along")
Figure = TypeVar("Figure", bound=Callable[["Along"], Any])


def plain(number: Fraction | float) -> Number:
    """Return a whole number as int, other fractions as they are."""
    if isinstance(number, Fraction):
        return number.numerator if number.denominator == 1 else number
    return int(number) if math.isfinite(number) and number == int(number) else number


_LONGEST = 1 << 1000
"""Strides beyond this overflow what places are reckoned in."""


def once(figure: Figure) -> Figure:
    """Compute a figure that others are made of once, for as long as the field is held."""
    name = f"_{figure.__name__}"

    @wraps(figure)
    def found(field: Along) -> Any:
        known = vars(field)
        if name not in known:
            known[name] = figure(field)
        return known[name]

    return cast(Figure, found)


@dataclass(frozen=True, repr=False)
class Along:
    """What one tensor reads along one axis of one input. Sizes are in input positions.

    ``local``: guarantees leave all context out, as if all of it were accepted. ``beside``: the fields of other
    tensors, which some figures read together with this one. ``framed``: sizes are in samples of the axis' front-end.
    """

    runs: Runs
    value: Value
    input: Input
    axis: int
    local: bool = False
    beside: tuple[Along, ...] = ()
    framed: bool = False

    @property
    def key(self) -> Key:
        """The input axis that the figures are about."""
        return (self.input.name, self.axis)

    @property
    def extent(self) -> int:
        """The input's extent along the axis."""
        extent = self.input.shape[self.axis]
        return self.framing.extent(extent) if self.framed else extent

    @property
    def frontend(self) -> Framing | None:
        """What makes the positions of the axis of samples, outside of the model; None where nothing is said to."""
        return self.runs.about.frontend.get(self.axis_name.lower())

    @property
    def framing(self) -> Framing:
        """The front-end of an axis that has one.

        Raises:
            ModelError: it has none.
        """
        if self.frontend is None:
            raise ModelError(
                f"axis {self.axis_name} has no front-end, so that nothing says what a sample is: state it, as in "
                f'frontend = {{ {self.axis_name} = "frames(400, 160, rate = 16000)" }}'
            )
        return self.frontend

    @property
    def in_samples(self: Same) -> Same:
        """The same field in samples of the axis' front-end instead of positions (SEMANTICS 10).

        Raises:
            ModelError: the axis has none.
        """
        beside = tuple([one.in_samples for one in self.beside])
        return replace(self, beside=beside, framed=self.framing is not None)

    @cached_property
    def in_positions(self: Same) -> Same:
        """The same field in positions of the model's input."""
        beside = tuple([one.in_positions for one in self.beside])
        return replace(self, beside=beside, framed=False) if self.framed else self

    @property
    def chunk(self) -> int:
        """How many positions come in a call along the axis; 1 where nothing is said of it."""
        about = self.runs.about
        if about.stream is not None:
            return about.stream.advance.get(self.key, 1)
        stream = stream_axis(self.runs.inputs.values())
        return (about.chunk or 1) if self.axis_name == stream else 1

    def theory(self) -> Field:
        """Return the field on an input without end.

        Raises:
            UnknownError: the tensor is unknown.
        """
        return self._read("field", True)

    def finite(self) -> Field:
        """Return the field on the actual input.

        Raises:
            UnknownError: the tensor is unknown.
        """
        return self._read("field", False)

    @property
    def irregular(self) -> bool:
        """Whether there is no periodic map, so that the figures are the largest over the actual units."""
        hull = self.theory().hulls.get(self.key)
        return hull is not None and bool(hull.irregular)

    @property
    def without_context(self: Same) -> Same:
        """The same field with all context accepted: guarantees are those of its local figures."""
        return replace(self, local=True)

    def counted(self, counting: Counting, theory: bool) -> Field:
        """Return the field in one kind of run, on an input without end or the actual one."""
        # What counts when all context is accepted is what the local run has counted already.
        counting = "local" if self.local and counting == "guaranteed" else counting
        return self._read(counting, theory)

    def profile(self, theory: bool) -> Profile | None:
        """Return the profile of what guarantees count, on an input without end or the actual one."""
        return self._profile(self.counted("guaranteed", theory), theory)

    @property
    def theory_profile(self) -> Profile | None:
        """The profile of the field on an input without end."""
        return self._profile(self.theory(), True)

    def _profile(self, field: Field, theory: bool) -> Profile | None:
        # What counts the same is one hull, which this object holds.
        place = (id(field.kept(self.key)), theory)
        if place not in self._profiles:
            self._profiles[place] = profile(field, self.key)
        return self._profiles[place]

    @cached_property
    def actual(self) -> Profile | LongProfile | None:
        """The profile of what guarantees count on the actual input."""
        field = self.counted("guaranteed", False)
        long = long_profile(field, self.key, lambda: cast("Profile", self.profile(theory=False)))
        return long or self.profile(theory=False)

    def _read(self, counting: Counting | Literal["field"], theory: bool) -> Field:
        """Return a field, which most figures read; it is kept as long as this object is."""
        if (counting, theory) not in self._fields:
            runs, value, key = self.runs, self.value, self.key
            found = (
                runs.field(value, key, theory)
                if counting == "field"
                else runs.counted(counting, value, key, theory)
            )
            if self.framed and key in found.hulls:
                from pytest_rf.framing.samples import moved  # most axes have no front-end

                hull = moved(self.framing, found.hulls[key], actual=not theory)
                found = structs.replace(found, hulls={**found.hulls, key: hull})
            self._fields[counting, theory] = found
        return self._fields[counting, theory]

    @cached_property
    def _fields(self) -> dict[tuple[str, bool], Field]:
        return {}

    @cached_property
    def _profiles(self) -> dict[tuple[int, bool], Profile | None]:
        return {}

    @cached_property
    def upper_bound(self) -> bool:
        """Whether data or the engine chooses positions along this axis."""
        outcome = self.runs.structure(self.value)
        return isinstance(outcome, Structure) and self.key in outcome.uncertain | outcome.rounded

    @property
    def rounded(self) -> bool:
        """Whether the engine alone chooses between neighbours, which leaves the steps where they are."""
        outcome = self.runs.structure(self.value)
        return self.upper_bound and isinstance(outcome, Structure) and self.key not in outcome.uncertain

    @property
    def chosen_by(self) -> str:
        """What chooses positions where the field is an upper bound: data, or the engine."""
        return ENGINES if self.rounded else "an index that depends on data"

    @property
    def context(self) -> tuple[str, ...]:
        """Names of the nodes that bring in context along this axis; empty where there is none."""
        outcome = self.runs.structure(self.value)
        if not isinstance(outcome, Structure):  # the tensor's status says so
            return ()
        return tuple(
            self.runs.graph.nodes[number].name for number in sorted(outcome.context.get(self.key, ()))
        )

    @cached_property
    def stride(self) -> Fraction | None:
        """Input positions that one step along the tensor moves the field.

        0 where no position is left; None where the units do not move evenly: positions are interleaved with
        those of other axes, or steps of different rates lie end to end.
        """
        if self.framed:
            step = self.in_positions.stride
            return None if step is None else step * self.framing.hop
        field = self.theory()
        if not has_places(field.layout, self.key):
            return Fraction(0)
        if self.uneven:
            return None
        own = self.theory_profile
        if own and own.jump:
            return own.stride
        # Where everything is read nothing moves; the windows on the way tell the step.
        hull = field.hulls.get(self.key)
        return stride(field.layout, self.key, moving=hull is not None and not is_rigid(hull))

    @cached_property
    def uneven(self) -> bool:
        """Whether steps of different rates lie along the axis: pieces end to end, picked places, unlike branches."""
        if self.framed:
            return self.in_positions.uneven
        field = self.theory()
        hull, own = field.hulls.get(self.key), self.theory_profile
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

    @cached_property
    def steps(self) -> Steps | None:
        """What the tensor's steps stand for: what its authors say, or its stride; None where there is no such thing.

        Nor is there one of strides that no float holds: those of a thousand layers that halve an axis of one position.

        What they say holds of tensors with as many steps as it takes to stand for the whole input.
        """
        stated = self._stated
        if stated is not None:
            return structs.replace(stated, hop=self.framing.hop) if self.framed else stated
        step = self.stride
        first = self.runs.origin(self.value, self.key) * (self.framing.hop if self.framed else 1)
        if not step or max(step.numerator, step.denominator) > _LONGEST:
            return None
        return strided(step, first)

    @property
    def _stated(self) -> Steps | None:
        stated = self.runs.about.stands_for.get(self.axis_name)
        extent = self.input.shape[self.axis]
        return stated if stated is not None and stated.fits(self.count, extent) else None

    @property
    def axis_name(self) -> str:
        """The axis by name; by number where it is not a spatial one."""
        named = (name for name, number in self.input.axes.items() if number == self.axis)
        return next(named, str(self.axis))

    @cached_property
    def count(self) -> int:
        """The number of the tensor's places along the axis."""
        layout = self.theory().layout
        return max((prod(axis[i].extent for i in places(axis, self.key)) for axis in layout), default=0)

    @property
    def vacuous(self) -> bool:
        """Whether no unit reads any position of the axis, so that every guarantee about it would hold."""
        hull = self.counted("guaranteed", False).hulls.get(self.key)
        return hull is None or all(bool((part.lo >= NOWHERE).all()) for part in pieces(hull))

    def tied(self, *reasons: str) -> tuple[str, ...]:
        """Return the names of the nodes that tie the tensor to the whole extent, for any of these reasons."""
        outcome = self.runs.structure(self.value)
        if not isinstance(outcome, Structure):
            return ()
        numbers = sorted({tie.node for tie in outcome.ties.get(self.key, ()) if tie.why in reasons})
        return tuple(self.runs.graph.nodes[number].name for number in numbers)

    @property
    def samples(self) -> Samples:
        """Of the batch axis: whose samples the units read, and the first operator that mixes them."""
        return Samples(self.runs, self.value, self.key)

    @cached_property
    def multiple(self) -> int:
        """Input extents that are multiples of this fit all strides on the way to the tensor."""
        if self.framed:
            return self.in_positions.multiple * self.framing.hop
        found = self.runs.multiple(self.value, self.key)
        stated = self._stated
        return found if stated is None else lcm(found, stated.rate.numerator)


def stream_axis(inputs: Iterable[Input]) -> str:
    """Return the axis along which a stream comes in: the one called t, or the only one; empty where none is."""
    axes = dict.fromkeys(axis for source in inputs for axis in source.axes)
    named = [axis for axis in axes if axis.lower() == "t"]
    return (named or ([*axes] if len(axes) == 1 else [""]))[0]
