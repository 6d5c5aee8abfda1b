"""What a bioimage.io description declares of a model's axes, written by what is so: extents, output sizes, halos."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from fractions import Fraction

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.errors import RFError, TilingError
from pytest_rf.figures import said
from pytest_rf.tiles import Plan
from pytest_rf.tiles.borders import Borders

_LETTERS = {1: "t", 2: "yx", 3: "zyx"}


def text(analysis: Analysis, plan: Plan, version: str) -> str:
    """Return the inputs and outputs of a description, as YAML.

    What the format cannot say stands in comments.

    Args:
        analysis: the model.
        plan: its tiles.
        version: that of the format, "0.5" or "0.4".

    Raises:
        TilingError: an output has an axis whose extent cannot be written.
    """
    lines = _new(analysis, plan) if version == "0.5" else _old(analysis, plan)
    return "\n".join(lines) + "\n"


def _letters(source: Input) -> dict[str, str]:
    """Return the names that the format gives to an input's spatial axes, by those that they have here."""
    names = sorted(source.axes, key=source.axes.__getitem__)
    if names == ["t"]:
        return {"t": "t"}
    letters = _LETTERS.get(len(names))
    return dict(zip(names, letters, strict=True)) if letters else {name: name for name in names}


def _new(analysis: Analysis, plan: Plan) -> Iterator[str]:
    yield "inputs:"
    for name, source in analysis.inputs.items():
        letters = _letters(source)
        yield f"  - id: {_quoted(name)}"
        yield "    axes:"
        for number, extent in enumerate(source.shape):
            axis = _axis_of(source, number)
            if number == source.batch:
                yield "      - {type: batch}"
            elif axis is None:
                yield f"      - {_channel(extent)}"
            else:
                size = _range(plan, axis, extent)
                yield f"      - {{type: {_kind(letters[axis])}size: {size}}}"
    yield "outputs:"
    for tensor in analysis.outputs:
        yield f"  - id: {_quoted(tensor.name)}"
        yield "    axes:"
        for number, extent in enumerate(_shape(tensor)):
            found = _along(plan, tensor, number)
            if found is None:
                batch = number == 0 and any(one.batch == 0 for one in analysis.inputs.values())
                yield "      - {type: batch}" if batch else f"      - {_channel(extent)}"
                continue
            axis, one = found
            source = next(one for one in analysis.inputs.values() if axis in one.axes)
            letters = _letters(source)
            offset = _offset(source, axis, one, extent)
            if offset.denominator != 1:
                raise TilingError(
                    f"output {tensor.name!r} has an offset of {said(offset)}, and 0.5 has whole ones"
                )
            of = f"tensor_id: {_quoted(source.name)}, axis_id: {letters[axis].replace('t', 'time')}"
            size = f"{{{of}{f', offset: {offset.numerator}' if offset else ''}}}"
            scale = f", scale: {float(one.rate):.12g}" if one.rate != 1 else ""
            halo, words = _halo(plan, axis, one)
            crop = f", halo: {halo}" if halo else ""
            yield f"      - {{type: {_kind(letters[axis])}size: {size}{scale}{crop}}}{words}"


