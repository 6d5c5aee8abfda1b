"""Graphs in the attributes of nodes: the branches of an If, the body of a Loop."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import constants
from pytest_rf.frontends.onnx.attributes import size_of
from pytest_rf.frontends.onnx.names import called, text, told
from pytest_rf.frontends.onnx.payloads import Payloads
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.sites import Frame, Scope
from pytest_rf.graph import Builder
from pytest_rf.operators.onnx.call import Element


class Lowering(Protocol):
    """What lowers the nodes of a graph.

    Attributes:
        b: the builder that takes their steps.
        payloads: where the elements of large tensors are.
    """

    b: Builder
    payloads: Payloads

    def place(self, node: onnx.NodeProto) -> str:
        """Return how messages name a node."""

    def run(self, nodes: Sequence[onnx.NodeProto], scope: Scope, frame: Frame) -> None:
        """Lower nodes in order."""


class Subgraph:
    """The graph in an attribute of a node: reads what the graphs around it have."""

    def __init__(self, nodes: Lowering, node: onnx.NodeProto, name: str, scope: Scope, frame: Frame) -> None:
        graph = next((one.g for one in node.attribute[:] if one.name == name and one.HasField("g")), None)
        if graph is None:
            raise ModelError(f"{nodes.place(node)}: attribute {name!r} must be a graph")
        self._nodes, self._node, self._name = nodes, node, name
        self._graph, self._scope, self._frame = graph, scope, frame
        self.parameters = len(graph.input)
        self.size = size_of(graph)

    def __call__(
        self, arguments: Sequence[Element | None], label: str, doubt: Callable[[str], str] | None = None
    ) -> tuple[Element, ...]:
        """Write the steps of the graph; see :class:`pytest_rf.operators.onnx.call.Body`."""
        graph, nodes = self._graph, self._nodes
        own: dict[str, Element | None] = constants.initializers(nodes.b, graph, nodes.payloads)
        own.update(zip((info.name for info in graph.input[:]), arguments, strict=False))
        scope: ChainMap[str, Element | None] = ChainMap(own, *_maps(self._scope))
        frame = replace(
            self._frame,
            prefix=f"{self._frame.prefix}{called(self._node)}.{label}/",
            depth=self._frame.depth + 1,
            doubt=self._frame.doubt if doubt is None else partial(doubt, told(self._node)),
        )
        nodes.run(graph.node, scope, frame)
        results: list[Element] = []
        for info in graph.output[:]:
            value = scope.get(info.name)
            if value is None:
                raise ModelError(
                    f"{nodes.place(self._node)}: output {text(info.name)!r} of its {self._name} is computed by no node"
                )
            results.append(value)
        return tuple(results)


def _maps(scope: Scope) -> list[MutableMapping[str, Element | None]]:
    return scope.maps if isinstance(scope, ChainMap) else [scope]
