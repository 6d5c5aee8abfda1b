"""What changes what in one call of a module, element by element, against the bounds of the analysis.

Every input element is changed at several base points and by several amounts. The first rounds are always run,
the others only for as long as the analysis claims more than was seen.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import pytest_rf
from oracle.compare import difference, outside, wider
from oracle.engines.modules import AsCalled
from oracle.influence import Hull, Influence, differs
from oracle.perturb import Change, watch
from oracle.verdicts import Status, Verdict
from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments

MOST = 150
"""Inputs with more elements are changed at so many places only: enough to find what is unsound."""
ROUNDS: tuple[tuple[int, float], ...] = (
    *((0, 0.37), (1, -1.3), (2, 40.0)),
    *((0, 40.0), (1, -40.0), (2, 0.11), (0, -0.7), (1, 1e6), (2, -1e6), (0, 1e-3)),
    *((0, float("nan")), (1, float("inf")), (2, float("nan"))),
)
"""Base point and change; what is not finite shows what is read, but a product with a weight of 0 too."""
ALWAYS = 3


@dataclass(slots=True)
class Case:
    """One call.

    Attributes:
        name: of the operator, form and sample.
        operator: the operator alone.
        module: what is called.
        args: with these arguments.
        kwargs: and these.
    """

    name: str
    operator: str
    module: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the analysis says of one output and one input.

    Attributes:
        hulls: lowest and highest position per axis of the input, for each element of the output.
        reads: whether the output depends on any input.
        unknown: why nothing is claimed; empty where something is.
    """

    hulls: list[Hull]
    reads: bool
    unknown: str = ""


def judge(case: Case, tight: bool = True) -> Verdict:
    """Analyse a case and hold the bounds of all outputs against what changes them.

    Args:
        case: the call.
        tight: look for all that the analysis claims, which takes longer than to look for what it denies.
    """

    def verdict(status: Status, detail: object = "") -> Verdict:
        return Verdict(case.name, status, " ".join(str(detail).split())[:300])

    try:
        engine = AsCalled(copy.deepcopy(case.module), Arguments(case.args, case.kwargs), MOST)
        plain = engine.plain(0)
    except Exception as error:  # what torch itself refuses
        return verdict("unprobed", f"does not run: {type(error).__name__}: {error}")
    if not plain or not engine.inputs:
        return verdict("unprobed", "no tensors")
    try:
        analysis = pytest_rf.analyze(case.module, case.args, kwargs=case.kwargs)
        claims = {
            (name, source): _claim(analysis, name, source) for name in plain for source in engine.inputs
        }
    except ModelError as error:
        return verdict("error", error)
    except Exception as error:  # whatever it is, it is a crash
        return verdict("crash", f"{type(error).__name__}: {error}")
    unknown = [claim.unknown for claim in claims.values() if claim.unknown]
    if len(unknown) == len(claims):
        return verdict("unknown", unknown[0])
    shaped = _shapes(analysis, plain, {name for (name, _), claim in claims.items() if not claim.unknown})
    if shaped is not None:
        return verdict(*shaped)
    wide = ""
    for (name, source), claim in claims.items():
        if claim.unknown:
            continue
        status, detail = _look(Seen(engine, name, source), claim, tight)
        if status == "unsound":
            return verdict(status, detail)
        wide = wide or detail
    if unknown:
        return verdict("unknown", unknown[0])
    if not engine.complete:
        return verdict("sampled")
    upper = [t.reason for t in analysis.outputs if t.status == "upper_bound"]
    if upper:
        return verdict("upper", upper[0])
    return verdict("inexact", wide) if wide and tight else verdict("exact" if tight else "sound")


def _claim(analysis: pytest_rf.Analysis, output: str, source: str) -> Claim:
    rank = len(analysis.inputs[source].shape)
    value = analysis.graph.outputs[output]
    tensor = next((t for t in analysis.outputs if t.number == value.number), None)
    if value.varies and tensor is not None and tensor.status != "unknown":
        return Claim([tensor.bounds(axis, source, context=True) for axis in range(rank)], True)
    shape = value.shape or ()
    nothing = np.full(shape, 1 << 30), np.full(shape, -1)
    unknown = str(tensor.reason) if value.varies and tensor is not None else ""
    return Claim([nothing] * rank, False, unknown)


def _shapes(
    analysis: pytest_rf.Analysis, plain: dict[str, np.ndarray], known: set[str]
) -> tuple[Status, str] | None:
    """Return what is to be said of an output whose shape is not the one that the analysis gives."""
    for name, array in plain.items():
        shape = analysis.graph.outputs[name].shape
        if name in known and shape == (1,) and array.ndim == 0:
            return "unprobed", "torch's own shape function gives (1,) for ()"
        if name in known and shape != array.shape:
            return "unsound", f"{name} has shape {array.shape}, analysed {shape}"
    return None


