"""What a model must not give twice: runtimes differ in which of the two counts, or refuse it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.proto import onnx

_BODIES = frozenset({onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS, onnx.AttributeProto.UNDEFINED})
"""Types of attributes that can be bodies; files of the first versions leave the type out."""

_LAST_VERSION = 2**31 - 1
"""What the libraries that look operators up hold a version in."""


def refuse(place: str, kind: str, names: Sequence[str | bytes]) -> None:
    """Refuse names of one kind that are not all different.

    Raises:
        ModelError: one is there twice.
    """
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise ModelError(f"{place}: {kind} {text(twice)!r} is there twice; export the model again")


def versions(entries: Sequence[onnx.OperatorSetIdProto], place: str) -> dict[str, int]:
    """Return the operator versions that a model or function imports, by domain.

    Raises:
        ModelError: a domain has two, or one that no library of operators counts up to.
    """
    found: dict[str, int] = {}
    for entry in entries:
        domain = domain_of(entry.domain)
        if domain in found:
            raise ModelError(f"{place}: {of_domain(domain)}")
        found[domain] = version = int(entry.version)
        if not 0 <= version <= _LAST_VERSION:
            raise ModelError(
                f"{place}: opset_import gives the domain {domain or 'ai.onnx'!r} version {version}, "
                f"which is not one of 0 to {_LAST_VERSION}; export the model again"
            )
    return found


def domain_of(domain: str) -> str:
    """Return a domain's name; that of the standard has two."""
    return "" if domain == "ai.onnx" else text(domain)


def of_domain(domain: str) -> str:
    """Return what to say about a domain that has two versions."""
    return f"opset_import names the domain {domain or 'ai.onnx'!r} twice; export the model again"


def in_node(
    node: onnx.NodeProto,
    attributes: Sequence[onnx.AttributeProto],
    place: Callable[[onnx.NodeProto], str],
) -> None:
    """Refuse attributes that a node has twice, and what its bodies have, whether they run or not.

    Raises:
        ModelError: it has; ``place`` names the node.
    """
    if len(attributes) > 1:
        names = [attribute.name for attribute in attributes]
        if len(set(names)) < len(names):
            refuse(place(node), "attribute", names)
    if not _BODIES.isdisjoint([attribute.type for attribute in attributes]):
        for body in graphs(node):
            in_body(body, place(node))


def in_body(body: onnx.GraphProto, place: str) -> None:
    """Refuse what a body has twice.

    Raises:
        ModelError: it has; ``place`` names the node whose body it is.
    """
    in_graph(body, place)
    in_nodes(body.node, place)


def in_nodes(nodes: Sequence[onnx.NodeProto], place: str) -> None:
    """Refuse what nodes have twice that may never run.

    Raises:
        ModelError: one has; ``place`` names what they stand in.
    """
    for node in nodes[:]:
        in_node(node, node.attribute[:], lambda _: place)


def in_graph(graph: onnx.GraphProto, place: str, dense: Sequence[str] | None = None) -> None:
    """Refuse initializers and outputs that a graph has twice; ``dense``: the names of its dense initializers.

    Raises:
        ModelError: it has.
    """
    known = [tensor.name for tensor in graph.initializer[:]] if dense is None else dense
    sparse = [tensor.values.name for tensor in graph.sparse_initializer[:]]
    refuse(place, "initializer", [*known, *sparse])
    refuse(place, "output", [info.name for info in graph.output[:]])


def graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the bodies of a node."""
    for attribute in node.attribute[:]:
        if attribute.HasField("g"):
            yield attribute.g
        if attribute.graphs:
            yield from attribute.graphs[:]
