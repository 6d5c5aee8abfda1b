"""The graphs of the same model where its inputs have other extents."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from pytest_rf.analysis.described import Described
from pytest_rf.errors import ModelError, RFError
from pytest_rf.graph import Graph
from pytest_rf.value import Shape

_SHARES = (Fraction(3, 2), Fraction(2), Fraction(1, 2))
"""What becomes of chosen extents where figures are read again."""


class Reopened:
    """A model at other extents than those that it was analysed with, each of which is lowered once.

    Args:
        about: the model.
    """

    def __init__(self, about: Described) -> None:
        self._about = about
        self._lowered: dict[tuple[tuple[str, Shape], ...], Graph | RFError] = {}

    def at(self, shapes: Mapping[str, Shape]) -> Graph:
        """Return the graph of the same model where inputs have other shapes.

        Raises:
            RFError: it does not run there, or cannot be analysed at other extents.
        """
        key = tuple(sorted(shapes.items()))
        if key not in self._lowered:
            try:
                if self._about.reopen is None:
                    raise ModelError("the model cannot be analysed at other extents")
                self._lowered[key] = self._about.reopen()(shapes)
            except RFError as error:
                self._lowered[key] = error
        found = self._lowered[key]
        if isinstance(found, RFError):
            raise found
        return found

    def elsewhere(self) -> Graph | None:
        """Return the graph at other extents than those that were chosen for the model.

        None where all extents are given, or where it runs at no others that are tried.
        """
        about = self._about
        if about.reopen is None or not any(about.chosen.values()):
            return None
        lower = about.reopen()
        for share in _SHARES:
            shapes = {
                name: tuple(
                    int(extent * share) if axis in about.chosen.get(name, ()) else extent
                    for axis, extent in enumerate(shape)
                )
                for name, shape in about.shapes.items()
            }
            try:
                graph = lower(shapes)
            except RFError:
                continue
            if all(value.shape is not None and 0 not in value.shape for value in graph.outputs.values()):
                return graph
        return None
