"""Which inputs of a step model are streams, and along which axis: what its calls are given one behind the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from numbers import Integral

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.inputs import Input
from pytest_rf.domains.layout import carried
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import ModelError
from pytest_rf.graph import Join
from pytest_rf.interpreter import Ignorance
from pytest_rf.streams.unrolling import Flow

TIME = "t"
"""The name of the stream's axis, where its authors give one."""

Chunk = int | Mapping[str, int]
"""How many positions a call advances; by input, where several are given at different rates."""


def flows(call: Analysis, states: Collection[str], chunk: Chunk | None) -> dict[str, Flow]:
    """Return how the streamed inputs of a call lie on their streams, by name.

    An input is a stream along the axis that its authors call ``t``; where they name none, along the one that is laid
    end to end with a state, that a recurrence runs along, or that has one position a call. An input that meets one
    at the same places is one too. A call that has no such axis is given one position of the stream.

    Args:
        call: the call, analysed for itself.
        states: its state inputs.
        chunk: how many positions a call advances; None: as many as it is given.

    Raises:
        ModelError: which axis it is is not clear, or a call cannot advance so.
    """
    others = {name: one for name, one in call.inputs.items() if name not in states}
    found = {name: axis for name, one in others.items() if (axis := _axis(call, one, states)) is not None}
    if (
        not found
    ):  # one position a call tells it where nothing else does: an embedding can have such an axis, too
        single = {
            name: [axis for axis in _rest(call, one) if one.shape[axis] == 1] for name, one in others.items()
        }
        found = {name: own[0] for name, own in single.items() if len(own) == 1 and not _is_named(call, name)}
    met = call.runs.plan.facts.met
    for name in others.keys() - found.keys():
        twins = {b if a[0] == name else a for a, b in met if name in (a[0], b[0])}
        own = {a if a[0] == name else b for a, b in met if name in (a[0], b[0])}
        if any(found.get(twin[0]) == twin[1] for twin in twins):
            time = {key[1] for key in own if _meets(met, key, found)}
            if len(time) == 1:
                found[name] = time.pop()
    if found:
        return {name: _flow(call, others[name], axis, chunk, found) for name, axis in found.items()}
    several = {name: rest for name, one in others.items() if (rest := _rest(call, one))}
    for name, axes in several.items():
        if not _is_named(call, name):
            raise ModelError(
                f"{call.name}: along which of its axes input {name!r} is a stream is not clear; say "
                f"axes = {{ {name} = {{ t = {axes[-1]} }} }}, or name them without t where a call is one step"
            )
    return {name: _flow(call, one, None, chunk, {}) for name, one in others.items() if one.shape}


def _is_named(call: Analysis, name: str) -> bool:
    """Return whether the axes of an input are named by the model's authors."""
    return bool(call.wanted_axes.get(name, {}).keys() - {"batch", "channel"})


def _meets(
    met: Collection[tuple[tuple[str, int], tuple[str, int]]], key: tuple[str, int], found: Mapping[str, int]
) -> bool:
    return any(
        found.get(other[0]) == other[1] for pair in met if key in pair for other in pair if other != key
    )


def _axis(call: Analysis, one: Input, states: Collection[str]) -> int | None:
    """Return the axis along which an input is a stream, None where there is none that is known to be one."""
    wanted = call.wanted_axes.get(one.name, {})
    named = {axis: number for axis, number in wanted.items() if axis not in ("batch", "channel")}
    if named:
        return named.get(TIME)
    evident = {*_beside_state(call, one.name, states)} - {one.channel}
    if len(evident) > 1:
        evident -= {one.batch}
    rest = _rest(call, one)
    if not evident:
        evident = {axis for name, axis in call.runs.plan.facts.recurrent if name == one.name and axis in rest}
    if not evident and one.axes.keys() == {TIME}:
        windowed = (one.name, one.axes[TIME]) in call.runs.plan.facts.windowed
        evident = {one.axes[TIME]} if windowed and len(rest) == 1 else set()
    return evident.pop() if len(evident) == 1 else None


