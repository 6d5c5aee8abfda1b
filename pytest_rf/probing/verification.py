"""``verify``: one unit of a model, measured against its analysis."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.errors import ModelError
from pytest_rf.probing.search import Call, Interval, Search


@dataclass(frozen=True, slots=True)
class Probe:
    """One unit along one input axis.

    Attributes:
        output: the output's name.
        input: the input's name.
        axis: the input axis, by number.
        unit: the unit's index within the output.
        analysed: first and last position that the analysis says; first > last: nothing.
        measured: first and last position that were seen to change the unit.
        exact: whether the analysis claims more than an upper bound.
    """

    output: str
    input: str
    axis: int
    unit: tuple[int, ...]
    analysed: Interval
    measured: Interval
    exact: bool

    @property
    def sound(self) -> bool:
        """Nothing outside of the analysed interval changed the unit."""
        if self.measured[0] > self.measured[1]:
            return True
        return self.analysed[0] <= self.measured[0] and self.measured[1] <= self.analysed[1]

    @property
    def equal(self) -> bool:
        """The probe reached both ends of the analysed interval."""
        nothing = self.analysed[0] > self.analysed[1] and self.measured[0] > self.measured[1]
        return nothing or self.measured == self.analysed

    def __str__(self) -> str:
        verdict = "equal" if self.equal else "within" if self.sound else "OUTSIDE"
        return (
            f"{self.output}{list(self.unit)} <- {self.input} axis {self.axis}: analysed "
            f"{'' if self.exact else 'at most '}{_told(self.analysed)}, measured {_told(self.measured)}: {verdict}"
        )


def _told(interval: Interval) -> str:
    return "nothing" if interval[0] > interval[1] else str(list(interval))


@dataclass(frozen=True, slots=True)
class Verification:
    """All probes of one call of :func:`verify`; true if nothing was found outside of the analysis."""

    probes: tuple[Probe, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """No probe found an influence outside of the analysed bounds."""
        return all(probe.sound for probe in self.probes)

    @property
    def equal(self) -> bool:
        """Every probe reached the analysed bounds."""
        return all(probe.equal for probe in self.probes)

    def __bool__(self) -> bool:
        return self.sound

    def __str__(self) -> str:
        return "\n".join(map(str, self.probes))

    def __repr__(self) -> str:
        return f"<Verification\n{self}\n>"


def verify(
    model: Any,
    example: Any = None,
    inputs: Any = None,
    unit: Sequence[int] | int | None = None,
    *,
    output: str | None = None,
    axes: Sequence[int | str] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    context: bool = True,
    seed: int = 0,
    analysis: Analysis | None = None,
) -> Verification:
    """Measure which input positions change one unit, and compare with the analysis.

    Args:
        model: a PyTorch module or exported program, of which a copy is run in double precision, or the path of
            an .onnx file (or its ``ModelProto``), which the reference implementation of ``onnx`` runs; before
            onnx 1.22 it takes minutes to resize even a small image of several channels.
        example: the arguments of the call, as for ``analyze``, or their shapes; for a file, name -> array or
            shape.
        inputs: their shapes.
        unit: index of the unit within the output, the centre by default. A shorter one is its position
            along the output's last axes, for all samples and channels at once.
        output: the output's name, or a module's path (``block@2`` for its second call), for a file the name of
            any tensor; all outputs by default.
        axes: the input axes to look at, by number or name; the spatial ones by default, all where there are none.
        kwargs: keyword arguments of the call.
        values: constants, as for ``analyze``.
        context: hold the measure against bounds with context, which a probe cannot tell from the rest.
        seed: of the random inputs.
        analysis: the analysis, if there is one already.

    Raises:
        ModelError: the model does not run (a module: in double precision), draws other numbers each time,
            or there is no such output, unit or axis.
    """
    call = _front_end(model)(model, example, inputs, kwargs, values, seed)
    analysis = analysis or call.analyse()
    chosen, watched = _chosen(analysis, output, call)
    search = call.search(analysis, watched)
    if not search.steady():
        raise ModelError(
            f"{analysis.name} gives other results for the same input when it is run again: "
            "without a fixed seed of whatever it draws from, it cannot be verified"
        )
    probes = [
        probe
        for name, tensor in chosen.items()
        for probe in _probes(analysis, search, name, tensor, unit, axes, context)
    ]
    if not probes:
        raise ModelError(
            f"{analysis.name}: there is nothing to verify: no output depends on an input of floating numbers"
        )
    return Verification(tuple(probes))


def _front_end(model: Any) -> Callable[..., Call]:
    """Return what makes a call of a model out of the arguments of ``verify``."""
    if isinstance(model, (str, PathLike)) or hasattr(model, "opset_import"):
        from pytest_rf.probing import files

        return files.call
    from pytest_rf.loading import is_torch, no_model

    if not is_torch(model):
        raise ModelError(no_model(model))
    from pytest_rf.probing import modules

    return modules.call


def _chosen(analysis: Analysis, output: str | None, call: Call) -> tuple[dict[str, Tensor], Sequence[str]]:
    """Return the tensors that are probed, by what a run calls them, and the modules that it must watch."""
    varying = {name: value for name, value in analysis.graph.outputs.items() if value.varies}
    if output is not None and output not in varying:
        tensor = _tensor(analysis, output)
        return {call.named(tensor, output): tensor}, (output,)
    chosen = {
        name: next(tensor for tensor in analysis.outputs if tensor.number == value.number)
        for name, value in varying.items()
        if output in (None, name)
    }
    return chosen, ()


def _tensor(analysis: Analysis, name: str) -> Tensor:
    try:
        tensor = analysis[name]
    except KeyError as error:
        raise ModelError(f"{analysis.name}: {error.args[0]}") from None
    if not tensor.value.varies:
        raise ModelError(f"{analysis.name}: {name!r} depends on no input, so there is nothing to verify")
    return tensor


def _probes(
    analysis: Analysis,
    search: Search,
    name: str,
    tensor: Tensor,
    unit: Sequence[int] | int | None,
    axes: Sequence[int | str] | None,
    context: bool,
) -> Iterator[Probe]:
    """Probe one unit of one output along the axes of every input that can be changed."""
    if tensor.status == "unknown" or tensor.shape is None:
        raise ModelError(f"{name}: cannot be verified, it is unknown: {tensor.reason}")
    if name not in search.plain[0]:
        raise ModelError(f"{name}: cannot be verified, the run of the model gives no such tensor")
    index = _index(name, tensor.shape, unit)
    select = (slice(None),) * (len(tensor.shape) - len(index)) + index
    for source in analysis.inputs.values():
        if source.name not in search.inputs:
            continue
        for axis in _axes(source, axes):
            lo, hi = tensor.bounds(axis, source.name, context)
            low, high = lo[select], hi[select]
            read = low <= high
            analysed = (int(low[read].min()), int(high[read].max())) if read.any() else (0, -1)
            measured = search.measure(name, select, source.name, axis)
            yield Probe(name, source.name, axis, index, analysed, measured, tensor.status == "exact")


def _index(name: str, shape: Sequence[int], unit: Sequence[int] | int | None) -> tuple[int, ...]:
    """Return the index of a unit within the last axes of an output."""
    if unit is None:
        return tuple(extent // 2 for extent in shape)
    try:
        index = tuple(operator.index(place) for place in (unit if isinstance(unit, Iterable) else (unit,)))
    except TypeError:
        raise ModelError(f"unit {unit!r} is no position, which has whole numbers, as in (12, 7)") from None
    extents = shape[len(shape) - len(index) :] if len(index) <= len(shape) else ()
    if len(extents) != len(index) or not all(-e <= i < e for i, e in zip(index, extents, strict=True)):
        raise ModelError(
            f"unit {index} lies outside of {name!r} of shape {tuple(shape)}; with several outputs, "
            "name the one that is meant: output=..."
        )
    return index


def _axes(source: Input, axes: Sequence[int | str] | None) -> list[int]:
    if axes is None:
        return list(source.axes.values()) or list(range(len(source.shape)))
    try:
        return [source.axis(axis) for axis in axes]
    except KeyError as error:
        raise ModelError(error.args[0]) from None
