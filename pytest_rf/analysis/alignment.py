"""Where units look: whether branches that meet have one stride and one centre (Araujo et al. 2019), and offsets.

A stride-2 branch without padding that is added to a padded one sees a different region; the network
learns around it, and its features are off by a fraction of a pixel.

The centre is the mean over one period of phases: a nearest upsampling holds each feature for several places, which
lie around the feature's own. Causal branches end at the same place instead. What reads everything, or nothing, has
no centre. Where there is no theoretical map the actual units tell, those whose fields no border clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import isfinite, isinf, lcm
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Read, Same, Taps
from pytest_rf.analysis.along import Along, plain
from pytest_rf.analysis.field import Field
from pytest_rf.analysis.profile import Profile, profile
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.layout import Key, carried
from pytest_rf.figures import Number
from pytest_rf.graph import Join, Regroup, Step, Union
from pytest_rf.interpreter import read_operand
from pytest_rf.node import Node

Numbers = npt.NDArray[np.float64]


def is_aligned(field: Along) -> bool | None:
    """Return whether all branches that meet on the way to a tensor have one stride and one centre along an axis.

    None where that is not known of some, and of the others it is true.

    Raises:
        UnknownError: the tensor is unknown.
    """
    field.theory()
    found = {aligned for _, aligned in _merges(field)}
    return False if False in found else None if None in found else True


def misaligned(field: Along) -> list[Node]:
    """Return the nodes on the way to a tensor at which branches of other stride or centre meet along an axis."""
    found = (step.node for step, aligned in _merges(field) if aligned is False)
    return list({node.index: node for node in found}.values())


class Merge(NamedTuple):
    """A value at which branches meet, as seen along one input axis.

    Attributes:
        value: its number.
        aligned: whether they have one stride and one centre; None where that is not known.
        apart: how many input positions their mean centres are apart; None where they have no common stride.
        step: input positions per place of the merged tensor.
        shifted: whether they are one tensor, moved on purpose.
    """

    value: int
    aligned: bool | None
    apart: Fraction | None
    step: Fraction
    shifted: bool


def merges(runs: Runs, key: Key) -> Iterator[Merge]:
    """Yield the values at which branches with positions of an input axis meet, in the order of the graph."""
    makers = {step.value.number: step for step in runs.graph.program}
    for step in runs.graph.program:
        if len(set(step.operands)) < 2:
            continue
        theory = _branches(runs, step, key, theory=True)
        if len(theory) < 2:
            continue
        profiles = [
            one for one in (profile(field, key) for field in theory) if one is not None and _has_place(one)
        ]
        origins = {origin for operand in step.operands for origin in _origins(makers, operand)}
        yield Merge(
            step.value.number,
            _is_aligned(runs, step, key),
            _distance(profiles),
            max((abs(_step(one)) for one in profiles), default=Fraction(1)),
            len(origins) == 1,
        )


def mean_centre(field: Along) -> Fraction | None:
    """Return the mean centre of the units of one period, seen from unit 0; None where there is none."""
    own = field.theory_profile
    found = None if own is None else _centre(own)
    return None if found is None else found / 2


def offset(field: Along) -> Number | None:
    """Return how far the mean centre of units lies off that of the positions that they stand for.

    None where there is no stride, or no centre to be off: where some unit has no first position, or where units of
    the actual input alone are known.
    """
    middle, step = mean_centre(field), field.stride
    return None if middle is None or not step else plain(middle - (step - 1) / 2)


def _distance(profiles: Sequence[Profile]) -> Fraction | None:
    """Return how far mean centres are apart; None where there are no two of one stride."""
    centres = [centre for centre in map(_centre, profiles) if centre is not None]
    if len(centres) < 2 or not _one_step(profiles):
        return None
    return (max(centres) - min(centres)) / 2


def _origins(makers: Mapping[int, Step], number: int) -> frozenset[int]:
    """Return the values that another one is made of by slices, pads and writes of parts alone."""
    found, waiting = set[int](), [number]
    while waiting:
        at = waiting.pop()
        action = makers[at].action if at in makers else None
        if isinstance(action, Union) and all(map(_moves, action.reads)):
            waiting += [read.operand for read in action.reads]
        else:
            found.add(at)
    return frozenset(found)


def _moves(read: Read) -> bool:
    """Whether a read does nothing but pick and move positions."""
    moved = [one for _, one in read.axes if not isinstance(one, Same)]
    return bool(moved or read.where is not None) and all(
        isinstance(one, Taps) and one.selects for one in moved
    )


def _merges(field: Along) -> Iterator[tuple[Step, bool | None]]:
    """Yield the steps on the way at which branches meet, in the order of the graph, and whether they are aligned."""
    runs, key = field.runs, field.key
    ancestors = runs.graph.ancestors(field.value.number)
    known = runs.aligned.setdefault(key, {})
    for step in runs.graph.program:
        value = step.value.number
        if value in ancestors and len(set(step.operands)) > 1:
            if value not in known:
                known[value] = _is_aligned(runs, step, key)
            yield step, known[value]


def _is_aligned(runs: Runs, step: Step, key: Key) -> bool | None:
    """Return whether the branches that a step brings together are aligned; None where that is not known."""
    extent = runs.graph.inputs[key[0]].extents[key[1]]
    theory = _branches(runs, step, key, theory=True)
    profiles = [profile(field, key) for field in theory]
    actual = _branches(runs, step, key, theory=False) if None in profiles else []
    answers = []
    for axes, group in _meeting(theory, key).items():
        if isinstance(step.action, Join) and step.action.axis in axes:
            # End to end nothing meets; steps of different rates leave what comes after without one.
            answers.append(True if _one_step([profiles[i] for i in group]) else None)
        else:
            inside = [actual[i] for i in group if actual]
            answers.append(_agree([profiles[i] for i in group], inside, key, extent))
    return False if False in answers else None if None in answers else True


def _branches(runs: Runs, step: Step, key: Key, theory: bool) -> list[Field]:
    """Return the branches of a step that still have positions of ``key``, as the step reads them."""
    outcomes = runs.of_every_value(key, theory)
    domain = runs.intervals(theory)
    transfer = runs.plan.transfers.get(step.value.number)
    fields: list[Field] = []
    for branch in transfer.branches if transfer is not None and not isinstance(step.action, Regroup) else ():
        source = outcomes.get(branch.operand)
        if isinstance(source, Field) and not branch.statistic:
            hulls = read_operand(domain, source.hulls, branch)
            fields.append(Field(branch.structure, hulls, domain.policy.endless))
    return [field for field in fields if key in field.hulls and key in carried(field.layout)]


def _meeting(fields: Sequence[Field], key: Key) -> dict[tuple[int, ...], list[int]]:
    """Return by the axes of the tensor along which they have positions the numbers of the branches."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, field in enumerate(fields):
        axes = tuple(axis for axis, factors in enumerate(field.layout) if key in carried((factors,)))
        groups.setdefault(axes, []).append(place)
    return groups


