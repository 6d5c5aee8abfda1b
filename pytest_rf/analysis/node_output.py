"""What a node computes: its names, what is known of its field at all, which input and which elements are meant."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from pytest_rf.analysis.along import ENGINES
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.layer import Layer
from pytest_rf.analysis.runs import Runs
from pytest_rf.errors import UnknownError
from pytest_rf.figures import shape
from pytest_rf.interpreter import Ignorance
from pytest_rf.node import Node, Windows
from pytest_rf.value import Shape, Value


class NodeOutput:
    """A value that a node computes, by its names; without any figure about it.

    Attributes:
        runs: the runs over the graph that it belongs to.
        value: its value in the graph.
        name: its name in the file, or its module path.
    """

    def __init__(self, runs: Runs, name: str, node: Node, value: Value) -> None:
        self.runs = runs
        self.value = value
        self.name = name
        self._made_by = node

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r}: {f'{self.op} {self.label}'.rstrip()}, {shape(self.shape)}, {self.status}>"

    @property
    def node(self) -> str:
        """The name of the node that computes it."""
        return self._made_by.name

    @property
    def op(self) -> str:
        """That node's operator."""
        return self._made_by.op

    @property
    def windows(self) -> Windows | None:
        """The geometry itself, where it is one of windows."""
        return self._made_by.windows

    @property
    def shape(self) -> Shape | None:
        """Its extents; None behind an unknown operator."""
        return self.value.shape

    @property
    def module(self) -> str:
        """Dotted path of the module, "" where unknown."""
        return self._made_by.module

    @property
    def source(self) -> str:
        """Where the code is that made it: "models/unet.py:42"; "" where unknown."""
        return self._made_by.source

    @property
    def label(self) -> str:
        """The operator's geometry in words ("3×3 stride 2")."""
        return self._made_by.label

    @property
    def number(self) -> int:
        """The number of the tensor's value in the graph."""
        return self.value.number

    @property
    def layer(self) -> Layer:
        """The tensor by its names, as explanations tell it."""
        return Layer(self.name, self.node, self.op, self.module, self.source, self.label)

    @property
    def status(self) -> str:
        """Whether the field is "exact", an "upper_bound" (data or the engine chooses what is read) or "unknown"."""
        outcome = self.runs.structure(self.value)
        if isinstance(outcome, Ignorance):
            return "unknown"
        return "upper_bound" if outcome.uncertain or outcome.rounded else "exact"

    @property
    def reason(self) -> str | None:
        """Why the tensor is unknown or an upper bound; None where it is exact."""
        outcome = self.runs.structure(self.value)
        if isinstance(outcome, Ignorance):
            return outcome.reason
        if outcome.uncertain:
            return "data chooses the positions that are read"
        return f"{ENGINES} decides which positions are read" if outcome.rounded else None

    @property
    def inputs(self) -> list[str]:
        """Names of the graph inputs that the tensor can depend on."""
        outcome = self.runs.structure(self.value)
        if isinstance(outcome, Ignorance):
            return list(self.runs.inputs)
        return [name for name in self.runs.inputs if name in outcome.inputs]

    def _input(self, name: str | None) -> Input:
        inputs = self.runs.inputs
        if name is not None:
            if name not in inputs:
                raise KeyError(f"no input {name!r}; the inputs are {', '.join(map(repr, inputs))}")
            return inputs[name]
        candidates = self.inputs or list(inputs)
        if len(candidates) > 1:
            candidates = [n for n in candidates if inputs[n].axes] or candidates
        if len(candidates) != 1:
            names = ", ".join(map(repr, candidates)) or "none"
            raise KeyError(
                f"{self.name!r} depends on several inputs ({names}); name one with field(input=...)"
            )
        return inputs[candidates[0]]

    def places(self, unit: Sequence[int], input: str | None = None) -> list[int | None]:
        """Return where a unit stands along each axis of the tensor; None along those that are not spatial.

        Raises:
            IndexError: the position does not fit the tensor.
            UnknownError: the tensor is unknown.
        """
        index = self._index(unit, self._input(input))
        return [place if isinstance(place, int) else None for place in index]

    def _index(self, unit: Sequence[int], source: Input) -> tuple[int | slice, ...]:
        """Return the index of a unit's elements, given its position along the axes that are an input's spatial ones."""
        keys = [(source.name, number) for number in source.axes.values()]
        outcome = self.runs.structure(self.value)
        if isinstance(outcome, Ignorance) or self.shape is None:
            raise UnknownError(f"{self.name!r} is unknown: {self.reason}")
        try:
            unit = tuple(operator.index(place) for place in unit)
        except TypeError:
            raise IndexError(
                f"unit {unit!r} is not a position: those are whole numbers, as in (12, 7)"
            ) from None
        places = [
            number
            for number, axis in enumerate(outcome.layout)
            if any(key in factor.carries for factor in axis for key in keys)
        ]
        if len(unit) != len(places):
            raise IndexError(f"{self.name!r} has {len(places)} spatial axes, the unit {unit} has {len(unit)}")
        index: list[int | slice] = [slice(None)] * len(self.shape)
        for number, place in zip(places, unit, strict=True):
            if not 0 <= place < self.shape[number]:
                raise IndexError(f"unit {unit} lies outside of {self.name!r} of shape {self.shape}")
            index[number] = place
        return tuple(index)
