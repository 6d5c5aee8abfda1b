"""Holds what the analysis says of a PyTorch model against what changes when its input does.

One run of the model with a change at one position of one axis says of *every* unit whether that position
influences it: units whose bounds leave the position out must stay as they were, and units that claim it
as their first or last must change. So the ends of the bounds of a few units (first, central, last, odd;
of the outputs and of modules in between) are changed one by one, and all units are judged.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import pytest_rf
from pytest_rf.frontends.torch.arguments import arguments

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from oracle.engines.linearised import MAGNITUDES, LinearProber
from oracle.engines.modules import InDouble
from oracle.influence import differs
from oracle.perturb import Change, nudged, watch

BASE = 1
"""Changes are made on random inputs: an example may be of zeros."""
WATCHED = 12
"""So many modules are watched beside the outputs."""
ALWAYS = 4
"""So many changes are tried however long they take: along the samples, and the ends of an output's unit."""
SLOW = 30
"""Models whose first two passes, with double precision, take more CPU seconds are not probed."""


@dataclass
class Target:
    """A tensor along one axis of one input.

    Attributes:
        name: a module's path or an output's name.
        source: the input.
        axis: the input axis, by number.
        lo: first position that each unit reads.
        hi: and the last.
        exact: whether the analysis claims more than an upper bound.
        units: the units whose ends are looked at.
    """

    name: str
    source: str
    axis: int
    lo: np.ndarray[Any, Any]
    hi: np.ndarray[Any, Any]
    exact: bool
    units: list[tuple[int, ...]]

    def ends(self, unit: tuple[int, ...]) -> set[int]:
        """Return the first and the last position of a unit, none where it reads nothing."""
        lo, hi = int(self.lo[unit]), int(self.hi[unit])
        return {lo, hi} if lo <= hi else set()


@dataclass
class Verdicts:
    """What came of the probes of one model.

    Attributes:
        judged: (tensor, axis, unit) whose both ends were changed.
        equal: those where both changes were seen.
        compared: pairs of a unit and a change outside of its bounds, all unchanged unless in ``outside``.
        outside: influences from outside of the bounds.
        within: units that one of their ends was not seen to change.
        loose: the same where the analysis claims an upper bound only; not among ``judged``.
    """

    judged: int = 0
    equal: int = 0
    compared: int = 0
    outside: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)


def probe(module: torch.nn.Module, example: Any, analysis: pytest_rf.Analysis, seconds: float) -> Verdicts:
    """Probe a model for about so many seconds, and at least its first output. The module is changed.

    Raises:
        TimeoutError: the model is too slow.
    """
    start = time.process_time()
    engine, rng = _engine(module, example, analysis), np.random.default_rng(1)
    if time.process_time() - start > SLOW:
        raise TimeoutError(f"two passes take more than {SLOW} seconds")
    targets = list(_targets(analysis, engine))
    verdicts, until = Verdicts(), time.monotonic() + seconds
    reached: dict[tuple[str, int, int], dict[str, np.ndarray[Any, Any]]] = {}
    for number, (source, axis, first, last) in enumerate(_changes(targets, engine)):
        if number >= ALWAYS and time.monotonic() > until:
            break
        here = [t for t in targets if (t.source, t.axis) == (source, axis)]
        seen = {t.name: np.zeros(t.lo.shape, bool) for t in here}
        where = (slice(None),) * axis + (slice(first, last),)
        for magnitude in MAGNITUDES:
            _run(
                engine,
                Change(source, number, nudged(engine.points[BASE][source], where, magnitude, rng)),
                seen,
            )
            if first + 1 < last or not any(_missing(t, seen[t.name], first) for t in here):
                break
        if first + 1 == last:
            reached[source, axis, first] = seen
        for target in here:
            _compare(target, seen[target.name], first, last, verdicts)
    for target in targets:
        _judge(target, reached, verdicts)
    return verdicts


def _engine(module: torch.nn.Module, example: Any, analysis: pytest_rf.Analysis) -> InDouble:
    known = analysis.graph.modules
    paths = [
        path for path, value in known.items() if value.varies and "@" not in path and f"{path}@2" not in known
    ]
    watched = random.sample(paths, min(WATCHED, len(paths)))
    return InDouble(LinearProber(module, arguments(module, example), 1, watched))


