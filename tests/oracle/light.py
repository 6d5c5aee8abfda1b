"""The real architectures of the onnx wheel, and a probe of their bounds that is cheap at full size.

Their weights are made by ``ConstantOfShape``, all of one value, so the twin keeps them. One run of a twin
with 1 on the rows up to r and 0 behind tells for every element of every tensor whether its field starts at
r or before; one with 1 from r on tells the same of its end. Runs at ``lo - 1`` and ``lo``, ``hi`` and ``hi
+ 1`` therefore pin a unit's bounds exactly, and check all the other units of all tensors at that border on
the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from oracle.compare import Analysed
from oracle.engines.files import OnnxRuntime, expose
from oracle.twin import linearised_twin, reached

DIRECTORY = Path(onnx.__file__).parent / "backend/test/data/light"
NAMES = tuple(sorted(path.stem.removeprefix("light_") for path in DIRECTORY.glob("light_*.onnx")))


def path(name: str) -> Path:
    """Return the file of a light model."""
    return DIRECTORY / f"light_{name}.onnx"


def load(name: str) -> onnx.ModelProto:
    """Return a light model."""
    return onnx.load(path(name))


def data_input(model: onnx.ModelProto) -> tuple[str, tuple[int, ...]]:
    """Return the name and the shape of the input that is no weight."""
    weights = {i.name for i in model.graph.initializer}
    (info,) = (i for i in model.graph.input if i.name not in weights)
    return info.name, tuple(d.dim_value for d in info.type.tensor_type.shape.dim)


def data_tensors(model: onnx.ModelProto) -> list[str]:
    """Return the tensors that depend on the data, in the order of the graph."""
    seen = {data_input(model)[0]}
    order = []
    for node in model.graph.node:
        if seen.intersection(node.input):
            order.append(node.output[0])
            seen.add(node.output[0])
    return order


def spread(items: list[str], count: int) -> list[str]:
    """Return about ``count`` of the items, evenly spread, with the first and the last."""
    picks = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[i] for i in dict.fromkeys(picks.tolist())]


@dataclass(frozen=True)
class Border:
    """One run: the input is 1 on the rows ``first .. last`` of an axis and 0 elsewhere."""

    axis: int
    first: int
    last: int


class Probe:
    """A light model's twin, ready to run."""

    def __init__(self, name: str, watched: int) -> None:
        self.model = load(name)
        self.input, self.shape = data_input(self.model)
        self.tensors = spread(data_tensors(self.model), watched)
        twin = linearised_twin(self.model)
        self._engine = OnnxRuntime(expose(twin, self.tensors), threads=2)

    def reached(self, border: Border) -> dict[str, np.ndarray]:
        """Return which elements of the watched tensors read the rows that are lit."""
        lit = np.zeros(self.shape, np.float32)
        lit[(slice(None),) * border.axis + (slice(border.first, border.last + 1),)] = 1
        return reached(self._engine, {self.input: lit})

    def wrong(self, analysis: Analysed, border: Border) -> Iterator[str]:
        """Yield what the analysis says wrongly about who reads the lit rows."""
        for name, hit in self.reached(border).items():
            low, high = analysis[name].bounds(border.axis, context=True)
            claimed = np.broadcast_to(
                (low <= border.last) & (high >= border.first) & (low <= high), hit.shape
            )
            if not np.array_equal(claimed, hit):
                at = tuple(map(int, np.argwhere(claimed != hit)[0]))
                claim = "reads" if claimed[at] else "does not read"
                yield (
                    f"{name}{list(at)} {claim} rows {border.first} to {border.last} of axis {border.axis} "
                    f"by its bounds {int(low[at])} to {int(high[at])}; "
                    f"{int((claimed != hit).sum())} such units"
                )


def pinning(
    analysis: Analysed, tensors: Iterable[str], axis: int, extent: int, units: Iterable[str]
) -> list[Border]:
    """Return the borders that pin the bounds of some units (``first``, ``centre``, ``last``)."""
    borders: dict[Border, None] = {}
    for name in tensors:
        low, high = analysis[name].bounds(axis, context=True)
        for unit in units:
            at = tuple({"first": 0, "centre": n // 2, "last": n - 1}[unit] for n in low.shape)
            start, end = int(low[at]), int(high[at])
            for last in (start - 1, start):
                if last >= 0:
                    borders[Border(axis, 0, last)] = None
            for first in (end, end + 1):
                if first < extent:
                    borders[Border(axis, first, extent - 1)] = None
    return list(borders)
