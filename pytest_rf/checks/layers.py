"""The layers of a model that read by windows, as rules about single layers look at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from pytest_rf.access import Read, Relation, Taps
from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.tensors import owners
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Union
from pytest_rf.node import Node, Windows
from pytest_rf.value import Value

if TYPE_CHECKING:
    from typing import TypeGuard


class Layer(Struct, frozen=True):
    """A convolution or a pool.

    Attributes:
        tensor: what it computes.
        windows: its geometry.
        operand: what its windows lie over.
        read: how it reads that.
        node: its operator.
    """

    tensor: Tensor
    windows: Windows
    operand: Value
    read: Read
    node: Node

    @property
    def spreads(self) -> bool:
        """Whether its windows lie over its result: a transposed convolution, a fold."""
        return self.windows.transposed or (self.node.role is not None and self.node.role.name == "fold")

    @property
    def looks_around(self) -> bool:
        """Whether a place reads more than one position; a transposed convolution by its stride alone does not."""
        return any(is_window(one) and max(map(len, one.taps)) > 1 for _, one in self.read.axes)

    def fields(self) -> Iterator[AxisField]:
        """Yield the fields of the operand along the spatial axes of every input that it reads."""
        runs = self.tensor.runs
        known = runs.structure(self.operand)
        if isinstance(known, Structure):
            for name, source in runs.inputs.items():
                for number in source.axes.values() if name in known.inputs else ():
                    yield AxisField(runs, self.operand, source, number)

    def axes(self) -> Iterator[tuple[int, Taps, Key]]:
        """Yield the operand's axes that a window runs along, with its taps and the spatial input axis there."""
        runs = self.tensor.runs
        known = runs.structure(self.operand)
        for axis, (_, relation) in enumerate(self.read.axes) if isinstance(known, Structure) else ():
            keys = carried((known.layout[axis],)) & runs.spatial if isinstance(known, Structure) else ()
            if is_window(relation) and len(keys) == 1:
                yield axis, relation, next(iter(keys))

    def place(self, axis: int) -> int:
        """Return which of its windows runs along an axis of the operand: they run along the last ones."""
        return axis - len(self.read.axes) + len(self.windows.kernel)

    def outputs(self, axis: int) -> int:
        """Return the number of output places along an axis of the operand."""
        place = self.read.axes[axis][0]
        return 1 if place is None or self.tensor.shape is None else self.tensor.shape[place]


def layers(analysis: Analysis) -> Iterator[Layer]:
    """Yield the layers with windows whose results are known, in graph order."""
    own = owners(analysis.runs)
    values = analysis.graph.values
    for step in analysis.graph.program:
        windows, tensor = step.node.windows, own.get(step.value.number)
        if windows is None or tensor is None or not isinstance(step.action, Union):
            continue
        for read in step.action.reads:
            if any(is_window(relation) for _, relation in read.axes):
                yield Layer(tensor, windows, values[read.operand], read, step.node)
                break


def is_window(relation: Relation) -> TypeGuard[Taps]:
    """Whether a relation is that of windows, direct or transposed."""
    return isinstance(relation, Taps) and not relation.selects


def touched(relation: Taps, wanted: npt.NDArray[np.bool_], extent: int) -> npt.NDArray[np.bool_]:
    """Return which positions of an operand's axis any of the outputs that are wanted reads by a window."""
    read = np.zeros(extent, bool)
    for phase, taps in enumerate(relation.taps):
        rounds = np.flatnonzero(wanted[phase :: relation.period])
        places = (rounds[:, None] * relation.advance + np.array(taps, int)[None, :]).ravel()
        if relation.border != "drop" and ((places < 0) | (places >= extent)).any():
            read[:] = True  # what lies outside is fetched from inside, by rules of its own
        read[places[(places >= 0) & (places < extent)]] = True
    return read
