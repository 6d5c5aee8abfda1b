"""Operators that move, pick, write and sort: their arguments in ONNX and in ATen."""

from __future__ import annotations

import numpy as np

from operators.pair import Pair, Pairs, Random

Shape = tuple[int, ...]


def shape_of(rng: Random, least: int = 1, most: int = 4, extent: int = 5) -> Shape:
    return tuple(map(int, rng.integers(1, extent + 1, rng.integers(least, most + 1))))


def axis_of(rng: Random, rank: int) -> tuple[int, int]:
    """Return an axis as it is, and counted from either end."""
    axis = int(rng.integers(0, rank))
    return axis, axis - rank * int(rng.integers(0, 2))


def places_of(rng: Random, extent: int, shape: Shape) -> np.ndarray | Shape:
    """Return indices, some of them from the end; or only their shape, so that they are computed."""
    return rng.integers(-extent, extent, shape) if rng.random() < 0.7 else shape


def ints(numbers) -> np.ndarray:
    return np.asarray(numbers, np.int64)


def reshape(rng: Random) -> Pair:
    a, b, c = map(int, rng.integers(1, 5, 3))
    shape = [(a * b, c), (a, b * c), (a, 1, b, c), (c, b, a), (a * b * c,)][rng.integers(0, 5)]
    return Pair(
        {"x": (a, b, c), "s": ints(shape)}, ("Reshape", ("x", "s"), {}), ("aten.view", {"self": "x"}), shape
    )


def squeeze(rng: Random) -> Pair:
    shape = tuple(int(n) for n in rng.choice([1, 2, 3], 4))
    rest = tuple(n for n in shape if n > 1)
    return Pair({"x": shape}, ("Squeeze", ("x",), {}), ("aten.squeeze", {"self": "x"}), rest)


def unsqueeze(rng: Random) -> Pair:
    shape = shape_of(rng)
    axis, given = axis_of(rng, len(shape) + 1)
    arguments = {"self": "x", "dim": given}
    return Pair(
        {"x": shape, "a": ints([given])},
        ("Unsqueeze", ("x", "a"), {}),
        ("aten.unsqueeze", arguments),
        (*shape[:axis], 1, *shape[axis:]),
    )


def transpose(rng: Random) -> Pair:
    shape = shape_of(rng)
    order = rng.permutation(len(shape)).tolist()
    return Pair(
        {"x": shape},
        ("Transpose", ("x",), {"perm": order}),
        ("aten.permute", {"self": "x", "dims": order}),
        tuple(shape[axis] for axis in order),
    )


def expand(rng: Random) -> Pair:
    wide = shape_of(rng, 2)
    shape = tuple(n if rng.random() < 0.5 else 1 for n in wide[rng.integers(0, 2) :])
    return Pair(
        {"x": shape, "s": ints(wide)}, ("Expand", ("x", "s"), {}), ("aten.expand", {"self": "x"}), wide
    )


def tile(rng: Random) -> Pair:
    shape = shape_of(rng, most=3)
    repeats = rng.integers(1, 4, len(shape)).tolist()
    return Pair(
        {"x": shape, "r": ints(repeats)},
        ("Tile", ("x", "r"), {}),
        ("aten.repeat", {"self": "x", "repeats": repeats}),
        tuple(n * times for n, times in zip(shape, repeats, strict=True)),
    )


def concat(rng: Random) -> Pair:
    shape = shape_of(rng)
    axis, given = axis_of(rng, len(shape))
    parts = [(*shape[:axis], n, *shape[axis + 1 :]) for n in rng.integers(1, 5, 3).tolist()]
    operands = dict(zip("xyz", parts, strict=True)) | {"y": np.zeros(parts[1])}
    total = sum(part[axis] for part in parts)
    return Pair(
        operands,
        ("Concat", ("x", "y", "z"), {"axis": given}),
        ("aten.cat", {"tensors": ["x", "y", "z"], "dim": given}),
        (*shape[:axis], total, *shape[axis + 1 :]),
    )


def split(rng: Random) -> Pair:
    shape = tuple(n + 1 for n in shape_of(rng))
    axis, given = axis_of(rng, len(shape))
    first = int(rng.integers(1, shape[axis]))
    return Pair(
        {"x": shape, "s": ints([first, shape[axis] - first])},
        ("Split", ("x", "s"), {"axis": given}),
        ("aten.split_with_sizes", {"self": "x", "dim": given}),
        (*shape[:axis], first, *shape[axis + 1 :]),
    )


def slices(rng: Random) -> Pair:
    shape = shape_of(rng, extent=8)
    axis, given = axis_of(rng, len(shape))
    (start, end), step = rng.integers(-10, 11, 2).tolist(), int(rng.integers(1, 4))
    count = len(range(*slice(start, end, step).indices(shape[axis])))
    operands = {"x": shape} | {n: ints([v]) for n, v in zip("bead", (start, end, given, step), strict=True)}
    return Pair(
        operands,
        ("Slice", ("x", "b", "e", "a", "d"), {}),
        ("aten.slice", {"self": "x", "dim": given, "start": start, "end": end, "step": step}),
        (*shape[:axis], count, *shape[axis + 1 :]),
    )


