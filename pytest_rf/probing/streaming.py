"""``same``: whether two nets are the same stream, by what they read and, if asked, by values of real runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.along import Along
from pytest_rf.analyzing import analyze
from pytest_rf.errors import ModelError
from pytest_rf.streams import Comparison, compared
from pytest_rf.streams.comparing import Pair, is_stream, pairs
from pytest_rf.streams.growing import growth
from pytest_rf.streams.stream import Stream
from pytest_rf.streams.units import Units

Array = npt.NDArray[Any]
Run = Callable[[Mapping[str, Array]], Mapping[str, Array]]
"""From inputs by name to outputs by name."""

TOLERANCE = {8: 1e-7, 4: 2e-3, 2: 5e-2}
"""By bytes of an element: what values of two runs may differ by, as a share of the largest."""


def same(offline: Any, step: Any, run: bool = False) -> Comparison:
    """Return whether a step model is the same stream as an offline model, or two offline models the same net.

    After the start-up that the longest finite look-back needs they are to read the same positions, unit for unit. A
    constant delay of the step model's outputs is told as a delay.

    Args:
        offline: an analysis; or a model, as :func:`pytest_rf.analyze` takes it.
        step: likewise; of a step model one with ``state``.
        run: whether both are run on random input as well, the step model call by call, and their values compared.

    Returns:
        What was found; truthy if they are the same, else ``unit`` and ``why`` tell the first unit that differs.

    Raises:
        ModelError: they have no inputs or outputs in common, what one reads is not known, or one does not run.
    """
    one, other = (model if isinstance(model, Analysis) else analyze(model) for model in (offline, step))
    found = compared(one, other)
    if not found or not run:
        return found
    return with_values(one, other, found)


def with_values(offline: Analysis, step: Analysis, found: Comparison) -> Comparison:
    """Return a comparison by what is read with what values of real runs add to it.

    Raises:
        ModelError: one does not run.
    """
    random = np.random.default_rng(0)
    every = pairs(offline, step)
    feeds: dict[str, Array] = {}  # by names of the offline model
    given: dict[str, Array] = {}
    names = {pair.step.input.name: pair.offline.input.name for pair in every}
    for name, own in step.inputs.items():
        twin = names.get(name, name)
        feeds[twin] = given[name] = random.standard_normal(offline.inputs.get(twin, own).shape)
    for name, source in offline.inputs.items():
        if name not in feeds:
            feeds[name] = random.standard_normal(source.shape)
    mine, yours = _outputs(offline, feeds), _outputs(step, given)
    result = replace(found, ran=True)
    for pair in every:
        result = _differ(result, offline, pair, mine[_name(pair.offline)], yours[_name(pair.step)], step)
        if not result:
            return result
    return result


def _name(along: Along) -> str:
    """Return the name of the output that a field is of."""
    names = [name for name, value in along.runs.graph.outputs.items() if value.number == along.value.number]
    return names[0]


def _outputs(net: Analysis, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return what a net gives for its whole inputs: at once, or call by call."""
    runner = _runner(net)
    if not isinstance(net.stream, Stream):
        return runner(feeds)
    return _by_calls(net, net.stream, runner, feeds)