def _targets(analysis: pytest_rf.Analysis, engine: InDouble) -> Iterator[Target]:
    """Yield outputs first, then modules, along the samples, where there are two, then every spatial axis."""
    tensors = list(zip(analysis.graph.outputs, analysis.outputs, strict=True))
    tensors += [(path, analysis[path]) for path in engine.plain[BASE] if path in analysis.graph.modules]
    for source in analysis.inputs.values():
        if source.name not in engine.points[BASE]:
            continue
        two = source.batch is not None and source.shape[source.batch] > 1
        spatial = list(source.axes.values())
        axes = [source.batch] * two + random.sample(spatial, len(spatial))
        for name, tensor in tensors:
            plain = engine.plain[BASE].get(name)
            if plain is None or tensor.status == "unknown" or plain.shape != tensor.shape:
                continue
            if plain.size and plain.dtype.kind in "fc":
                for axis in axes:
                    lo, hi = tensor.bounds(axis, source.name, context=True)
                    units = list(_units(tensor.shape))
                    yield Target(name, source.name, axis, lo, hi, tensor.status == "exact", units)


def _units(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield tuple(n // 2 for n in shape)
    yield tuple(0 for _ in shape)
    yield tuple(n - 1 for n in shape)
    yield tuple(min(n - 1, 2 * random.randrange((n + 1) // 2) + 1) for n in shape)


def _changes(targets: list[Target], engine: InDouble) -> Iterator[tuple[str, int, int, int]]:
    """Yield what to change: the ends of the central units first, what lies outside of them, then the others."""
    done = set()
    for number in range(4):
        for target in targets:
            unit, extent = target.units[number], engine.points[BASE][target.source].shape[target.axis]
            spans = [(end, end + 1) for end in sorted(target.ends(unit))]
            if number == 0 and spans:
                spans += [(0, spans[0][0]), (spans[-1][1], extent)]
            for first, last in spans:
                change = (target.source, target.axis, first, last)
                if first < last and change not in done:
                    done.add(change)
                    yield change


def _run(
    engine: InDouble, change: Change[np.ndarray[Any, Any]], seen: dict[str, np.ndarray[Any, Any]]
) -> None:
    """Run the model with one change, and add the units that changed to those seen to."""
    for _, name, now, before in watch(engine, engine.points[BASE], [change], engine.plain[BASE]):
        if name in seen and now.shape == before.shape:  # what overflowed says nothing
            seen[name] |= differs(now, before) & np.isfinite(now)


def _missing(target: Target, seen: np.ndarray[Any, Any], position: int) -> bool:
    return any(position in target.ends(unit) and not seen[unit] for unit in target.units)


def _compare(target: Target, seen: np.ndarray[Any, Any], first: int, last: int, verdicts: Verdicts) -> None:
    outside = (target.lo > target.hi) | (target.lo >= last) | (target.hi < first)
    verdicts.compared += int(outside.sum())
    wrong = np.argwhere(outside & seen)
    if len(wrong):
        unit = tuple(map(int, wrong[0]))
        verdicts.outside.append(
            f"{target.name}{list(unit)} and {len(wrong) - 1} others <- {target.source} axis {target.axis} "
            f"[{target.lo[unit]}, {target.hi[unit]}] changed from [{first}, {last - 1}]"
        )


def _judge(
    target: Target, reached: dict[tuple[str, int, int], dict[str, np.ndarray[Any, Any]]], verdicts: Verdicts
) -> None:
    for unit in dict.fromkeys(target.units):
        ends = target.ends(unit)
        runs = [reached.get((target.source, target.axis, end)) for end in ends]
        if None in runs:
            continue
        equal = all(bool(run[target.name][unit]) for run in runs if run is not None)
        text = (
            f"{target.name}{list(unit)} <- {target.source} axis {target.axis} "
            f"[{target.lo[unit]}, {target.hi[unit]}]"
        )
        if target.exact:
            verdicts.judged += 1
            verdicts.equal += equal
            if not equal:
                verdicts.within.append(text)
        elif not equal:
            verdicts.loose.append(text)
