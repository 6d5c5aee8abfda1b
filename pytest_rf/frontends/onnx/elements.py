"""What the names of an ONNX graph stand for: tensors, sequences and optionals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.operators.onnx.call import Element, Items
from pytest_rf.value import Value

Operands = Sequence["Element | None"]
"""What a node reads; None where an optional one is left out."""


def nesting_of(operands: Operands) -> int:
    """Return on how many levels of constants a node of such operands rests, 0 where it is no constant."""
    deepest = 0
    for value in operands:
        if value is None:
            continue
        if not isinstance(value, Value) or value.varies:
            return 0
        deepest = max(deepest, value.nesting)
    return deepest + 1


def flat(elements: Operands) -> list[Value]:
    """Return all tensors in values, sequences and optionals."""
    found: list[Value] = []
    for element in elements:
        if isinstance(element, Value):
            found.append(element)
        elif isinstance(element, Items):
            found.extend(element.values)
    return found


def tensors_of(name: str, element: Element) -> Iterator[tuple[str, Value]]:
    """Yield the tensors that a name stands for: those of a sequence are ``name[0]``, ``name[1]``..."""
    if isinstance(element, Value):
        yield name, element
    elif isinstance(element, Items):
        yield from ((f"{name}[{place}]", value) for place, value in enumerate(element.values))
