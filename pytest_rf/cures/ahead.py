"""Edits against look-ahead: padding moved to the front, what lies ahead masked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensors import Tensor, contributions
from pytest_rf.cures.change import Change, Several, edited
from pytest_rf.cures.context import sources
from pytest_rf.cures.geometry import Moved, is_causal, padding
from pytest_rf.cures.ladders import Ladder, alone
from pytest_rf.cures.replaced import Masked, Norm
from pytest_rf.cures.trial import Trial, beside
from pytest_rf.domains.structure import Structure
from pytest_rf.requirements.explain import reader

#: So many of the layers that look ahead are tried alone, those that do the furthest.
_SINGLE = 4
#: Windows that look ahead are moved at most this often: once per branch.
_ROUNDS = 4


def ladders(trial: Trial, fields: Sequence[AxisField]) -> Iterator[Ladder]:
    """Yield each layer that looks ahead with its padding in front, and all of them, along the first of some fields."""
    tensor = trial.tensor
    if tensor is None:
        return
    norms: list[Change] = [change for change in map(Norm, sources(trial)) if change.made(trial.sites)]
    everywhere = _in_front(trial)
    if everywhere:
        yield alone(Several(tuple(everywhere)))
        if norms:
            yield alone(Several((*norms, *everywhere)))
    first = _changes(trial, tensor, trial.analysis.runs, fields[0])
    if len(first) > 1:
        largest = sorted(first, key=lambda change: change.size(trial.sites).positions)[-_SINGLE:]
        yield from map(alone, largest)
    parts = norms
    for _ in range(_ROUNDS):
        whole = Several(tuple(parts)) if parts else None
        made = edited(trial.analysis, trial.sites, whole) if whole is not None else None
        if whole is not None and made is None:
            return
        runs = trial.analysis.runs if made is None else made[0].runs
        more = _changes(trial, tensor, runs, fields[0])
        if not more:
            return
        parts = _merged([*parts, *more])
        yield alone(Several(tuple(parts)) if len(parts) > 1 else parts[0])


def _in_front(trial: Trial) -> list[Change]:
    """Return all padding behind, of the layers on the way that are not causal, moved to the front."""
    above, found = trial.ancestors(), []
    for layer in trial.sites.layers.values():
        axes = trial.along(layer) if layer.step.value.number in above else ()
        behind = max((padding(trial.sites, layer, axis).after for axis in axes), default=0)
        ahead = not layer.windows.transposed and not any(is_causal(trial.sites, layer, axis) for axis in axes)
        if behind > 0 and ahead:
            found.append(Moved(layer.node.index, axes, behind))
    return _merged(found)


def _merged(parts: Sequence[Change]) -> list[Change]:
    """Return edits with those that move the padding of one layer as one."""
    moves: dict[int, Moved] = {}
    others: list[Change] = []
    for part in parts:
        if isinstance(part, Moved):
            known = moves.get(part.node)
            moves[part.node] = Moved(part.node, part.axes, part.by + (known.by if known else 0))
        elif part not in others:
            others.append(part)
    return [*others, *moves.values()]


def _changes(trial: Trial, tensor: Tensor, runs: Runs, field: AxisField) -> list[Change]:
    """Return what keeps each operator on the way from looking ahead; nothing where one of them has to."""
    at = dataclasses.replace(field, runs=runs, value=runs.graph.values[field.value.number])
    read = reader(METRICS["lookahead"], None, trial.judged.settings.origin)
    found: list[Change] = []
    for one in contributions(at.runs, tensor, field.input, field.axis, read):
        more = min(one.growth, one.total)
        step = trial.sites.makers.get(one.tensor.number)
        if more <= 0 or step is None:
            continue
        layer = trial.sites.layers.get(step.node.index)
        if more == math.inf:
            found.append(Masked(step.node.index, _carriers(trial, step.node.index, field)))
            continue
        apart = None if layer is None else beside(at, layer.operand).stride
        if layer is None or not apart:
            return []
        windows = trial.along(layer)
        if not windows:
            return []
        found.append(Moved(step.node.index, windows, math.ceil(Fraction(more) / apart)))
    return _merged(found)


def _carriers(trial: Trial, node: int, field: AxisField) -> tuple[tuple[int, int], ...]:
    """Return the values that an operator reads and makes, each with its axis that carries a field's positions."""
    numbers: dict[int, None] = {}
    for step in trial.sites.graph.program:
        if step.node.index == node:
            numbers.update(dict.fromkeys((*step.operands, step.value.number)))
    found = []
    for number in numbers:
        axis = _axis(trial, number, field)
        if axis is not None:
            found.append((number, axis))
    return tuple(found)


def _axis(trial: Trial, number: int, field: AxisField) -> int | None:
    """Return the one axis of a value that carries the positions of a field's input axis."""
    known = trial.analysis.runs.plan.structures.get(number)
    layout = known.layout if isinstance(known, Structure) else ()
    found = [
        place for place, axis in enumerate(layout) if any(field.key in factor.carries for factor in axis)
    ]
    return found[0] if len(found) == 1 else None
