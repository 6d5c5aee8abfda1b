"""What a model may take before it is given up: defaults that a configuration can lower and raise.

Each limit is held before what it bounds is built, and the error that it causes names its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any, NoReturn

from msgspec import Struct

from pytest_rf.errors import ModelError


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of one model.

    Attributes:
        file_size: bytes of the file; protobuf itself reads no more than the default.
        graph_size: bytes of the file without its weights.
        nodes: nodes of the graph and of the functions and bodies in the file; tensors in the sequences that they make.
        inlined: nodes that functions and bodies add when they are written out.
        depth: levels of subgraphs and functions inside of one another.
        fields: messages and fields in the file that are read, weights left out.
        unknown_fields: those of them that the format does not have.
        extent: positions along an axis.
        kernel: taps of a window along an axis.
        work: elements of hulls that one run of the interpreter touches.
        array: elements of one hull, or of one table of what is read.
    """

    file_size: int = 2 << 30
    graph_size: int = 256 << 20
    nodes: int = 1_000_000
    inlined: int = 100_000
    depth: int = 64
    fields: int = 20_000_000
    unknown_fields: int = 100_000
    extent: int = 1 << 24
    kernel: int = 1 << 20
    work: int = 1 << 31
    array: int = 1 << 26


_DEFAULTS = Limits()
_LIMITS: ContextVar[Limits] = ContextVar("limits", default=_DEFAULTS)


def current() -> Limits:
    """Return the limits that hold here."""
    return _LIMITS.get()


@contextmanager
def held(limits: Limits) -> Iterator[None]:
    """Have limits hold for as long as the context lasts."""
    before = _LIMITS.set(limits)
    try:
        yield
    finally:
        _LIMITS.reset(before)


class Budget(Struct):
    """What a run may still touch.

    Attributes:
        held: the limits of the model.
        node: the operator at hand, with ``name`` and ``op``; None where there is none.
        spent: elements that have been touched.
    """

    held: Limits
    node: Any = None
    spent: int = 0


_BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)

FEW = 1 << 14
"""Arrays of fewer elements are not worth counting: the number of nodes bounds what they come to."""


@contextmanager
def spending(held: Limits, node: Any = None) -> Iterator[Budget]:
    """Give a run, or the operator at hand, its budget of work for as long as the context lasts."""
    budget = Budget(held, node)
    before = _BUDGET.set(budget)
    try:
        yield budget
    finally:
        _BUDGET.reset(before)


class Meter(Struct):
    """Counts what runs do: a clock that goes alike on every machine.

    Attributes:
        work: instructions that were carried out, and what of them goes over arrays tap by tap; arrays that are worth
            counting count for as many as they are larger.
    """

    work: int = 0


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Count the work of all runs for as long as the context lasts."""
    meter = Meter()
    before = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(before)


def worked(instructions: int, elements: int = 0) -> None:
    """Note what was done: instructions, and the elements that were taken from a budget."""
    meter = _METER.get()
    if meter is not None:
        meter.work += instructions + elements // FEW


def afford_both(a: Sequence[int], b: Sequence[int]) -> None:
    """Take from the budget the array that two of these shapes, which broadcast, make together."""
    afford(prod(map(max, a, b)))


def afford(elements: int) -> None:
    """Take elements that are about to be made from the budget of the run.

    Raises:
        ModelError: they are too many for one array, or for what is left.
    """
    if elements <= FEW:
        return
    budget = _BUDGET.get() or Budget(current())
    if elements > budget.held.array:
        _refuse(
            budget,
            f"an array of {elements} elements is larger than the limit of {budget.held.array}",
            "array",
        )
    budget.spent += elements
    if budget.spent > budget.held.work:
        _refuse(budget, f"touches more elements than the limit of {budget.held.work}", "work")


def _refuse(budget: Budget, problem: str, key: str) -> NoReturn:
    node = budget.node
    place = "" if node is None else f"node {node.name!r} ({node.op}): "
    raise ModelError(f"{place}{problem} (limits.{key}); give a smaller input, or raise the limit")


def beyond_memory(node: Any) -> ModelError:
    """Return the error of a model for which the memory of this process does not suffice at an operator."""
    return ModelError(
        f"node {node.name!r} ({node.op}): there is not enough memory for its fields; give a smaller input"
    )


def exceeded(place: str, what: str, key: str, remedy: str = "", found: int | None = None) -> NoReturn:
    """Refuse a model that goes beyond a limit.

    Args:
        place: the model, and where in it.
        what: what there is too much of.
        key: the limit.
        found: how much there is; None where nobody has counted to the end.
        remedy: what else to do than to raise it.

    Raises:
        ModelError: always; it names the key.
    """
    most = getattr(current(), key)
    told = f"more {what} than" if found is None else f"{found} {what} are more than"
    raise ModelError(f"{place}: {told} the limit of {most} (limits.{key}){remedy and '; '}{remedy}")
