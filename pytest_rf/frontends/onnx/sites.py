"""Where the nodes of an ONNX graph stand, and what is looked up of their operators."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from pytest_rf import registry
from pytest_rf.frontends.onnx.elements import Operands
from pytest_rf.frontends.onnx.functions import Opsets
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.operators.onnx import find
from pytest_rf.operators.onnx.call import Element, Rule
from pytest_rf.operators.onnx.stated import rule_of

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
        outputs: the names of its outputs.
        attributes: its attributes.
        operands: what it reads.
        scope: what all names stand for.
        frame: where it stands.
    """

    node: onnx.NodeProto
    outputs: Sequence[str]
    attributes: Sequence[onnx.AttributeProto]
    operands: Operands
    scope: Scope
    frame: Frame


class Operator:
    """What is looked up of an operator once for all its nodes.

    Attributes:
        op, domain: its names.
        key: the name by which it is looked up.
        stated: what users state of it.
    """

    def __init__(self, op: str, domain: str, operators: registry.Operators) -> None:
        self.op, self.domain = op, domain
        self.key = f"{domain}::{op}" if domain else op
        self.stated = registry.onnx_operator(self.key, operators)

    @cached_property
    def rule(self) -> Rule | None:
        """Its rule; None where it has none of its own."""
        return find(self.key) if self.stated is None else rule_of(self.stated)
