"""Finds what a requirement is about: the tensors, the inputs they read, and the axes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple, NoReturn

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.globs import matcher, operator_names
from pytest_rf.requirements import scanner
from pytest_rf.requirements.syntax import AbsentError, Source, Where
from pytest_rf.requirements.vocabulary import nearest

#: Near misses are looked for among this many names, so that no model can make an error take minutes.
_NAMES = 5000

#: What TOML takes as a key without quotes.
_BARE = r"[A-Za-z0-9_-]+"

#: An error lists at most this many inputs.
_LISTED = 8

_BATCH = ("n", "b", "batch")
_CHANNEL = ("c", "channel")


class Held(NamedTuple):
    """A tensor at which an axis is judged, with its field; ``why`` it cannot be, where it cannot."""

    tensor: Tensor
    field: AxisField
    why: str = ""


def tensors(analysis: Analysis, where: Where, text: str) -> list[Tensor]:
    """Return the tensors that a ``where`` selects, in the order of the graph.

    Raises:
        AbsentError: there are none.
    """
    if where.kind == "final":
        chosen = list(analysis.final)
        reason = (
            "the model has no final feature map: no tensor on the way to an output has a spatial position"
        )
    elif where.kind == "output":
        chosen, reason = list(analysis.outputs), "the model has no output"
    elif where.kind == "op":
        matches = _glob(where, text, casefold=True)
        chosen = [tensor for tensor in analysis if any(map(matches, operator_names(tensor.op)))]
        operators = sorted(
            {op for tensor in analysis if tensor.op for op in (tensor.op, tensor.op.rpartition(".")[2])}
        )
        reason = f'the model has no operator "{where.pattern}"{nearest(where.pattern, operators)}'
    else:
        matches = _glob(where, text)
        chosen = [tensor for tensor in analysis if any(map(matches, names(tensor)))] or _exact(
            analysis, where
        )
        reason = f"selects nothing{'' if chosen else _near(where.pattern, analysis)}"
    if not chosen:
        raise AbsentError(reason, text, where.position)
    return chosen


def names(tensor: Tensor) -> Iterator[str]:
    """Yield the names that a glob is held against: the tensor's, its node's, its module's path."""
    for name in (tensor.name, tensor.node, tensor.module):
        if name:
            yield name


def fields(analysis: Analysis, tensor: Tensor) -> list[tuple[Input, TensorField]]:
    """Return pairs of an input and the tensor's field in it, for the inputs that the tensor reads."""
    return [(analysis.inputs[name], tensor.field(name)) for name in tensor.inputs]


def source(analysis: Analysis, named: Source, text: str) -> Input:
    """Return the input that a requirement names.

    Raises:
        AbsentError: the model has none of this name; the text names the nearest, or all.
    """
    found = analysis.inputs.get(named.name)
    if found is None:
        there = list(analysis.inputs)[:_LISTED]
        more = "" if len(analysis.inputs) <= _LISTED else f" and {len(analysis.inputs) - _LISTED} more"
        hint = nearest(named.name, analysis.inputs) or f"; its inputs are {', '.join(there)}{more}"
        raise AbsentError(f'the model has no input "{named.name}"{hint}', text, named.position)
    return found


def places(tensor: Tensor, field: TensorField, source: Input, number: int, guarantee: bool) -> Iterator[Held]:
    """Yield where an axis is judged: of a final tensor at the one that is final for the axis.

    Guarantees are judged at all tensors at which its positions end, and cannot be where something goes on behind. Sizes
    cannot be either where that is known to be the same positions again.
    """
    if guarantee:
        for own, why in tensor.held(number, source.name):
            yield Held(own, own.field(source.name)[number], why)
    else:
        yield Held(tensor.at(number, source.name), field[number], tensor.lost(number, source.name))


