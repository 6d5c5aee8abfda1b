"""An operator whose result nothing needs.

## What it does
Reports nodes none of whose outputs is needed by an output of the model, by a shape that is, or by the body of an If or
Loop.

In a PyTorch model that is recorded while it runs nobody sees who asks for a shape, so views, which cost nothing and
are often made for their shape alone, are left out there.

## Why is this bad
It costs time and memory in every runtime that does not remove it, and mostly it is a mistake: a branch that was
computed and then not joined, a head that is not returned.

## Example
    aux = self.head(x)            # and nothing uses aux

## Use instead
Return what was meant to be returned, or delete the layer.

## References
- ONNX: Graph optimizations, elimination of nodes without use.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.graph import Graph
from pytest_rf.node import Node

#: ATen operators whose results have the elements of their operand in other places.
VIEWS = frozenset(
    (
        "alias",
        "as_strided",
        "chunk",
        "clone",
        "contiguous",
        "detach",
        "diagonal",
        "expand",
        "flatten",
        "movedim",
        "narrow",
        "permute",
        "reshape",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "t",
        "to",
        "transpose",
        "unbind",
        "unflatten",
        "unfold",
        "unsqueeze",
        "view",
    )
)


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding at the last operator of each branch that nothing needs."""
    own = {tensor.node: tensor for tensor in model.analysis}
    read: set[int] = set()
    for node in reversed(dead(model.analysis.graph)):
        ends = not any(value.number in read for value in node.outputs.values())
        read.update(value.number for value in node.inputs)
        tensor = own.get(node.name)
        if ends and tensor is not None and not _is_for_its_shape(node):
            yield model.at(
                tensor,
                f'what "{node.name}" ({node.op}) computes is needed by nothing',
                metric="needed",
                measured=measured(False),
                required=Required(text="an output that needs it"),
                help="return it, join it, or delete it",
            )


def dead(graph: Graph) -> list[Node]:
    """Return the nodes that no output needs, in graph order."""
    makers: dict[int, list[tuple[int, ...]]] = {}
    for node in graph.nodes:
        for value in node.outputs.values():
            makers.setdefault(value.number, []).append(tuple(one.number for one in node.inputs))
    for step in graph.program:  # a body's results come out of an If by steps alone
        makers.setdefault(step.value.number, []).append(step.operands)
    needed, waiting = set[int](), [value.number for value in graph.outputs.values()]
    while waiting:
        number = waiting.pop()
        if number not in needed:
            needed.add(number)
            waiting += [operand for operands in makers.get(number, ()) for operand in operands]
    return [node for node in graph.nodes if not any(one.number in needed for one in node.outputs.values())]


def _is_for_its_shape(node: Node) -> bool:
    """Whether a recorded operator can have been run for the shape of its result, or is a by-product of another."""
    return node.op.startswith("rf.") or node.op.removeprefix("aten.") in VIEWS


def has_nodes(model: Subject) -> bool:
    """Return whether a model computes anything."""
    return bool(model.analysis.graph.nodes)


DOES = Does(check=check, judges=has_nodes)
