"""Two states of models side by side: what changed, tensor by tensor, as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Literal

import msgspec
from msgspec.structs import replace

from pytest_rf.analysis.metrics import METRICS
from pytest_rf.comparing import Comparison
from pytest_rf.figures import Number, shown
from pytest_rf.locks.compare import Changed, Difference, Moved, matched, moved, renamed_input
from pytest_rf.locks.figures import ModelFigures, TensorFigures
from pytest_rf.locks.holding import summary, words
from pytest_rf.reporters.difference import COLUMNS

MOST = 1000
"""So many tensors that differ are listed of each model."""

#: Figures of final tensors that are told whether they moved or not.
_TOLD = ("rf", "stride", "start", "halo", "lookahead")

Way = Literal["grew", "shrank", "otherwise", "same"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure before and now, along axes of which the same is true.

    Attributes:
        where: the axes, and the input where there are several; empty where all axes agree.
        name: the figure.
        old: as it was, in words.
        new: as it is.
        way: whether it is larger now, smaller, or something else.
        by: by how much: ``+8``, ``−4``; empty where that is no number.
    """

    name: str
    old: str
    new: str
    where: str = ""
    way: Way = "same"
    by: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A tensor that differs, or several behind each other that do not, or that moved in the same way.

    Attributes:
        state: ``changed``, ``added``, ``removed``, or ``same`` of tensors that do not differ.
        name: its name, in the new state if it is there.
        was: its name in the old state, where that is another.
        op: its operator.
        module: its module, where its name does not tell it.
        count: how many there are.
        figures: what moved.
        others: the names of those that follow it and moved in the same way.
    """

    state: Literal["changed", "added", "removed", "same"]
    name: str = ""
    was: str = ""
    op: str = ""
    module: str = ""
    count: int = 1
    figures: list[Figure] = []
    others: list[str] = []


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How large the field has become from layer to layer, in both states.

    Attributes:
        where: the axes of which the same is true, and the input where there are several.
        most: the largest figure of both.
        old: points from (0, 0) to (1, 1): the share of the tensors that have run, and of ``most``.
        new: likewise.
    """

    where: str
    most: str
    old: list[tuple[float, float]]
    new: list[tuple[float, float]]


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one model.

    Attributes:
        name: its name.
        says: how much differs, in a few words.
        differs: whether anything but names does.
        inputs: inputs whose axes or extents differ: name, before, now.
        finals: the final tensors with their figures, whether they moved or not.
        rows: its tensors in order.
        more: how many more differ that are not listed.
        metrics: the figures that moved.
        lines: how the field grew; empty where a state does not know the order of its tensors, as a lock.
    """

    name: str
    says: str
    differs: bool = False
    inputs: list[tuple[str, str, str]] = []
    finals: list[Row] = []
    rows: list[Row] = []
    more: int = 0
    metrics: list[str] = []
    lines: list[Line] = []


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two states of models.

    Attributes:
        old: the old side as it was given.
        new: the new side.
        models: the models, those that differ first.
    """

    old: str
    new: str
    models: list[ModelRow]


def of(found: Comparison) -> Compared:
    """Return what differs between two sides as plain data."""
    models = sorted(map(_model, found.models), key=lambda one: not one.differs)
    return Compared(old=found.old, new=found.new, models=models)


def _model(found: Difference) -> ModelRow:
    state = found.new or found.old
    assert state is not None
    if found.old is None or found.new is None:
        return ModelRow(name=state.name, says=summary(found), differs=True)
    rows = list(_rows(found))
    listed = [row for row in rows if row.state != "same"]
    if len(listed) > MOST:
        rows = listed[:MOST]
    more = sum(1 + len(row.others) for row in listed[MOST:])
    named = {one.name for row in listed for one in row.figures}
    return ModelRow(
        name=state.name,
        says=summary(found),
        differs=bool(found),
        inputs=[(name, old, new) for name, (old, new) in found.inputs.items()],
        finals=list(_finals(found)),
        rows=rows,
        more=more,
        metrics=[name for name in COLUMNS if name in named],
        lines=list(_lines(found.old, found.new)),
    )


def _rows(found: Difference) -> Iterator[Row]:
    """Yield the tensors of both states in one order: that of the new, those that are gone where they were."""
    assert found.old is not None
    assert found.new is not None
    changed = {id(one.new): one for one in found.changed}
    added = set(map(id, found.added))
    removed = {id(one): one for one in found.removed}
    partners = {id(new): id(old) for old, new in matched(found.old, found.new)[0]}
    pending = iter(found.old.tensors)
    single = _is_single(found.new)
    rows: list[Row] = []
    for tensor in found.new.tensors:
        partner = partners.get(id(tensor))
        if found.old.ordered and partner is not None and removed:
            for old in pending:
                if id(old) == partner:
                    break
                if id(old) in removed:
                    rows.append(_row("removed", removed.pop(id(old))))
        if id(tensor) in changed:
            rows.append(_changed(changed[id(tensor)], single))
        else:
            rows.append(_row("added", tensor) if id(tensor) in added else Row(state="same"))
    rows += [_row("removed", tensor) for tensor in removed.values()]
    for (state, moves), some in groupby(rows, lambda row: (row.state, row.figures)):
        if state == "same":
            yield Row(state="same", count=sum(1 for _ in some))
        elif moves:
            first, *others = some
            yield replace(first, others=[one.name for one in others])
        else:
            yield from some


def _is_single(model: ModelFigures) -> bool:
    """Whether figures are about one input."""
    return sum(bool(axes) for axes in model.inputs.values()) <= 1


