"""The table of metrics: every figure of a field along one axis (SEMANTICS 4) is one row, and all else follows from it.

From a row follow the attribute of :class:`AxisField`, the word of the requirement language and what it may be compared
with, the JSON report and its schema, the columns of CSV and of ``show``, the advice that a finding gives and the page
of figures. So a new figure is one more row, and a function that reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from pytest_rf.analysis import alignment, guarantees, sizes, units
from pytest_rf.analysis.along import Along
from pytest_rf.figures import Number
from pytest_rf.interpreter import Ignorance

Kind = Literal["length", "place", "step", "ratio", "truth"]
Form = Literal["figure", "largest", "smallest", "sides", "truth", "sources"]
Format = Literal["json", "csv", "table"]
Origin = Literal["end", "start", "center"]

_UNITS: Mapping[Kind, str] = {
    "length": "input positions",
    "place": "input positions",
    "step": "input positions",
    "ratio": "share",
    "truth": "yes or no",
}


@dataclass(frozen=True, eq=False, slots=True)
class Metric:
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
        tiled: reads it for tiles whose borders lie on multiples of a number: ``NAME(align=32)`` in requirements,
            ``NAME_for(32)`` of a field.
        shift: what it gains, by the stride, where an output step stands for another of its input steps than the
            last one (the model's ``origin``).
        why: says why ``read`` finds none here, where more can be said than that units move unevenly.
        grows: what a sentence calls that which grows from layer to layer; empty where nothing of it does.
        multiplies: whether it grows by factors.
        cause: what makes it larger, or a predicate fail, for which there is advice: more ``layers``, ``strides``,
            layers that look ``ahead``, ``context``, ``branches`` that are shifted against each other.
        formats: the formats that show it without being asked.
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
    tiled: Callable[[Along, int], Any] | None = None
    shift: Callable[[Fraction, Origin], Number] | None = None
    why: Callable[[Along], str] | None = None
    grows: str = ""
    multiplies: bool = False
    cause: Literal["", "layers", "strides", "ahead", "context", "branches"] = ""
    formats: tuple[Format, ...] = ("json", "csv")
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

    def is_shown(self, format: Format, asked: tuple[str, ...] = ()) -> bool:
        """Whether a format shows it, by itself or because it was asked for."""
        return self.name in asked or (format in self.formats and not self.dear)


def _later(stride: Fraction, origin: Origin) -> Number:
    """Return what look-ahead gains, which counts from the last of a step's positions, the first, or their middle."""
    return {"end": Fraction(0), "start": stride - 1, "center": (stride - 1) / 2}[origin]


def _earlier(stride: Fraction, origin: Origin) -> Number:
    """Return what look-back gains, which counts from the first of a step's positions, or from their middle."""
    return (stride - 1) / 2 if origin == "center" else Fraction(0)


def _no_mirror(field: Along) -> str:
    if field.upper_bound:
        return f"{field.chosen_by} leaves it open"
    return "its positions lie along several axes, and which of them is mirrored is not known"


