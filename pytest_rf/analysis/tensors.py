"""The tensors of an analysed model."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from msgspec import Struct

from pytest_rf.analysis.doors import notebook, plots
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.node_output import NodeOutput
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.analysis.units import Bounds, endless, positions
from pytest_rf.errors import UnknownError
from pytest_rf.figures import Number
from pytest_rf.interpreter import Ignorance
from pytest_rf.node import Node

if TYPE_CHECKING:
    from pytest_rf.analysis.explaining import Explanation
    from pytest_rf.analysis.paths import Measure
    from pytest_rf.analysis.unit_explaining import UnitExplanation


class Tensor(NodeOutput):
    """A computed tensor of the model.

    Attributes:
        runs: the runs over the graph that it belongs to.
        value: its value in the graph.
        name: its name in the file, or its module path.
    """

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        found: str = notebook().tensor(self)
        return found

    @property
    def operands(self) -> tuple[Tensor, ...]:
        """What its node reads of all that depends on an input, as tensors without a name."""
        varying = (value for value in self._made_by.inputs if value.varies)
        return tuple(Tensor(self.runs, "", Node("", ""), value) for value in varying)

    def field(self, input: str | None = None) -> TensorField:
        """Return the field towards one input (the only one, by default).

        Raises:
            KeyError: there is no such input, or there are several and none is named.
        """
        return TensorField(self, self._input(input))

    def __getitem__(self, axis: str | int) -> AxisField:
        return self.field()[axis]

    def at(self, axis: str | int | None = None, input: str | None = None) -> Tensor:
        """Return the tensor that stands for an axis of an input: itself, but for ``analysis.final``."""
        return self

    def held(self, axis: str | int, input: str | None = None) -> list[Held]:
        """Return the tensors at which a guarantee about an axis is held: itself, but for ``analysis.final``."""
        return [Held(self)]

    def lost(self, axis: str | int, input: str | None = None) -> str:
        """Return why the size of its field along an axis is not known: nothing, but for ``analysis.final``."""
        return ""

    def bounds(self, axis: str | int, input: str | None = None, context: bool = False) -> Bounds:
        """Return the first and the last input position that each element reads, on the actual input.

        Args:
            axis: an axis of the input, by name or number.
            input: the input's name; may be left out where the tensor depends on one only.
            context: whether context counts (SEMANTICS 2). Where the tensor has no position of the axis
                left there is nothing local to tell it from, and it always counts.

        Returns:
            Two read-only integer arrays of the tensor's shape; ``lo > hi`` where nothing is read.

        Raises:
            UnknownError: the tensor is unknown (a ModelError, and a ValueError).
            KeyError: there is no such input or axis.
        """
        source = self._input(input)
        if self.shape is None or self.status == "unknown":
            raise UnknownError(f"{self.name!r} is unknown: {self.reason}")
        key = (source.name, source.axis(axis))
        return positions(self.runs.field(self.value, key, context=context), key, self.shape)

    def region(
        self, unit: Sequence[int], input: str | None = None, context: bool = False
    ) -> dict[str, tuple[int, int]]:
        """Return what one unit reads along each spatial axis, over all channels and samples.

        Args:
            unit: the unit's position along the tensor's spatial axes, ``(12, 7)``.
            input: the input's name; may be left out where there is one.
            context: whether context counts.

        Raises:
            IndexError: the position does not fit the tensor.
        """
        source = self._input(input)
        index = self._index(unit, source)
        result: dict[str, tuple[int, int]] = {}
        for name, number in source.axes.items():
            lo, hi = self.bounds(number, source.name, context)
            low, high = lo[index], hi[index]
            read = low <= high
            result[name] = (int(low[read].min()), int(high[read].max())) if read.any() else (0, -1)
        return result

    def unclipped(self, unit: Sequence[int], input: str | None = None) -> dict[str, tuple[int, int]]:
        """Return what one unit would read along each spatial axis if the input went on beyond its borders.

        What lies outside of the input is padding there. Axes along which there is no such interval are left out: the
        unit reads all of the axis, or nothing, or its positions lie on none or on several axes of the tensor.

        Args:
            unit: the unit's position along the tensor's spatial axes, ``(12, 7)``.
            input: the input's name; may be left out where there is one.

        Raises:
            IndexError: the position does not fit the tensor.
            UnknownError: the tensor is unknown.
        """
        source = self._input(input)
        places = self.places(unit, source.name)
        found = {
            name: endless(self.runs.field(self.value, key, theory=True), key, places)
            for name, number in source.axes.items()
            for key in [(source.name, number)]
        }
        return {name: ends for name, ends in found.items() if ends is not None}

    def reads(
        self, unit: Sequence[int], axis: str | int, input: str | None = None, context: bool = False
    ) -> list[int]:
        """Return the input positions that one unit reads along an axis, holes left out, on the actual input.

        Args:
            unit: the unit's position along the tensor's spatial axes, ``(12, 7)``; all its channels and samples.
            axis: an axis of the input, by name or number.
            input: the input's name; may be left out where the tensor depends on one only.
            context: whether context counts.

        Raises:
            IndexError: the position does not fit the tensor.
            UnknownError: the tensor is unknown, or the sets of positions would be too large.
            KeyError: there is no such input or axis.
        """
        source = self._input(input)
        places = self.places(unit, source.name)
        key = (source.name, source.axis(axis))
        from pytest_rf.analysis.elements import reads  # with the domains that most figures need nothing of

        found = reads(self.runs, self.value, key, places, context)
        if isinstance(found, Ignorance):
            raise UnknownError(f"{self.name!r}: what a unit reads is not known: {found.reason}")
        return found

    def plot(
        self, unit: Sequence[int], image: Any = None, *, input: str | None = None, ax: Any = None
    ) -> Any:
        """Return a matplotlib figure of what one unit reads of an input with one to three spatial axes.

        Args:
            unit: the unit's position along the tensor's spatial axes, ``(12, 7)``.
            image: what to draw it on, in the shape of the input or of its spatial axes.
            input: the input's name; may be left out where the tensor depends on one only.
            ax: the axes to draw into, of one or two spatial axes; by default a figure of its own.

        Raises:
            IndexError: the position does not fit the tensor.
            RFError: matplotlib is not installed, or it cannot be drawn.
        """
        return plots().unit(self, unit, image, input, ax)

    def path(
        self, axis: str | int, input: str | None = None, metric: str | Measure = "rf"
    ) -> list[Contribution]:
        """Return the steps from the input to this tensor along which a figure of its field grew.

        Args:
            axis: an axis of the input, by name or number.
            input: the input's name; may be left out where the tensor depends on one only.
            metric: the figure: ``rf``, ``lookahead``, ``stride`` ..., or a function of a field
                (:class:`AxisField`). Of a halo it is the larger side.

        Raises:
            UnknownError: the tensor is unknown (a ModelError, and a ValueError).
            KeyError: there is no such input, axis or figure.
        """
        source = self._input(input)
        if self.status == "unknown":
            raise UnknownError(f"{self.name!r} is unknown: {self.reason}")
        number = source.axis(axis)
        from pytest_rf.analysis.paths import figure

        measure = figure(metric, self.field(source.name)[number]) if isinstance(metric, str) else metric
        return contributions(self.runs, self, source, number, measure)

    @overload
    def explain(
        self,
        metric: str = "rf",
        unit: None = None,
        axis: str | int | None = None,
        input: str | None = None,
    ) -> Explanation: ...

    @overload
    def explain(
        self, metric: str, unit: Sequence[int], axis: str | int | None = None, input: str | None = None
    ) -> UnitExplanation: ...

    def explain(
        self,
        metric: str = "rf",
        unit: Sequence[int] | None = None,
        axis: str | int | None = None,
        input: str | None = None,
    ) -> Explanation | UnitExplanation:
        """Return why a figure is what it is, axis by axis: layers, branches that lost, context.

        Of a unit, it is the chain of units through which it reads the ends of its field on the actual input.

        Args:
            metric: the figure: ``rf``, ``lookahead``, ``halo`` ...; of a halo it is the larger side. Of ``context``
                the layers that bring it in are told.
            unit: the unit's position along the tensor's spatial axes, ``(12, 7)``; all its channels and samples.
            axis: an axis of the input, by name or number; by default all spatial ones.
            input: the input's name; may be left out where the tensor depends on one only.

        Raises:
            UnknownError: the tensor is unknown (a ModelError, and a ValueError).
            KeyError: there is no such input, axis or figure, or it is none of a unit.
            IndexError: the position does not fit the tensor.
        """
        if self.status == "unknown":
            raise UnknownError(f"{self.name!r} is unknown: {self.reason}")
        source = self._input(input)
        given = {value.number for value in self.runs.graph.inputs.values()}
        from pytest_rf.analysis.explaining import Explanation, along
        from pytest_rf.analysis.unit_explaining import UnitExplanation, unit_along

        known = {number: one.layer for number, one in owners(self.runs).items() if number not in given}
        numbers = source.axes.values() if axis is None else [source.axis(axis)]
        places = [(self.at(number, source.name), number) for number in numbers]
        if unit is None:
            found = [
                along(own.field(source.name)[number], own.layer, metric, known) for own, number in places
            ]
            return Explanation(self.layer, metric, source.name, tuple(found))
        units = [
            unit_along(own.field(source.name)[number], own._index(unit, source), metric, known)
            for own, number in places
        ]
        return UnitExplanation(self.layer, metric, source.name, tuple(map(int, unit)), tuple(units))


class Contribution(Struct, frozen=True):
    """One step of a path: ``tensor`` made the figure ``growth`` larger, to ``total``."""

    tensor: Tensor
    growth: Number
    total: Number

    @property
    def factor(self) -> Fraction:
        """How many times larger the figure became, for figures that multiply."""
        return Fraction(self.total) / (Fraction(self.total) - Fraction(self.growth))


def contributions(
    runs: Runs, tensor: Tensor, source: Input, axis: int, measure: Measure
) -> list[Contribution]:
    """Return the steps from an input to a tensor, in these runs, that made a figure of its field grow."""
    # Elementwise operators pass a value on: whoever made it is to be named.
    known = owners(runs)
    from pytest_rf.analysis.paths import trace

    steps = trace(runs, tensor.number, source, axis, measure)
    return [Contribution(known.get(step.number, tensor), step.growth, step.total) for step in steps]


def of(runs: Runs) -> dict[str, Tensor]:
    """Return every computed tensor that depends on an input, by name, in graph order."""
    return {
        name: Tensor(runs, name, node, value)
        for node in runs.graph.nodes
        for name, value in node.outputs.items()
        if value.varies
    }


def owners(runs: Runs) -> dict[int, Tensor]:
    """Return the tensor of each named value, by its number; of those that share one, the first."""
    found = {tensor.number: tensor for tensor in reversed(of(runs).values())}
    others = {twin: tensor for tensor in found.values() for twin in runs.twins(tensor.number)}
    return {**others, **found}


class Held(NamedTuple):
    """A tensor at which a guarantee is held; ``why`` it cannot be decided there, where it cannot."""

    tensor: Tensor
    why: str = ""
