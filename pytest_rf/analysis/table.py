"""The table of metrics: every figure of a field along one axis (SEMANTICS 4) is one row, and all else follows from it.

From a row follow the attribute of :class:`~pytest_rf.analysis.metrics.AxisField`, the word of the requirement language
and what it may be compared with, the JSON report and its schema, the columns of CSV and of ``show``, the advice that a
finding gives and the page of figures. So a new figure is one more row, and a function that reads it.

Requirements are read and findings are written by it where nothing is analysed: what reads figures is imported when
the first of them is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_rf.analysis.metric import Metric, Origin
from pytest_rf.figures import Number

if TYPE_CHECKING:
    from pytest_rf.analysis import alignment, elements, guarantees, sizes, smallest, units
    from pytest_rf.analysis.along import Along
else:
    from pytest_rf.late import Late

    alignment = Late("pytest_rf.analysis.alignment")
    elements = Late("pytest_rf.analysis.elements")
    guarantees = Late("pytest_rf.analysis.guarantees")
    sizes = Late("pytest_rf.analysis.sizes")
    smallest = Late("pytest_rf.analysis.smallest")
    units = Late("pytest_rf.analysis.units")


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
        formats=("json", "csv", "table", "final"),
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
        formats=("json", "csv", "table", "final"),
        aliases=("jump",),
    ),
    Metric(
        "start",
        "place",
        "first position that unit 0 reads; negative where that is padding",
        sizes.start,
        grows="the start",
        formats=("json", "csv", "table", "final"),
    ),
    Metric(
        "center",
        "place",
        "`start + (rf - 1) / 2`: where unit 0 looks, if all units have one size; of others `offset` tells more",
        sizes.center,
        grows="the centre",
        aliases=("centre",),
    ),
    Metric(
        "offset",
        "place",
        "how far the centre of a unit lies off the centre of the input positions that it stands for: "
        "`center - (stride - 1) / 2`, and behind an upsampling, where units look to either side, its mean over one "
        "period of them. 0 is the half-pixel grid; two 3×3 convolutions of stride 2 with padding 1 give "
        "-3/2, which shows as a shift where results of a flipped image are averaged. None where there is no stride, or "
        "where only the actual input tells what units read",
        alignment.offset,
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
        actual=True,
        grows="the field",
        cause="layers",
        formats=("json",),
    ),
    Metric(
        "density",
        "ratio",
        "share of the positions inside the field that are read: 1 without holes. Stacked dilated convolutions whose "
        "dilations have a common divisor leave some; where units differ it is a range",
        elements.density,
        form="smallest",
        exact=False,
        why=elements.why_no_density,
        dear=True,
        aliases=("holes", "sparsity"),
    ),
    Metric(
        "erf",
        "length",
        "theoretical effective field: `√(1 + 12σ²)`, the width of the uniform distribution with the variance of the "
        "unit's energy, which each layer hands on in equal parts. One layer of k taps gives k, n stacked ones of 3 "
        "give `√(1 + 8n)` where `rf` is `2n + 1`. `inf` where an operator mixes the whole axis",
        elements.effective,
        form="largest",
        exact=False,
        why=elements.why_no_energy,
        dear=True,
        aliases=("effective",),
    ),
    Metric(
        "unused",
        "length",
        "how many positions of the actual input no unit reads in any way, context and data-dependence counted as "
        "reading: a strided convolution without padding can drop the last rows. Of several tensors: that none reads",
        elements.unused,
        joint=True,
        actual=True,
        steady="always",
        why=lambda field: "the sets of positions that are read are too large",
        dear=True,
    ),
    Metric(
        "lookahead",
        "length",
        "how far an output step reads after the input steps that it stands for, context counted",
        guarantees.lookahead,
        guarantee=True,
        monotone=True,
        shift=_later,
        grows="look-ahead",
        cause="ahead",
        formats=("json", "csv", "final"),
        aliases=("look_ahead",),
    ),
    Metric(
        "latency",
        "length",
        "how long an output step waits for all that it reads, counted from the end of the input steps that it stands "
        "for, where `chunk` positions come in a call: the last position read, rounded up to the end of its chunk, less "
        "the last one that the step stands for. The largest over the steps of a chunk; without a `chunk` it is "
        "`lookahead`",
        guarantees.latency,
        guarantee=True,
        monotone=True,
        grows="latency",
        waits="lookahead",
        cause="ahead",
        aliases=("delay",),
    ),
    Metric(
        "lookback",
        "length",
        "how far an output step reads before the input steps that it stands for, context counted",
        guarantees.lookback,
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
        formats=("json", "final"),
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
        "min_input",
        "length",
        "smallest extent along the axis, the others as they are, at which the model runs and every output has a unit, "
        "as at every larger extent that fits `multiple`; found by analysing it at other extents",
        smallest.read,
        steady="always",
        why=smallest.why,
        cause="room",
        dear=True,
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
        actual=True,
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
        formats=("json", "csv", "table", "final"),
    ),
)
"""All metrics and predicates, in the order in which reports show them."""

METRICS: Mapping[str, Metric] = {row.name: row for row in TABLE if row.form != "truth"}
"""What is compared: ``rf >= 224``, ``context == no``."""

PREDICATES: Mapping[str, Metric] = {row.name: row for row in TABLE if row.form == "truth"}
"""What is claimed: ``is causal``."""