def _by_calls(net: Analysis, stream: Stream, runner: Run, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Return what a step model gives, chunk by chunk, from state that is zero at first."""
    along = {name: flow.along(stream.call.inputs[name].rank) for name, flow in stream.inputs.items()}
    calls = min(
        (feeds[name].shape[along[name]] - flow.given) // flow.advance + 1
        for name, flow in stream.inputs.items()
    )
    if calls < 2:
        need = max(flow.given + flow.advance for flow in stream.inputs.values())
        raise ModelError(
            f"{net.name}: the input is too short for two calls; give the offline model {need} or more"
        )
    state = {name: np.zeros(_begun(stream, name)) for name in stream.states}
    parts: dict[str, list[Array]] = {name: [] for name in stream.outputs}
    for call in range(calls):
        own = {**{name: array for name, array in feeds.items() if name not in stream.inputs}, **state}
        for name, flow in stream.inputs.items():
            first = call * flow.advance
            places = np.arange(first, first + flow.given)
            piece = feeds[name].take(places, axis=along[name])
            own[name] = piece[..., 0] if flow.axis is None else piece
        result = runner(own)
        state = {name: result[output] for name, output in stream.states.items()}
        for name, flow in stream.outputs.items():
            parts[name].append(result[name][..., None] if flow.axis is None else result[name])
    return {
        name: np.concatenate(
            arrays, axis=stream.outputs[name].along(arrays[0].ndim - (stream.outputs[name].axis is None))
        )
        for name, arrays in parts.items()
    }


def _begun(stream: Stream, name: str) -> tuple[int, ...]:
    """Return the shape of a state at the first call: one that grows holds nothing yet."""
    shape, larger = stream.call.inputs[name].extents, growth(stream.call, name, stream.states[name])
    return shape if larger is None else (*shape[: larger.axis], 0, *shape[larger.axis + 1 :])


def _differ(
    result: Comparison, offline: Analysis, pair: Pair, mine: Array, yours: Array, step: Analysis
) -> Comparison:
    """Return the comparison with the first unit of one output whose values differ."""
    axes = [_units_axis(along) for along in (pair.offline, pair.step)]
    a, b = np.moveaxis(mine, axes[0], 0), np.moveaxis(yours, axes[1], 0)
    a, b = (one.reshape(len(one), -1) for one in (a, b))
    if a.shape[1] != b.shape[1]:
        told = f"step of {pair.output!r} has {b.shape[1]} elements in {step.name} and {a.shape[1]} in {offline.name}"
        return replace(result, output=pair.output, why=f"a {told}, so their values are none to compare")
    first, delay = (result.startup, result.delay) if is_stream(offline) or is_stream(step) else (0, 0)
    units = Units(pair.offline) if is_stream(step) or is_stream(offline) else None
    last = pair.offline.extent - 1
    scale = max(float(np.abs(a).max(initial=0)), 1e-30)
    allowed = scale * max(TOLERANCE[min(one.dtype.itemsize, 8)] for one in (mine, yours))
    compared_units = 0
    for unit in range(max(first, delay), min(len(b), len(a) + delay)):
        if units is not None and units.theory and last < units.at(unit - delay).hi < float("inf"):
            continue  # what the offline model's border cuts short
        compared_units += 1
        off = float(np.abs(a[unit - delay] - b[unit]).max())
        if not off <= allowed:
            why = (
                f"step {unit} of {pair.output!r} along {pair.step.axis_name} reads the same and has other values: they "
                f"differ by {off:.2g} where {allowed:.1g} is rounding"
            )
            return replace(
                result,
                output=pair.output,
                input=pair.step.input.name,
                axis=pair.step.axis_name,
                unit=unit,
                why=why,
            )
    if not compared_units:
        raise ModelError(
            f"{offline.name}: its input is too short: no step of {pair.output!r} is left behind the start-up of "
            f"{first}; give it a larger one"
        )
    return result


def _units_axis(along: Along) -> int:
    """Return the axis of an output that has its units."""
    stream = along.runs.about.stream
    if isinstance(stream, Stream):
        return int(stream.joined[along.value.number].axis)
    layout = along.theory().layout
    axes = [n for n, axis in enumerate(layout) if any(along.key in factor.carries for factor in axis)]
    if len(axes) != 1:
        raise ModelError(f"which axis of the output has the steps of {along.axis_name} is not clear")
    return axes[0]


def _runner(net: Analysis) -> Run:
    """Return what runs one call of a net.

    Raises:
        ModelError: the model itself is not at hand.
    """
    if net.called is None:
        raise ModelError(
            f"{net.name}: the model is not at hand to be run; give an analysis that was made here"
        )
    if net.module is None:
        from pytest_rf.probing import runtime

        return runtime.runner(net.called[0], net.name, net.called[1])
    from pytest_rf.probing import modules

    return modules.runner(net.module, *net.called)
