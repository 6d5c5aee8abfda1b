"""If, Loop and Scan of ONNX.

A branch is chosen, or both count; a body is written out as often as it runs if the graph tells that
number and it is not too large. Else the results are an upper bound: everything that the body can see.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from math import prod

import numpy as np

from pytest_rf.graph import Graph, Unknown
from pytest_rf.operators import ordering, views
from pytest_rf.operators.onnx.call import Body, Element, Items, NodeCall, Result, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.value import Undetermined, Value


def _body(call: NodeCall, name: str) -> Body:
    assert call.body is not None
    return call.body(name)


def _truth(call: NodeCall, value: Element | None) -> bool | None:
    """Return the value of a constant condition; None where it is computed from the input."""
    if not isinstance(value, Value) or call.single("the condition", value).varies or value.data is None:
        return None
    return bool(value.data.reshape(-1)[0])


def either(call: NodeCall) -> Result:
    """If: the branch that a constant condition takes, else what both read, and the condition."""
    condition = call.x
    known = _truth(call, condition)
    if known is not None:
        name = "then_branch" if known else "else_branch"
        return _body(call, name)((), "then" if known else "else")
    if not condition.varies:
        raise Undetermined(f"the condition of {call.op} {condition.missing or 'has no known value'}")
    yes, no = (
        _body(call, f"{label}_branch")((), label, partial(_doubtful, call.b.graph, condition, label))
        for label in ("then", "else")
    )
    if len(yes) != len(no):
        call.fail(f"its branches have {len(yes)} and {len(no)} outputs")
    return tuple(_both(call, condition, a, b) for a, b in zip(yes, no, strict=True))


STEERING = 16
"""Inputs of at most so many elements are taken for settings, of which a user could give the values."""


def _doubtful(graph: Graph, condition: Value, label: str, node: str) -> str:
    """Return what to call a branch of which only the input's values tell whether it runs."""
    behind = {condition.number}
    for step in reversed(graph.program):
        if step.value.number in behind:
            behind.update(step.operands)
    settings = [
        name
        for name, value in graph.inputs.items()
        if value.number in behind and value.rank <= 1 and prod(value.extents) <= STEERING
    ]
    remedy = ""
    if settings:
        option = shlex.quote(f"{settings[0]}=1")
        remedy = f", which the values of {' and '.join(settings)} would settle (values, or --value {option}),"
    return f"the {label} branch of {node}{remedy}"


def _both(call: NodeCall, condition: Value, a: Element, b: Element) -> Element:
    if isinstance(a, Items) and isinstance(b, Items) and len(a.values) == len(b.values):
        return Items(tuple(_merged(call, condition, x, y) for x, y in zip(a.values, b.values, strict=True)))
    if isinstance(a, Value) and isinstance(b, Value):
        return _merged(call, condition, a, b)
    live = [
        v for one in (a, b) for v in (one.values if isinstance(one, Items) else [one]) if isinstance(v, Value)
    ]
    return call.b.unknown([condition, *live], "the branches of If give sequences of different lengths")


def _merged(call: NodeCall, condition: Value, a: Value, b: Value) -> Value:
    # One value for both is no proof of one result: elementwise operators read the same and differ.
    lacking = next((one.missing for one in (a, b) if one.shape is None and one.missing), None)
    if lacking is not None:
        return call.b.unknown([condition, a, b], f"what a branch of If gives {lacking}")
    if a.shape is None or b.shape is None or a.shape != b.shape:
        reason = f"the branches of If give shapes {a.shape} and {b.shape}"
        return call.b.unknown([condition, a, b], reason)
    return ordering.either(call.b, a.extents, condition, a, b)


