"""The model at other extents of its inputs: those of a tile, those of an image of several tiles."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from fractions import Fraction

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.described import Relower
from pytest_rf.domains.layout import Key
from pytest_rf.domains.rims import Rims, State
from pytest_rf.errors import ModelError, RFError
from pytest_rf.interpreter import run_total
from pytest_rf.value import Shape

Extents = Mapping[str, int]
"""Axis name -> extent, in positions of the first input that has the axis."""


class Trial:
    """A model at the extents that it was analysed with, and at others."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.shapes = {name: one.shape for name, one in analysis.inputs.items()}
        self._lower: Relower | None = None
        self._rims: dict[tuple[int, Key], Mapping[int, Mapping[Key, State]]] = {}
        self._known: dict[tuple[Shape, ...], Analysis | str] = {}

    @property
    def reopens(self) -> bool:
        """Whether the model can be analysed at other extents."""
        return self.analysis.reopen is not None

    def keys(self, axis: str) -> dict[Key, Fraction]:
        """Return the input axes of a name, and how many positions of the first of them each position stands for."""
        found = [(name, one.axes[axis]) for name, one in self.analysis.inputs.items() if axis in one.axes]
        first = self._extent(found[0]) if found else 1
        return {key: Fraction(first, self._extent(key)) for key in found}

    def _extent(self, key: Key) -> int:
        return max(self.shapes[key[0]][key[1]], 1)

    def extent(self, axis: str) -> int:
        """Return the extent that the model was analysed with."""
        return self._extent(next(iter(self.keys(axis))))

    def shaped(self, extents: Extents, shapes: Mapping[str, Shape] | None = None) -> dict[str, Shape]:
        """Return shapes of the inputs in which some axes have other extents."""
        found = {name: list(shape) for name, shape in {**self.shapes, **(shapes or {})}.items()}
        for axis, extent in extents.items():
            for (name, number), share in self.keys(axis).items():
                found[name][number] = int(extent / share)
        return {name: tuple(shape) for name, shape in found.items()}

    def at(self, extents: Extents, shapes: Mapping[str, Shape] | None = None) -> Analysis:
        """Return the analysis of the model at other extents.

        Args:
            extents: those of axes.
            shapes: those of inputs, where the other axes have other extents, too.

        Raises:
            ModelError: it does not run there, or gives outputs without a unit.
        """
        wanted = self.shaped(extents, shapes)
        key = tuple(wanted.values())
        if key not in self._known:
            try:
                self._known[key] = self._analysed(wanted)
            except RFError as error:
                self._known[key] = str(error)
        found = self._known[key]
        if isinstance(found, str):
            raise ModelError(found)
        return found

    def rims(self, analysis: Analysis, key: Key) -> Mapping[int, Mapping[Key, State]]:
        """Return what a tile gets wrong of each value of a model at its extents, along one input axis."""
        if (id(analysis), key) not in self._rims:
            runs = analysis.runs
            domain = Rims(lambda number: analysis.accepts(runs.graph.nodes[number]), 0)
            self._rims[id(analysis), key] = run_total(runs.plan, domain, frozenset({key}))
        return self._rims[id(analysis), key]

    def _analysed(self, shapes: dict[str, Shape]) -> Analysis:
        if shapes == self.shapes:
            return self.analysis
        reopen: Callable[[], Relower] | None = self.analysis.reopen
        if reopen is None:
            raise ModelError("the model cannot be analysed at other extents")
        self._lower = self._lower or reopen()
        graph = self._lower(shapes)
        for name, value in graph.outputs.items():
            if value.shape is not None and 0 in value.shape:
                raise ModelError(f"output {name!r} has no unit")
        wanted = {
            name: dict(one.axes)
            | ({} if one.batch is None else {"batch": one.batch})
            | ({} if one.channel is None else {"channel": one.channel})
            for name, one in self.analysis.inputs.items()
        }
        return dataclasses.replace(self.analysis, graph=graph, reopen=None, wanted_axes=wanted, chosen={})
