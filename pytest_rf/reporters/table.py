"""Tables for a person: what a model ends in, then one line per tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.reporters import sparkline, unit
from pytest_rf.reporters.fitting import Table
from pytest_rf.reporters.headings import filled, fitted, table
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.rows import AXES, IRREGULAR, Row, of_final, rows
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.states import states
from pytest_rf.reporters.text import count, shape
from pytest_rf.reporters.widths import named, wrapped
from pytest_rf.view import Column, ModelView, UnitView, View

#: Unknown tensors whose reason finds no place in their row.
_MOST_REASONS = 20


def show(view: View, screen: Screen | None = None) -> Iterator[Line]:
    """Yield the table of a model, or the region of a unit, for a screen; by default one that shows everything."""
    screen = screen or Screen()
    return unit.show(view, screen) if isinstance(view, UnitView) else _model(view, screen)


def _model(view: ModelView, screen: Screen) -> Iterator[Line]:
    yield from _head(view, screen)
    ends = [row for tensor in view.analysis.final for row in of_final(tensor)]
    if ends and view.metrics("final"):
        yield ()
        yield from _finals(view, ends, screen)
    yield ()
    body = list(rows(view))
    heads = filled(view, view.columns("table"), body)
    found = fitted(view, heads, body, screen)
    yield from found.lines()
    yield from _foot(view, found, heads, body, screen)


def _head(view: ModelView, screen: Screen) -> Iterator[Line]:
    """Yield what the model is and what it takes."""
    analysis = view.analysis
    told = count(len(analysis), "tensor")
    shown = sum(entry.count for entry in view.entries if not entry.level)  # a tree counts at its first level
    if shown < len(analysis):
        told = f"{shown:,} of {told}"
    yield from named("", analysis.name, f": {told}", screen)
    for source in analysis.inputs.values():
        axes = ", ".join(source.axes) or "none"
        yield from named("input ", source.name, f" {shape(source.shape)}, spatial axes: {axes}", screen)


def _finals(view: ModelView, ends: Sequence[Row], screen: Screen) -> Iterator[Line]:
    """Yield the figures of what the model ends in, and how the field grew on the way."""
    about = [Column("name"), AXES]
    about += [column for column in view.columns("table") if column.name == "input"]
    figures = [Column(metric.name, metric) for metric in view.metrics("final")]
    heads = filled(view, [*about, *figures], ends)
    parts = [part for row in ends for part in row.split(heads)]
    yield from table(view, heads, parts, screen, {"name": "final"}).lines()
    if view.is_whole and any(column.name == "rf" for column in heads):
        yield from sparkline.growth(view, screen.room)


def _foot(
    view: ModelView, found: Table, heads: Sequence[Column], body: Sequence[Row], screen: Screen
) -> Iterator[Line]:
    """Yield what the table could not say."""
    notes: list[str] = []
    if any(row.irregular(heads) for row in body):
        notes.append(f"{IRREGULAR} no periodic field: the smallest and largest over the actual units")
    if not found.says:
        unknown = [f"{row.entry.tensor.name} is {row.unknown}" for row in body if row.unknown]
        notes += unknown[:_MOST_REASONS]
        if len(unknown) > _MOST_REASONS:
            notes.append(f"{len(unknown) - _MOST_REASONS:,} more tensors are unknown")
    if found.left_out:
        chosen = ",".join([heads[0].name, *found.left_out])
        notes.append(
            f"left out at {screen.room} columns: {', '.join(found.left_out)} (a wider terminal shows them, "
            f"or --columns {chosen})"
        )
    notes += [f"note {note}" for note in view.analysis.graph.remarks]
    notes += states(view.analysis.state.items())
    if notes:
        yield ()
    for note in notes:
        yield from (line((one, "dim")) for one in wrapped(note, screen))