def _old(analysis: Analysis, plan: Plan) -> Iterator[str]:
    yield "inputs:"
    for name, source in analysis.inputs.items():
        letters = _letters(source)
        axes, least, step = "", [], []
        for number, extent in enumerate(source.shape):
            axis = _axis_of(source, number)
            axes += "b" if number == source.batch else letters[axis] if axis is not None else "c"
            least.append(
                1 if number == source.batch else extent if axis is None else _least(plan, axis, extent)
            )
            step.append(0 if axis is None else _step(plan, axis))
        yield f"  - name: {_quoted(name)}"
        yield f"    axes: {axes}"
        yield f"    shape: {{min: {least}, step: {step}}}" if any(step) else f"    shape: {least}"
    yield "outputs:"
    for tensor in analysis.outputs:
        axes, scale, offset, halos, comments = "", list[str](), list[str](), list[int](), ""
        source = next(iter(analysis.inputs.values()))
        for number, extent in enumerate(_shape(tensor)):
            found = _along(plan, tensor, number)
            if found is None:
                batch = number == 0 and source.batch == 0
                axes += "b" if batch else "c"
                scale.append("1.0" if batch else "null")
                offset.append("0" if batch else f"{extent / 2:g}")
                halos.append(0)
                continue
            axis, one = found
            source = next(one for one in analysis.inputs.values() if axis in one.axes)
            axes += _letters(source)[axis]
            scale.append(f"{float(1 / one.rate):.12g}")
            offset.append(f"{float(_offset(source, axis, one, extent) / 2):g}")
            halo, words = _halo(plan, axis, one)
            halos.append(halo)
            comments = comments or words
        yield f"  - name: {_quoted(tensor.name)}"
        yield f"    axes: {axes}"
        shape = f"scale: [{', '.join(scale)}], offset: [{', '.join(offset)}]"
        yield f"    shape: {{reference_tensor: {_quoted(source.name)}, {shape}}}"
        if any(halos):
            yield f"    halo: {halos}{comments}"


def _quoted(name: str) -> str:
    """Return a name as YAML has it, whatever is in it: JSON's texts are YAML's."""
    return json.dumps(name)


def _kind(letter: str) -> str:
    return "time, " if letter == "t" else f"space, id: {letter}, "


def _channel(extent: int) -> str:
    return f"{{type: channel, channel_names: [{', '.join(f'channel{number}' for number in range(extent))}]}}"


def _shape(tensor: Tensor) -> tuple[int, ...]:
    if tensor.value.shape is None:
        raise TilingError(f"output {tensor.name!r} is unknown: {tensor.reason}")
    return tensor.value.shape


def _axis_of(source: Input, number: int) -> str | None:
    return next((axis for axis, own in source.axes.items() if own == number), None)


def _along(plan: Plan, tensor: Tensor, number: int) -> tuple[str, Borders] | None:
    """Return the input axis whose positions an output axis has."""
    for axis, outputs in plan.outputs.items():
        for one in outputs:
            if (one.output, one.dim) == (tensor.name, number):
                return axis, one
    return None


def _step(plan: Plan, axis: str) -> int:
    """Return by how much extents grow; 0 where the model runs at one only."""
    one = plan.axes[axis]
    try:
        plan.trial.at({axis: plan.trial.extent(axis) + one.multiple})
    except RFError:
        return 0
    return one.multiple


def _least(plan: Plan, axis: str, extent: int) -> int:
    """Return the smallest extent that leaves a tile some units, or the only one."""
    one, total = plan.axes[axis], plan.min_overlap[axis]
    if not _step(plan, axis):
        return extent
    return one.fitting(int(total) + 1 if math.isfinite(total) else one.multiple)


def _range(plan: Plan, axis: str, extent: int) -> str:
    step = _step(plan, axis)
    least = _least(plan, axis, extent)
    return f"{{min: {least}, step: {step}}}" if step else f"{extent}"


def _offset(source: Input, axis: str, one: Borders, extent: int) -> Fraction:
    return extent - Fraction(source.shape[source.axes[axis]]) / one.rate


def _halo(plan: Plan, axis: str, one: Borders) -> tuple[int, str]:
    """Return the halo of an output axis in its own units, and what the format has no field for."""
    total = plan.min_overlap[axis]
    if math.isinf(total):
        obstacle = next((each for each in plan.obstacles if each.axis == axis), None)
        why = "" if obstacle is None else f": {' '.join(json.dumps(obstacle.told)[1:-1].split())}"
        return 0, f"  # no halo is enough{why}"
    halo = math.ceil(Fraction(int(total), 2) / one.rate)
    if one.before == one.after:
        return halo, ""
    return (
        halo,
        f"  # needed are {one.before} before and {one.after} after; the format has one number for both",
    )
