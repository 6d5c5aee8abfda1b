"""Attributes of ONNX nodes, decoded when a rule reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pytest_rf.frontends.onnx import constants
from pytest_rf.frontends.onnx.doubles import graphs
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.outside import lies_outside
from pytest_rf.frontends.onnx.payloads import NOTHING_LEFT, Payloads
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.value import Undetermined

ATTRIBUTE = onnx.AttributeProto


_NOT_READ = object()


class Attributes(Mapping[str, Any]):
    """A node's attributes, each decoded once, when it is read: most of a model's are never looked at."""

    def __init__(self, protos: Sequence[onnx.AttributeProto], payloads: Payloads = NOTHING_LEFT) -> None:
        self.protos = protos
        self._payloads = payloads
        self._read: dict[str, onnx.AttributeProto] | None = None
        self._values: dict[str, Any] = {}

    def _raw(self) -> dict[str, onnx.AttributeProto]:
        if self._read is None:
            self._read = {text(attribute.name): attribute for attribute in self.protos}
        return self._read

    def __getitem__(self, name: str) -> Any:
        value = self._values.get(name, _NOT_READ)
        if value is _NOT_READ:
            value = self._values[name] = decoded((self._read or self._raw())[name], self._payloads)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute; not by way of an exception, as most are left out."""
        return self[name] if name in (self._read or self._raw()) else default

    def __contains__(self, name: object) -> bool:
        return name in self._raw()

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw())

    def __len__(self) -> int:
        return len(self._raw())


def decoded(attribute: onnx.AttributeProto, payloads: Payloads = NOTHING_LEFT) -> Any:
    """Return an attribute as int, float, str, list or array; graphs as they are.

    Raises:
        Undetermined: it is a tensor that lies outside of the file.
    """
    kind = attribute.type
    plain = _PLAIN.get(kind)
    if plain is not None:
        return plain(attribute)
    if kind == ATTRIBUTE.TENSOR:
        if lies_outside(attribute.t):
            raise Undetermined(
                f"attribute {text(attribute.name)} lies in an external data file, which is never opened"
            )
        return constants.decode(attribute.t, payloads)
    if kind == ATTRIBUTE.UNDEFINED:
        # Files of the first versions leave the type out.
        for single in ("i", "f", "s", "t", "g"):
            if attribute.HasField(single):
                copy = ATTRIBUTE(name=attribute.name, type=_KINDS[single])
                copy.MergeFrom(attribute)
                copy.type = _KINDS[single]
                return decoded(copy, payloads)
        return attribute.ints[:] or attribute.floats[:]
    return onnx.helper.get_attribute_value(attribute)


_PLAIN: Mapping[int, Callable[[onnx.AttributeProto], Any]] = {
    ATTRIBUTE.INTS: lambda attribute: attribute.ints[:],
    ATTRIBUTE.INT: lambda attribute: int(attribute.i),
    ATTRIBUTE.FLOAT: lambda attribute: float(attribute.f),
    ATTRIBUTE.FLOATS: lambda attribute: attribute.floats[:],
    ATTRIBUTE.STRING: lambda attribute: attribute.s.decode("utf-8", "replace"),
    ATTRIBUTE.STRINGS: lambda attribute: [text.decode("utf-8", "replace") for text in attribute.strings[:]],
}
_KINDS = {
    "i": ATTRIBUTE.INT,
    "f": ATTRIBUTE.FLOAT,
    "s": ATTRIBUTE.STRING,
    "t": ATTRIBUTE.TENSOR,
    "g": ATTRIBUTE.GRAPH,
}


def size_of(graph: onnx.GraphProto | onnx.FunctionProto) -> int:
    """Return the number of nodes of a graph or function and of the bodies in it."""
    return sum(1 + sum(map(size_of, graphs(node))) for node in graph.node[:])


BODIED = frozenset({"If", "Loop", "Scan", "SequenceMap"})
"""Operators of the standard that have a body."""


def are_bodies(attributes: Sequence[onnx.AttributeProto]) -> bool:
    """Whether one of a node's attributes is a graph."""
    return any(
        attribute.type in (ATTRIBUTE.GRAPH, ATTRIBUTE.GRAPHS) or attribute.HasField("g")
        for attribute in attributes
    )


def bound(node: onnx.NodeProto, given: Mapping[str, onnx.AttributeProto], depth: int = 0) -> onnx.NodeProto:
    """Return a function's node with references to the function's attributes replaced by what the call gives.

    An attribute that the call does not give, and that has no default, is left out. Bodies inside are
    treated alike.
    """
    if depth > 64 or not _refers(node):
        return node
    result = onnx.NodeProto()
    result.CopyFrom(node)
    del result.attribute[:]
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            if attribute.ref_attr_name in given:
                new = result.attribute.add()
                new.MergeFrom(_named(given[attribute.ref_attr_name], attribute))
        else:
            new = result.attribute.add()
            new.CopyFrom(attribute)
            for graph in [new.g] if new.type == ATTRIBUTE.GRAPH else new.graphs:
                inner = [bound(one, given, depth + 1) for one in graph.node]
                del graph.node[:]
                graph.node.extend(inner)
    return result


def _named(value: onnx.AttributeProto, like: onnx.AttributeProto) -> onnx.AttributeProto:
    """Return an attribute under the name of another one, which need not be UTF-8 and can only be copied then."""
    found, rest = ATTRIBUTE(), ATTRIBUTE()
    found.CopyFrom(like)
    for field, _ in like.ListFields():
        if field.name != "name":
            found.ClearField(field.name)
    rest.CopyFrom(value)
    rest.ClearField("name")
    found.MergeFrom(rest)
    return found


def _refers(node: onnx.NodeProto) -> bool:
    for attribute in node.attribute[:]:
        if attribute.ref_attr_name:
            return True
        if attribute.type in (ATTRIBUTE.GRAPH, ATTRIBUTE.GRAPHS):
            graphs = [attribute.g] if attribute.type == ATTRIBUTE.GRAPH else attribute.graphs
            if any(_refers(inner) for graph in graphs for inner in graph.node[:]):
                return True
    return False
