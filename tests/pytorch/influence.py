"""What changes what in one call of a module, element by element, against the bounds of the analysis.

Every input element is changed at several base points and by several amounts. The first rounds are always run,
the others only for as long as the analysis claims more than was seen.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import pytest_rf
from pytest_rf.frontends.torch.arguments import (
    Arguments,
    input_names,
    output_name,
)
from pytest_rf.frontends.torch.trees import map_tensors, named_tensors

torch.set_num_threads(1)

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
class Verdict:
    """What came of a case.

    Attributes:
        case: its name.
        status: "exact", "sound" (if it was not to be tight), "sampled" (nothing unsound, not all was
            measured), "upper" (and says so), "within" (wider than measured), "unknown", "unsound",
            "crash", "skipped" (it does not run).
        detail: why.
    """

    case: str
    operator: str
    status: str
    detail: str = ""


def judge(case: Case, tight: bool = True) -> Verdict:
    """Analyse a case and hold the bounds of all outputs against what changes them.

    Args:
        case: the call.
        tight: look for all that the analysis claims, which takes longer than to look for what it denies.
    """

    def verdict(status: str, detail: object = "") -> Verdict:
        return Verdict(case.name, case.operator, status, " ".join(str(detail).split())[:300])

    call = Arguments(case.args, case.kwargs)
    try:
        runner = Runner(copy.deepcopy(case.module), call)
        plain = runner.plain(0)
    except Exception as error:  # what torch itself refuses
        return verdict("skipped", f"does not run: {type(error).__name__}: {error}")
    if not plain or not runner.inputs:
        return verdict("skipped", "no tensors")
    try:
        analysis = pytest_rf.analyze(case.module, case.args, kwargs=case.kwargs)
        bounds = {
            (name, source): _bounds(analysis, name, source) for name in plain for source in runner.inputs
        }
    except Exception as error:  # whatever it is, it is a crash
        return verdict("crash", f"{type(error).__name__}: {error}")
    reasons = {name: _unknown(analysis, name) for name in plain}
    if all(reasons.values()):
        return verdict("unknown", next(iter(reasons.values())))
    for name, array in plain.items():
        shape = analysis.graph.outputs[name].shape
        if not reasons[name] and shape == (1,) and array.dim() == 0:
            return verdict("skipped", "torch's own shape function gives (1,) for ()")
        if not reasons[name] and shape != tuple(array.shape):
            return verdict("crash", f"{name} has shape {tuple(array.shape)}, analysed {shape}")
    wide = ""
    for (name, source), (lo, hi, reads) in bounds.items():
        if reasons[name]:
            continue
        seen = _Seen(runner, name, source)
        for number, (base, change) in enumerate(ROUNDS):
            # A truth value or an index changes at a threshold only: what it reads cannot all be seen.
            discrete = not (plain[name].is_floating_point() or plain[name].is_complex())
            if number >= ALWAYS and (discrete or not tight or seen.covers(lo, hi)):
                break
            seen.round(base, change, number)
            if np.isfinite(change):
                outside = seen.outside(lo, hi, reads)
                if outside:
                    return verdict("unsound", f"{name} <- {source}: {outside}")
        if not discrete and not seen.covers(lo, hi):
            wide = wide or f"{name} <- {source}: {seen.loose(lo, hi)}"
    if any(reasons.values()):
        return verdict("unknown", next(filter(None, reasons.values())))
    if not runner.complete:
        return verdict("sampled")
    statuses = {t.status for t in analysis.outputs}
    if "upper_bound" in statuses:
        return verdict("upper", next(t.reason for t in analysis.outputs if t.status == "upper_bound"))
    return verdict("within", wide) if wide and tight else verdict("exact" if tight else "sound")


Bounds = tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]], bool]


def _bounds(analysis: pytest_rf.Analysis, output: str, source: str) -> Bounds:
    """Return lowest and highest position per axis of the input, for each element of the output."""
    rank = len(analysis.inputs[source].shape)
    value = analysis.graph.outputs[output]
    shape = value.shape or ()
    tensor = next((t for t in analysis.outputs if t.number == value.number), None)
    if not value.varies or tensor is None or tensor.status == "unknown":
        empty = np.full((*shape,), 1 << 30), np.full((*shape,), -1)
        return [empty[0]] * rank, [empty[1]] * rank, False
    pairs = [tensor.bounds(axis, source, context=True) for axis in range(rank)]
    return [np.asarray(lo) for lo, _ in pairs], [np.asarray(hi) for _, hi in pairs], True


def _unknown(analysis: pytest_rf.Analysis, output: str) -> str:
    value = analysis.graph.outputs[output]
    if not value.varies:
        return ""
    tensor = next(t for t in analysis.outputs if t.number == value.number)
    return str(tensor.reason) if tensor.status == "unknown" else ""


class Runner:
    """Calls a module with changed inputs and the same random numbers.

    Attributes:
        inputs: name -> tensor.
        complete: whether every element is changed.
    """

    def __init__(self, module: torch.nn.Module, call: Arguments) -> None:
        self._module, self._call = module, call
        self._state = {name: t.clone() for name, t in module.named_buffers()}
        names = input_names(module, call)
        named = dict(zip(names, call.args, strict=True)) | call.kwargs
        self._names = names
        self.inputs = {name: t for key, value in named.items() for name, t in named_tensors(value, key)}
        generator = torch.Generator().manual_seed(7)
        self.bases = [
            {name: _base(t, number, generator) for name, t in self.inputs.items()} for number in range(3)
        ]
        self._plain: dict[int, dict[str, torch.Tensor]] = {}
        self.complete = sum(t.numel() for t in self.inputs.values()) <= MOST

    def plain(self, base: int) -> dict[str, torch.Tensor]:
        """Return the outputs at a base point, NaN where they differ from call to call."""
        if base not in self._plain:
            self._plain[base] = self.run(self.bases[base])
        return self._plain[base]

    def places(self, source: str) -> npt.NDArray[np.int64]:
        """Return the flat places of the elements that are changed."""
        count = self.inputs[source].numel()
        share = MOST // max(len(self.inputs), 1)
        if self.complete or count <= share:
            return np.arange(count)
        return np.unique(np.linspace(0, count - 1, share).astype(np.int64))

    def run(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the outputs for these inputs."""

        def substitute(name: str, _: torch.Tensor) -> torch.Tensor:
            return tensors[name].clone()

        args = [map_tensors(a, substitute, n) for n, a in zip(self._names, self._call.args, strict=True)]
        kwargs = {name: map_tensors(value, substitute, name) for name, value in self._call.kwargs.items()}
        torch.default_generator.manual_seed(0)
        with torch.no_grad():
            result = self._module(*args, **kwargs)
        for name, tensor in self._module.named_buffers():
            if name in self._state and tensor.shape == self._state[name].shape:
                tensor.copy_(self._state[name])
        return {output_name(name, i): _dense(t) for i, (name, t) in enumerate(named_tensors(result))}


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    return tensor.resolve_conj().resolve_neg()


