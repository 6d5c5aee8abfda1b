"""A step model as the net that it is: its calls one after the other over one long input, as one graph.

Every call reads its own slice of the input, and as state what the call before gave. So nothing of the engine has to
know of streams: the graph is one like any other, whose program is that of the call, many times.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_rf.access import SAME, Read, Relation, progression
from pytest_rf.errors import ModelError
from pytest_rf.graph import Action, Builder, Graph, Join, Regroup, Step, Union, Unknown
from pytest_rf.node import Node
from pytest_rf.value import Shape, Value


@dataclass(frozen=True, slots=True)
class Flow:
    """How an input or output of a call lies on its stream.

    Attributes:
        axis: the axis of its positions; None where a call has one of them and no axis for it. In the stream the
            last axis is theirs then.
        given: how many of them a call is given, or gives.
        advance: how many of them the next call begins later.
    """

    axis: int | None
    given: int
    advance: int

    def along(self, rank: int) -> int:
        """Return the axis of the positions in the stream, of which a call's tensor has ``rank`` axes."""
        return rank if self.axis is None else self.axis

    def shape(self, shape: Shape, calls: int) -> Shape:
        """Return the shape of the stream of so many calls, each of which has a tensor of ``shape``."""
        extent = self.given + (calls - 1) * self.advance
        return (
            (*shape, extent) if self.axis is None else (*shape[: self.axis], extent, *shape[self.axis + 1 :])
        )


