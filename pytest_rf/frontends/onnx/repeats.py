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
from pytest_rf.graph import Action, Builder, Join, Regroup, Union, Unknown
from pytest_rf.node import Role, Windows
from pytest_rf.operators.onnx.call import Element, Rule, is_by_shapes
from pytest_rf.value import Shape, Value


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

    def key(
        self, rule: Rule, attributes: Attributes, version: int, outputs: int, operands: Operands
    ) -> Hashable | None:
        """Return all that the rule looks at; None where that is more than attributes and shapes."""
        if self.b.weights or not is_by_shapes(rule, version):
            return None
        about: list[Hashable] = [rule, version, outputs]
        seen: dict[int, int] = {}
        for place, x in enumerate(operands):
            if x is None:
                about.append(None)
            elif not isinstance(x, Value) or not x.is_plain or x.shape is None:
                return None
            else:
                about += (x.shape, x.varies, seen.setdefault(x.number, place))
        # Attributes are small here; bytes tell them apart without decoding them.
        about += [attribute.SerializeToString() for attribute in attributes.protos]
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
        graph = self.b.graph
        new = graph.values[first:]
        steps = graph.program[len(graph.program) - len(new) :]
        if [step.value for step in steps] != new or any(isinstance(step.action, Unknown) for step in steps):
            return
        places = {x.number: place for place, x in enumerate(operands) if isinstance(x, Value)}
        places.update({value.number: place for place, value in enumerate(new, len(operands))})
        plain = all(value.is_plain and value.shape is not None for value in new)
        read = [number for step in steps for number in step.operands]
        made = [result.number if isinstance(result, Value) else -1 for result in results]
        if plain and not self.b.node.training and places.keys() >= {*read, *made}:
            self._made[key] = Made(
                [
                    (step.value.extents, _with(step.action, places), [places[one] for one in step.operands])
                    for step in steps
                ],
                [places[number] for number in made],
                self.b.node.windows,
                self.b.node.kind,
                self.b.node.role,
            )


def _with(action: Action, numbers: Sequence[int] | dict[int, int]) -> Action:
    """Return an action with other operands."""
    if isinstance(action, Union):
        return Union(tuple([Read(numbers[read[0]], *read[1:]) for read in action.reads]))
    if isinstance(action, Join):
        return action._replace(operands=tuple([numbers[operand] for operand in action.operands]))
    assert isinstance(action, Regroup)
    return Regroup(numbers[action.operand])
