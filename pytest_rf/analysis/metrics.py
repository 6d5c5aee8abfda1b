"""The field of a tensor along one axis of an input, with an attribute for every row of the table of metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_rf.analysis.along import Along
from pytest_rf.analysis.doors import notebook, plots
from pytest_rf.analysis.metric import Format, Metric, Origin
from pytest_rf.analysis.table import METRICS, PREDICATES, TABLE
from pytest_rf.figures import Number, shown, span
from pytest_rf.interpreter import Ignorance

__all__ = ["METRICS", "PREDICATES", "TABLE", "AxisField", "Format", "Metric", "Origin"]


class AxisField(Along):
    """The field of one tensor along one axis of one input. Sizes are in input positions.

    Every metric of the table is an attribute: ``rf``, ``stride``, ``causal``; of one that differs between units
    ``rf_range`` is the smallest and the largest. None where there is none, or where it cannot be decided.
    """

    if TYPE_CHECKING:  # for type checkers, which cannot look into the table
        rf: Number
        rf_range: tuple[Number, Number]
        rf_certain: tuple[Number, Number]
        rf_min: Number
        start: Number | None
        center: Number | None
        offset: Number | None
        coverage: float
        density: float | None
        density_range: tuple[float, float] | None
        erf: float | None
        erf_range: tuple[float, float] | None
        unused: int | None
        min_input: int | None
        lookahead: Number | None
        latency: Number | None
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
            known = getattr(type(self), name, None)
            if isinstance(known, property) and known.fget is not None:
                known.fget(self)  # raises again what made Python ask here
            from difflib import get_close_matches

            near = get_close_matches(name, [known for known in dir(type(self)) if known[0] != "_"], n=1)
            raise AttributeError(f"a field has no {name!r}{f', did you mean {near[0]!r}?' if near else ''}")

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        found: str = notebook().axis(self)
        return found

    def plot(self, ax: Any = None) -> Any:
        """Return a matplotlib figure of how the field grew on the way from the input.

        Args:
            ax: the axes to draw it into; by default a figure of its own.

        Raises:
            UnknownError: the tensor is unknown.
            RFError: matplotlib is not installed.
        """
        return plots().field(self, ax)

    def __repr__(self) -> str:
        found = self.runs.structure(self.value)
        if isinstance(found, Ignorance):
            return f"<Field along axis {self.axis_name} of {self.input.name!r}: unknown: {found.reason}>"
        figures = f"rf {span(*self.rf_range)}, stride {shown(self.stride)}, start {shown(self.start)}"
        return f"<Field along axis {self.axis_name} of {self.input.name!r}: {figures}>"


def _attach() -> None:
    """Give :class:`AxisField` an attribute for every metric that the base has not."""
    for row in TABLE:
        for name, read in row.attributes():
            if not hasattr(Along, name):
                setattr(AxisField, name, property(read, doc=row.meaning))


_attach()
