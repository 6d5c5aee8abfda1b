"""Random nets run in real tiles, whatever a plan says of them: the truth that verdicts are held against."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from hypothesis import strategies as st
from pytorch.drawn_nets import nets
from pytorch.random_nets import Chain, Net, data
from pytorch.random_sequences import Norm
from torch import Tensor

import pytest_rf
from pytest_rf.tiles import Plan

SAME = 1e-9
UNFIT = (RuntimeError, ValueError)
"""What a net raises on an image that is too small for it."""
TILES = (48, 72, 96)
MOST_MULTIPLE = 48


@st.composite
def tiled_nets(draw: st.DrawFn) -> Net:
    """Draw a net: of any kind, or with a norm somewhere."""
    net = draw(nets(most=4))
    if draw(st.integers(0, 5)):
        return net
    norm = Norm(draw(st.sampled_from(["instance", "group", "batch_eval"])))
    at = draw(st.integers(0, len(net.chain.steps)))
    return Net(Chain((*net.chain.steps[:at], norm, *net.chain.steps[at:])), net.rank, net.axis)


def stitched(module: torch.nn.Module, image: Tensor, plan: Plan) -> Tensor:
    """Return the result of an image in tiles; what no tile gives is NaN."""
    result = torch.full(plan.output_shape(image.shape), math.nan, dtype=image.dtype)
    for window in plan.windows(image.shape):
        result[window.write] = module(image[window.read])[window.keep]
    return result


def difference(whole: Tensor, result: Tensor) -> str:
    """Say where two results differ; "" where they do not."""
    if whole.shape != result.shape:
        return f"the whole is {tuple(whole.shape)}, the stitched result {tuple(result.shape)}"
    off = (result - whole).abs().nan_to_num(nan=math.inf) / max(1.0, float(whole.abs().max()))
    wrong = (off > SAME).nonzero()
    return f"at {wrong[0].tolist()} by {float(off.max()):.1e}" if len(wrong) else ""


@dataclass
class Count:
    """How verdicts compare with reality.

    Attributes:
        kinds: how many tilings were seamless and were, were not and differed, ...
        unprovoked: tilings that are said not to be seamless, and made the whole wherever they were tried.
        wrong: tilings that are said to be seamless and are not.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    unprovoked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def judge(net: Net, count: Count, extent: int) -> None:
    """Hold what is said of several tilings of a net against runs in tiles."""
    module = net.module()
    image = drawn_image(net, extent)
    try:
        if module(image).numel() == 0:
            return
    except UNFIT:
        count.kinds["does not run"] += 1
        return
    analysis = pytest_rf.analyze(module, image)
    axis = next((name for name, number in analysis.inputs["x"].axes.items() if number == net.axis), None)
    if axis is None or analysis.outputs[0].status == "unknown":
        count.kinds["no axis or unknown"] += 1
        return
    for plan in _plans(analysis, axis, extent):
        _compare(net, module, plan, axis, count)


def _plans(analysis: pytest_rf.Analysis, axis: str, extent: int) -> Iterator[Plan]:
    first = analysis.tiles({axis: extent})
    multiple, rest = first.multiple[axis], first.remainder[axis]
    if multiple > MOST_MULTIPLE:
        return
    tile = extent + (rest - extent) % multiple
    first = analysis.tiles({axis: tile})
    yield first
    least = first.min_overlap[axis]
    totals = (
        {0, least - multiple, least + multiple}
        if math.isfinite(least)
        else {0, tile // 2 // multiple * multiple}
    )
    for total in totals:
        if 0 <= total < tile:
            yield analysis.tiles({axis: tile}, overlap={axis: int(total)})
    before, after = first.min_context[axis]
    for sides in (
        (before, after),
        (before - multiple, after),
        (before, after - multiple),
        (before - 1, after + 1),
    ):
        if all(math.isfinite(side) and side >= 0 for side in sides) and sum(sides) < tile:
            yield analysis.tiles({axis: tile}, context={axis: (int(sides[0]), int(sides[1]))})
    if multiple > 1 and least + 1 < tile:
        yield analysis.tiles({axis: tile}, overlap={axis: int(least) + 1})
        yield analysis.tiles({axis: tile + 1}, overlap={axis: int(least) + 1})


def _compare(net: Net, module: torch.nn.Module, plan: Plan, axis: str, count: Count) -> None:
    one = plan.axes[axis]
    differs = ""
    ran = False
    extents = {
        one.fitting(one.tile + more) for more in (1, one.step, one.step + one.multiple, 2 * one.step + 1)
    }
    for extent in sorted(extents - {one.tile}):
        image = drawn_image(net, extent)
        try:
            whole = module(image)
            differs = difference(whole, stitched(module, image, plan))
        except UNFIT as error:
            differs = f"does not run: {error}"
        ran = True
        if differs:
            differs = f"{extent}: {differs}"
            break
    text = f"{net} tile {one.tile}, {one.before} + {one.after} of {one.multiple}: {plan.why}"
    if not ran:
        return
    count.kinds[
        f"{'seamless' if plan.seamless else 'not seamless'}, {'differs' if differs else 'the same'}"
    ] += 1
    if plan.seamless and differs:
        count.wrong.append(f"{text} -- {differs}")
    if not plan.seamless and not differs:
        count.unprovoked.append(text)


def drawn_image(net: Net, extent: int) -> Tensor:
    return data(1, 2, *(extent if number == net.axis else 4 for number in range(2, net.rank + 2)))