def flip(rng: Random) -> Pair:
    shape = shape_of(rng)
    _, given = axis_of(rng, len(shape))
    operands = {"x": shape} | {n: ints([v]) for n, v in zip("bead", (-1, -99, given, -1), strict=True)}
    return Pair(
        operands,
        ("Slice", ("x", "b", "e", "a", "d"), {}),
        ("aten.flip", {"self": "x", "dims": [given]}),
        shape,
    )


def pad(rng: Random) -> Pair:
    rank = int(rng.integers(2, 5))
    shape = (2, *rng.integers(3, 7, rank - 1).tolist())
    mode = str(rng.choice(["constant", "reflect", "edge", "wrap"]))
    amounts = [(0, 0), *rng.integers(-1, 3, (rank - 1, 2)).tolist()]
    flat = [n for pair in amounts[::-1] for n in pair]
    names = {"edge": "replicate", "wrap": "circular"}
    begins, ends = zip(*amounts, strict=True)
    return Pair(
        {"x": shape, "p": ints([*begins, *ends])},
        ("Pad", ("x", "p"), {"mode": mode}),
        ("aten.pad", {"self": "x", "pad": flat, "mode": names.get(mode, mode)}),
        tuple(n + before + after for n, (before, after) in zip(shape, amounts, strict=True)),
    )


def blocks(rng: Random) -> Pair:
    n, deep, size, h, w = rng.integers(1, 4, 5).tolist()
    shape = (n, deep * size**2, h, w), (n, deep, h * size, w * size)
    if rng.random() < 0.5:
        node = ("DepthToSpace", ("x",), {"blocksize": size, "mode": "CRD"})
        return Pair(
            {"x": shape[0]}, node, ("aten.pixel_shuffle", {"self": "x", "upscale_factor": size}), shape[1]
        )
    node = ("SpaceToDepth", ("x",), {"blocksize": size, "mode": "CRD"})
    return Pair(
        {"x": shape[1]}, node, ("aten.pixel_unshuffle", {"self": "x", "downscale_factor": size}), shape[0]
    )


def triangle(rng: Random) -> Pair:
    shape = shape_of(rng, 2)
    shift, upper = int(rng.integers(-6, 7)), int(rng.integers(0, 2))
    return Pair(
        {"x": shape, "k": ints(shift)},
        ("Trilu", ("x", "k"), {"upper": upper}),
        ("aten.triu" if upper else "aten.tril", {"self": "x", "diagonal": shift}),
        shape,
    )


def gather(rng: Random) -> Pair:
    shape = shape_of(rng)
    axis, given = axis_of(rng, len(shape))
    count = int(rng.integers(1, 6))
    return Pair(
        {"x": shape, "i": places_of(rng, shape[axis], (count,))},
        ("Gather", ("x", "i"), {"axis": given}),
        ("aten.index_select", {"self": "x", "dim": given, "index": "i"}),
        (*shape[:axis], count, *shape[axis + 1 :]),
    )


def embedding(rng: Random) -> Pair:
    table, picked = (int(rng.integers(1, 6)), 3), shape_of(rng, 0, 2)
    constant = rng.random() < 0.5
    indices = picked if constant else places_of(rng, table[0], picked)
    return Pair(
        {"t": np.zeros(table) if constant else table, "i": indices},
        ("Gather", ("t", "i"), {}),
        ("aten.embedding", {"weight": "t", "indices": "i"}),
        (*picked, 3),
    )


def columns(rng: Random) -> Pair:
    shape, count = shape_of(rng, 2), int(rng.integers(1, 6))
    indices = (count,) if rng.random() < 0.3 else rng.integers(0, shape[-1], count)
    return Pair(
        {"x": shape, "i": indices},
        ("ai.onnx.ml::ArrayFeatureExtractor", ("x", "i"), {}),
        ("aten.index_select", {"self": "x", "dim": -1, "index": "i"}),
        (*shape[:-1], count),
    )


def elements(rng: Random) -> tuple[Shape, int, int, np.ndarray | Shape, Shape]:
    """Return a shape, an axis in both forms, and an index of it for each of some elements."""
    shape = shape_of(rng, most=3)
    axis, given = axis_of(rng, len(shape))
    picked = tuple(int(rng.integers(1, n + 1)) for n in shape)
    indices = places_of(rng, shape[axis], picked)
    if not isinstance(indices, tuple) and rng.random() < 0.3:
        own = tuple(slice(None) if d == axis else slice(0, 1) for d in range(len(shape)))
        indices = np.broadcast_to(indices[own], picked).copy()
    return shape, axis, given, indices, picked


def gather_elements(rng: Random) -> Pair:
    shape, _, given, indices, picked = elements(rng)
    return Pair(
        {"x": shape, "i": indices},
        ("GatherElements", ("x", "i"), {"axis": given}),
        ("aten.gather", {"self": "x", "dim": given, "index": "i"}),
        picked,
    )


