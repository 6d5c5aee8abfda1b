"""Contractions: Linear, MatMul, Einsum and attention. They *mix*: all that they contract counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np

from pytest_rf.access import SAME, WHOLE, Read, Relation, Sets, sets
from pytest_rf.graph import Builder
from pytest_rf.operators.masking import elementwise
from pytest_rf.operators.pointwise import broadcast_read, broadcast_shape, pointwise
from pytest_rf.operators.reads import ENDS, along, indexed
from pytest_rf.operators.sparsity import Mask, alike, narrow
from pytest_rf.operators.views import slices
from pytest_rf.value import Value

MOST_PARTS = 256
"""Zeros that differ by sample or head are followed for so many of them."""


def linear(b: Builder, x: Value, features: int, axis: int = -1) -> Value:
    """Return a Linear layer that contracts ``axis`` to ``features`` outputs."""
    axis %= x.rank
    shape = [features if place == axis else n for place, n in enumerate(x.extents)]
    return b.union(shape, along(x, {axis: WHOLE}, channel=axis))


def add_to(b: Builder, product: Value, summand: Value, factor: object = 1) -> Value:
    """Return a product and a summand times ``factor``; times 0 it is not read."""
    if (
        not isinstance(factor, (int, float)) or factor < 0
    ):  # times a negative number, masked scores are no longer so
        return pointwise(b, product, summand)
    return elementwise(b, "add", product, summand) if factor else product


def bilinear(b: Builder, left: Value, right: Value, weights: Value, bias: Value | None = None) -> Value:
    """Return products of the last axes of two tensors, weighted by (features, left, right), and a bias."""
    last = left.rank - 1
    reads = [along(x, {last: ENDS}, channel=last) for x in (left, right)]
    reads += [indexed(x, last, *[ENDS] * (x.rank - 1)) for x in (weights, bias) if x is not None]
    return b.union([*left.extents[:-1], weights.extents[0]], *reads)


def contract(
    b: Builder,
    operands: Sequence[Value],
    terms: Sequence[Sequence[str]],
    output: Sequence[str],
    extents: Mapping[str, int],
    *,
    factors: bool = False,
) -> Value:
    """Return what reads its operands as an Einstein sum does.

    Args:
        b: the builder.
        operands: the tensors.
        terms: a label for each axis of each operand; equal labels in one operand read its diagonal.
        output: the labels of the result; all others are contracted.
        extents: the extent of each label. An operand's axis of extent 1 broadcasts.
        factors: whether the operands are multiplied, so that a known 0 of one cuts off the others. It does not
            in a sum of differences, or of numbers that have an offset.

    A sum over constants and a single tensor that depends on inputs is a Linear layer: the axis that
    it contracts is one of channels, and the axis that the constants bring in takes its place.
    """
    uneven = _uneven(operands, terms, output) if b.weights and factors else None
    if uneven is not None:
        return _apart(b, operands, terms, output, extents, uneven)
    live = [i for i, x in enumerate(operands) if x.varies]
    new = [label for label in output if not any(label in terms[i] for i in live)]
    reads: list[Read] = []
    for i in live:
        x, labels = operands[i], terms[i]
        axes: list[tuple[int | None, Relation]] = []
        contracted = []
        for axis, label in enumerate(labels):
            broadcast = x.extents[axis] == 1 and extents[label] != 1
            if label in output and not broadcast:
                axes.append((output.index(label), SAME))
            elif broadcast or x.extents[axis] == 1:
                axes.append((None, SAME))
            elif labels.count(label) > 1:
                return _with_diagonals(b, operands, terms, output, extents, factors)
            else:
                axes.append((None, WHOLE))
                contracted.append(axis)
        channel = contracted[0] if len(live) == 1 and len(contracted) == 1 else None
        if channel is not None and len(new) == 1:
            own = labels[channel], new[0]
            axes[channel] = output.index(new[0]), _pruned(b, operands, terms, *own) if factors else WHOLE
        elif factors and len(contracted) == 1 and len(live) == 2:
            other = live[1 - live.index(i)]
            steer = _steered(
                operands[other], terms[other], labels, contracted[0], output, x.extents[contracted[0]]
            )
            axes[contracted[0]] = steer or axes[contracted[0]]
        reads.append(Read(x.number, tuple(axes), channel=channel))
    zero = _vanishing(operands, terms, output) if factors else None
    if zero is not None:
        reads = [read._replace(where=~zero) for read in reads]
    y = b.union([extents[label] for label in output], *reads)
    y.zero = zero
    return y


def _vanishing(
    operands: Sequence[Value], terms: Sequence[Sequence[str]], output: Sequence[str]
) -> Mask | None:
    """Return which elements of a sum of products are 0 since all that one operand gives them is; None if none is.

    So a mask stays one where heads are mixed.
    """
    found: Mask | None = None
    for x, labels in zip(operands, terms, strict=True):
        if x.zero is None or not x.varies or len({*labels}) < len(labels):
            continue
        zero = narrow(np.broadcast_to(x.zero, x.extents))
        zero = np.asarray(
            zero.all(axis=tuple(axis for axis, label in enumerate(labels) if label not in output))
        )
        kept = [label for label in labels if label in output]
        zero = zero.transpose([kept.index(label) for label in output if label in kept])
        zero = np.expand_dims(zero, [axis for axis, label in enumerate(output) if label not in kept])
        if zero.any():
            found = zero if found is None else found | zero
    return found


def _pruned(
    b: Builder, operands: Sequence[Value], terms: Sequence[Sequence[str]], inner: str, outer: str
) -> Relation:
    """Return what a Linear layer contracts: the whole, or what weights that are not exactly 0 leave of it."""
    for x, labels in zip(operands, terms, strict=True):
        if b.weights and not x.varies and inner in labels and outer in labels and x.data is not None:
            rest = tuple(axis for axis, label in enumerate(labels) if label not in (inner, outer))
            live = np.asarray((x.data != 0).any(axis=rest))
            live = live if labels.index(outer) < labels.index(inner) else live.T
            if not live.all():
                return Sets(live)
    return WHOLE


def _steered(
    weights: Value, terms: Sequence[str], own: Sequence[str], axis: int, output: Sequence[str], extent: int
) -> tuple[int, Relation] | None:
    """Return what attention weights of which some are exactly 0 leave of the values that they contract.

    None where they leave everything, or where the row that they stand for is an axis of the values too.
    """
    inner = own[axis]
    rows = [label for label in terms if label in output and label not in own]
    if weights.zero is None or inner not in terms or len(rows) != 1:
        return None
    if weights.extents[terms.index(inner)] != extent:  # one weight for all
        return None
    live = ~narrow(np.broadcast_to(weights.zero, weights.extents))
    rest = tuple(place for place, label in enumerate(terms) if label not in (inner, rows[0]))
    live = np.asarray(live.any(axis=rest))
    live = live if terms.index(rows[0]) < terms.index(inner) else live.T
    live = np.broadcast_to(live, (weights.extents[terms.index(rows[0])], extent))
    return output.index(rows[0]), sets(live)


def _uneven(operands: Sequence[Value], terms: Sequence[Sequence[str]], output: Sequence[str]) -> str | None:
    """Return a label of samples or heads between which the zeros of attention weights differ; None if none."""
    for x, labels in zip(operands, terms, strict=True):
        if x.zero is None or not x.varies:
            continue
        zero = narrow(np.broadcast_to(x.zero, x.extents))
        for axis, label in enumerate(labels):
            shared = label in output and sum(label in term for term in terms) > 1
            if not shared or zero.shape[axis] == 1 or not (zero != zero.take([0], axis=axis)).any():
                continue
            if zero.shape[axis] <= MOST_PARTS or alike(zero, axis) is not None:
                return label
    return None


def _apart(
    b: Builder,
    operands: Sequence[Value],
    terms: Sequence[Sequence[str]],
    output: Sequence[str],
    extents: Mapping[str, int],
    label: str,
) -> Value:
    """Multiply and sum over each place of a label by itself."""

    def part(x: Value, labels: Sequence[str], place: int) -> Value:
        axis = labels.index(label) if label in labels else -1
        return slices(b, x, {axis: (place, 1, 1)}) if axis >= 0 and x.extents[axis] > 1 else x

    groups = _alike(operands, terms, label)
    if groups is not None:
        own = [(flags, contract(b, told, terms, output, extents, factors=True)) for flags, told in groups]
        return chosen(b, own, output.index(label))
    parts = []
    for place in range(extents[label]):
        cut = [part(x, labels, place) for x, labels in zip(operands, terms, strict=True)]
        parts.append(contract(b, cut, terms, output, {**extents, label: 1}, factors=True))
    return b.join(parts, output.index(label))


def _alike(
    operands: Sequence[Value], terms: Sequence[Sequence[str]], label: str
) -> list[tuple[Mask, list[Value]]] | None:
    """Return the places of a label that have the same zeros, with the operands as they are there."""
    found: list[tuple[Mask, list[Value]]] = []
    of = next(
        i for i, x in enumerate(operands) if label in terms[i] and x.varies and _differs(x, terms[i], label)
    )
    groups = alike(_zeros(operands[of]), terms[of].index(label))
    for flags, zero in groups or ():
        told = copy(operands[of])
        told.zero = zero if zero.any() else None
        found.append((flags, [told if i == of else x for i, x in enumerate(operands)]))
    return found or None


def _zeros(x: Value) -> Mask:
    assert x.zero is not None
    return narrow(np.broadcast_to(x.zero, x.extents))


def _differs(x: Value, labels: Sequence[str], label: str) -> bool:
    if x.zero is None:
        return False
    zero, axis = _zeros(x), labels.index(label)
    return zero.shape[axis] > 1 and bool((zero != zero.take([0], axis=axis)).any())


def chosen(b: Builder, parts: Sequence[tuple[Mask, Value]], axis: int) -> Value:
    """Return what is one of several tensors at each place of an axis, as flags along that say."""
    shape = parts[0][1].extents
    line = [-1 if place == axis else 1 for place in range(len(shape))]
    return b.union(
        shape, *(broadcast_read(y, shape)._replace(where=flags.reshape(line)) for flags, y in parts)
    )


def _with_diagonals(
    b: Builder,
    operands: Sequence[Value],
    terms: Sequence[Sequence[str]],
    output: Sequence[str],
    extents: Mapping[str, int],
    factors: bool,
) -> Value:
    """Contract a label that stands twice in one operand: read the diagonals first."""
    flat: list[Value] = []
    labels: list[list[str]] = []
    for x, own in zip(operands, terms, strict=True):
        unique = list(dict.fromkeys(own))
        labels.append(unique)
        if len(unique) == len(own):
            flat.append(x)
            continue
        axes = tuple((unique.index(label), SAME) for label in own)
        flat.append(b.union([x.extents[own.index(label)] for label in unique], Read(x.number, axes)))
    return contract(b, flat, labels, output, extents, factors=factors)


def matmul(b: Builder, left: Value, right: Value, *, factors: bool = False) -> Value:
    """Return the matrix product as numpy defines it: vectors, matrices, and stacks of them (see ``contract``)."""
    columns, rows = left.rank > 1, right.rank > 1
    batch = broadcast_shape([left.extents[:-2], right.extents[:-2]])
    names = [f"batch{i}" for i in range(len(batch))]
    left_terms = [*names[len(batch) - max(left.rank - 2, 0) :], *(["row"] if columns else []), "inner"]
    right_terms = [*names[len(batch) - max(right.rank - 2, 0) :], "inner", *(["column"] if rows else [])]
    output = [*names, *(["row"] if columns else []), *(["column"] if rows else [])]
    extents = {**dict(zip(names, batch, strict=True)), "inner": left.extents[-1]}
    if columns:
        extents["row"] = left.extents[-2]
    if rows:
        extents["column"] = right.extents[-1]
    return contract(b, [left, right], [left_terms, right_terms], output, extents, factors=factors)


def einsum(b: Builder, equation: str, operands: Sequence[Value]) -> Value:
    """Return ``numpy.einsum(equation, *operands)``, with ellipses.

    Raises:
        ValueError: the equation does not fit the operands.
    """
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(operands):
        raise ValueError(f"equation {equation!r} has {len(parts)} terms for {len(operands)} operands")
    widest = 0
    for part, x in zip(parts, operands, strict=True):
        letters = len(part.replace("...", ""))
        if letters > x.rank or ("..." not in part and letters != x.rank):
            raise ValueError(f"term {part!r} of {equation!r} does not fit an operand of rank {x.rank}")
        widest = max(widest, x.rank - letters)
    terms = [_labels(part, x.rank, widest) for part, x in zip(parts, operands, strict=True)]
    extents: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for label, extent in zip(term, x.extents, strict=True):
            if extents.get(label, 1) not in (1, extent) and extent != 1:
                raise ValueError(f"label {label!r} of {equation!r} has extents {extents[label]} and {extent}")
            if extent != 1 or label not in extents:  # what has one element broadcasts, to none at all, too
                extents[label] = extent
    if arrow:
        output = _labels(right, widest + len(right.replace("...", "")), widest)
    else:
        every = [label for term in terms for label in term]
        output = [f"...{i}" for i in range(widest)] if "..." in left else []
        output += sorted(
            label for label in set(every) if every.count(label) == 1 and not label.startswith("...")
        )
    if not set(output) <= set(extents):
        raise ValueError(f"equation {equation!r} names an output label that no operand has")
    return contract(b, operands, terms, output, extents, factors=True)


def _labels(part: str, rank: int, widest: int) -> list[str]:
    """Return a label per axis; the axes of an ellipsis are aligned from the right."""
    before, dots, after = part.partition("...")
    if not dots:
        return list(part)
    count = rank - len(before) - len(after)
    return [*before, *(f"...{i}" for i in range(widest - count, widest)), *after]
