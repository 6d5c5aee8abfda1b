"""Operators of ONNX that move elements: reshapes, slices, pads, concats, pixel shuffles."""

from __future__ import annotations

from math import prod
from typing import Literal

from pytest_rf.node import Role
from pytest_rf.operators import views
from pytest_rf.operators.onnx.call import NodeCall, Rules, by_shapes, by_shapes_before
from pytest_rf.operators.pointwise import broadcast_shape, expand
from pytest_rf.value import Value

BORDERS: dict[str, Literal["drop", "edge", "reflect", "wrap"]] = {
    "constant": "drop",
    "edge": "edge",
    "reflect": "reflect",
    "wrap": "wrap",
}


def reshape(call: NodeCall) -> Value:
    """Reshape: 0 keeps an extent, -1 takes the rest."""
    x = call.x
    wanted = call.integers("shape") if call.opset < 5 else call.numbers(1)
    if not call.integer("allowzero", 0):
        if any(n == 0 and place >= x.rank for place, n in enumerate(wanted)):
            call.fail(f"shape {wanted} copies an extent that the input {x.shape} does not have")
        wanted = [x.extents[place] if n == 0 else n for place, n in enumerate(wanted)]
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        call.fail(f"shape {wanted} is not valid")
    total, known = prod(x.extents), prod(n for n in wanted if n != -1)
    if -1 in wanted and known and total % known == 0:
        wanted = [total // known if n == -1 else n for n in wanted]
    if prod(wanted) != total or -1 in wanted:
        call.fail(f"{x.shape} cannot be reshaped to {wanted}")
    return call.b.reshape(x, wanted)


@by_shapes_before(13)
def squeeze(call: NodeCall) -> Value:
    """Squeeze: drops axes of extent 1."""
    x = call.x
    axes = call.axes_argument(1, 13, x.rank)
    if axes is None:
        axes = [axis for axis, n in enumerate(x.extents) if n == 1]
    if any(x.extents[axis] != 1 for axis in axes):
        call.fail(f"axes {axes} of {x.shape} are not all of extent 1")
    return call.b.reshape(x, [n for axis, n in enumerate(x.extents) if axis not in axes])


@by_shapes_before(13)
def unsqueeze(call: NodeCall) -> Value:
    """Unsqueeze: new axes of extent 1, counted in the output."""
    x = call.x
    numbers = call.integers("axes") if call.opset < 13 else call.numbers(1)
    rank = x.rank + len(numbers)
    axes = call.axes(numbers, rank)
    if len(axes) != len(numbers):
        call.fail(f"axes {numbers} name one axis twice")
    rest = iter(x.extents)
    return call.b.reshape(x, [1 if axis in axes else next(rest) for axis in range(rank)])


@by_shapes
def transpose(call: NodeCall) -> Value:
    """Transpose: axes in the order of ``perm``, reversed by default."""
    x = call.x
    order = call.integers("perm", list(range(x.rank))[::-1])
    if sorted(order) != list(range(x.rank)):
        call.fail(f"perm {order} is no order of {x.rank} axes")
    return views.transpose(call.b, x, order)


def concat(call: NodeCall) -> Value:
    """Concat: the inputs one behind the other along ``axis``."""
    parts = call.given
    if not parts:
        call.fail("has no inputs")
    axis = call.axis(call.integer("axis", 1), parts[0].rank)
    return call.join(parts, axis)


def split(call: NodeCall) -> tuple[Value, ...]:
    """Split: consecutive parts, equal ones by default."""
    x = call.x
    axis = call.axis(call.integer("axis", 0), x.rank)
    extent = x.extents[axis]
    if call.opset >= 13 and call.has(1):
        sizes = call.numbers(1)
    elif "split" in call.attributes:
        sizes = call.integers("split")
    else:
        count = call.integer("num_outputs", call.outputs)
        if count != call.outputs:
            call.fail(f"num_outputs {count} for {call.outputs} outputs")
        part = -(-extent // max(count, 1))
        sizes = [max(min(part, extent - part * i), 0) for i in range(count)]
    if sum(sizes) != extent or min(sizes, default=0) < 0:
        call.fail(f"parts {sizes} do not make up extent {extent} of axis {axis}")
    return views.split(call.b, x, sizes, axis)


def slices(call: NodeCall) -> Value:
    """Slice: start, end and step per axis, clamped to the axis (ONNX Slice-13)."""
    x = call.x
    if call.opset < 10:
        starts, ends = call.integers("starts"), call.integers("ends")
        axes, steps = call.integers("axes", list(range(len(starts)))), [1] * len(starts)
    else:
        starts, ends = call.numbers(1), call.numbers(2)
        axes = call.numbers(3) if call.has(3) else list(range(len(starts)))
        steps = call.numbers(4) if call.has(4) else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        call.fail("starts, ends, axes and steps differ in length")
    wanted: dict[int, tuple[int, int, int]] = {}
    for start, end, number, step in zip(starts, ends, axes, steps, strict=True):
        axis = call.axis(number, x.rank)
        if step == 0:
            call.fail("step 0")
        extent = x.extents[axis]
        low, high = (0, extent) if step > 0 else (-1, extent - 1)
        first = min(max(start + extent if start < 0 else start, 0), high)
        last = min(max(end + extent if end < 0 else end, low), high if step > 0 else extent)
        wanted[axis] = (first, step, max(-(-(last - first) // step), 0))
    call.b.node.role = Role("slice", tuple(wanted))
    return views.slices(call.b, x, wanted)


def pad(call: NodeCall) -> Value:
    """Pad: constant, edge, reflect or wrap; negative pads crop."""
    x = call.x
    name = "pads" if call.opset >= 2 else "paddings"
    numbers = call.integers(name) if call.opset < 11 else call.numbers(1)
    axes = call.axes(call.numbers(3), x.rank) if call.has(3) else list(range(x.rank))
    if len(numbers) != 2 * len(axes):
        call.fail(f"{len(numbers)} pads for {len(axes)} axes")
    mode = call.text("mode", "constant")
    if mode not in BORDERS:
        call.fail(f"mode {mode!r} is none of {', '.join(BORDERS)}")
    half = len(axes)
    amounts = {axis: (numbers[i], numbers[half + i]) for i, axis in enumerate(axes)}
    for axis, (before, after) in amounts.items():
        if x.extents[axis] + before + after < 0:
            call.fail(f"pads {before}, {after} take more than extent {x.extents[axis]} of axis {axis}")
        left = x.extents[axis] + min(before, 0) + min(after, 0)
        if mode != "constant" and left <= 0 < max(before, after):
            call.fail(f"pads {before}, {after} of axis {axis} leave nothing to fill it with by mode {mode!r}")
        if mode == "reflect" and left <= max(before, after):
            call.fail(
                f"pads {before}, {after} of axis {axis} reflect more than there is beside a border: {left - 1}"
            )
    call.b.node.role = Role("pad", tuple(amounts))
    fill = call.optional(2) if mode == "constant" else None
    if fill is not None:
        call.single("the constant value", fill)
    return views.pads(call.b, x, amounts, BORDERS[mode], fill)


def expand_to(call: NodeCall) -> Value:
    """Expand: broadcast in both directions."""
    x = call.x
    try:
        return expand(call.b, x, broadcast_shape([x.extents, tuple(call.numbers(1))]))
    except ValueError as error:
        call.fail(str(error))


def tile(call: NodeCall) -> Value:
    """Tile: the input repeated along each axis."""
    repeats = call.numbers(1)
    if len(repeats) != call.x.rank or min(repeats, default=0) < 0:
        call.fail(f"repeats {repeats} do not fit an input of rank {call.x.rank}")
    return views.tile(call.b, call.x, repeats)


def depth_to_space(call: NodeCall) -> Value:
    """DepthToSpace: channels become positions, in DCR or CRD order."""
    x, size = call.x, call.integer("blocksize", 0)
    if x.rank != 4 or size < 1 or x.extents[1] % (size * size):
        call.fail(f"blocksize {size} does not fit {x.shape}")
    return views.depth_to_space(call.b, x, size, call.text("mode", "DCR") == "DCR")


def space_to_depth(call: NodeCall) -> Value:
    """SpaceToDepth: positions become channels."""
    x, size = call.x, call.integer("blocksize", 0)
    if x.rank != 4 or size < 1 or x.extents[2] % size or x.extents[3] % size:
        call.fail(f"blocksize {size} does not fit {x.shape}")
    return views.space_to_depth(call.b, x, size, call.text("mode", "DCR") == "DCR")


RULES: Rules = {
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Transpose": transpose,
    "Concat": concat,
    "Split": split,
    "Slice": slices,
    "Pad": pad,
    "Expand": expand_to,
    "Tile": tile,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}
