"""What differs between two states of models: a table that fits the terminal, Markdown, or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from pytest_rf.analysis.metrics import TABLE
from pytest_rf.analysis.report import to_json
from pytest_rf.comparing import Comparison
from pytest_rf.locks import report
from pytest_rf.locks.compare import Difference, Moved
from pytest_rf.locks.figures import FLAGS
from pytest_rf.locks.holding import end, summary, words
from pytest_rf.reporters import markdown
from pytest_rf.reporters.lines import Document, Line, Span, line, visible
from pytest_rf.reporters.text import count
from pytest_rf.reporters.wrapping import wrapped

FORMATS = ("table", "markdown", "json")
"""Formats of ``diff``; the first is the default."""

#: Tensors shown per model, and of those that came or went.
MOST, MOST_OTHERS = 200, 20

#: So many figures of the final tensor are told below the table.
_FINAL = 3

#: Columns, the most telling first: those that do not fit are left out.
COLUMNS = (
    "status",
    "input",
    *sorted((row.name for row in TABLE), key=("rf", "stride", "halo", "start").__contains__, reverse=True),
    *FLAGS,
)

#: Modules have a column where one name of so many, or more, does not tell its own; they are cut to a width.
_SHARE, _MODULE = 4, 32

#: A tensor's name is cut to this, if that makes room for a column.
_NAME = 44


class _Row(NamedTuple):
    """Tensors that lie behind each other, of which the same is true: the first one, and how many follow.

    It goes by its module where that says as much in fewer letters; ``module`` is it where the name does not tell it.
    """

    name: str
    followers: int
    cells: Mapping[str, str]
    module: str = ""


def diff(found: Comparison, format: str, width: int = 0) -> Document:
    """Return a comparison in one of ``FORMATS``; ``width`` is that of the reader's screen, 0 where there is none."""
    if format == "json":
        return to_json(report.of(found.old, found.new, found.models))
    return _markdown(found) if format == "markdown" else _table(found, width)


def _table(found: Comparison, width: int) -> Iterator[Line]:
    for model in found.models:
        if model:
            yield from _model(model, width)
            yield ()
    yield from wrapped([_closing(found)], width)


def _closing(found: Comparison) -> Line:
    different = sum(map(bool, found.models))
    between = f" from {found.old} to {found.new}"
    total = count(len(found.models), "model")
    if different:
        return line(
            (f"{different:,} of {total} changed" if len(found.models) > 1 else "Changed", "bad"),
            f"{between}.",
        )
    renamed = sum(model.renamed for model in found.models)
    names = f"; {count(renamed, 'tensor')} renamed" if renamed else ""
    return line(("No figure differs", "good"), f"{between} ({total}){names}.")


def _model(found: Difference, width: int) -> Iterator[Line]:
    state = found.new or found.old
    assert state is not None
    yield from wrapped([line((state.name, "bold"), f": {summary(found)}")], width)
    if found.changed:
        yield ()
        yield from _rows(list(rows(found)), width)
    for sign, tensors, style in (("+", found.added, "good"), ("-", found.removed, "bad")):
        if tensors:
            yield ()
        for tensor in tensors[:MOST_OTHERS]:
            yield line((f"{sign} ", style), f"{tensor.name}  ", (tensor.op, "dim"))
        if len(tensors) > MOST_OTHERS:
            yield line((f"{sign} {len(tensors) - MOST_OTHERS:,} more; --format json lists all", "warn"))
    final = end(found)
    if final is not None:
        yield ()
        told = ", ".join(f"{name} {text}" for name, text in [*cells(final.moved).items()][:_FINAL])
        yield from wrapped([line("final ", (final.new.name, "bold"), f": {told}")], width)


def _rows(body: Sequence[_Row], width: int) -> Iterator[Line]:
    """Yield the table of changed tensors, with as many columns as fit."""
    shown = body[:MOST]
    longest = _longest(shown)
    columns: list[tuple[str, int]] = []
    hidden: list[str] = []
    used = min(longest, _NAME)
    modules = [visible(row.module, 200) for row in shown]
    wide_module = min(max(map(len, ["module", *modules])), _MODULE) if _tells_modules(shown) else 0
    used += wide_module and wide_module + 2
    for column in (name for name in COLUMNS if any(name in row.cells for row in body)):
        wide = max(len(visible(text)) for text in [column, *(row.cells.get(column, "") for row in shown)])
        if columns and width and (hidden or used + 2 + wide > width):
            hidden.append(column)
        else:
            columns.append((column, wide))
            used += 2 + wide
    told, silent = _told(shown, [name for name, _ in columns])
    shown = _alike(told, [name for name, _ in columns])
    longest = _longest(shown)
    left = width - sum(2 + wide for _, wide in columns) - (wide_module and wide_module + 2)
    room = longest if not width else min(longest, max(left, _NAME))
    heads = [f"{'tensor':<{room}}", *([f"{'module':<{wide_module}}"] if wide_module else [])]
    yield (Span("  ".join([*heads, *(f"{name:<{wide}}" for name, wide in columns)]), "bold"),)
    for row in shown:
        name = _cut(visible(_name(row), 200), room)
        module = (
            [Span(f"  {_cut(visible(row.module, 200), wide_module):<{wide_module}}")] if wide_module else []
        )
        figures = [
            Span(f"  {visible(row.cells.get(name, '')):<{wide}}", "" if place else "figure")
            for place, (name, wide) in enumerate(columns)
        ]
        yield (Span(f"{name:<{room}}"), *module, *figures)
    if len(body) > MOST:
        yield line((f"… and {len(body) - MOST:,} more rows; --format json lists all", "warn"))
    if any(row.followers for row in shown):
        yield line(("(+2): the next two tensors moved in the same way", "dim"))
    if hidden:
        alone = f"; {count(silent, 'tensor')} moved in these alone" if silent else ""
        left_out = (
            f"left out at {width} columns, moved too: {', '.join(hidden)}{alone} (--format json has all)"
        )
        yield from wrapped([line((left_out, "dim"))], width)