def axes(source: Input, axis: str | int | None) -> list[tuple[str, int]] | None:
    """Return names and numbers of the axes meant, or None where the input has no such axis.

    Without an axis these are the spatial ones; batch and channel go by ``n`` and ``c``, or by number.
    """
    spatial = {name.lower(): number for name, number in source.axes.items()}
    if axis is None:
        return list(spatial.items())
    if isinstance(axis, int):
        if axis >= len(source.shape):
            return None
        return [(next((name for name, number in spatial.items() if number == axis), str(axis)), axis)]
    if axis in spatial:
        return [(axis, spatial[axis])]
    for known, number in ((_BATCH, source.batch), (_CHANNEL, source.channel)):
        if axis in known and number is not None:
            return [(axis, number)]
    return None


def batch(source: Input) -> list[tuple[str, int]]:
    """Return the batch axis of an input; none where all samples share it."""
    return [] if source.batch is None else [("n", source.batch)]


def no_batch(sources: Iterable[Input], text: str, position: int) -> NoReturn:
    """Raise the error of a claim about samples where no input that is read has any."""
    sources = list(sources)
    having = [source.name for source in sources if source.batch is not None]
    if having:
        reason = f"reads no input that has a batch axis, as {', '.join(having)} has"
        raise AbsentError(reason, text, position)
    ranked = [source.name for source in sources if len(source.shape) > 1]
    example = f"axes = {{ {ranked[0] if ranked else 'x'} = {{ batch = 0 }} }}"
    raise AbsentError(
        f"the model has no batch axis: all samples share its inputs; name it where there is one, as in {example}",
        text,
        position,
    )


def time_first(source: Input, time: int = 0) -> str:
    """Return the axes to state for an input whose axis ``time`` counts no samples but steps."""
    batch = f", batch = {0 if time else 1}" if len(source.shape) > 2 else ""
    return f"axes = {{ {_key(source.name)} = {{ t = {time}{batch} }} }}"


def no_axis(sources: Iterable[Input], axis: str | int | None, text: str, position: int) -> NoReturn:
    """Raise the error of an axis that none of the inputs has."""
    known = list(sources)
    there = {name.lower(): None for source in known for name in source.axes}
    layered = [source for source in known if len(source.shape) > 1]
    example = f", as in {time_first(layered[0])}" if layered else ""
    if axis is None:
        reason = f"no input has a spatial axis: name the axis, as in rf.h, or state the model's axes{example}"
    else:
        hint = nearest(axis, there) if isinstance(axis, str) else ""
        here = f"; there are {', '.join(there)}{_naming(known, axis)}"
        hint = hint or (here if there else f"; state the model's axes{example}")
        reason = f'no input has an axis "{axis}"{hint}'
    raise AbsentError(reason, text, position)


def _naming(sources: Iterable[Input], axis: str | int) -> str:
    """Return how an axis that goes by another name is given this one, as of a recogniser of time and frequency."""
    for source in sources:
        if source.axes and isinstance(axis, str) and axis not in (*_BATCH, *_CHANNEL):
            name, number = next(iter(source.axes.items()))
            return (
                f"; if {name} is meant, name it: axes = {{ {_key(source.name)} = {{ {axis} = {number} }} }}"
            )
    return ""


def _key(name: str) -> str:
    """Return a name as TOML writes it as a key."""
    return name if re.fullmatch(_BARE, name) else json.dumps(name)


def _glob(where: Where, text: str, casefold: bool = False) -> Callable[[str], bool]:
    """Return the matcher of a ``where``."""
    try:
        return matcher(where.pattern.lower() if casefold else where.pattern)
    except ValueError as error:
        scanner.fail(str(error), text, where.position)


def _exact(analysis: Analysis, where: Where) -> list[Tensor]:
    """Return the tensor that the analysis itself knows by this name, such as the result of a whole module."""
    try:
        return [analysis[where.pattern]]
    except KeyError:
        return []


def _near(pattern: str, analysis: Analysis) -> str:
    """Return near misses of a name for an error."""
    known = list(dict.fromkeys(islice((name for tensor in analysis for name in names(tensor)), _NAMES)))
    import difflib

    near = difflib.get_close_matches(
        pattern[:200], [name for name in known if len(name) <= 200], n=3, cutoff=0.5
    )
    if near:
        return ", did you mean " + " or ".join(f'"{name}"' for name in near) + "?"
    return ": no tensor, node or module has such a name; pytest-rf show lists them"
