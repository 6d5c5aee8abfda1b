"""Which parts of the inputs influence which elements of the tensors, found by changing the inputs.

What is found is a *lower* bound of what is read: a weight of 0, a saturated activation or terms that cancel
hide an influence that other weights or data would show. ``twin`` rebuilds a model so that this cannot
happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx

from oracle.engines import Arrays, Engine, NoEngineError, first_run, load

MAGNITUDES = (1.0, 300.0)
BASES = 2


@dataclass
class Influence:
    """Which rows of the inputs were seen to change which elements.

    ``rows[tensor, input, axis]`` has the shape ``(extent of the axis, *shape of the tensor)``: true where
    changing the input at that index of the axis (and at any index of the others) changed the element.
    """

    rows: dict[tuple[str, str, int], np.ndarray] = field(default_factory=dict)

    def hull(self, tensor: str, source: str, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the last influencing index per element; first > last where there is none."""
        rows = self.rows[tensor, source, axis]
        if not rows.shape[0]:
            return np.zeros(rows.shape[1:], int), np.full(rows.shape[1:], -1)
        found = rows.any(axis=0)
        low = np.where(found, rows.argmax(axis=0), rows.shape[0])
        high = np.where(found, rows.shape[0] - 1 - rows[::-1].argmax(axis=0), -1)
        return low, high

    def merge(self, other: Influence) -> Influence:
        """Return what either has seen, over the tensors that both have looked at."""
        return Influence({k: rows | other.rows[k] for k, rows in self.rows.items() if k in other.rows})

    def tensors(self) -> list[str]:
        """Return the tensors looked at, in the order of the graph."""
        return list(dict.fromkeys(tensor for tensor, _, _ in self.rows))


def differs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return where two results differ; two NaN are the same, a change of shape is a change everywhere."""
    if a.shape != b.shape:
        return np.ones(b.shape, bool)
    if a.dtype.kind not in "biuSUO":  # the short floats of ml_dtypes are of no kind that numpy knows
        return np.asarray((a != b) & ~((a != a) & (b != b)), bool)
    return np.asarray(a != b, bool)


def sample(shape: Sequence[int], dtype: np.dtype, rng: np.random.Generator) -> np.ndarray:
    """Return a generic value of the given type: no zeros, no ties, small integers."""
    if dtype.kind == "f" or dtype.kind == "c":
        return (rng.uniform(0.2, 1.5, shape) * rng.choice([-1.0, 1.0], shape)).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    return rng.integers(0, 4, shape).astype(dtype)


def variants(base: np.ndarray, magnitudes: Iterable[float], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield values that differ from ``base`` in every element."""
    if base.dtype.kind in "fc":
        for magnitude in magnitudes:
            yield base + (magnitude * sample(base.shape, np.dtype(float), rng)).astype(base.dtype)
    elif base.dtype.kind == "b":
        yield ~base
    elif base.dtype.kind in "iu":
        for step in (1, 2, 3):
            yield np.where(base >= step, base - step, base + step).astype(base.dtype)


def _bases(inputs: Arrays, count: int, rng: np.random.Generator) -> Iterator[dict[str, np.ndarray]]:
    yield dict(inputs)
    for _ in range(count - 1):
        # only floats move: other integers may be indices that the model cannot be run with
        yield {n: sample(v.shape, v.dtype, rng) if v.dtype.kind in "fc" else v for n, v in inputs.items()}