def loop(call: NodeCall) -> Result:
    """Loop: the body as often as a constant trip count and condition say."""
    body = _body(call, "body")
    state: list[Element | None] = list(call.operands[2:])
    if body.parameters != len(state) + 2:
        call.fail(f"its body has {body.parameters} inputs for {len(state)} states")
    limit = call.optional(0)
    trips = None if limit is None else _count(call.single("the trip count", limit))
    going = _truth(call, call.operands[1]) if call.has(1) else True
    if (limit is not None and trips is None) or going is None or (limit is None and not call.has(1)):
        return _any_trips(call, body, state)
    columns: list[list[Value]] = [[] for _ in range(call.outputs - len(state))]
    step = 0
    while going and (trips is None or step < trips):
        if call.spent(max(body.size, 1)) < 0:
            return _any_trips(call, body, list(call.operands[2:]))
        turn = call.constant(np.asarray(step, np.int64))
        results = body([turn, call.constant(np.asarray(True)), *state], f"body[{step}]")
        if len(results) != 1 + len(state) + len(columns):
            call.fail(f"its body has {len(results)} outputs for {call.outputs} of its own")
        going = _truth(call, results[0])
        if going is None:
            return _any_trips(call, body, list(call.operands[2:]))
        state = list(results[1 : 1 + len(state)])
        _collect(call, columns, results[1 + len(state) :])
        step += 1
    scans = [_stacked(call, column, 0) for column in columns]
    return (*[_given(call, one) for one in state], *scans)


def _count(limit: Value) -> int | None:
    if limit.varies or limit.data is None:
        return None
    return max(int(limit.data.reshape(-1)[0]), 0)


def _given(call: NodeCall, element: Element | None) -> Element:
    if element is None:
        call.fail("a state has no initial value")
    return element


def _collect(call: NodeCall, columns: Sequence[list[Value]], results: Sequence[Element]) -> None:
    for column, value in zip(columns, results, strict=True):
        if not isinstance(value, Value):
            call.fail("a scan output of its body is no tensor")
        column.append(value)


def _stacked(call: NodeCall, column: list[Value], axis: int, backwards: bool = False) -> Value:
    """Return what every turn gave along a new axis."""
    if not column:
        return call.b.constant(None, missing="was gathered by a body that never ran")
    if any(value.shape is None for value in column):
        return call.b.unknown([v for v in column if v.varies], "the body's output has no known shape")
    if len({value.shape for value in column}) > 1:
        shapes = ", ".join(map(str, sorted({value.extents for value in column})))
        call.fail(f"a scan output has different shapes ({shapes}) in different turns")
    if column[0].rank < axis:
        call.fail(f"a scan output of rank {column[0].rank} has no axis {axis}")
    return views.stack(call.b, column[::-1] if backwards else column, axis)


def _any_trips(call: NodeCall, body: Body, state: Sequence[Element | None]) -> Result:
    """The results of a body that runs nobody knows how often: its states can read all that it sees.

    The states must keep their shape, which one turn of unknown number shows.
    """
    if not all(isinstance(one, Value) for one in state):
        raise Undetermined("a Loop whose number of turns depends on data carries a sequence")
    values = [one for one in state if isinstance(one, Value)]
    seen = len(call.b.graph.program)
    turn, flag = call.b.constant(()), call.b.constant(())
    # Data decides what a turn sees: stand-ins for the states, of which only the shape is known.
    stand_ins = [call.b.unknown([], "inside of a Loop", value.shape) for value in values]
    results = body([turn, flag, *stand_ins], "body", lambda node: f"the body of {node}")
    steps = call.b.graph.program[seen + len(stand_ins) :]
    # The stand-ins hide why something in the body is unknown.
    why = next((step.action.reason for step in steps if isinstance(step.action, Unknown)), None)
    own = {value.number for value in (turn, flag, *stand_ins)} | {
        step.value.number for step in call.b.graph.program[seen:]
    }
    sources = _outside(call, seen, own, [*call.given, *[r for r in results if isinstance(r, Value)]])
    if sources is None:
        raise Undetermined(why or "the number of turns of a Loop depends on data")
    answers: list[Element] = []
    for before, after in zip(values, results[1:], strict=False):
        if not isinstance(after, Value) or after.shape is None or after.shape != before.shape:
            reason = why or "the state of a Loop changes its shape, and data decides how often it runs"
            answers.append(call.b.unknown(sources, reason))
        else:
            anything = ordering.chosen_by_value(call.b, before.extents, *sources)
            answers.append(
                pointwise(call.b, anything, before)
            )  # what flows through unchanged keeps its place
    reason = why or "data decides how many turns of a Loop there are"
    answers += [call.b.unknown(sources, reason) for _ in range(call.outputs - len(values))]
    return tuple(answers)