def _look(seen: Seen, claim: Claim, tight: bool) -> tuple[Status, str]:
    """Change the input round by round, until something is outside of the bounds or all of them was seen."""
    for number, (base, change) in enumerate(ROUNDS):
        # A truth value or an index changes at a threshold only: what it reads cannot all be seen.
        if number >= ALWAYS and (seen.discrete or not tight or not seen.loose(claim)):
            break
        seen.round(base, change, number)
        found = seen.outside(claim) if np.isfinite(change) else ""
        if found:
            return "unsound", found
    wide = "" if seen.discrete else seen.loose(claim)
    return ("inexact", wide) if wide else ("exact", "")


class Seen:
    """Which elements of an input changed which of an output so far.

    Attributes:
        discrete: whether the output is of whole numbers or truth values.
    """

    def __init__(self, engine: AsCalled, output: str, source: str) -> None:
        self._engine, self._output, self._source = engine, output, source
        self._places = engine.places(source)
        self._extents = tuple(engine.inputs[source].shape)
        plain = engine.plain(0)[output]
        self._shape = plain.shape
        self.discrete = plain.dtype.kind not in "fc"
        self._touched = False
        self._influence = Influence(
            {
                (output, source, axis): np.zeros((extent, *plain.shape), bool)
                for axis, extent in enumerate(self._extents)
            }
        )

    def round(self, base: int, change: float, number: int) -> None:
        """Change every element at a base point."""
        engine, point = self._engine, self._engine.bases[base]
        try:
            plain = engine.plain(base)[self._output]
            again = engine.run(point)[self._output]
        except Exception:  # not a point of the operator's domain
            return
        if plain.shape != self._shape:
            return
        steady = ~differs(again, plain)
        changes = self._changes(point[self._source], change, number)
        for made, _, now, then in watch(engine, point, changes, {self._output: plain}):
            moved = differs(now, then)
            self._enter(made.part, moved & steady if now.shape == then.shape else moved)

    def _changes(self, point: torch.Tensor, change: float, number: int) -> Iterator[Change[torch.Tensor]]:
        for place in self._places.tolist():
            changed = _changed(point, place, change, number)
            if changed is not None:  # what lies outside of the operator's domain is refused
                yield Change(self._source, place, changed, refusable=True)

    def _enter(self, place: int, moved: np.ndarray) -> None:
        self._touched |= bool(moved.any())
        where = np.unravel_index(place, self._extents) if self._extents else ()
        for axis, index in enumerate(where):
            self._influence.add((self._output, self._source, axis), int(index), self._extents[axis], moved)

    def outside(self, claim: Claim) -> str:
        """Say where something was read outside of the bounds."""
        if not self._extents and not claim.reads and self._touched:
            return f"{self._output} reads {self._source}, which the analysis denies"
        return self._wrong(outside, claim)

    def loose(self, claim: Claim) -> str:
        """Say where the bounds are wider than what was seen."""
        return self._wrong(wider, claim)

    def _wrong(self, compare: Callable[[Hull, Hull], np.ndarray], claim: Claim) -> str:
        for axis, claimed in enumerate(claim.hulls):
            seen = self._influence.hull(self._output, self._source, axis)
            wrong = compare(claimed, seen)
            if wrong.any():
                return str(difference((self._output, "output", self._source, axis), wrong, claimed, seen))
        return ""


def _changed(point: torch.Tensor, place: int, change: float, number: int) -> torch.Tensor | None:
    """Return an input with one element changed; None if that is not possible."""
    if point.layout is not torch.strided:
        return None
    changed = point.clone(memory_format=torch.contiguous_format)
    flat = changed.view(-1)
    old = flat[place]
    if point.dtype is torch.bool:
        flat[place] = not bool(old)
    elif point.is_floating_point():
        flat[place] = old + change
    elif point.is_complex():
        flat[place] = old + change * (0.6 - 0.8j)
    else:  # a number that the operator accepts, such as another index
        if not np.isfinite(change):
            return None
        choices = (
            sorted(set(point.reshape(-1).tolist()) | set(range(int(point.min()), int(point.max()) + 1)))
            if int(point.max()) - int(point.min()) < 50
            else sorted(set(point.reshape(-1).tolist()))
        )
        others = [n for n in choices if n != int(old)]
        if not others:
            others = [int(old) + 1]
        flat[place] = others[(place * 7 + number * 3) % len(others)]
    return changed if point.is_contiguous() else changed.clone()
