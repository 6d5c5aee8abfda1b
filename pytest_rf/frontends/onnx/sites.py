"""Where the nodes of an ONNX graph stand, and what is looked up of their operators."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from pytest_rf import registry
from pytest_rf.frontends.onnx import constants
from pytest_rf.frontends.onnx.attributes import BODIED, are_bodies
from pytest_rf.frontends.onnx.elements import Operands
from pytest_rf.frontends.onnx.functions import Body, Opsets
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.operators.onnx import find
from pytest_rf.operators.onnx.call import Element, Rule, is_by_shapes
from pytest_rf.operators.onnx.collections import COLLECTING
from pytest_rf.operators.onnx.stated import rule_of

Form = tuple[bytes, ...]
"""Attributes as they are written, which tells them from others without decoding them."""

Scope = MutableMapping[str, "Element | None"]


@dataclass(frozen=True)
class Frame:
    """Where nodes stand.

    Attributes:
        prefix: goes before the names of nodes and tensors inside of functions and bodies.
        opsets: the operator versions by domain.
        visible: whether users know these nodes; the body of a standard operator is no one's business.
        calls: the functions that are being written out, to find one that calls itself.
        depth: on how many levels of functions and bodies they stand.
        doubt: names the innermost body around them that may not run at all; None where they are sure to run.
    """

    prefix: str
    opsets: Opsets
    visible: bool = True
    calls: tuple[tuple[str, str, str], ...] = ()
    depth: int = 0
    doubt: Callable[[], str] | None = None

    @cached_property
    def hidden(self) -> Frame:
        """The same place, for nodes that users do not know."""
        return replace(self, visible=False)


class Site(NamedTuple):
    """A node where it stands, with its parts, as each is taken out of the message once.

    Attributes:
        node: the node.
        operator: its operator.
        outputs: the names of its outputs.
        attributes: its attributes.
        form: what tells these from others; None where its rule looks at more than shapes.
        operands: what it reads.
        frame: where it stands.
    """

    node: onnx.NodeProto
    operator: Operator
    outputs: Sequence[str]
    attributes: Sequence[onnx.AttributeProto]
    form: Form | None
    operands: Operands
    frame: Frame


class Operator:
    """What is looked up of an operator once for all its nodes.

    Attributes:
        op, domain: its names.
        key: the name by which it is looked up.
        stated: what users state of it.
        function: the model's function that its nodes call, if any.
        collects: whether it takes sequences and optionals by itself.
        tell: tells the shape of a constant that it makes without a call of its rule.
    """

    def __init__(self, op: str, domain: str, function: Body | None, operators: registry.Operators) -> None:
        self.op, self.domain = op, domain
        self.key = f"{domain}::{op}" if domain else op
        self.stated = registry.onnx_operator(self.key, operators)
        self.function = function
        self.collects = op in COLLECTING
        self._bodied = None if domain else op in BODIED
        self.tell = None if function or self.stated is not None else constants.AT_ONCE.get(self.key)

    @cached_property
    def repeats(self) -> bool:
        """Whether its rule, in some version, looks at nothing but attributes and shapes."""
        return self.rule is not None and is_by_shapes(self.rule, 0)

    @cached_property
    def rule(self) -> Rule | None:
        """Its rule; None where it has none of its own."""
        return find(self.key) if self.stated is None else rule_of(self.stated)

    def has_body(self, attributes: Sequence[onnx.AttributeProto]) -> bool:
        """Whether a node with these attributes has a body that is a graph."""
        return are_bodies(attributes) if self._bodied is None else self._bodied
