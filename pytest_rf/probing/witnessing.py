"""Holds the witnesses of findings against runs of the model: changes the position, and looks at the unit.

A run can contradict a witness: a unit changes with what it is said not to read. That is a bug of the analysis. A run
that shows no change where one is claimed contradicts nothing, as a weight of 0, a saturated activation or an element
that is not the largest hides what is read; and a unit that does not change with what it is said not to read shows
something only if it does change with what it reads. So there are three answers: it agrees, it disagrees, or it could
not be shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.arrays import Npy
from pytest_rf.config.sources import Target
from pytest_rf.containment import contained
from pytest_rf.errors import ModelError, RFError
from pytest_rf.findings import Finding, Piece, Problem, Witness
from pytest_rf.probing import seams
from pytest_rf.probing.search import Attempt, Part, Search, along

AGREES, DISAGREES, NOT_SHOWN = "agrees", "disagrees", "not shown"

SECONDS = 120.0
"""The time that the runs of one model may take; what has not been looked at then could not be shown."""

SIZES = (1.0, 300.0, 300.0, 3000.0)
"""Sizes of the changes that are tried; each is drawn anew."""

_ROUNDING = 64
"""Differences of so many units in the last place of the largest element can be rounding."""

_HIDDEN = (
    "the unit did not change in any run: weights of 0, a saturated activation or an element that is not the largest "
    "can hide it"
)

Ways = Callable[[Sequence[str]], list[Attempt]]
"""From the names of tensors to ways of running the model that show them."""


class Shown(NamedTuple):
    """What runs say of a witness."""

    verdict: str
    why: str = ""


def proved(
    target: Target, analysis: Analysis, findings: Sequence[Finding]
) -> tuple[list[Finding], list[Problem]]:
    """Return the findings of a model with what runs of it say of their witnesses, and a problem for each that is wrong.

    Args:
        target: the model.
        analysis: its analysis.
        findings: what was found.
    """
    if not any(found.witness for found in findings):
        return list(findings), []
    try:
        ways: Ways | None = _ways(target, analysis)
        refused = ""
    except RFError as error:
        ways, refused = None, str(error)
    if ways is None:
        return [_told(one, Shown(NOT_SHOWN, refused)) for one in findings], []
    if target.path is None:
        with contained(target.source):
            told = judged(analysis, findings, ways)
    else:
        told = judged(analysis, findings, ways)
    wrong = [one for one in told if one.witness is not None and one.witness.verified == DISAGREES]
    return told, [Problem(message=f"{target.source}: {contradicted(one)}", internal=True) for one in wrong]


def contradicted(found: Finding) -> str:
    """Say what a run contradicts."""
    assert found.witness is not None
    one = found.witness
    what = f"{one.tensor}{list(one.unit)}" if one.unit else one.tensor or "the outputs"
    reads = "reads" if one.reads else "does not read"
    return (
        f"{found.code} says that {what} {reads} {one.input}{list(one.position)}, and a run of the model contradicts "
        f"it: {one.why}"
    )


def _ways(target: Target, analysis: Analysis) -> Ways:
    """Return the ways to run a target."""
    call = target.model
    values = {key: one.load() if isinstance(one, Npy) else one for key, one in call.values.items()}
    if target.path is not None:
        from pytest_rf.frontends.onnx import read

        return of_file(read(target.path), target.source, analysis, values, call.weights)
    return of_module(analysis, (), call.inputs or None, call.kwargs or None, values or None, call.weights)


def of_file(
    model: Any, name: str, analysis: Analysis, values: Mapping[str, Any], weights: bool = False
) -> Ways:
    """Return the ways to run the model of a file."""
    from pytest_rf.probing import runtime

    shapes = {key: source.shape for key, source in analysis.inputs.items()}
    given = {key: np.asarray(value) for key, value in values.items()}
    return runtime.attempts(model, name, shapes, given, weights)


def of_module(
    analysis: Analysis,
    example: Sequence[Any],
    inputs: Any,
    kwargs: Any,
    values: Any,
    weights: bool = False,
) -> Ways:
    """Return the ways to run the module that was analysed."""
    from pytest_rf.probing import modules

    if analysis.module is None:
        raise ModelError(f"{analysis.name}: the module is not at hand any more")
    one = example[0] if len(example) == 1 else tuple(example) or None
    return modules.attempts(analysis.module, one, inputs, kwargs, values, weights)


def _told(found: Finding, shown: Shown) -> Finding:
    if found.witness is None:
        return found
    return replace(found, witness=replace(found.witness, verified=shown.verdict, why=shown.why))


def judged(analysis: Analysis, findings: Sequence[Finding], ways: Ways) -> list[Finding]:
    """Return findings with what runs of the model say of their witnesses."""
    tensors = {
        place: _tensor(analysis, found.witness)
        for place, found in enumerate(findings)
        if found.witness is not None
    }
    names = {place: _names(analysis, tensor) for place, tensor in tensors.items()}
    runs = _Runs(ways(sorted({name for group in names.values() for name in group})))
    return [
        found
        if found.witness is None
        else _told(found, runs.look(found.witness, tensors[place], names[place]))
        for place, found in enumerate(findings)
    ]


def _tensor(analysis: Analysis, witness: Witness) -> Tensor | None:
    """Return the tensor that a witness is about; None for all outputs."""
    if not witness.tensor:
        return None
    for tensor in analysis.outputs:
        if tensor.name == witness.tensor:
            return tensor
    return analysis[witness.tensor]


def _names(analysis: Analysis, tensor: Tensor | None) -> list[str]:
    """Return what a run may call a tensor, or one that it is made of element by element; or all outputs.

    What comes before an activation shows what the activation hides.
    """
    graph = analysis.graph
    if tensor is None:
        return list(graph.outputs)
    outputs = [name for name, value in graph.outputs.items() if value.number == tensor.number]
    if analysis.capture == "onnx":
        before = [
            name for node in graph.nodes for name, one in node.outputs.items() if one.number == tensor.number
        ]
        return list(dict.fromkeys([*outputs, tensor.name, *before[:1]]))
    modules = [path for path, value in graph.modules.items() if path and value.number == tensor.number]
    return list(dict.fromkeys([*outputs, *modules[:1]]))


class _Runs:
    """The ways to run a model, each made when it is first needed."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self._attempts = attempts
        self._made: dict[Callable[[], Search], Search | ModelError] = {}
        self._end = time.monotonic() + SECONDS

    def look(self, witness: Witness, tensor: Tensor | None, names: Sequence[str]) -> Shown:
        """Return what the runs say of a witness."""
        shown = Shown(NOT_SHOWN, "there is no way to run the model")
        for attempt in self._attempts:
            if time.monotonic() > self._end:
                return Shown(NOT_SHOWN, f"the runs took more than {SECONDS:g} seconds")
            shown = self._by_either(attempt, witness, tensor, names)
            if shown.verdict != NOT_SHOWN:
                return shown
        return shown

    def _by_either(
        self, attempt: Attempt, witness: Witness, tensor: Tensor | None, names: Sequence[str]
    ) -> Shown:
        """Return what an engine says; the other one is asked where it does not run the model, or contradicts."""
        shown = self._by(attempt.make, witness, tensor, names)
        runs = isinstance(self._made[attempt.make], Search)
        if attempt.second is None or (runs and shown.verdict != DISAGREES):
            return shown
        second = self._by(attempt.second, witness, tensor, names)
        if runs and second.verdict == AGREES:
            return Shown(NOT_SHOWN, f"two engines differ: by one of them {shown.why}")
        return shown if runs else second

    def _by(
        self, make: Callable[[], Search], witness: Witness, tensor: Tensor | None, names: Sequence[str]
    ) -> Shown:
        if make not in self._made:
            self._made[make] = _started(make)
        search = self._made[make]
        if isinstance(search, ModelError):
            return Shown(NOT_SHOWN, str(search))
        try:
            return _Look(search, witness, tensor, names).shown()
        except ModelError as error:
            return Shown(NOT_SHOWN, str(error))


