"""What a run found, as plain data that every reporter can render, every tool can store and processes can exchange.

Nothing here knows how a finding came about, and nothing here is escaped: names come from models, which are
hostile, and each output format has one place of its own that escapes them. Figures are what JSON can hold
(:data:`pytest_rf.figures.Value`); sentences about them are made by :mod:`pytest_rf.requirements.wording`.
"""

from __future__ import annotations

from msgspec import Struct

from pytest_rf.figures import Value


class Step(Struct, frozen=True):
    """A layer on the path along which a figure grew.

    Attributes:
        layer: the layer in words, such as ``layer3.0.conv2 3×3 stride 2``.
        growth: what it added in input positions, infinite from a layer that reads the whole axis; of a
            figure that multiplies, the factor.
        total: the figure after it.
        times: whether the figure multiplies.
    """

    layer: str
    growth: Value
    total: Value
    times: bool = False


class Measurement(Struct, frozen=True, kw_only=True):
    """A figure over all units of a tensor, in input positions, or as a share or a truth if it is one.

    Attributes:
        low: the smallest of all units.
        high: the largest.
        certain: smallest and largest that are certain, where data or rounding chooses what is read and ``low`` and
            ``high`` are upper bounds; None where these are exact.
        side: of a halo, ``before`` or ``after``.
    """

    low: Value
    high: Value
    certain: tuple[Value, Value] | None = None
    side: str = ""


class Required(Struct, frozen=True, kw_only=True):
    """What was required of a figure.

    Attributes:
        text: as its author wrote it: ``300 mm``, ``input``, ``not causal``; or what a rule wants in words.
        comparator: how the figure is compared with it; empty where it is not compared.
        value: what the text comes to in the figure's own unit; None where that is not known or there is none.
    """

    text: str
    comparator: str = ""
    value: Value | None = None


class Spacing(Struct, frozen=True, kw_only=True):
    """The distance between neighbours on an axis; ``shown`` is the unit that lengths are asked for in, or empty."""

    number: Value
    unit: str
    shown: str = ""


class Shaped(Struct, frozen=True):
    """An input of a call: its name and its extents."""

    name: str
    shape: tuple[int, ...]


class Piece(Struct, frozen=True, kw_only=True):
    """A tile of an input, along the axis that a witness is about.

    Attributes:
        start: the first position of the input that it has.
        stop: the one after the last.
        unit: the full index, within its result, of the unit that stands at the witness's unit in the whole; empty where
            the result ends before.
    """

    start: int
    stop: int
    unit: tuple[int, ...]


class Witness(Struct, frozen=True, kw_only=True):
    """What shows that something is wrong: one unit, one position of an input, and whether the unit reads it.

    Attributes:
        tensor: the name of the tensor that the unit is of; empty for all outputs of the model.
        unit: the full index of the unit; empty for all units.
        input: the graph input.
        position: the full index of the element of the input. Where it is not read, its place along ``axis`` is what
            counts: nothing at that place is read.
        axis: the number of the input's axis that the finding is about.
        reads: whether the unit is claimed to read it.
        path: the names of the operators from the input to the unit; where it is not read, from the nearest position
            that is.
        call: the inputs of the model with the extents that it was analysed with; of a tile those of the whole.
        tile: the tile that the unit is kept of; None where the finding is about none. ``reads``: the tile does not have
            what it reads; else it is another unit in the tile, whatever it reads.
        verified: what a run of the model says: ``agrees``, ``disagrees`` or ``not shown``; empty where there was none.
        why: what the run showed instead, or why there was none.
    """

    tensor: str
    unit: tuple[int, ...]
    input: str
    position: tuple[int, ...]
    axis: int
    reads: bool
    path: tuple[str, ...] = ()
    call: tuple[Shaped, ...] = ()
    tile: Piece | None = None
    verified: str = ""
    why: str = ""