def _outside(call: NodeCall, seen: int, own: set[int], extra: Sequence[Value]) -> list[Value] | None:
    """Return the values of the graph around that a body reads."""
    graph = call.b.graph
    numbers: dict[int, None] = {value.number: None for value in extra if value.number not in own}
    for step in graph.program[seen:]:
        numbers.update({number: None for number in step.operands if number not in own})
    found = [graph.values[number] for number in numbers]
    live = [value for value in found if value.varies]
    return None if any(value.shape is None for value in live) else live


def scan(call: NodeCall) -> Result:
    """Scan: the body once for each position of the sequences."""
    body = _body(call, "body")
    operands = list(call.operands)
    lengths = None
    if call.opset < 9:
        lengths, operands = operands[0], operands[1:]
    inputs = call.integer("num_scan_inputs", 0)
    states = len(operands) - inputs
    if inputs < 1 or states < 0 or body.parameters != len(operands):
        call.fail(f"num_scan_inputs {inputs} and a body of {body.parameters} inputs do not fit")
    if lengths is not None:
        raise Undetermined("sequence_lens of Scan-8 makes its samples end at different times")
    given = [_tensor(call, one) for one in operands]
    if call.opset < 9:
        return _per_sample(call, body, given, states, inputs)
    outputs = call.outputs - states
    return _scan(
        call,
        body,
        given[:states],
        given[states:],
        call.integers("scan_input_axes", [0] * inputs, inputs),
        [bool(n) for n in call.integers("scan_input_directions", [0] * inputs, inputs)],
        call.integers("scan_output_axes", [0] * outputs, outputs),
        [bool(n) for n in call.integers("scan_output_directions", [0] * outputs, outputs)],
    )


def _per_sample(call: NodeCall, body: Body, given: list[Value], states: int, inputs: int) -> Result:
    """Scan-8: each sample on its own, along axis 1."""
    samples = given[0].extents[0]
    if any(value.rank < 1 or value.extents[0] != samples for value in given):
        call.fail("its inputs differ in their number of samples")
    backwards = [bool(n) for n in call.integers("directions", [0] * inputs, inputs)]
    outputs = call.outputs - states
    rows: list[tuple[Value, ...]] = []
    for sample in range(samples):
        alone = [views.take_axis(call.b, value, 0, sample) for value in given]
        parts = _scan(
            call, body, alone[:states], alone[states:], [0] * inputs, backwards, [0] * outputs, [False] * outputs,
            f"sample[{sample}].",
        )  # fmt: skip
        rows.append(parts)
    return tuple(
        views.stack(call.b, [_tensor(call, part) for part in parts], 0) for parts in zip(*rows, strict=True)
    )


def _tensor(call: NodeCall, value: Element | None) -> Value:
    if not isinstance(value, Value):
        call.fail("an input of Scan is no tensor")
    return value


def _scan(
    call: NodeCall,
    body: Body,
    states: list[Value],
    sequences: list[Value],
    axes: list[int],
    backwards: list[bool],
    output_axes: list[int],
    output_backwards: list[bool],
    label: str = "",
) -> tuple[Value, ...]:
    axes = [call.axis(axis, value.rank) for axis, value in zip(axes, sequences, strict=True)]
    counts = {value.extents[axis] for value, axis in zip(sequences, axes, strict=True)}
    if len(counts) > 1:
        call.fail(f"its sequences have different lengths {sorted(counts)}")
    count = counts.pop()
    if count * max(body.size, 1) > call.spent(0):
        raise Undetermined(f"{call.op} over {count} positions is too long to be written out")
    call.spent(count * max(body.size, 1))
    state: list[Value] = states
    columns: list[list[Value]] = [[] for _ in output_axes]
    for step in range(count):
        parts = [
            views.take_axis(call.b, value, axis, count - 1 - step if back else step)
            for value, axis, back in zip(sequences, axes, backwards, strict=True)
        ]
        results = body([*state, *parts], f"{label}body[{step}]")
        if len(results) != len(state) + len(columns):
            call.fail(f"its body has {len(results)} outputs for {call.outputs} of its own")
        state = [_tensor(call, one) for one in results[: len(state)]]
        _collect(call, columns, results[len(state) :])
    stacks: list[Value] = []
    for column, axis, back in zip(columns, output_axes, output_backwards, strict=True):
        rank = column[0].rank + 1 if column and column[0].shape is not None else 1
        stacks.append(_stacked(call, column, call.axis(axis, rank), back))
    return (*state, *stacks)


RULES: Rules = {"If": either, "Loop": loop, "Scan": scan}