def _started(make: Callable[[], Search]) -> Search | ModelError:
    """Return what runs the model, or why it does not."""
    try:
        search = make()
        if search.steady():
            return search
    except ModelError as error:
        return error
    return ModelError("the model gives other results for the same input when it is run again")


class _Look:
    """One witness in the runs of one engine."""

    def __init__(self, search: Search, witness: Witness, tensor: Tensor | None, names: Sequence[str]) -> None:
        self.search, self.witness, self.tensor = search, witness, tensor
        self.names = [name for name in names if name in search.plain[0]]
        if tensor is not None and tensor.shape is not None:
            self.names = [name for name in self.names if tuple(search.plain[0][name].shape) == tensor.shape]

    def shown(self) -> Shown:
        """Return what the runs say."""
        one = self.witness
        if one.input not in self.search.inputs:
            return Shown(
                NOT_SHOWN, f"input {one.input} is not of floating numbers, which could be changed a little"
            )
        if not self.names:
            return Shown(
                NOT_SHOWN,
                "a run does not show the tensor: it lies within a body, or within the code of a module",
            )
        if one.tile is not None:
            return self._seam(one.tile)
        return self._read() if one.reads else self._unread()

    def _seam(self, tile: Piece) -> Shown:
        if seams.differs(self.search, self.witness, tile, self.names, SIZES[:3], _difference):
            return Shown(AGREES)
        return Shown(NOT_SHOWN, "the unit was the same in the tile and in the whole, in every run")

    def _read(self) -> Shown:
        one, tensor = self.witness, self.tensor
        assert tensor is not None
        lo, hi = (int(array[one.unit]) for array in tensor.bounds(one.axis, one.input, context=True))
        noise = 0
        for first, last in ((0, lo), (hi + 1, self._extent)):
            noise = max(noise, self._effect(along(one.axis, first, last), SIZES[1:2]) if first < last else 0)
        if noise > 1:
            return Shown(DISAGREES, f"it changes with positions outside of {lo} … {hi}, too")
        element = tuple(slice(n, n + 1) for n in one.position)
        found = self._effect(element, SIZES)
        if found > noise:
            return Shown(AGREES)
        return Shown(NOT_SHOWN, "what changes is no more than rounding" if found else _HIDDEN)

    def _unread(self) -> Shown:
        one, place = self.witness, self.witness.position[self.witness.axis]
        found = self._effect(along(one.axis, place, place + 1), SIZES[:3])
        if found > 1:
            return Shown(DISAGREES, "it changes with that position")
        for first, last in ((0, place), (place + 1, self._extent)):
            if first < last and self._effect(along(one.axis, first, last), SIZES[:3]) > max(found, 0):
                return Shown(AGREES)
        return Shown(NOT_SHOWN, "what changes is no more than rounding" if found else f"{_HIDDEN} altogether")

    @property
    def _extent(self) -> int:
        return int(self.search.inputs[self.witness.input].shape[self.witness.axis])

    def _effect(self, part: Part, sizes: Sequence[float]) -> int:
        """Return how much changes with a part of the input: 0 nothing, 1 by rounding at the most, 2 more than that."""
        most = 0
        for before, after in self._pairs(part, sizes):
            most = max(most, _difference(before, after, self.witness.unit or ...))
            if most > 1:
                break
        return most

    def _pairs(self, part: Part, sizes: Sequence[float]) -> Iterator[tuple[Any, Any]]:
        search = self.search
        for size in sizes:
            for base, plain in zip(search.bases, search.plain, strict=True):
                changed = search.changed(base, self.witness.input, part, size)
                yield from (
                    (search.array(plain[name]), search.array(changed[name]))
                    for name in self.names
                    if name in changed
                )


def _difference(before: npt.NDArray[Any], after: npt.NDArray[Any], unit: Any) -> int:
    """Return how much a unit differs: 0 not at all, 1 by rounding at the most, 2 more than that."""
    if before.shape != after.shape:
        return 2
    one, other = np.asarray(before[unit]), np.asarray(after[unit])
    with np.errstate(all="ignore"):
        apart = ~((one == other) | ((one != one) & (other != other)))
        if not apart.any():
            return 0
        if before.dtype.kind not in "fc":
            return 2
        gap = np.abs(other[apart].astype(np.complex128) - one[apart].astype(np.complex128)).max()
        scale = max(float(np.nanmax(np.abs(array), initial=0.0)) for array in (before, after))
        return 1 if gap <= _ROUNDING * np.finfo(before.dtype).eps * scale else 2