def _base(tensor: torch.Tensor, number: int, generator: torch.Generator) -> torch.Tensor:
    tensor = tensor.detach().clone()
    if number == 0 or tensor.numel() == 0 or tensor.layout is not torch.strided:
        return tensor
    if tensor.is_floating_point() or tensor.is_complex():
        real = torch.promote_types(torch.float32, tensor.dtype)
        if number == 1:
            return torch.randn(tensor.shape, generator=generator, dtype=real).to(tensor.dtype)
        uniform = torch.rand(tensor.shape, generator=generator, dtype=torch.float64)
        return (uniform * 0.8 + 0.1).to(tensor.dtype)
    order = torch.randperm(tensor.numel(), generator=generator)
    return tensor.reshape(-1)[order].reshape(tensor.shape)


class _Seen:
    """Which elements of an input changed which of an output so far."""

    def __init__(self, runner: Runner, output: str, source: str) -> None:
        self._runner, self._output, self._source = runner, output, source
        self._places = runner.places(source)
        shape = tuple(runner.inputs[source].shape)
        self._where = np.unravel_index(self._places, shape) if shape else ()
        self._shape = tuple(runner.plain(0)[output].shape)
        self._rows = np.zeros((self._places.size, *self._shape), bool)

    def round(self, base: int, change: float, number: int) -> None:
        """Change every element at a base point."""
        runner = self._runner
        try:
            plain = runner.plain(base)[self._output]
            again = runner.run(runner.bases[base])[self._output]
        except Exception:  # not a point of the operator's domain
            return
        steady = _same(plain, again)
        if plain.shape != self._shape:
            return
        point = runner.bases[base][self._source]
        for row, place in enumerate(self._places.tolist()):
            changed = _changed(point, place, change, number)
            if changed is None:
                continue
            try:
                after = runner.run({**runner.bases[base], self._source: changed})[self._output]
            except Exception:  # likewise
                continue
            if after.shape == plain.shape:
                self._rows[row] |= (~_same(plain, after) & steady).numpy()
            else:
                self._rows[row] = True

    def _hulls(self) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        spread = (slice(None), *[None] * len(self._shape))
        for where in self._where:
            first = np.where(self._rows, where[spread], 1 << 30).min(axis=0, initial=1 << 30)
            last = np.where(self._rows, where[spread], -1).max(axis=0, initial=-1)
            yield first, last

    def outside(self, lo: Sequence[npt.NDArray[Any]], hi: Sequence[npt.NDArray[Any]], reads: bool) -> str:
        """Say where something was read outside of the bounds."""
        for axis, (first, last) in enumerate(self._hulls()):
            wrong = (last >= 0) & ((first < lo[axis]) | (last > hi[axis]))
            if wrong.any():
                return _shown(axis, wrong, first, last, lo[axis], hi[axis])
        if not self._where and not reads and self._rows.any():
            return "reads it, which the analysis denies"
        return ""

    def covers(self, lo: Sequence[npt.NDArray[Any]], hi: Sequence[npt.NDArray[Any]]) -> bool:
        """Whether all that the analysis claims was seen."""
        return not self.loose(lo, hi)

    def loose(self, lo: Sequence[npt.NDArray[Any]], hi: Sequence[npt.NDArray[Any]]) -> str:
        """Say where the bounds are wider than what was seen."""
        for axis, (first, last) in enumerate(self._hulls()):
            empty = np.broadcast_to(lo[axis] > hi[axis], first.shape)
            wide = ~empty & ((lo[axis] < first) | (hi[axis] > last))
            if wide.any():
                return _shown(axis, wide, first, last, lo[axis], hi[axis])
        return ""


def _shown(axis: int, where: Any, first: Any, last: Any, lo: Any, hi: Any) -> str:
    at = tuple(int(n) for n in np.argwhere(where)[0])
    lo, hi = np.broadcast_to(lo, first.shape), np.broadcast_to(hi, first.shape)
    seen = f"[{first[at]}, {last[at]}]" if last[at] >= 0 else "nothing"
    return f"axis {axis}, element {list(at)} of {list(first.shape)}: seen {seen}, bounds [{lo[at]}, {hi[at]}]"


def _same(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    same = one == other
    if one.is_floating_point() or one.is_complex():
        same |= torch.isnan(one) & torch.isnan(other)
    return same


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