@dataclass(slots=True)
class Unrolled:
    """Calls one after the other, as one graph.

    Attributes:
        graph: the graph. Its nodes are those of one call, whichever call a step is of, and what they give are the
            tensors of the last one, but for outputs that are streams.
        calls: how many there are.
        states: for each call the values of the state that it leaves behind, in the order of the pairs.
        outputs: for each call the values of its outputs, by name.
        starts: for each call the number of its first value.
        streams: output name -> number of the value that all calls give together.
    """

    graph: Graph
    calls: int
    states: list[tuple[Value, ...]] = field(default_factory=list)
    outputs: list[Mapping[str, Value]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    streams: dict[str, int] = field(default_factory=dict)


def unroll(
    calls: Sequence[Graph],
    states: Mapping[str, str],
    inputs: Mapping[str, Flow],
    outputs: Mapping[str, Flow],
    opened: bool = False,
) -> Unrolled:
    """Return calls of a step model as one graph.

    Args:
        calls: the calls, one behind the other; where state grows they are not one and the same.
        states: state input -> the output that is its value in the next call.
        inputs: the inputs that are streamed, by name; the others are the same in all calls.
        outputs: the outputs that are streams, by name; of the others there is the last call's.
        opened: whether the state of the first call is an input of the graph, and no constant.

    Raises:
        ModelError: the calls are not made of the same operators.
    """
    call, last = calls[0], calls[-1]
    b = Builder(call.weights)
    made = Unrolled(b.graph, len(calls))
    writing = _Writing(b, last)
    whole: dict[str, Value] = {}
    for name, value in call.inputs.items():
        if name in inputs:
            whole[name] = b.input(name, inputs[name].shape(value.extents, len(calls)))
        elif name not in states or opened:
            whole[name] = b.input(name, value.extents)
    nodes = [copy.copy(node) for node in last.nodes]
    for node in nodes:
        b.begin(node)
    state = {name: whole[name] if opened else b.constant(call.inputs[name].extents) for name in states}
    for value in last.outputs.values():
        if not value.varies:  # made here, so that all calls have equally many values
            writing.value(value)
    for number, call in enumerate(calls):
        if [step.node.op for step in call.program] != [step.node.op for step in last.program]:
            raise ModelError(
                "its calls are not made of the same operators as its state grows; give it at a fixed length"
            )
        made.starts.append(len(b.graph.values))
        own = {
            name: _slice(b, whole[name], inputs[name], number, value.extents)
            if name in inputs
            else whole[name]
            for name, value in call.inputs.items()
            if name not in states
        }
        writing.begin(call, {call.inputs[name].number: value for name, value in {**own, **state}.items()})
        for step in call.program:
            writing.step(step, nodes)
        made.outputs.append({name: writing.value(value) for name, value in call.outputs.items()})
        state = {name: made.outputs[-1][source] for name, source in states.items()}
        made.states.append(tuple(state.values()))
    made.starts.append(len(b.graph.values))
    for name, flow in outputs.items():
        joined = _joined(b, writing, name, flow, [one[name] for one in made.outputs], nodes)
        if joined.varies:
            made.streams[name] = joined.number
    _name(made, last, writing, nodes, states)
    return made


class _Writing:
    """Writes the program of a call, again and again."""

    def __init__(self, b: Builder, call: Graph) -> None:
        self.b = b
        self.call = call
        self._constants: dict[tuple[int, int], Value] = {}
        self._own: dict[int, Value] = {}
        self.makers = {step.value.number: step.node.index for step in call.program}

    def begin(self, call: Graph, given: Mapping[int, Value]) -> None:
        """Begin a call in which values of its graph, by number, are given."""
        self.call = call
        self._own = dict(given)

    def value(self, value: Value) -> Value:
        """Return what a value of the call's graph is in the call that is written."""
        key = (id(self.call), value.number)
        found = self._own.get(value.number) or self._constants.get(key)
        if found is None:
            found = self._constants[key] = self.b.deferred(lambda: value, value.nesting)
        return found

    def stand_in(self, value: Value, other: Value) -> None:
        """Let another value be what a value of the call's graph is."""
        self._own[value.number] = other

    def step(self, step: Step, nodes: Sequence[Node]) -> None:
        """Write a step of the call."""
        self.b.node = nodes[step.node.index]
        action = self._action(step.action)
        if action is None:
            made = self.b.constant(step.value.shape)
        else:
            made = self.b.step(step.value.shape, action, self._operands(step))
            made.masked, made.zero = step.value.masked, step.value.zero
        self._own[step.value.number] = made

    def _operands(self, step: Step) -> list[int]:
        found = [self._own.get(number) for number in step.operands]
        return [value.number for value in found if value is not None and value.varies]

    def _action(self, action: Action) -> Action | None:
        """Return an action over the values of the call that is written; None where none of them depends on an input.

        What only the state of the first call feeds is a constant there.
        """
        if isinstance(action, Union):
            reads = [(self._varying(read.operand), read) for read in action.reads]
            live = tuple([read._replace(operand=own) for own, read in reads if own is not None])
            return action._replace(reads=live) if live else None
        if isinstance(action, Join):
            parts = [(self._varying(operand), at) for operand, at in zip(*action[:2], strict=True)]
            known = [(own, at) for own, at in parts if own is not None]
            return (
                Join(tuple([own for own, _ in known]), tuple([at for _, at in known]), action.axis)
                if known
                else None
            )
        if isinstance(action, Regroup):
            own = self._varying(action.operand)
            return None if own is None else Regroup(own)
        live_operands = [self._varying(operand) for operand in action.operands]
        numbers = tuple([own for own in live_operands if own is not None])
        return Unknown(numbers, action.reason, action.operator) if numbers else None

    def _varying(self, number: int) -> int | None:
        own = self._own.get(number)
        return own.number if own is not None and own.varies else None


def _slice(b: Builder, whole: Value, flow: Flow, call: int, shape: Shape) -> Value:
    """Return what one call is given of a streamed input."""
    b.node = Node("", "Slice")
    axis, rank = flow.along(len(shape)), len(shape)
    first = call * flow.advance
    if flow.axis is None:
        axes: list[tuple[int | None, Relation]] = [(number, SAME) for number in range(rank)]
        return b.union(shape, Read(whole.number, (*axes, (None, progression(first)))))
    if shape == whole.shape:
        return whole
    moved = [(number, progression(first) if number == axis else SAME) for number in range(rank)]
    return b.union(shape, Read(whole.number, tuple(moved)))


def _joined(
    b: Builder, writing: _Writing, name: str, flow: Flow, parts: Sequence[Value], nodes: Sequence[Node]
) -> Value:
    """Return what all calls together give as one output."""
    maker = writing.makers.get(writing.call.outputs[name].number)
    b.node = Node(name, "Identity") if maker is None else nodes[maker]
    if flow.axis is None:
        parts = [b.reshape(part, (*part.extents, 1)) for part in parts]
    if len(parts) == 1:
        return parts[0]
    return b.join(parts, flow.along(len(parts[0].extents) - (flow.axis is None)))


def _name(
    made: Unrolled, call: Graph, writing: _Writing, nodes: Sequence[Node], states: Mapping[str, str]
) -> None:
    """Give the tensors of the last call their names, and streams those of the outputs."""
    graph = made.graph
    for name, number in made.streams.items():
        writing.stand_in(call.outputs[name], graph.values[number])
    for node in nodes:
        node.inputs = tuple([writing.value(value) for value in node.inputs])
        node.outputs = {name: writing.value(value) for name, value in node.outputs.items()}
    graph.outputs.update(
        {name: writing.value(value) for name, value in call.outputs.items() if name not in states.values()}
    )
    graph.constants.update({name: writing.value(value) for name, value in call.constants.items()})
    graph.modules.update({path: writing.value(value) for path, value in call.modules.items()})
    graph.metadata.update(call.metadata)
    graph.notes.extend(call.notes)
