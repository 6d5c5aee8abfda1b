"""Views of ATen: elements move, nothing is computed."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pytest_rf.node import Role
from pytest_rf.operators import views
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.gathers import gather
from pytest_rf.operators.pointwise import expand, pointwise
from pytest_rf.value import Value


def reshape(call: OpCall) -> Value:
    """View, reshape, squeeze, unsqueeze, flatten: the same order under another shape."""
    return call.b.reshape(call.x, call.shape)


def broadcast(call: OpCall) -> Value:
    """Expand, broadcast_to."""
    return expand(call.b, call.x, call.shape)


def permute(call: OpCall) -> Value:
    """Permute."""
    return views.transpose(call.b, call.x, call.axes("dims"))


def transpose(call: OpCall) -> Value:
    """Transpose of two axes, t."""
    rank = call.x.rank
    order = list(range(rank))
    first, second = (0, 1) if call.name == "t" else (call.axis("dim0"), call.axis("dim1"))
    if rank > 1:
        order[first], order[second] = order[second], order[first]
    return views.transpose(call.b, call.x, order)


def bounds(call: OpCall, extent: int) -> tuple[int, int, int]:
    """Return (start, step, count) of a slice's arguments."""
    step = int(call.get("step", 1))
    start, stop, _ = slice(call.get("start"), call.get("end"), step).indices(extent)
    return start, step, max(-(-(stop - start) // step), 0)


def sliced(call: OpCall) -> Value:
    """Slice."""
    axis = call.axis()
    call.b.node.role = Role("slice", (axis,))
    return views.slices(call.b, call.x, {axis: bounds(call, call.x.extents[axis])})


def narrowed(call: OpCall) -> Value:
    """Narrow."""
    axis = call.axis()
    call.b.node.role = Role("slice", (axis,))
    start = int(call["start"]) % max(call.x.extents[axis], 1)
    return views.slices(call.b, call.x, {axis: (start, 1, int(call["length"]))})


def select(call: OpCall) -> Value:
    """Select: one index of an axis, which ends."""
    axis = call.axis()
    return views.take_axis(call.b, call.x, axis, int(call["index"]) % call.x.extents[axis])


def split(call: OpCall) -> Result:
    """Split, chunk: consecutive parts."""
    axis = call.axis()
    sizes = [shape[axis] for shape in call.shapes if shape is not None]
    return views.split(call.b, call.x, sizes, axis)


def unbind(call: OpCall) -> Result:
    """Unbind: every index of an axis."""
    axis = call.axis()
    return [views.take_axis(call.b, call.x, axis, index) for index in range(call.x.extents[axis])]


def cat(call: OpCall) -> Value:
    """Cat; empty vectors are skipped as torch does."""
    parts = [value for value in call["tensors"] if value.shape != (0,)]
    return call.b.join(parts, call.axis(rank=len(call.shape)))


def block_diagonal(call: OpCall) -> Value:
    """block_diag: matrices along the diagonal, nothing beside them."""
    row = column = 0
    placed = []
    for value in call["tensors"]:
        x = call.b.reshape(value, [*[1] * (2 - value.rank), *value.extents])
        rows, columns = x.extents
        around = {
            0: (row, call.shape[0] - row - rows),
            1: (column, call.shape[1] - column - columns),
        }
        placed.append(views.pads(call.b, x, around) if x.varies else call.nothing())
        row, column = row + rows, column + columns
    return pointwise(call.b, *placed)


def stack(call: OpCall) -> Value:
    """Stack."""
    return views.stack(call.b, call["tensors"], call.axis(rank=len(call.shape)))


def repeat(call: OpCall) -> Value:
    """Repeat, tile."""
    repeats = list(call.get("repeats", call.get("dims")))
    x = call.x
    rank = max(len(repeats), x.rank)
    x = call.b.reshape(x, [*[1] * (rank - x.rank), *x.extents])
    return views.tile(call.b, x, [*[1] * (rank - len(repeats)), *repeats])


def repeat_interleave(call: OpCall) -> Value:
    """repeat_interleave: each element several times."""
    x, repeats = call.x, call["repeats"]
    axis = call.arguments.get("dim")
    if axis is None:
        x, axis = call.b.reshape(x, [prod(x.extents)]), 0
    axis %= x.rank
    times = np.asarray(repeats) if isinstance(repeats, int) else call.data(repeats)
    return gather(call.b, x, axis, np.repeat(np.arange(x.extents[axis]), times))


def roll(call: OpCall) -> Value:
    """Roll; without axes the flattened tensor is rolled."""
    shifts, x = call["shifts"], call.x
    shifts = [shifts] if isinstance(shifts, int) else list(shifts)
    axes = call.get("dims", [])
    axes = [axes] if isinstance(axes, int) else list(axes)
    if not axes:
        flat = call.b.reshape(x, [prod(x.extents)])
        return call.b.reshape(views.roll(call.b, flat, {0: shifts[0]}), x.extents)
    amounts: dict[int, int] = {}
    for axis, shift in zip(axes, shifts, strict=True):
        amounts[axis % x.rank] = amounts.get(axis % x.rank, 0) + shift
    return views.roll(call.b, x, amounts)


def flip(call: OpCall) -> Value:
    """Flip."""
    x = call.x
    ends = {axis: x.extents[axis] for axis in call.axes("dims") if x.extents[axis]}
    return views.slices(call.b, x, {axis: (end - 1, -1, end) for axis, end in ends.items()})


_BORDERS: dict[str, Literal["drop", "edge", "reflect", "wrap"]] = {
    "constant": "drop",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
    "constant_pad_nd": "drop",
    "reflection_pad1d": "reflect",
    "reflection_pad2d": "reflect",
    "reflection_pad3d": "reflect",
    "replication_pad1d": "edge",
    "replication_pad2d": "edge",
    "replication_pad3d": "edge",
}


def pad(call: OpCall) -> Value:
    """Pad in every mode; amounts come in pairs from the last axis on."""
    border = _BORDERS[call["mode"] if call.name == "pad" else call.name]
    amounts = call.get("pad", call.get("padding"))
    last = call.x.rank - 1
    pairs = {last - i // 2: (amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)}
    call.b.node.role = Role("pad", tuple(pairs))
    return views.pads(call.b, call.x, pairs, border)


def pixel_shuffle(call: OpCall) -> Value:
    """pixel_shuffle: channels become positions within each pixel."""
    return views.depth_to_space(call.b, call.x, int(call["upscale_factor"]))


def pixel_unshuffle(call: OpCall) -> Value:
    """pixel_unshuffle: positions within each block become channels."""
    return views.space_to_depth(call.b, call.x, int(call["downscale_factor"]))


def channel_shuffle(call: OpCall) -> Value:
    """channel_shuffle: groups of channels interleave."""
    groups, x = int(call["groups"]), call.x
    n, c, *rest = x.extents
    order = [0, 2, 1, *range(3, 3 + len(rest))]
    return views.shuffle(call.b, x, [n, groups, c // groups, *rest], order, x.extents)


def windows_of(call: OpCall) -> Value:
    """Tensor.unfold: overlapping windows of one axis, their elements along a new last one."""
    x = call.x if call.x.rank else call.b.reshape(call.x, [1])
    axis, size, step = call.axis("dimension", x.rank), int(call["size"]), int(call["step"])
    parts = [views.slices(call.b, x, {axis: (k, step, call.shape[axis])}) for k in range(size)]
    return call.b.reshape(views.stack(call.b, parts, x.rank), call.shape)


def diagonal(call: OpCall) -> Value:
    """Diagonal."""
    offset, first, second = int(call.get("offset", 0)), call.axis("dim1"), call.axis("dim2", default=1)
    return views.by_index(call.b, call.x, lambda places: np.diagonal(places, offset, first, second))


def as_strided(call: OpCall) -> Value:
    """as_strided: any positions of the storage that the tensor lies in."""
    x = call.x
    size, stride = list(call["size"]), list(call["stride"])
    offset = call.get("storage_offset")
    places = storage_places(
        tuple(call.get("root_size", x.extents)),
        call.get("root_stride", contiguous(x.extents)),
        size,
        stride,
        int(call.get("root_offset", 0) if offset is None else offset) - int(call.get("root_offset", 0)),
    )
    flat = call.b.reshape(x, [prod(x.extents)])
    return gather(call.b, flat, 0, places)


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of a tensor in row-major order."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def storage_places(
    root: tuple[int, ...], root_stride: Any, size: list[int], stride: list[int], offset: int
) -> npt.NDArray[np.int64]:
    """Return the flat number of the root's element at the address of each element of a view; -1: none."""

    def addresses(shape: Any, strides: Any) -> npt.NDArray[np.int64]:
        found = np.zeros(tuple(shape), np.int64)
        for axis, (extent, step) in enumerate(zip(shape, strides, strict=True)):
            found += (np.arange(extent) * step).reshape([-1 if i == axis else 1 for i in range(len(shape))])
        return found

    own = addresses(root, root_stride).reshape(-1)
    table = np.full(int(own.max(initial=0)) + 1, -1, np.int64)
    table[own] = np.arange(own.size)
    wanted = addresses(size, stride) + offset
    inside = (wanted >= 0) & (wanted < table.size)
    return np.where(inside, table[np.clip(wanted, 0, table.size - 1)], -1)


def triangle(call: OpCall) -> Value:
    """Tril, triu: elements on one side of a diagonal; the others read nothing."""
    return views.triangle(call.b, call.x, int(call.get("diagonal", 0)), call.name == "triu")


_RESHAPES = """
    view _unsafe_view reshape _reshape_alias squeeze unsqueeze flatten unflatten ravel view_as atleast_1d
    atleast_2d atleast_3d squeeze_copy unsqueeze_copy view_copy expand_dims
"""

RULES: Rules = {
    **{f"aten.{name}": reshape for name in _RESHAPES.split()},
    **dict.fromkeys(["aten.expand", "aten.expand_copy", "aten.broadcast_to"], broadcast),
    "aten.permute": permute,
    "aten.permute_copy": permute,
    "aten.transpose": transpose,
    "aten.t": transpose,
    "aten.slice": sliced,
    "aten.slice_copy": sliced,
    "aten.narrow": narrowed,
    "aten.select": select,
    "aten.select_copy": select,
    **dict.fromkeys(
        [
            "aten.split",
            "aten.split_with_sizes",
            "aten.chunk",
            "aten.unsafe_split",
            "aten.split_with_sizes_copy",
        ],
        split,
    ),
    **dict.fromkeys(["aten.unsafe_chunk", "aten.unsafe_split_with_sizes", "aten.split_copy"], split),
    "aten.unbind": unbind,
    "aten.cat": cat,
    "aten.stack": stack,
    "aten.block_diag": block_diagonal,
    "aten.repeat": repeat,
    "aten.tile": repeat,
    "aten.repeat_interleave": repeat_interleave,
    "aten.roll": roll,
    "aten.flip": flip,
    **{f"aten.{name}": pad for name in _BORDERS if "_pad" in name},
    "aten.pad": pad,
    "aten.pixel_shuffle": pixel_shuffle,
    "aten.pixel_unshuffle": pixel_unshuffle,
    **dict.fromkeys(["aten.channel_shuffle", "aten.native_channel_shuffle"], channel_shuffle),
    "aten.unfold": windows_of,
    "aten.diagonal": diagonal,
    "aten.as_strided": as_strided,
    "aten.tril": triangle,
    "aten.triu": triangle,
}
