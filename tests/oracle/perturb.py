"""Which parts of the inputs influence which elements of the tensors, found by changing the inputs.

What is found is a *lower* bound of what is read: a weight of 0, a saturated activation or terms that cancel
hide an influence that other weights or data would show. ``twin`` rebuilds an ONNX model so that this cannot
happen, ``engines.linearised`` does what it can of it for a module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from oracle.engines import Arrays, Engine, NoEngineError, first_run
from oracle.influence import Influence, differs

MAGNITUDES = (1.0, 300.0)
BASES = 2

Value = TypeVar("Value")
Place = tuple[slice | int, ...]


@dataclass(frozen=True)
class Change(Generic[Value]):
    """One input with other elements in a part of it.

    Attributes:
        source: the input.
        part: the number that whoever makes the change gives to the part.
        value: the whole input.
        refusable: whether the model may refuse it, as an index that is out of range; nothing is seen then.
    """

    source: str
    part: int
    value: Value
    refusable: bool = False


def watch(
    engine: Engine[Value],
    base: Mapping[str, Value],
    changes: Iterable[Change[Value]],
    before: Arrays | None = None,
) -> Iterator[tuple[Change[Value], str, np.ndarray, np.ndarray]]:
    """Make the changes one by one; yield each tensor as it is then, and as it was before.

    Args:
        engine: What runs the model.
        base: The inputs without a change.
        changes: What to change.
        before: What the model makes of ``base``, if that is known.

    Raises:
        NoEngineError: The model does not run after a change that it may not refuse.
    """
    before = engine.run(base) if before is None else before
    seen = {name: value for name, value in before.items() if isinstance(value, np.ndarray)}
    for change in changes:
        try:
            after = engine.run({**base, change.source: change.value})
            pairs = [(name, np.asarray(after[name]), value) for name, value in seen.items()]
        except Exception as error:  # engines raise whatever they like
            if not change.refusable:
                raise NoEngineError(f"{engine.name}: {error}") from error
            continue
        for name, now, then in pairs:
            yield change, name, now, then


def sample(shape: Sequence[int], dtype: np.dtype, rng: np.random.Generator) -> np.ndarray:
    """Return a generic value of the given type: no zeros, no ties, small integers."""
    if dtype.kind == "f":
        return (rng.uniform(0.2, 1.5, shape) * rng.choice([-1.0, 1.0], shape)).astype(dtype)
    if dtype.kind == "c":
        real, imaginary = (sample(shape, np.dtype(float), rng) for _ in range(2))
        return np.asarray(real + 1j * imaginary).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    return rng.integers(0, 4, shape).astype(dtype)


def variants(base: np.ndarray, magnitudes: Iterable[float], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield values that differ from ``base`` in every element."""
    if base.dtype.kind in "fc":
        wide = np.dtype(complex if base.dtype.kind == "c" else float)
        for magnitude in magnitudes:
            yield base + (magnitude * sample(base.shape, wide, rng)).astype(base.dtype)
    elif base.dtype.kind == "b":
        yield ~base
    elif base.dtype.kind in "iu":
        for step in (1, 2, 3):
            yield np.where(base >= step, base - step, base + step).astype(base.dtype)


def nudged(value: np.ndarray, where: Place, magnitude: float, rng: np.random.Generator) -> np.ndarray:
    """Return a copy of real or complex numbers of which a part is changed by about ``magnitude``."""
    changed = value.copy(order="K")
    (changed[where],) = variants(value[where], (magnitude,), rng)
    return changed


def base_points(inputs: Arrays, count: int, rng: np.random.Generator) -> Iterator[dict[str, np.ndarray]]:
    """Yield the inputs themselves, and others of their kind."""
    yield dict(inputs)
    for _ in range(count - 1):
        # only floats move: other integers may be indices that the model cannot be run with
        yield {n: sample(v.shape, v.dtype, rng) if v.dtype.kind in "fc" else v for n, v in inputs.items()}


def _look(
    engine: Engine[np.ndarray],
    points: Iterable[Arrays],
    parts: Sequence[tuple[str, Place]],
    magnitudes: Sequence[float],
    rng: np.random.Generator,
) -> Iterator[tuple[int, str, np.ndarray]]:
    """Change every part at every point; yield the number of the part, and which elements of a tensor moved."""

    def changes(base: Arrays, moved: Mapping[str, list[np.ndarray]]) -> Iterator[Change[np.ndarray]]:
        for number, (source, where) in enumerate(parts):
            for other in moved[source]:
                changed = base[source].copy(order="K")
                changed[where] = other[where]
                yield Change(source, number, changed, base[source].dtype.kind not in "fc")

    first = True
    for base in points:
        before = first_run(engine, base) if first else engine.run(base)
        first = False
        moved = {name: list(variants(value, magnitudes, rng)) for name, value in base.items()}
        for change, name, now, then in watch(engine, base, changes(base, moved), before):
            yield change.part, name, differs(now, then)


def probe_rows(
    engine: Engine[np.ndarray],
    inputs: Arrays,
    *,
    axes: Mapping[str, Iterable[int]] | None = None,
    bases: int = BASES,
    points: Sequence[Arrays] | None = None,
    magnitudes: Sequence[float] = MAGNITUDES,
    seed: int = 0,
) -> Influence:
    """Change every index of every input axis in turn, all elements there at once, and note what moves.

    This gives the exact hull per axis at the cost of one run per index instead of one per element.

    Args:
        engine: What runs the model, with the tensors visible that are to be watched.
        inputs: The first base point.
        axes: Which axes of which inputs to go along; default all.
        bases: At how many points to look.
        points: These points instead.
        magnitudes: How far to move floats.
        seed: Of everything random.
    """
    rng = np.random.default_rng(seed)
    keys = [
        (source, axis, index)
        for source, value in inputs.items()
        for axis in (range(value.ndim) if axes is None else axes.get(source, ()))
        for index in range(value.shape[axis])
    ]
    parts = [(source, (slice(None),) * axis + (index,)) for source, axis, index in keys]
    seen = Influence()
    for number, name, moved in _look(
        engine, points or base_points(inputs, bases, rng), parts, magnitudes, rng
    ):
        source, axis, index = keys[number]
        seen.add((name, source, axis), index, inputs[source].shape[axis], moved)
    return seen


def probe_elements(
    engine: Engine[np.ndarray],
    inputs: Arrays,
    *,
    bases: int = BASES,
    magnitudes: Sequence[float] = MAGNITUDES,
    seed: int = 0,
) -> dict[tuple[str, str], np.ndarray]:
    """Change every element of every input in turn; ``found[tensor, input]`` is shaped input + tensor."""
    rng = np.random.default_rng(seed)
    parts: list[tuple[str, Place]] = [
        (source, tuple(map(int, np.unravel_index(number, value.shape))))
        for source, value in inputs.items()
        for number in range(value.size)
    ]
    found: dict[tuple[str, str], np.ndarray] = {}
    for number, name, moved in _look(engine, base_points(inputs, bases, rng), parts, magnitudes, rng):
        source, where = parts[number]
        table = found.setdefault((name, source), np.zeros((*inputs[source].shape, *moved.shape), bool))
        table[where] |= moved
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