def _agree(profiles: Sequence[Profile | None], actual: Sequence[Field], key: Key, extent: int) -> bool | None:
    """Return whether branches along the same axis of a tensor have one stride and one centre."""
    placed = [place for place, one in enumerate(profiles) if one is None or _has_place(one)]
    known = [one for one in (profiles[place] for place in placed) if one is not None]
    if len(placed) < 2:
        return True
    if len(known) == len(placed):
        return _have_one_place(known)
    return _have_one_place_inside([actual[place] for place in placed], key, extent)


def _step(one: Profile) -> Fraction:
    """Return the input positions per place, negative where the branch runs backwards."""
    return Fraction(one.jump, len(one.lo))


def _one_step(profiles: Sequence[Profile | None]) -> bool:
    """Whether all branches have one stride."""
    return None not in profiles and len({_step(one) for one in profiles if one is not None}) == 1


def _has_place(one: Profile) -> bool:
    """Whether any unit reads something, and not everything."""
    return bool((np.isfinite(one.lo) | np.isfinite(one.hi)).any())


def _have_one_place(profiles: Sequence[Profile]) -> bool:
    if not _one_step(profiles):
        return False
    centres = {_centre(one) for one in profiles} - {None}
    if len(centres) < 2:
        return True
    period = lcm(*(len(one.lo) for one in profiles))
    ends = np.array([[one.at(place)[1] for place in range(period)] for one in profiles])
    reads = np.isfinite(ends).all(axis=0)
    return bool(reads.any() and (ends[:, reads] == ends[0, reads]).all())


def _centre(one: Profile) -> Fraction | None:
    """Return twice the mean centre of the units of one period, each seen from its own place; None: it has none."""
    ends = places = count = 0
    for place, (low, high) in enumerate(zip(one.lo.tolist(), one.hi.tolist(), strict=True)):
        if high > low and (isinf(low) or isinf(high)):
            return None  # a recurrence, which has no first position
        if isfinite(low):
            ends += int(low) + int(high)
            places += place
            count += 1
    return (ends - 2 * _step(one) * places) / count if count else None


def _have_one_place_inside(fields: Sequence[Field], key: Key, extent: int) -> bool | None:
    """Return the same of branches without a theoretical map, by what their actual units read."""
    profiles = [profile(field, key) for field in fields]
    found = [one for one in profiles if one is not None]
    if len(found) < len(profiles) or len({len(one.lo) for one in found}) > 1:
        return None
    found = [one for one in found if not ((one.lo <= 0) & (one.hi >= extent - 1)).all()]
    if len(found) < 2:
        return True
    lo, hi = np.array([one.lo for one in found]), np.array([one.hi for one in found])
    reads = np.isfinite(lo).all(axis=0)
    if (hi[:, reads] == hi[0, reads]).all():
        return True
    start, stop = _longest(reads & (lo > 0).all(axis=0) & (hi < extent - 1).all(axis=0))
    # Padding on the way clips fields, too, that end inside of the input: the middle half of them is free of it.
    margin = (stop - start) // 4
    start, stop = start + margin, stop - margin
    twice = lo[:, start:stop] + hi[:, start:stop]
    shifts = [_shift(centres - twice[0]) for centres in twice[1:]]
    return None if None in shifts else not any(shifts)


def _longest(flags: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return start and end of the longest run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return max(runs, key=lambda run: run[1] - run[0], default=(0, 0))


def _shift(differences: Numbers) -> float | None:
    """Return the mean of differences of centres over one period; None where they do not repeat."""
    for period in range(1, len(differences) // 2 + 1):
        if (differences[period:] == differences[:-period]).all():
            return float(differences[:period].mean())
    return None