class Blame(Struct, frozen=True, kw_only=True):
    """An operator that breaks a promise: it looks ahead, or it reads without end.

    Attributes:
        tensor: the name of the tensor that it makes.
        node: its own name.
        op: the operator.
        module: the path of the module that it belongs to.
        source: the source line of that module, where known.
        label: its geometry in words.
        does: ``ahead`` (it looks ahead), ``statistics`` (it brings in statistics of the whole axis), ``data`` (data
            chooses what it reads), ``mixes`` (it mixes the whole axis), ``grid`` and ``window`` (it fits its grid or
            its windows to the whole extent), ``circular`` (it fetches from the other end).
        ahead: how far its result reads ahead, in input positions, without what operators before it read without end;
            None where that is not what is wrong.
        adds: by how much that is more than what it reads does.
        step: the step of its result that reads the furthest ahead on the actual input; None where none does.
        ends: the last input position that this step stands for.
        reads: the last one that it reads.
    """

    tensor: str
    node: str = ""
    op: str = ""
    module: str = ""
    source: str = ""
    label: str = ""
    does: str
    ahead: Value | None = None
    adds: Value | None = None
    step: int | None = None
    ends: Value | None = None
    reads: int | None = None


class Elsewhere(Struct, frozen=True, kw_only=True):
    """A further tensor of which the same requirement or rule fails, with what was measured there.

    It is the finding's own tensor where its axes do not agree.

    Attributes:
        tensor: the name of the tensor.
        node: the name of the node that computes it.
        op: that node's operator.
        module: the path of the module that the node belongs to.
        source: the source line of that module, where known.
        axes: the axes of which the very same is true.
        input: the graph input that the figure is about.
        measured: as of a finding.
        reason: why it cannot be decided; empty for a violation.
        undecidable: the truth is not known there.
    """

    tensor: str
    node: str = ""
    op: str = ""
    module: str = ""
    source: str = ""
    axes: tuple[str, ...] = ()
    input: str = ""
    measured: tuple[Measurement, ...] = ()
    reason: str = ""
    undecidable: bool = False