def _watch(
    engine: Engine,
    inputs: Arrays,
    parts: Iterable[tuple[str, int, tuple[slice | int, ...]]],
    note: Callable[[str, str, int, np.ndarray], None],
    bases: int,
    magnitudes: Iterable[float],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    parts = list(parts)
    first_run(engine, inputs)
    for base in _bases(inputs, bases, rng):
        before = {name: value for name, value in engine.run(base).items() if isinstance(value, np.ndarray)}
        moved = {name: list(variants(value, magnitudes, rng)) for name, value in base.items()}
        for source, number, where in parts:
            for other in moved[source]:
                changed = base[source].copy()
                changed[where] = other[where]
                try:
                    after = engine.run({**base, source: changed})
                except Exception as error:  # an integer input took a value that the model cannot be run with
                    if base[source].dtype.kind in "fc":
                        raise NoEngineError(f"{engine.name}: {error}") from error
                    continue
                for name, value in before.items():
                    note(name, source, number, differs(np.asarray(after[name]), value))


def probe_rows(
    model: onnx.ModelProto,
    inputs: Arrays,
    *,
    tensors: Iterable[str] | None = None,
    axes: Mapping[str, Iterable[int]] | None = None,
    engine: str | None = None,
    bases: int = BASES,
    magnitudes: Iterable[float] = MAGNITUDES,
    seed: int = 0,
) -> Influence:
    """Change every index of every input axis in turn, all elements there at once, and note what moves.

    This gives the exact hull per axis at the cost of one run per index instead of one per element.

    Args:
        model: The model.
        inputs: The first base point.
        tensors: What to watch; default every tensor that a node computes.
        axes: Which axes of which inputs to go along; default all.
        engine: An engine by name; default the first that is trusted with this model.
        bases: At how many points to look.
        magnitudes: How far to move floats.
        seed: Of everything random.
    """
    seen = Influence()
    parts: list[tuple[str, int, tuple[slice | int, ...]]] = []
    keys: list[tuple[str, int, int]] = []
    for source, value in inputs.items():
        for axis in range(value.ndim) if axes is None else axes.get(source, ()):
            for index in range(value.shape[axis]):
                parts.append((source, len(parts), (slice(None),) * axis + (index,)))
                keys.append((source, axis, index))

    def note(name: str, source: str, number: int, moved: np.ndarray) -> None:
        _, axis, index = keys[number]
        extent = inputs[source].shape[axis]
        seen.rows.setdefault((name, source, axis), np.zeros((extent, *moved.shape), bool))[index] |= moved

    _watch(load(model, tensors, engine), inputs, parts, note, bases, magnitudes, seed)
    return seen


def probe_elements(
    model: onnx.ModelProto,
    inputs: Arrays,
    *,
    tensors: Iterable[str] | None = None,
    engine: str | None = None,
    bases: int = BASES,
    magnitudes: Iterable[float] = MAGNITUDES,
    seed: int = 0,
) -> dict[tuple[str, str], np.ndarray]:
    """Change every element of every input in turn; ``found[tensor, input]`` is shaped input + tensor."""
    found: dict[tuple[str, str], np.ndarray] = {}
    parts = [
        (source, number, tuple(map(int, np.unravel_index(number, value.shape))))
        for source, value in inputs.items()
        for number in range(value.size)
    ]

    def note(name: str, source: str, number: int, moved: np.ndarray) -> None:
        shape = inputs[source].shape
        table = found.setdefault((name, source), np.zeros((*shape, *moved.shape), bool))
        table[np.unravel_index(number, shape)] |= moved

    _watch(load(model, tensors, engine), inputs, parts, note, bases, magnitudes, seed)
    return found


def rows_of(elements: Mapping[tuple[str, str], np.ndarray], inputs: Arrays) -> Influence:
    """Project what ``probe_elements`` found onto the axes."""
    seen = Influence()
    for (tensor, source), table in elements.items():
        rank = inputs[source].ndim
        for axis in range(rank):
            others = tuple(a for a in range(rank) if a != axis)
            seen.rows[tensor, source, axis] = table.any(axis=others)
    return seen


def generic_inputs(shapes: Mapping[str, Sequence[int]], seed: int = 0) -> dict[str, np.ndarray]:
    """Return generic float inputs of the given shapes."""
    rng = np.random.default_rng(seed)
    return {name: sample(shape, np.dtype(np.float32), rng) for name, shape in shapes.items()}