def _longest(shown: Sequence[_Row]) -> int:
    return max(len(name) for name in ["tensor", *(visible(_name(row), 200) for row in shown)])


def _told(shown: Sequence[_Row], columns: Sequence[str]) -> tuple[list[_Row], int]:
    """Return the rows that have something in these columns, and how many tensors have nothing there."""
    told = [row for row in shown if any(name in row.cells for name in columns)]
    return told, sum(1 + row.followers for row in shown) - sum(1 + row.followers for row in told)


def _alike(shown: Sequence[_Row], columns: Sequence[str]) -> list[_Row]:
    """Return rows, those behind each other that are the same in these columns as one."""
    found = []
    for _, some in groupby(shown, lambda row: [row.cells.get(name, "") for name in columns]):
        first, *others = some
        followers = first.followers + sum(1 + row.followers for row in others)
        found.append(first._replace(followers=followers))
    return found


def _tells_modules(shown: Sequence[_Row]) -> bool:
    """Whether so many names do not tell their modules that these have a column, as in what torch.onnx exports today."""
    return sum(bool(row.module) for row in shown) * _SHARE >= len(shown)


def rows(found: Difference) -> Iterator[_Row]:
    """Yield changed tensors; those behind each other that moved in the same way in one row."""
    modules = Counter(one.module for one in (() if found.new is None else found.new.tensors))
    for moved, some in groupby(found.changed, lambda one: one.moved):
        first, *others = (one.new for one in some)
        short = len(first.module) < len(first.name) and modules[first.module] == 1
        name = first.module if first.module and short else first.name
        told = first.module in name.replace("/", ".")
        yield _Row(name, len(others), cells(moved), "" if told else first.module)


def cells(moved: Sequence[Moved]) -> dict[str, str]:
    """Return what moved by its figure: ``3 → 5``, or per axis where axes differ."""
    found: dict[str, list[Moved]] = {}
    for one in moved:
        found.setdefault(one.metric, []).append(one)
    inputs = {one.input for one in moved}
    return {
        metric: ", ".join(_cell(one, len(some) > 1, len(inputs) > 1) for one in some)
        for metric, some in sorted(found.items(), key=lambda item: COLUMNS.index(item[0]))
    }


def _cell(one: Moved, axes: bool, inputs: bool) -> str:
    where = [one.input] * inputs + list(one.axes) * axes
    return f"{' '.join([*where, words(one.old)])} → {words(one.new)}"


def _name(row: _Row) -> str:
    return f"{row.name} (+{row.followers})" if row.followers else row.name


def _cut(name: str, room: int) -> str:
    """Return a name with its middle left out where it has no room: both ends of a path tell something."""
    if len(name) <= room:
        return name
    front = (room - 1) // 3
    return f"{name[:front]}…{name[len(name) - (room - 1 - front) :]}"


def _markdown(found: Comparison) -> str:
    """Return a comparison for a pull request."""
    text = markdown.text
    parts = [f"**{text(found.old)} → {text(found.new)}**\n"]
    for model in found.models:
        state = model.new or model.old
        if not model or state is None:
            continue
        parts.append(f"### {text(state.name)}\n\n{text(summary(model))}\n")
        body = list(rows(model))
        heads = [name for name in COLUMNS if any(name in row.cells for row in body)]
        table = [["tensor", *heads], ["---"] * (len(heads) + 1)]
        table += [
            [text(_name(row)), *(text(row.cells.get(name, "")) for name in heads)] for row in body[:MOST]
        ]
        if body:
            parts.append("".join(f"| {' | '.join(row)} |\n" for row in table))
        if len(body) > MOST:
            parts.append(f"… and {len(body) - MOST:,} more rows\n")
        for word, tensors in (("added", model.added), ("removed", model.removed)):
            lines = [f"- {word} {text(one.name)} ({text(one.op)})\n" for one in tensors[:MOST_OTHERS]]
            hidden = len(tensors) - MOST_OTHERS
            parts.append(
                "".join(lines) + (f"- {hidden:,} more {word}\n" if hidden > 0 else "")
            ) if tensors else None
    if not found:
        parts.append("No figure differs.\n")
    return "\n".join(parts)