def _row(state: Literal["added", "removed"], tensor: TensorFigures) -> Row:
    return Row(state=state, name=tensor.name, op=tensor.op, module=_module(tensor))


def _module(tensor: TensorFigures) -> str:
    return "" if tensor.module in tensor.name.replace("/", ".") else tensor.module


def _changed(one: Changed, single: bool) -> Row:
    order = {name: place for place, name in enumerate(COLUMNS)}
    figures = sorted(one.moved, key=lambda move: order.get(move.metric, len(order)))
    axes = len(one.new.along())
    return Row(
        state="changed",
        name=one.new.name,
        was="" if one.old.name == one.new.name else one.old.name,
        op=one.new.op,
        module=_module(one.new),
        figures=[_figure(move, axes, single) for move in figures],
    )


def way(one: Changed) -> Way:
    """Return which way a tensor moved: what the first figure did that is larger or smaller now."""
    ways = (figure.way for figure in _changed(one, single=True).figures)
    return next((found for found in ways if found in ("grew", "shrank")), "otherwise")


def _figure(one: Moved, axes: int, single: bool) -> Figure:
    way, by = change(one.old, one.new)
    if one.metric in METRICS and METRICS[one.metric].kind == "place" and by:
        way = "otherwise"  # a place moves, and is no larger for it
    everywhere = not one.axes or (single and len(one.axes) == axes)
    where = "" if everywhere else " ".join([*([] if single else [one.input]), *one.axes])
    return Figure(name=one.metric, where=where, old=words(one.old), new=words(one.new), way=way, by=by)


def change(old: str, new: str) -> tuple[Way, str]:
    """Return which way a figure of a lock moved, and by how much; of a range or two sides the largest counts."""
    if old == new:
        return "same", ""
    before, now = _numbers(old), _numbers(new)
    if before is None or now is None or before == now:
        return "otherwise", ""
    # Ranges of one largest figure are told apart by the other.
    pairs = zip(before, now, strict=False) if len(before) == len(now) else ()
    step: Number = next((b - a for a, b in pairs if a != b), now[0] - before[0])
    if not step or math.isnan(step):
        return "otherwise", ""
    size: Number = step if step > 0 else -step
    by = "" if math.isinf(size) else f"{'+' if step > 0 else '−'}{shown(size)}"
    return ("grew" if step > 0 else "shrank"), by


def _numbers(text: str) -> list[Number] | None:
    """Return the numbers of a figure, the largest first; None where it is none."""
    try:
        parts = [_number(one) for one in text.replace("..", ",").split(",")]
    except ValueError:
        return None
    return sorted(parts, reverse=True)


def _number(text: str) -> Number:
    if text.lstrip("-") == "inf":
        return float(text)
    found = Fraction(text)
    return found.numerator if found.denominator == 1 else found


def _finals(found: Difference) -> Iterator[Row]:
    """Yield the final tensors of the new state with their figures, then and now."""
    assert found.old is not None
    assert found.new is not None
    before = {id(new): old for old, new in matched(found.old, found.new)[0]}
    if len(found.old.finals) == len(found.new.finals):  # else it is not clear which stands for which
        named = {one.name: one for one in found.old.tensors}
        pairs = zip(found.old.finals, found.new.finals, strict=True)
        stand = {new: named[old] for old, new in pairs if old in named}
    else:
        stand = {}
    single = _is_single(found.new)
    for tensor in found.new.tensors:
        was = before.get(id(tensor)) or stand.get(tensor.name)
        if tensor.name not in found.new.finals or was is None:
            continue
        moves = moved(was, tensor, renamed_input(found.old, found.new))
        known = {(one.input, axis, one.metric) for one in moves for axis in one.axes}
        kept = [
            Moved(one.input, axes, name, one.figures[name], one.figures[name])
            for one in tensor.fields
            for name in _TOLD
            if name in one.figures
            and (axes := tuple(axis for axis in one.axes if (one.input, axis, name) not in known))
        ]
        yield _changed(Changed(was, tensor, (*moves, *kept)), single)


def _lines(old: ModelFigures, new: ModelFigures) -> Iterator[Line]:
    if not (old.ordered and new.ordered):
        return
    single = _is_single(new)
    alike: dict[tuple[tuple[float, ...], ...], list[str]] = {}
    for name, axes in new.inputs.items():
        for axis in axes:
            sizes = tuple(tuple(_sizes(state, name, axis)) for state in (old, new))
            alike.setdefault(sizes, []).append(axis if single else f"{name} {axis}")
    for sizes, where in alike.items():
        most = max((one for some in sizes for one in some), default=0.0)
        if all(sizes) and most:
            was, now = ([(x, round(y / most, 4)) for x, y in _steps(some)] for some in sizes)
            yield Line(where=" and ".join(where), most=f"{most:g}", old=was, new=now)


def _sizes(state: ModelFigures, name: str, axis: str) -> list[float]:
    """Return the largest field so far of each tensor; those that read everything end it."""
    found: list[float] = []
    for tensor in state.tensors:
        figures = tensor.along().get((name, axis))
        numbers = _numbers(figures["rf"]) if figures and "rf" in figures else None
        size = float(numbers[0]) if numbers else 0.0
        found.append(max(size if math.isfinite(size) else 0.0, found[-1] if found else 0.0))
    return found


def _steps(sizes: Sequence[float]) -> list[tuple[float, float]]:
    """Return the points at which a line of sizes rises, and its ends."""
    last = max(len(sizes) - 1, 1)
    kept = [0, *(n for n in range(1, len(sizes)) if sizes[n] != sizes[n - 1]), len(sizes) - 1]
    return [(round(place / last, 4), sizes[place]) for place in dict.fromkeys(kept)]
