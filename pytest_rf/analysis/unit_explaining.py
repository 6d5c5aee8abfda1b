"""Why one unit reads what it reads: which units of the layers before it lead to the ends of its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pytest_rf.analysis.along import plain
from pytest_rf.analysis.chains import Chain, Chains, Link, Side
from pytest_rf.analysis.element_reads import Element
from pytest_rf.analysis.explaining import ByAxis
from pytest_rf.analysis.layer import Layer
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.runs import Counting
from pytest_rf.domains.layout import carried
from pytest_rf.figures import Number, said

#: The figures that a unit has, and the ends of its field that make them.
SIDES: Mapping[str, tuple[Side, ...]] = {
    "rf": ("first", "last"),
    "lookahead": ("last",),
    "lookback": ("first",),
    "halo": ("first", "last"),
}


@dataclass(frozen=True, slots=True)
class UnitLink:
    """One unit of a chain.

    Attributes:
        layer: the layer whose unit it is; None for the input.
        element: its place along each axis of the layer's tensor.
        reads: the first and the last position of the input that it reads along the axis.
        padding: how many elements that it would read beyond the link before it are padding.
        adds: how much further than the link before it reads, from what it stands for; None where its tensor has no
            steps along the axis. What comes after it then tells both.
        total: how far it reads, from what it stands for.
    """

    layer: Layer | None
    element: Element
    reads: tuple[int, int]
    padding: int
    adds: Number | None
    total: Number | None


@dataclass(frozen=True, slots=True)
class UnitChain:
    """The units through which one end of a field is read.

    Attributes:
        side: which end: the ``first`` position, or the ``last`` one.
        position: that position of the input.
        links: the units, from the input on.
        figure: how far it lies from what the unit stands for, which is what the links add; None where the tensor has
            no steps along the axis.
        whole: whether the links go down to the input; if not, no single element of what the first one reads has the
            position.
    """

    side: Side
    position: int
    links: tuple[UnitLink, ...]
    figure: Number | None
    whole: bool


@dataclass(frozen=True, slots=True)
class UnitAlong:
    """What one unit reads along one axis of the actual input, and how.

    Attributes:
        axis: the axis.
        reads: the first and the last position; None where it reads nothing.
        figure: the figure of the unit: of ``rf`` how many positions from the first to the last, else how far it
            reads from what it stands for, of ``halo`` on the side where that is further. None where it has none.
        chains: the chain to each end that makes the figure.
    """

    axis: str
    reads: tuple[int, int] | None
    figure: Number | None
    chains: tuple[UnitChain, ...]


@dataclass(frozen=True)
class UnitExplanation(ByAxis[UnitAlong]):
    """Why a unit reads what it reads, axis by axis; as a string it is the text.

    Attributes:
        tensor: the tensor.
        metric: the figure's name.
        input: the input that it is about.
        unit: the unit's position along the tensor's spatial axes.
        axes: one for each spatial axis, or for the one that was asked for.
    """

    tensor: Layer
    metric: str
    input: str
    unit: tuple[int, ...]
    axes: tuple[UnitAlong, ...]

    def __str__(self) -> str:
        lines = []
        for one in self.axes:
            told = "reads nothing" if one.reads is None else f"reads {one.reads[0]} to {one.reads[1]}"
            lines.append(f"unit {self.unit} of {self.tensor.name} {told} on axis {one.axis}")
            for chain in one.chains:
                lines.append(f"  {chain.side} position {chain.position}")
                lines += [
                    f"    {'' if link.adds is None else said(link.adds):>6}  "
                    f"{self.input if link.layer is None else link.layer} at {link.element}"
                    for link in chain.links
                ]
        return "\n".join(lines)


def unit_along(
    field: AxisField, index: Sequence[int | slice], metric: str, known: Mapping[int, Layer]
) -> UnitAlong:
    """Return why a unit of a field reads what it reads.

    Args:
        field: the field of a tensor along an axis.
        index: the elements that are the unit.
        metric: the figure: ``rf``, ``lookahead``, ``lookback`` or ``halo``.
        known: the tensors of the model, by the numbers of their values.

    Raises:
        KeyError: a unit has no such figure.
    """
    if metric not in SIDES:
        raise KeyError(f"a unit has no {metric!r}; it has {', '.join(SIDES)}")
    chains = Chains(field.runs, field.value.number, field.key, _counting(field, metric))
    first, last = chains.of(index, "first"), chains.of(index, "last")
    if first is None or last is None:
        return UnitAlong(field.axis_name, None, 0 if metric == "rf" else None, ())
    told = tuple(
        _told(field, chains, side, first if side == "first" else last, known) for side in SIDES[metric]
    )
    figures = [chain.figure for chain in told if chain.figure is not None]
    size = last.position - first.position + 1
    figure = size if metric == "rf" else max(figures, default=None)
    return UnitAlong(field.axis_name, (first.position, last.position), figure, told)


def _counting(field: AxisField, metric: str) -> Counting:
    """Return what counts: guarantees hold with context; so do sizes where no position is left to tell it from."""
    if METRICS[metric].guarantee and not field.local:
        return "guaranteed"
    return "local" if field.key in carried(field.finite().layout) else "full"


def _told(
    field: AxisField, chains: Chains, side: Side, chain: Chain, known: Mapping[int, Layer]
) -> UnitChain:
    """Return a chain with how far each of its units reads."""
    links: list[UnitLink] = []
    before: Number = 0
    for link in chain.links[::-1]:
        total = _reach(field, chains, link, chain.position, side)
        adds = None if total is None or not (links or chain.whole) else total - before
        links.append(UnitLink(known.get(link.number), link.element, link.reads, link.padding, adds, total))
        before = before if total is None else total
    return UnitChain(side, chain.position, tuple(links), links[-1].total, chain.whole)


def _reach(field: AxisField, chains: Chains, link: Link, position: int, side: Side) -> Number | None:
    """Return how far a position lies before, or behind, what a unit stands for; None where there is no such thing."""
    value = field.runs.graph.values[link.number]
    place = chains.place(link.number, link.element)
    steps = AxisField(field.runs, value, field.input, field.axis).steps
    if place is None or steps is None:
        return None
    if side == "first":
        return plain(Fraction(steps.begins(place), steps.scale) - position)
    return plain(position - Fraction(steps.ends(place), steps.scale))