def _rest(call: Analysis, one: Input) -> list[int]:
    return [axis for axis in range(len(one.shape)) if axis not in (one.batch, one.channel)]


def _beside_state(call: Analysis, name: str, states: Collection[str]) -> Iterator[int]:
    """Yield the axes of an input of which positions are laid end to end with those of a state."""
    structures = call.runs.plan.structures
    for step in call.graph.program:
        if not isinstance(step.action, Join):
            continue
        parts = [structures.get(operand) for operand in step.action.operands]
        known = [one for one in parts if isinstance(one, Structure)]
        keys = [carried(one.layout[step.action.axis : step.action.axis + 1]) for one in known]
        if any(one.inputs & {*states} and name not in one.inputs for one in known):
            for one, own in zip(known, keys, strict=True):
                mine = {axis for source, axis in own if source == name}
                if len(mine) == 1 and not (one.inputs & {*states} and len(known) == 1):
                    yield from mine


def _flow(
    call: Analysis, one: Input, axis: int | None, chunk: Chunk | None, found: Mapping[str, int]
) -> Flow:
    if axis is not None and axis in call.chosen.get(one.name, ()):
        shape = ", ".join(str(n) if place != axis else "CHUNK" for place, n in enumerate(one.shape))
        raise ModelError(
            f"{call.name}: input {one.name!r} leaves open how many positions a call is given; say so: "
            f"inputs = {{ {one.name} = [{shape}] }}"
        )
    given = 1 if axis is None else one.shape[axis]
    if isinstance(chunk, Mapping):
        unknown = [name for name in chunk if name not in call.inputs]
        if unknown:
            raise ModelError(
                f"{call.name}: chunk: there is no input {unknown[0]!r}; there are {', '.join(call.inputs)}"
            )
        if others := [name for name in chunk if name not in found]:
            raise ModelError(
                f"{call.name}: chunk: input {others[0]!r} is no stream; chunks are of {', '.join(found)}"
            )
        advance = chunk.get(one.name, given)
    elif chunk is None:
        advance = given
    else:
        first = call.inputs[next(iter(found))].shape[next(iter(found.values()))] if found else 1
        advance, rest = divmod(int(chunk) * given, first) if given != first else (int(chunk), 0)
        if rest:
            raise ModelError(
                f"{call.name}: chunk = {chunk} of input {next(iter(found))!r} is no whole number of positions of "
                f"{one.name!r}; give one for each: chunk = {{ {next(iter(found))} = {chunk}, ... }}"
            )
    if not isinstance(advance, Integral) or advance < 1:
        raise ModelError(f"{call.name}: chunk is a whole number of positions, 1 or more, not {advance!r}")
    if advance > given:
        raise ModelError(
            f"{call.name}: chunk = {advance} is more than the {given} positions of {one.name!r} that a call is given, "
            "so that some would be left out; give larger inputs, or a smaller chunk"
        )
    return Flow(axis, given, int(advance))


def steps(
    structure: Structure | Ignorance | None,
    shape: tuple[int, ...],
    keys: Collection[tuple[str, int]],
    given: int,
    axis: int | None,
) -> Flow | None:
    """Return how an output lies on its stream; None where its steps lie along several axes, or are not known.

    Args:
        structure: what is known of the output of a call.
        shape: its shape.
        keys: the input axes that are streams.
        given: how many positions a call is given.
        axis: the axis of the stream in the input.
    """
    if isinstance(structure, Ignorance):
        return None
    layout = () if structure is None else structure.layout
    own = [number for number, one in enumerate(layout) if carried((one,)) & {*keys}]
    if len(own) > 1:
        return None
    if own:
        return Flow(own[0], shape[own[0]], shape[own[0]])
    single = [number for number, extent in enumerate(shape) if extent == 1]
    if given == 1 and axis in single:
        return Flow(axis, 1, 1)
    return Flow(None, 1, 1)