def scatter_elements(rng: Random) -> Pair:
    shape, axis, given, indices, picked = elements(rng)
    # The standard leaves open which of several updates for one element is it; torch takes the last.
    line = np.sort(np.asarray(indices) % shape[axis], axis) if isinstance(indices, np.ndarray) else None
    adds = bool(rng.integers(0, 2)) or (line is not None and bool((np.diff(line, axis=axis) == 0).any()))
    arguments = {"self": "x", "dim": given, "index": "i", "src": "u"}
    return Pair(
        {"x": shape, "i": indices, "u": picked if rng.random() < 0.8 else np.zeros(picked)},
        ("ScatterElements", ("x", "i", "u"), {"axis": given, "reduction": "add" if adds else "none"}),
        ("aten.scatter_add" if adds else "aten.scatter", arguments),
        shape,
    )


def tuples(rng: Random) -> tuple[Shape, np.ndarray, list[np.ndarray], Shape]:
    """Return a shape, indices of its first axes as tuples and axis by axis, and the shape of what they pick."""
    shape = shape_of(rng)
    count, lead = int(rng.integers(1, len(shape) + 1)), shape_of(rng, most=2)
    axes = [rng.integers(-n, n, lead) for n in shape[:count]]
    return shape, np.stack(axes, axis=-1), axes, (*lead, *shape[count:])


def gather_tuples(rng: Random) -> Pair:
    shape, indices, axes, picked = tuples(rng)
    named = {f"i{n}": one for n, one in enumerate(axes)}
    return Pair(
        {"x": shape, "i": indices, **named},
        ("GatherND", ("x", "i"), {}),
        ("aten.index", {"self": "x", "indices": list(named)}),
        picked,
    )


def scatter_tuples(rng: Random) -> Pair:
    shape, indices, axes, picked = tuples(rng)
    named = {f"i{n}": one for n, one in enumerate(axes)}
    rows = (indices % shape[: indices.shape[-1]]).reshape(-1, indices.shape[-1])
    adds = bool(rng.integers(0, 2)) or len(np.unique(rows, axis=0)) < len(rows)
    arguments = {"self": "x", "indices": list(named), "values": "u", "accumulate": adds}
    return Pair(
        {"x": shape, "i": indices, "u": picked, **named},
        ("ScatterND", ("x", "i", "u"), {"reduction": "add" if adds else "none"}),
        ("aten.index_put", arguments),
        shape,
    )


def region(rng: Random) -> Pair:
    """A slice is written, which ONNX says by the tuples of its indices."""
    shape = tuple(n + 1 for n in shape_of(rng, most=3))
    start, step = int(rng.integers(0, shape[0])), int(rng.integers(1, 4))
    line = np.arange(start, shape[0], step)
    return Pair(
        {"x": shape, "i": line[:, None], "u": (line.size, *shape[1:])},
        ("ScatterND", ("x", "i", "u"), {}),
        ("aten.slice_scatter", {"self": "x", "src": "u", "dim": 0, "start": start, "step": step}),
        shape,
    )


def compress(rng: Random) -> Pair:
    shape = shape_of(rng)
    mask = rng.random(shape) < 0.6
    return Pair(
        {"x": shape, "c": mask.reshape(-1), "m": mask},
        ("Compress", ("x", "c"), {}),
        ("aten.masked_select", {"self": "x", "mask": "m"}),
        (int(mask.sum()),),
    )


def reversed_steps(rng: Random) -> Pair:
    """Samples that are all as long as the axis: a flip."""
    steps, samples, features = rng.integers(1, 6, 3).tolist()
    time = int(rng.integers(0, 2))
    shape = (steps, samples, features) if time == 0 else (samples, steps, features)
    return Pair(
        {"x": shape, "n": np.full(samples, steps)},
        ("ReverseSequence", ("x", "n"), {"time_axis": time, "batch_axis": 1 - time}),
        ("aten.flip", {"self": "x", "dims": [time]}),
        shape,
    )


def largest(rng: Random) -> Pair:
    shape = shape_of(rng)
    axis, given = axis_of(rng, len(shape))
    count = int(rng.integers(1, shape[axis] + 1))
    return Pair(
        {"x": shape, "k": ints([count])},
        ("TopK", ("x", "k"), {"axis": given}),
        ("aten.topk", {"self": "x", "k": count, "dim": given}),
        (*shape[:axis], count, *shape[axis + 1 :]),
    )


def draws(rng: Random) -> Pair:
    rows, classes, samples = rng.integers(1, 6, 3).tolist()
    return Pair(
        {"x": (rows, classes)},
        ("Multinomial", ("x",), {"sample_size": samples}),
        ("aten.multinomial", {"self": "x", "num_samples": samples}),
        (rows, samples),
    )


PAIRS: Pairs = {
    one.__name__: one
    for one in (
        *(reshape, squeeze, unsqueeze, transpose, expand, tile, concat, split, slices, flip, pad, blocks, triangle),
        *(gather, embedding, columns, gather_elements, scatter_elements, gather_tuples, scatter_tuples, region),
        *(compress, reversed_steps, largest, draws),
    )
}  # fmt: skip
