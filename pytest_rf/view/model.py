"""Tensors of a model with their figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.metrics import TABLE, Format, Metric
from pytest_rf.analysis.report import AnalysisReport
from pytest_rf.errors import ModelError
from pytest_rf.figures import Number
from pytest_rf.view import columns
from pytest_rf.view.columns import ABOUT, Column
from pytest_rf.view.tree import Entry


@dataclass(frozen=True, slots=True)
class ModelView:
    """Tensors of a model with their figures, or modules with those of their last tensor.

    Attributes:
        analysis: the model.
        entries: the rows.
        chosen: the columns to show; where it is empty, those that a format shows by itself.
        asked: metrics to show beside these.
        is_tree: whether rows are modules.
        is_whole: whether the tensors are those of the whole model.
    """

    analysis: Analysis
    entries: tuple[Entry, ...]
    chosen: tuple[Column, ...] = ()
    asked: tuple[str, ...] = ()
    is_tree: bool = False
    is_whole: bool = True

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors of the rows."""
        return tuple(entry.tensor for entry in self.entries)

    def metrics(self, format: Format) -> list[Metric]:
        """Return the metrics that a format shows."""
        if not self.chosen:
            return [row for row in TABLE if row.is_shown(format, self.asked)]
        named = {one.name: one.metric for one in self.chosen if one.metric is not None}
        named |= {row.name: row for row in TABLE if row.name in self.asked}
        return list(named.values())

    def columns(self, format: Format) -> tuple[Column, ...]:
        """Return the columns that a format shows: what rows are, and figures."""
        if self.chosen:
            known = {one.name for one in self.chosen}
            more = (Column(row.name, row) for row in self.metrics(format) if row.name not in known)
            return columns.with_input((*self.chosen, *more), self.analysis)
        figures = (Column(row.name, row) for row in self.metrics(format))
        if format == "csv":
            about = (Column("module"), Column(columns.COUNT)) if self.is_tree else ()
            rest = (Column(name) for name in ABOUT if not (self.is_tree and name == "module"))
            return *about, *rest, *figures
        return columns.with_input(
            (*columns.usual(self.analysis, self.tensors, self.is_tree), *figures), self.analysis
        )

    def growth(self, most: int) -> list[Number]:
        """Return how large the field has become on the way to what is final first, along its first axis.

        Of branches the larger counts: sizes never fall.

        Args:
            most: so many tensors are looked at, at equal distances, the first and the last among them.
        """
        analysis = self.analysis
        for tensor in analysis.final:
            towards = [(name, axis) for name in tensor.inputs for axis in analysis.inputs[name].axes]
            if tensor.status == "unknown" or not towards:
                continue
            name, axis = towards[0]
            end = tensor.at(axis, name)
            ancestors = analysis.graph.ancestors(end.number)
            within = (one for one in analysis if one.number in ancestors and name in one.inputs)
            found = [one for one in within if one.status != "unknown"]  # in a call of a stream some can be
            last, steps = len(found) - 1, max(min(most, len(found)) - 1, 1)
            places = dict.fromkeys(number * last // steps for number in range(steps + 1))
            return list(accumulate((found[place].field(name)[axis].rf for place in places), max))
        return []

    def report(self) -> AnalysisReport:
        """Return the JSON report, of the chosen tensors only, with the chosen figures beside the usual.

        Raises:
            ModelError: rows are modules, which the report does not know.
        """
        if self.is_tree:
            raise ModelError(
                "--depth: JSON tells every tensor's module, not trees of them; choose another --format"
            )
        named = tuple(one.name for one in self.chosen if one.metric is not None)
        return self.analysis.report(self.tensors, (*named, *self.asked))
