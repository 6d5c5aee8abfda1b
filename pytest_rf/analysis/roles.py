"""The roles of the inputs' axes: which are spatial, which counts samples, which features (SEMANTICS 3).

The batch axis is axis 0. An LSTM or an attention that runs along it is a leak more often than a time axis, and the
graph is the same: whoever means time names the axes. An input whose samples lie elsewhere (states of layers, batch,
features) is known by the axis that meets the batch of the others; what meets none of it is shared by all samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_rf.analysis.inputs import Input
from pytest_rf.domains.facts import Facts
from pytest_rf.domains.layout import Key, Keys
from pytest_rf.errors import ModelError
from pytest_rf.value import Shape

AXIS_NAMES = {1: ("t",), 2: ("h", "w"), 3: ("d", "h", "w")}
"""Names of an input's spatial axes by their number (SEMANTICS 3)."""

Axes = Mapping[str, Mapping[str, int]]
"""Input name -> axis name -> axis number; ``batch`` and ``channel`` are roles, other names those of spatial axes."""


def roles(shapes: Mapping[str, Shape], facts: Facts, wanted: Axes) -> dict[str, Input]:
    """Return the inputs with the roles of their axes.

    Args:
        shapes: input name -> shape.
        facts: what the plan has learnt of them.
        wanted: the axes that the user names outright.
    """
    batches = _batches(shapes, facts, wanted)
    return {
        name: _input(name, shape, batches.get(name), facts, wanted.get(name))
        for name, shape in shapes.items()
    }


def checked(model: str, shapes: Mapping[str, Shape], wanted: Axes) -> dict[str, dict[str, int]]:
    """Return the axes that the user names, counted from the front.

    Raises:
        ModelError: there is no such input or axis, or two names mean one axis.
    """
    for name, axes in wanted.items():
        if name not in shapes:
            known = ", ".join(map(repr, shapes)) or "none"
            raise ModelError(f"{model}: axes names an input {name!r}; the inputs are {known}")
        rank = len(shapes[name])
        for axis, number in axes.items():
            if not -rank <= number < rank:
                raise ModelError(
                    f"{model}: axes: input {name!r} has {rank} axes, {axis} = {number} is not one"
                )
        if len({number % rank for number in axes.values()}) < len(axes):
            raise ModelError(f"{model}: axes: two names of input {name!r} mean the same axis")
    return {
        name: {axis: number % len(shapes[name]) for axis, number in axes.items()}
        for name, axes in wanted.items()
    }


def _input(
    name: str, shape: Shape, batch: int | None, facts: Facts, wanted: Mapping[str, int] | None
) -> Input:
    named = dict(wanted or {})
    told = named.pop("batch", None)
    channel = named.pop("channel", facts.channel.get(name))
    channel = None if channel is not None and channel in (batch, *named.values()) else channel
    if not named:
        spatial = _spatial(name, shape, batch, channel, told is not None, facts)
        names = AXIS_NAMES.get(len(spatial), tuple(f"a{axis}" for axis in spatial))
        named = dict(zip(names, spatial, strict=True))
    return Input(name, shape, named, batch, channel)


def _spatial(
    name: str, shape: Shape, batch: int | None, channel: int | None, told: bool, facts: Facts
) -> list[int]:
    """Return the axes that a window or a recurrence reads; where there are none, those that anything moves along."""
    others = {batch, channel}
    run = {axis for owner, axis in facts.windowed | facts.recurrent if owner == name} - others
    if run:
        return sorted(run)
    # Axis 0 of an input without a batch counts layers or outputs of weights, if not told otherwise.
    outer = {0} if len(shape) > 1 and not told else set()
    return sorted({axis for owner, axis in facts.rearranged if owner == name} - others - outer)


def _batches(shapes: Mapping[str, Shape], facts: Facts, wanted: Axes) -> dict[str, int]:
    """Return input name -> batch axis, for the inputs that have one."""
    told = {name: axes["batch"] for name, axes in wanted.items() if "batch" in axes}
    spatial = {
        (name, axis) for name, axes in wanted.items() for role, axis in axes.items() if role != "batch"
    }

    def may_count_samples(key: Key) -> bool:
        return key not in facts.windowed and key not in spatial

    first = [
        (name, 0)
        for name, shape in shapes.items()
        if len(shape) > 1
        and name not in told
        and may_count_samples((name, 0))
        and facts.channel.get(name) != 0
    ]
    if not told and not first:
        return {}
    if told:
        batch = _meeting(facts, told.items())
        extent = max(shapes[name][axis] for name, axis in told.items())
    else:
        # The batch is what outputs begin with, and what most inputs begin with.
        groups = {key: _meeting(facts, [key]) for key in first}
        best = max(
            first, key=lambda key: (key in facts.foremost, sum(other in groups[key] for other in first))
        )
        batch, extent = groups[best], shapes[best[0]][0]
    found = dict(told)
    for name, shape in shapes.items():
        met = [
            axis for axis in range(len(shape)) if (name, axis) in batch and may_count_samples((name, axis))
        ]
        if name in told:
            continue
        if met:
            found[name] = met[0]
        elif (name, 0) in first and (
            (name, 0) in facts.foremost
            or (shape[0] == extent and not any((name, 0) in pair for pair in facts.met))
        ):
            found[name] = 0
    return found


def _meeting(facts: Facts, start: Iterable[Key]) -> Keys:
    """Return the axes that lie along one with any of ``start``, directly or over others."""
    found: set[Key] = set(start)
    while True:
        more = {key for pair in facts.met if not found.isdisjoint(pair) for key in pair} - found
        if not more:
            return frozenset(found)
        found |= more
