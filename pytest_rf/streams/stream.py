"""A step model analysed as the net that it is: its calls unrolled until nothing changes any more (SEMANTICS 10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.described import Described
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.instructions import Policy
from pytest_rf.domains.intervals import Intervals
from pytest_rf.domains.layout import Key, stride
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import ModelError
from pytest_rf.interpreter import Plan, plan, run_total
from pytest_rf.streams import axes, needed, pairing, steady
from pytest_rf.streams.calls import Calls, Joined
from pytest_rf.streams.growing import Series
from pytest_rf.streams.needed import State
from pytest_rf.streams.runs import StreamRuns
from pytest_rf.streams.unrolling import Flow, Unrolled, unroll
from pytest_rf.value import Value

MOST_STEPS = 400_000
"""Calls are unrolled to no more steps than this; what is not settled then is not known."""
COSTLY = 1 << 7
"""A call that is lowered for itself costs as much as so many that are not."""


@dataclass(frozen=True)
class Stream(Calls):
    """The calls of a step model, and what they mean for its analysis."""

    def runs(self, about: Described) -> Runs:
        """Return the runs over the calls."""
        return StreamRuns(about, self)

    def state(self, runs: Runs) -> Mapping[str, State]:
        """Return how much of each state is needed, by the name of its input."""
        return needed.of(self, runs)


def streamed(analysis: Analysis, state: pairing.State, chunk: axes.Chunk | None = None) -> Analysis:
    """Return the analysis of the net that a step model is.

    Args:
        analysis: one call of it.
        state: state input -> the output that is its value in the next call; or ``"auto"``.
        chunk: how many positions a call advances, where that is less than it is given.

    Raises:
        ModelError: which input or output is meant is not clear, or what is given does not fit the model.
    """
    call = analysis.graph
    states = pairing.pairs(call, state, analysis.name)
    flows = axes.flows(analysis, states, chunk)
    if not flows:
        raise ModelError(
            f"{analysis.name}: no input but the states is left to be a stream; leave that out of state"
        )
    keys = {(name, flow.along(call.inputs[name].rank)): flow for name, flow in flows.items()}
    series = Series(analysis, states)
    told = series.hold(states) if series.grown else ""
    growing = frozenset(place for place, name in enumerate(states) if name in series.grown)
    made, planned, settled = _unrolled(series, analysis.name, states, flows, keys, growing)
    last, main = made.outputs[-1], next(iter(flows.values()))
    outputs = {
        name: flow
        for name, value in last.items()
        if name not in states.values() and value.shape is not None and value.varies
        if (
            flow := axes.steps(
                planned.structures.get(value.number), value.extents, keys, main.given, main.axis
            )
        )
    }
    first = steady.settled_calls([(flow.given, flow.advance) for flow in flows.values()])
    made = unroll(series.first(settled + first + 2), states, flows, outputs)
    stream = Stream(
        call=call,
        states=states,
        inputs=flows,
        outputs=outputs,
        advance={key: flow.advance for key, flow in keys.items()},
        joined={
            number: Joined(
                outputs[name].along(call.outputs[name].rank),
                outputs[name].given,
                tuple(one[name].number for one in made.outputs),
            )
            for name, number in made.streams.items()
        },
        links=tuple(tuple(value.number for value in links) for links in made.states),
        starts=tuple(made.starts),
        first=first,
        steady=settled,
        growing=growing,
    )
    made.graph.notes.extend(_notes(analysis, stream, auto=isinstance(state, str)))
    made.graph.notes.extend([told] * bool(told))
    made.graph.notes.extend(_uneven(outputs, last, planned, keys))
    return replace(
        analysis,
        graph=made.graph,
        wanted_axes=_named(analysis, flows, states),
        chosen={
            **{
                name: axes
                for name, axes in analysis.chosen.items()
                if name not in states and name not in flows
            },
            **{name: (axis,) for name, axis in keys},
        },
        reopen=None,
        stream=stream,
    )


def _unrolled(
    series: Series,
    name: str,
    states: Mapping[str, str],
    flows: Mapping[str, Flow],
    keys: Mapping[Key, Flow],
    growing: frozenset[int],
) -> tuple[Unrolled, Plan, int]:
    """Return as many calls as it takes until the state reads the same of the first positions, and from which on.

    Raises:
        ModelError: it does not within as many as are tried.
    """
    first = steady.settled_calls([(flow.given, flow.advance) for flow in flows.values()])
    calls = first + 3
    size = max(len(series.at(0).program), 1) * (COSTLY if growing else 1)
    while True:
        made = unroll(series.first(calls), states, flows, {})
        planned = plan(made.graph)
        links = [[value.number for value in left] for left in made.states]
        numbers = [number for left in links for number in left]
        alike = steady.alike_before(planned, links, growing)
        traces = []
        for context in (False, True):
            known = run_total(planned, Intervals(Policy(context=context)), frozenset(keys), numbers)
            traces += [
                [
                    [
                        steady.first_read(
                            known.get(number, {}).get(key), first * flow.advance, place in growing
                        )
                        for place, number in enumerate(left)
                    ]
                    for left in links
                ]
                for key, flow in keys.items()
            ]
        found = [steady.repeats_from(trace, first, alike) for trace in traces]
        if None not in found:
            return made, planned, max(one for one in found if one is not None)
        if any(
            at is None and steady.alternates(trace, first, alike)
            for at, trace in zip(found, traces, strict=True)
        ):
            raise ModelError(
                f"{name}: what its states read alternates from call to call, as of states that change places, so no "
                "call is like the next; hand each state on to its own input"
            )
        if calls * size * 2 > MOST_STEPS:
            raise ModelError(
                f"{name}: after {calls} calls the state still reads other parts of the past than a call "
                "before, so what the stream reads is not known; give larger chunks, or a shorter cache"
            )
        calls *= 2


def _named(
    analysis: Analysis, flows: Mapping[str, Flow], states: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    """Return the axes of the stream's inputs by name: those of a call, and the stream's own."""
    found: dict[str, dict[str, int]] = {}
    for name, one in analysis.inputs.items():
        if name in states:
            continue
        named = dict(one.axes)
        if name in flows:
            axis = flows[name].along(len(one.shape))
            if not analysis.wanted_axes.get(name, {}).keys() - {"batch", "channel"}:
                # What the tool names by itself: the stream's axis is t, and others are what they were.
                named = {key: number for key, number in named.items() if key != axes.TIME and number != axis}
                named[axes.TIME] = axis
            elif axis not in named.values():
                named[axes.TIME] = axis
        named = dict(sorted(named.items(), key=lambda role: role[1]))
        roles = {"batch": one.batch, "channel": one.channel}
        named.update(
            {role: axis for role, axis in roles.items() if axis is not None and axis not in named.values()}
        )
        if named:
            found[name] = named
    return found


def _notes(analysis: Analysis, stream: Stream, auto: bool) -> list[str]:
    """Return what figures of a stream rest on, a sentence each."""
    notes = []
    if auto:
        told = ", ".join(f"{before} = {after}" for before, after in stream.states.items())
        notes.append(f"state: paired by names and shapes: {told}")
    flows = ", ".join(
        f"{flow.advance} of {name}" + (f" ({flow.given} are given)" if flow.given != flow.advance else "")
        for name, flow in stream.inputs.items()
    )
    notes.append(
        f"figures are those of the stream: {stream.calls} calls end to end, each of which advances by {flows}"
    )
    shared = [name for name in analysis.inputs if name not in stream.inputs and name not in stream.states]
    if shared:
        notes.append(
            f"all calls share {', '.join(shared)}: there is no axis along which {_it(shared)} streamed"
        )
    return notes


def _uneven(
    outputs: Mapping[str, Flow], last: Mapping[str, Value], planned: Plan, keys: Mapping[Key, Flow]
) -> Iterator[str]:
    """Yield what to say of outputs whose steps in a call stand for more or fewer positions than calls advance by."""
    for name, flow in outputs.items():
        known = planned.structures.get(last[name].number)
        if flow.axis is None or not isinstance(known, Structure):
            continue
        for key, given in keys.items():
            step = stride(known.layout, key, moving=False)
            stands = step * flow.given if step else None
            if stands is not None and stands != given.advance:
                hint = f"; if calls overlap, say chunk = {stands}" if stands < given.given else ""
                yield (
                    f"{name} has {flow.given} steps a call, which stand for {stands} positions of {key[0]}, and calls "
                    f"advance by {given.advance}: its steps are not even{hint}"
                )


def _it(names: list[str]) -> str:
    return "it is" if len(names) == 1 else "they are"
