"""Which tensors of a model are shown, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from math import prod
from typing import Any

from pytest_rf import globs
from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.cells import fields
from pytest_rf.errors import ModelError
from pytest_rf.figures import Number
from pytest_rf.view.columns import Column, column

#: Near misses are looked for among this many names, so that no model can make an error take minutes.
_NAMES = 5000

Growth = dict[tuple[str, str], tuple[tuple[Number, Number], Number | None]]
"""(input, axis) -> size and stride."""


def select(analysis: Analysis, pattern: str) -> tuple[Tensor, ...]:
    """Return the tensors that a pattern means: ``op:NAME``, or a glob over names and module paths.

    Raises:
        ModelError: the pattern is too long, or selects nothing.
    """
    try:
        found = tuple(t for t in analysis if globs.selects(pattern, t.op, _names(t)))
    except ValueError as error:
        raise ModelError(f"--node: {error}") from None
    if not found:
        is_operator = pattern.lower().startswith("op:")
        known = {f"op:{t.op}" for t in analysis} if is_operator else {n for t in analysis for n in _names(t)}
        close = get_close_matches(pattern, sorted(known)[:_NAMES], n=3, cutoff=0.4)
        hint = f"; near misses: {', '.join(close)}" if close else "; without --node all tensors are shown"
        raise ModelError(f"{analysis.path or analysis.name}: --node {pattern} selects no tensor{hint}")
    return found


def changed(analysis: Analysis, tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Return the tensors at which size or stride changed: along some axis nothing that the tensor reads has them too.

    A tensor that is unknown is among them where all that it reads is known.

    Raises:
        ModelError: there are none.
    """
    known: dict[int, Growth | None] = {}

    def growth(tensor: Tensor) -> Growth | None:
        if tensor.number not in known:
            known[tensor.number] = _growth(tensor)
        return known[tensor.number]

    def grew(tensor: Tensor) -> bool:
        before = [one for one in tensor.operands if one.number != tensor.number]
        if len(before) < len(tensor.operands):  # it passes on what it reads
            return False
        own, theirs = growth(tensor), [growth(one) for one in before]
        if own is None or None in theirs:
            return own is None and None not in theirs
        return any(
            all(one is None or one.get(key) != figures for one in theirs) for key, figures in own.items()
        )

    found = tuple(tensor for tensor in tensors if grew(tensor))
    if not found:
        where = analysis.path or analysis.name
        raise ModelError(f"{where}: --changed: no tensor changes rf or stride; leave out --changed")
    return found


def ordered(tensors: Sequence[Tensor], by: str) -> tuple[Tensor, ...]:
    """Return tensors sorted by a column, those that have nothing there last; ``-rf``: the largest first.

    Raises:
        ModelError: there is no such column.
    """
    falls = by.startswith("-")
    chosen = column(by.removeprefix("-"), "--sort")
    keys = [(_key(tensor, chosen), tensor) for tensor in tensors]
    having = [(key, tensor) for key, tensor in keys if key is not None]
    having.sort(key=lambda one: one[0], reverse=falls)
    return tuple(tensor for _, tensor in having) + tuple(tensor for key, tensor in keys if key is None)


def _names(tensor: Tensor) -> list[str]:
    return [name for name in (tensor.name, tensor.node, tensor.module) if name]


def _growth(tensor: Tensor) -> Growth | None:
    """Return size and stride along every axis; None where the tensor is unknown."""
    if tensor.status == "unknown":
        return None
    return {
        (source, axis): (field.rf_range, field.stride)
        for source in tensor.inputs
        for axis, field in fields(tensor, source).items()
    }


def _key(tensor: Tensor, by: Column) -> tuple[Any, ...] | None:
    """Return what a tensor is sorted by; None where it has nothing there."""
    if by.metric is not None:
        if tensor.status == "unknown":
            return None
        towards = [one for source in tensor.inputs for one in fields(tensor, source).values()]
        readings = [by.metric.bare(by.metric.read(field)) for field in towards]
        numbers = [_number(reading) for reading in readings if reading is not None]
        return (max(numbers),) if numbers else None
    if by.name == "shape":
        return None if tensor.shape is None else (prod(tensor.shape), tensor.shape)
    text = ", ".join(tensor.inputs) if by.name == "input" else str(getattr(tensor, by.name))
    return tuple(_natural(text)) if text else None


def _number(reading: Any) -> Number:
    """Return the number that stands for a figure: of two sides the larger, of sources how many there are."""
    if isinstance(reading, tuple):
        return len(reading) if all(isinstance(one, str) for one in reading) else max(reading)
    number: Number = reading
    return number


def _natural(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the parts of a name so that layer2 stands before layer10."""
    for digits, other in re.findall(r"([0-9]+)|([^0-9]+)", text):
        yield (0, int(digits[:18]), digits) if digits else (1, 0, other)