TABLE: tuple[Metric, ...] = (
    Metric(
        "rf",
        "length",
        "size of the theoretical receptive field: on an input so large that no padding is touched. Where units differ "
        "(after upsampling) it is a range; `>=` must hold for the smallest, `<=` for the largest. `inf` where an "
        "operator mixes the whole axis",
        sizes.rf,
        form="largest",
        always=True,
        monotone=True,
        certain=sizes.rf_certain,
        grows="the field",
        cause="layers",
        formats=("json", "csv", "table"),
        aliases=("size", "receptive_field", "field", "fov"),
    ),
    Metric(
        "rf_min",
        "length",
        "the same over the shortest path: at every merge the smaller branch",
        sizes.rf_min,
        always=True,
        monotone=True,
        grows="the field over the shortest path",
        cause="layers",
    ),
    Metric(
        "stride",
        "step",
        "input positions that one step along the tensor moves the field; a fraction after upsampling; none where the "
        "units do not move evenly",
        lambda field: field.stride,
        steady="rounded",
        grows="the stride",
        multiplies=True,
        cause="strides",
        formats=("json", "csv", "table"),
        aliases=("jump",),
    ),
    Metric(
        "start",
        "place",
        "first position that unit 0 reads; negative where that is padding",
        sizes.start,
        grows="the start",
        formats=("json", "csv", "table"),
    ),
    Metric(
        "center",
        "place",
        "`start + (rf - 1) / 2`",
        sizes.center,
        grows="the centre",
        aliases=("centre",),
    ),
    Metric(
        "offset",
        "place",
        "how far the centre of a unit lies off the centre of the input positions that it stands for: "
        "`center - (stride - 1) / 2`. 0 is the half-pixel grid; two 3×3 convolutions of stride 2 with padding 1 give "
        "-3/2, which shows as a shift where results of a flipped image are averaged. None where there is no stride",
        sizes.offset,
        grows="the offset",
    ),
    Metric(
        "coverage",
        "ratio",
        "`rf` as a share of the input's extent",
        sizes.coverage,
        exact=False,
        always=True,
        monotone=True,
        share_of="rf",
        grows="the field",
        cause="layers",
        formats=("json",),
    ),
    Metric(
        "lookahead",
        "length",
        "how far an output step reads after the input steps that it stands for, context counted",
        lambda field: guarantees.reach(field, ahead=True),
        guarantee=True,
        monotone=True,
        shift=_later,
        grows="look-ahead",
        cause="ahead",
        aliases=("look_ahead",),
    ),
    Metric(
        "lookback",
        "length",
        "how far an output step reads before the input steps that it stands for, context counted",
        lambda field: guarantees.reach(field, ahead=False),
        guarantee=True,
        monotone=True,
        shift=_earlier,
        grows="look-back",
        cause="layers",
        aliases=("look_back",),
    ),
    Metric(
        "halo",
        "length",
        "context that a tile needs on either side so that its inner result equals the whole image's; `halo(align=32)` "
        "for tiles whose borders lie on multiples of 32, by default on multiples of `multiple`",
        lambda field: guarantees.halo(field, field.multiple),
        form="sides",
        guarantee=True,
        monotone=True,
        tiled=guarantees.halo,
        grows="the halo",
        cause="layers",
        formats=("json",),
        aliases=("padding",),
    ),
    Metric(
        "multiple",
        "step",
        "input extents that are multiples of this fit all strides on the way",
        lambda field: field.multiple,
        always=True,
        steady="always",
        grows="the multiple",
        multiplies=True,
        formats=(),
    ),
    Metric(
        "bounded",
        "truth",
        "no unit's reads grow with the extent: no mixing, context or data-dependence along the axis, and nothing that "
        "is fetched from the other end",
        guarantees.bounded,
        form="truth",
        guarantee=True,
        steady="always",
        cause="context",
        formats=("json",),
    ),
    Metric(
        "causal",
        "truth",
        "no look-ahead: `lookahead` is 0 or less",
        guarantees.causal,
        form="truth",
        guarantee=True,
        within="lookahead",
        cause="ahead",
        formats=("json",),
    ),
    Metric(
        "independent",
        "truth",
        "of the batch axis: every unit reads its own sample only, context counted",
        lambda field: field.samples.apart,
        form="truth",
        axis="batch",
        guarantee=True,
        dear=True,
    ),
    Metric(
        "aligned",
        "truth",
        "branches that meet have one stride and one centre",
        alignment.is_aligned,
        form="truth",
        cause="branches",
        dear=True,
    ),
    Metric(
        "symmetric",
        "truth",
        "on the actual input the fields of the units are mirror images of each other, which is what flipping and "
        "averaging relies on: a 3×3 convolution of stride 2 with padding 1 is symmetric at 225 and not at 224. Not "
        "known where data chooses what is read",
        lambda field: None if field.upper_bound else units.symmetric(field.finite(), field.key, field.extent),
        form="truth",
        why=_no_mirror,
        formats=("json",),
    ),
    Metric(
        "context",
        "truth",
        "whether statistics of the whole axis come in (global pooling, normalisation over space), and from which nodes",
        lambda field: field.context,
        form="sources",
        always=True,
        cause="context",
        formats=("json", "csv", "table"),
    ),
)
"""All metrics and predicates, in the order in which reports show them."""

METRICS: Mapping[str, Metric] = {row.name: row for row in TABLE if row.form != "truth"}
"""What is compared: ``rf >= 224``, ``context == no``."""

PREDICATES: Mapping[str, Metric] = {row.name: row for row in TABLE if row.form == "truth"}
"""What is claimed: ``is causal``."""


class AxisField(Along):
    """The field of one tensor along one axis of one input. Sizes are in input positions.

    Every metric of the table is an attribute: ``rf``, ``stride``, ``causal``; of one that differs between units
    ``rf_range`` is the smallest and the largest. None where there is none, or where it cannot be decided.
    """

    __slots__ = ()

    if TYPE_CHECKING:  # for type checkers, which cannot look into the table
        rf: Number
        rf_range: tuple[Number, Number]
        rf_certain: tuple[Number, Number]
        rf_min: Number
        start: Number | None
        center: Number | None
        offset: Number | None
        coverage: float
        lookahead: Number | None
        lookback: Number | None
        halo: tuple[Number, Number] | None
        halo_for: Callable[[int], tuple[Number, Number] | None]
        bounded: bool | None
        causal: bool | None
        independent: bool | None
        aligned: bool | None
        symmetric: bool | None
    else:

        def __getattr__(self, name: str) -> NoReturn:
            """Say which figure is meant; those that are there are found before."""
            near = get_close_matches(name, [known for known in dir(type(self)) if known[0] != "_"], n=1)
            raise AttributeError(f"a field has no {name!r}{f', did you mean {near[0]!r}?' if near else ''}")

    def __repr__(self) -> str:
        found = self.analysis.runs.structure(self.value)
        if isinstance(found, Ignorance):
            return f"<Field along axis {self.axis} of {self.input.name!r}: unknown: {found.reason}>"
        return f"<Field along axis {self.axis} of {self.input.name!r}: rf {self.rf}, stride {self.stride}>"


def _attach() -> None:
    """Give :class:`AxisField` an attribute for every metric that the base has not."""
    for row in TABLE:
        for name, read in row.attributes():
            if not hasattr(Along, name):
                setattr(AxisField, name, property(read, doc=row.meaning))


_attach()
