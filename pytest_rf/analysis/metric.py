"""What is said of one figure of a field along one axis: a row of the table of metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from pytest_rf.figures import Number

if TYPE_CHECKING:
    from pytest_rf.analysis.along import Along

Kind = Literal["length", "place", "step", "ratio", "truth"]
Form = Literal["figure", "largest", "smallest", "sides", "truth", "sources"]
Format = Literal["json", "csv", "table", "final"]
"""What shows metrics: the formats of ``show``, and its block about the final tensors."""
Origin = Literal["end", "start", "center"]

_UNITS: Mapping[Kind, str] = {
    "length": "input positions",
    "place": "input positions",
    "step": "input positions",
    "ratio": "share",
    "truth": "yes or no",
}


class Metric(Struct, frozen=True, eq=False):
    """One figure, or one predicate.

    Attributes:
        name: its word in requirements, which is also the attribute of a field, the key in JSON and the column.
        kind: ``length`` and ``place`` count input positions (so units of the axis' spacing and percentages of
            the input's extent make sense), ``step`` counts them too but takes no percentage, ``ratio`` is a
            share, ``truth`` is yes or no.
        meaning: one line, in Markdown.
        read: reads it from a field; None where there is none, or where it cannot be decided.
        form: what ``read`` returns: one ``figure``; the smallest and the largest of all units, of which the
            bare name is the ``largest`` or the ``smallest``, and ``NAME_range`` both; the two ``sides`` of a
            tile; the ``truth`` of a predicate; the names of the nodes that are its ``sources``, a question
            that is answered with yes if there are any.
        axis: of a predicate, the axis that it is about where none is named.
        exact: whether it is computed in whole numbers and fractions, not in floating point.
        always: whether every known field has one.
        guarantee: whether context counts, unless the model's authors accept it; a guarantee says nothing where
            nothing reads the axis.
        monotone: whether a larger field can only make it larger, so that an upper bound on the field bounds it too.
        steady: whether it is certain where the field is an upper bound: ``never``, where rounding alone chooses
            (``rounded``), or ``always``.
        certain: reads what is certain of it where the field is an upper bound; ``NAME_certain`` on a field.
        share_of: the metric of which it is the share of the input's extent.
        within: of a predicate, the metric that it wants to be 0 or less.
        waits: the metric whose growth explains it, but for what is waited for beyond that: a chunk that is not full.
        tiled: reads it for tiles whose borders lie on multiples of a number: ``NAME(align=32)`` in requirements,
            ``NAME_for(32)`` of a field.
        shift: what it gains, by the stride, where an output step stands for another of its input steps than the
            last one (the model's ``origin``).
        why: says why ``read`` finds none here, where more can be said than that units move unevenly.
        grows: what a sentence calls that which grows from layer to layer; empty where nothing of it does.
        multiplies: whether it grows by factors.
        cause: what makes it larger, or a predicate fail, for which there is advice: more ``layers``, ``strides``,
            layers that look ``ahead``, ``context``, ``branches`` that are shifted against each other, ``room``
            for a window.
        formats: the formats that show it without being asked.
        joint: whether a requirement reads it of all selected tensors together, which lie beside each other.
        actual: whether it is taken on the actual input alone, and so is not known where that is our choice.
        dear: whether it costs too much to be shown of every tensor: then every format has to be asked for it.
        aliases: the words that people bring from other tools.
    """

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Along], Any]
    form: Form = "figure"
    axis: Literal["spatial", "batch"] = "spatial"
    exact: bool = True
    always: bool = False
    guarantee: bool = False
    monotone: bool = False
    steady: Literal["never", "rounded", "always"] = "never"
    certain: Callable[[Along], Any] | None = None
    share_of: str = ""
    within: str = ""
    waits: str = ""
    tiled: Callable[[Along, int], Any] | None = None
    shift: Callable[[Fraction, Origin], Number] | None = None
    why: Callable[[Along], str] | None = None
    grows: str = ""
    multiplies: bool = False
    cause: Literal["", "layers", "strides", "ahead", "context", "branches", "room"] = ""
    formats: tuple[Format, ...] = ("json", "csv")
    joint: bool = False
    actual: bool = False
    dear: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """What it is counted in."""
        return _UNITS[self.kind]

    @property
    def ranged(self) -> bool:
        """Whether it is a smallest and a largest figure."""
        return self.form in ("largest", "smallest")

    @property
    def attribute(self) -> str:
        """The attribute of a field that holds all that is read."""
        return f"{self.name}_range" if self.ranged else self.name

    def bare(self, reading: Any) -> Any:
        """Return what the bare name means of what was read."""
        return reading if reading is None or not self.ranged else reading[self.form == "largest"]

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that it takes where a cell holds one figure."""
        if self.ranged:
            return self.name, f"{self.name}_{'smallest' if self.form == 'largest' else 'largest'}"
        return (f"{self.name}_before", f"{self.name}_after") if self.form == "sides" else (self.name,)

    def cells(self, reading: Any) -> tuple[Any, ...]:
        """Return what stands in these columns."""
        if not self.ranged and self.form != "sides":
            return (reading,)
        first, second = (None, None) if reading is None else reading
        return (second, first) if self.form == "largest" else (first, second)

    def attributes(self) -> Iterator[tuple[str, Callable[[Along], Any]]]:
        """Yield the attributes of a field that it gives, and how each is read."""
        yield self.attribute, self.read
        if self.ranged:
            yield self.name, lambda field: self.bare(self.read(field))
        if self.certain is not None:
            yield f"{self.name}_certain", self.certain
        if self.tiled is not None:
            tiled = self.tiled
            yield f"{self.name}_for", lambda field: partial(tiled, field)

    @property
    def is_own(self) -> bool:
        """Whether fields that look alike can have different ones: names of nodes, what the graph or elements tell."""
        return self.dear or self.form == "sources"

    def is_shown(self, format: Format, asked: tuple[str, ...] = ()) -> bool:
        """Whether a format shows it, by itself or because it was asked for."""
        return self.name in asked or (format in self.formats and not self.dear)
