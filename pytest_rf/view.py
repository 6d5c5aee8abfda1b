"""The use case of ``show``: which tensors of a model are looked at, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pytest_rf import globs
from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.metrics import TABLE, Format, Metric
from pytest_rf.analysis.report import AnalysisReport, Reach, RegionReport, UnitReport
from pytest_rf.errors import ModelError


@dataclass(frozen=True, slots=True)
class ModelView:
    """Tensors of a model with their figures; ``asked`` for metrics beside those that a format shows by itself."""

    analysis: Analysis
    tensors: tuple[Tensor, ...]
    asked: tuple[str, ...] = ()

    def metrics(self, format: Format) -> list[Metric]:
        """Return the metrics that a format shows."""
        return [row for row in TABLE if row.is_shown(format, self.asked)]

    def report(self) -> AnalysisReport:
        """Return the JSON report, of the chosen tensors only."""
        return self.analysis.report(self.tensors, self.asked)


@dataclass(frozen=True, slots=True)
class UnitView:
    """What one unit of each of some tensors reads."""

    analysis: Analysis
    tensors: tuple[Tensor, ...]
    unit: tuple[int, ...]

    def regions(self, tensor: Tensor) -> dict[str, dict[str, tuple[int, int]]]:
        """Return input -> axis -> (first, last) that the unit of a tensor reads.

        Raises:
            ModelError: the tensor is unknown or has no such unit.
        """
        found = {}
        for name in tensor.inputs or list(self.analysis.inputs):
            if not self.analysis.inputs[name].axes:
                continue
            try:
                found[name] = tensor.region(self.unit, name)
            except (IndexError, ValueError) as error:
                where = self.analysis.path or self.analysis.name
                raise ModelError(f"{where}: {error}; choose another with --unit or --node") from None
        return found

    def report(self) -> UnitReport:
        """Return the JSON report."""
        return UnitReport(
            model=self.analysis.name,
            unit=self.unit,
            regions=tuple(
                RegionReport(
                    tensor=tensor.name,
                    fields={
                        source: {axis: Reach(first=first, last=last) for axis, (first, last) in axes.items()}
                        for source, axes in self.regions(tensor).items()
                    },
                )
                for tensor in self.tensors
            ),
        )


View = ModelView | UnitView


def view(
    analysis: Analysis,
    node: str | None = None,
    unit: Sequence[int] | None = None,
    asked: Sequence[str] = (),
) -> View:
    """Return what to show of a model.

    Args:
        analysis: the model.
        node: a glob over the names of tensors and nodes and over module paths; None for all tensors.
        unit: show what this unit reads, of the tensors that ``node`` selects or of the final ones, of each the
            latest along any axis.
        asked: names of metrics to show beside those that a format shows by itself.

    Raises:
        ModelError: ``node`` selects nothing, or there is no such metric.
    """
    names = [row.name for row in TABLE]
    for name in asked:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f", did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
            raise ModelError(f"--figure: there is no figure {name}{hint}")
    if unit is not None:
        tensors = tuple(tensor.at() for tensor in analysis.final) if node is None else _select(analysis, node)
        return UnitView(analysis, tensors, tuple(unit))
    return ModelView(analysis, tuple(analysis) if node is None else _select(analysis, node), tuple(asked))


def _select(analysis: Analysis, pattern: str) -> tuple[Tensor, ...]:
    try:
        matches = globs.matcher(pattern)
    except ValueError as error:
        raise ModelError(f"--node: {error}") from None
    found = tuple(t for t in analysis if any(matches(name) for name in (t.name, t.node, t.module) if name))
    if not found:
        known = {name for t in analysis for name in (t.name, t.node, t.module) if name}
        close = get_close_matches(pattern, known, n=3, cutoff=0.4)
        hint = f"; near misses: {', '.join(close)}" if close else "; without --node all tensors are shown"
        raise ModelError(f"{analysis.path or analysis.name}: --node {pattern} selects no tensor{hint}")
    return found
