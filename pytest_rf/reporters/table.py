"""A table for a person: one line per tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.reporters.lines import Line, Span, line, visible
from pytest_rf.reporters.rows import IRREGULAR, Row, header, of_final, rows, several_inputs
from pytest_rf.reporters.text import count, shape
from pytest_rf.view import ModelView, UnitView, View

#: Cells longer than this are cut.
CELL_LIMIT = 60


def show(view: View) -> Iterator[Line]:
    """Yield the table of a model, or the region of a unit."""
    return _unit(view) if isinstance(view, UnitView) else _model(view)


def _model(view: ModelView) -> Iterator[Line]:
    analysis = view.analysis
    with_input = several_inputs(view)
    yield line((analysis.name, "bold"), f": {count(len(view.tensors), 'tensor')}")
    for source in analysis.inputs.values():
        names = ", ".join(source.axes) or "none"
        yield line(f"input {source.name} {shape(source.shape)}, spatial axes: {names}")
    yield ()
    body, metrics = list(rows(view)), view.metrics("table")
    heads = header(metrics, with_input)
    numbers = {heads.index(metric.name) for metric in metrics if metric.kind != "truth"}
    yield from _table(heads, [row.cells(metrics, with_input) for row in body], numbers)
    yield ()
    for tensor in analysis.final:
        for row, axes in of_final(tensor, metrics):
            yield _final(row, axes, with_input)
    if any(IRREGULAR in figures for row in body for metric, figures in row.figures.items() if metric.ranged):
        yield line((f"{IRREGULAR} no periodic field: the smallest and largest over the actual units", "dim"))
    for note in analysis.graph.notes:
        yield line(("note ", "bold"), note)


def _final(row: Row, axes: Sequence[str], with_input: bool) -> Line:
    along = f" along {' and '.join(axes)}" if axes else ""
    towards = f" of {row.input}" if with_input and row.input else ""
    figures = ", ".join(
        f"{metric.name} {'from ' if metric.form == 'sources' else ''}{figures}"
        for metric, figures in row.figures.items()
        if figures
    )
    return line("final ", (row.name, "bold"), f"{along}{towards}: {row.unknown or figures}")


def _table(heads: Sequence[str], body: Sequence[Sequence[str]], numbers: set[int]) -> Iterator[Line]:
    cells = [[visible(cell, CELL_LIMIT) for cell in row] for row in body]
    widths = [max(len(row[place]) for row in [list(heads), *cells]) for place in range(len(heads))]

    def padded(row: Sequence[str]) -> list[str]:
        return [
            f"{cell:>{width}}" if place in numbers else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]

    yield (Span("  ".join(padded(heads)), "bold"),)
    for row in cells:
        spans: list[Span] = []
        for place, cell in enumerate(padded(row)):
            gap = "" if place == 0 else "  "
            spans.append(Span(gap + cell, "figure" if place == min(numbers, default=-1) else ""))
        yield tuple(spans)


def _unit(view: UnitView) -> Iterator[Line]:
    with_input = several_inputs(view)
    unit = f"({', '.join(map(str, view.unit))})"
    for number, tensor in enumerate(view.tensors):
        if number:
            yield ()
        yield line(f"unit {unit} of ", (tensor.name, "bold"), f" ({tensor.op}, {shape(tensor.shape)}) reads")
        for source, axes in view.regions(tensor).items():
            extents = view.analysis.inputs[source]
            of = f" of {source}" if with_input else ""
            for axis, (first, last) in axes.items():
                extent = extents.shape[extents.axes[axis]]
                if last < first:
                    reads = f"  {axis}: nothing{of}"
                else:
                    reads = f"  {axis}: {first} to {last}{of} ({last - first + 1} of {extent})"
                yield line(reads)