class Edit(Struct, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """An edit of one layer.

    Attributes:
        layer: the layer, as its module or node is called.
        what: ``kernel``, ``dilation``, ``padding`` (a number per axis), ``padding before`` and ``padding after`` where
            these differ, ``output padding``; ``layer behind``, ``norm``, ``resize``, ``border``, ``direction``,
            ``mask``.
        old: what it is, a number per axis or a word; empty where there is nothing.
        new: what it becomes.
        by: of padding, the operator in front of the layer that pads for it; empty where the layer does itself.
    """

    layer: str
    what: str
    old: tuple[int, ...] | str
    new: tuple[int, ...] | str
    by: str = ""


class Cure(Struct, frozen=True, kw_only=True):
    """Edits after which a finding is gone, tried on the model.

    Attributes:
        edits: the edits, which belong together: a layer's dilation and the padding that keeps the shape.
        measured: the finding's figure in the edited model; empty where it is about none.
    """

    edits: tuple[Edit, ...]
    measured: tuple[Measurement, ...] = ()


class Search(Struct, frozen=True, kw_only=True):
    """What became of a search that found no cure.

    Attributes:
        tried: how many edits were tried, none of which is enough.
        nearest: that of them whose figure is the nearest to what is required; None where figures say nothing.
    """

    tried: int
    nearest: Cure | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a model, or that could not be decided: at one tensor, or at several.

    Attributes:
        code: the rule's code, such as ``RF001``.
        rule: the rule's name, such as ``requirement-violated``.
        model: the model's name in the config, or its file's name.
        message: one line that says what was measured, what was required, and where.
        file: the file that a reader should open: the config that holds the requirement, otherwise the model.
        line: the line in ``file``, counted from 1; 0 where there is none.
        column: the column in that line, counted from 1; 0 where it is not known.
        severity: ``error``, ``warning`` or ``info``.
        requirement: the requirement's text, empty for findings of the built-in checks.
        number: the requirement's place among those of the model, from 0; None for the built-in checks.
        span: where in ``requirement`` stands what is required: first character and the one after the last.
        where: which tensors it is about: ``final``, ``output``, a glob in quotes, ``op:Conv``.
        tensor: the name of the tensor.
        node: the name of the node that computes it.
        op: that node's operator.
        module: the path of the module that the node belongs to.
        source: the source line of that module, ``models/unet.py:42``, where known.
        axes: the axes of which the very same is true.
        input: the graph input that the figure is about.
        metric: the metric or predicate that was looked at; empty where nothing was measured.
        measured: its value, one measurement or one per side; empty where it is not known.
        local: its value without context, where context makes a guaranteed figure larger.
        context: the nodes whose context is counted, where the finding is about that.
        spacing: the distance between neighbours on the axis, where lengths are to be shown.
        counted: what figures count where they do not count input positions: ``samples`` of the axis' front-end.
        required: what was required.
        reason: why it cannot be decided; empty for a violation.
        note: what is to blame, in plain words.
        blame: of a claim that does not hold, all operators that look ahead, or read without end, in their order.
        figure: the metric whose growth ``path`` tells.
        side: of a halo's path, the side.
        path: how that metric grew from the input to the tensor, layer by layer.
        help: what would put it right, in plain words.
        cures: edits that were tried and put it right, the smallest first.
        search: what became of the search where none did; None where none was made, or it found cures.
        undecidable: the truth is not known; it fails like a violation.
        accepted: the sources of context that the model's authors accept and that this finding leaves out.
        others: the further tensors where the same requirement or rule fails, the worst first; the finding's own is
            the worst of all.
        waived: why the model's authors accept it; empty where no waiver covers it.
        pack: the pack that holds the requirement; ``line`` is the one that takes it in.
        witness: a unit and a position that show it; None where no single position does.
    """

    code: str
    rule: str
    model: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    severity: str = "error"
    requirement: str = ""
    number: int | None = None
    span: tuple[int, int] | None = None
    where: str = ""
    tensor: str = ""
    node: str = ""
    op: str = ""
    module: str = ""
    source: str = ""
    axes: tuple[str, ...] = ()
    input: str = ""
    metric: str = ""
    measured: tuple[Measurement, ...] = ()
    local: tuple[Measurement, ...] = ()
    context: tuple[str, ...] = ()
    spacing: Spacing | None = None
    counted: str = ""
    required: Required | None = None
    reason: str = ""
    note: str = ""
    blame: tuple[Blame, ...] = ()
    figure: str = ""
    side: str = ""
    path: tuple[Step, ...] = ()
    help: str = ""
    cures: tuple[Cure, ...] = ()
    search: Search | None = None
    undecidable: bool = False
    accepted: tuple[str, ...] = ()
    others: tuple[Elsewhere, ...] = ()
    waived: str = ""
    pack: str = ""
    witness: Witness | None = None

    def elsewhere(self) -> Elsewhere:
        """Return the finding's own tensor as one of another finding's others."""
        return Elsewhere(
            tensor=self.tensor,
            node=self.node,
            op=self.op,
            module=self.module,
            source=self.source,
            axes=self.axes,
            input=self.input,
            measured=self.measured,
            reason=self.reason,
            undecidable=self.undecidable,
        )

    @property
    def tensors(self) -> tuple[Elsewhere, ...]:
        """The finding's own tensor and the others."""
        return (self.elsewhere(), *self.others)


class Problem(Struct, frozen=True, kw_only=True):
    """Why the run itself is wrong for a model: the file cannot be read, a requirement selects nothing.

    Attributes:
        message: one line that names file, place and remedy.
        internal: True for a bug of pytest-rf itself (exit status 3), False for wrong input (exit status 2).
        detail: more for a person to read: the caret under a requirement, the traceback of a bug; or empty.
        file: the file that a reader should open.
        line: the line in ``file``, counted from 1; 0 where there is none.
        unjudged: True where nothing else is wrong than that nothing judged the model.
        column: the column in the line, counted from 1; 0 where it is not known.
        interrupted: True where somebody has ended the run before it came to the model.
    """

    message: str
    internal: bool = False
    detail: str = ""
    file: str = ""
    line: int = 0
    unjudged: bool = False
    column: int = 0
    interrupted: bool = False
