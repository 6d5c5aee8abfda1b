"""Nodes that repeat others: the same operator with the same attributes over the same shapes.

Networks are made of blocks, so most nodes do what one before them did. What the rule made of that one is made
again, with other operands.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from pytest_rf.access import Read
from pytest_rf.frontends.onnx.attributes import Attributes
from pytest_rf.frontends.onnx.elements import Operands
from pytest_rf.frontends.onnx.payloads import Payloads
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.sites import Form
from pytest_rf.graph import Action, Builder, Join, Regroup, Union, Unknown
from pytest_rf.node import Role, Windows
from pytest_rf.operators.onnx.call import Element, Rule, is_by_shapes
from pytest_rf.value import Shape, Undetermined, Value


class Made(NamedTuple):
    """What a rule made of a node.

    Attributes:
        steps: shape, action and operands of each of its steps. Operands are numbered within: first those of the
            node, then what the steps make.
        results: the outputs, numbered alike.
        windows, kind, role: what the rule said of the node.
    """

    steps: Sequence[tuple[Shape, Action, Sequence[int]]]
    results: Sequence[int]
    windows: Windows | None
    kind: str
    role: Role | None


class Repeats:
    """What rules made of the nodes of a model so far.

    Attributes:
        shapes: of nodes of constants what shape they made.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self._made: dict[Hashable, Made] = {}
        self.shapes: dict[Hashable, Shape] = {}
        self._attributes: dict[Form, Attributes] = {}

    def are_of(self, rule: Rule, version: int) -> bool:
        """Whether nodes of a rule, in a version of its operator, can repeat others: it looks at nothing but shapes."""
        return not self.b.weights and is_by_shapes(rule, version)

    def attributes(self, form: Form, protos: Sequence[onnx.AttributeProto], payloads: Payloads) -> Attributes:
        """Return attributes, decoded once for all nodes that have the same."""
        found = self._attributes.get(form)
        if found is None:
            found = self._attributes[form] = Attributes(protos, payloads)
        return found

    def key(
        self, rule: Rule, attributes: Form, version: int, outputs: int, operands: Operands
    ) -> Hashable | None:
        """Return all that the rule looks at; None where that is more than attributes and shapes."""
        about: list[Hashable] = [rule, version, outputs, attributes]
        seen: dict[int, int] = {}
        for place, x in enumerate(operands):
            if x is None:
                about.append(None)
            elif not isinstance(x, Value) or not x.is_plain or x.shape is None:
                return None
            else:
                about += (x.shape, x.varies, seen.setdefault(x.number, place))
        return tuple(about)

    def again(self, key: Hashable, operands: Operands) -> list[Element] | None:
        """Make what a rule made of a node like this one; None if there was none yet."""
        made = self._made.get(key)
        if made is None:
            return None
        b = self.b
        values = [x if isinstance(x, Value) else None for x in operands]
        numbers = [-1 if x is None else x.number for x in values]
        for shape, action, places in made.steps:
            value = b.step(shape, _with(action, numbers), [numbers[place] for place in places])
            values.append(value)
            numbers.append(value.number)
        b.node.windows, b.node.kind, b.node.role = made.windows, made.kind, made.role
        return [value for value in [values[place] for place in made.results] if value is not None]

    def note(self, key: Hashable, operands: Operands, results: Sequence[Element], first: int) -> None:
        """Remember what a rule made, from value number ``first`` on, if it is nothing but steps."""
        graph, node = self.b.graph, self.b.node
        new = graph.values[first:]
        steps = graph.program[len(graph.program) - len(new) :]
        if node.training or len(steps) < len(new):
            return
        for value, step in zip(new, steps, strict=True):
            if step.value is not value or not value.is_plain or isinstance(step.action, Unknown):
                return
        places = {x.number: place for place, x in enumerate(operands) if isinstance(x, Value)}
        places.update([(value.number, place) for place, value in enumerate(new, len(operands))])
        try:
            made = [
                (step.value.extents, _with(step.action, places), [places[one] for one in step.operands])
                for step in steps
            ]
            found = [places[result.number if isinstance(result, Value) else -1] for result in results]
        except (KeyError, Undetermined):  # it rests on other values, or has no shape
            return
        self._made[key] = Made(made, found, node.windows, node.kind, node.role)


def form_of(attributes: Sequence[onnx.AttributeProto]) -> Form:
    """Return what tells attributes from others: bytes, as those of rules that look at shapes are few and small."""
    return tuple([attribute.SerializeToString() for attribute in attributes])


def _with(action: Action, numbers: Sequence[int] | dict[int, int]) -> Action:
    """Return an action with other operands."""
    if isinstance(action, Union):
        reads = tuple([Read(numbers[read[0]], *read[1:]) for read in action.reads])
        return action._replace(reads=reads)
    if isinstance(action, Join):
        return action._replace(operands=tuple([numbers[operand] for operand in action.operands]))
    assert isinstance(action, Regroup)
    return Regroup(numbers[action.operand])
