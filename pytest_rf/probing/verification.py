"""``verify``: one unit of a model, measured against its analysis."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from types import NoneType
from typing import Any

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.errors import ModelError
from pytest_rf.probing.search import Interval, Search


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
            an .onnx file (or its ``ModelProto``), which the reference implementation of ``onnx`` runs.
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
    is_file = isinstance(model, (str, PathLike)) or hasattr(model, "opset_import")
    runs: Callable[[Sequence[str]], Search]
    if is_file:
        example, inputs, values, make = _file(model, example, inputs, values, seed)
        analysis = analysis or _analysed(model, inputs=inputs, values=values)
        shapes = {name: one.shape for name, one in analysis.inputs.items()}
        runs = lambda _: make(shapes)  # noqa: E731 - a file's run keeps all tensors
    else:
        from pytest_rf.loading import is_torch, no_model

        if not is_torch(model):
            raise ModelError(no_model(model))
        from pytest_rf.probing.modules import has_tensors, prober

        if example is not None and inputs is None and not has_tensors(example):
            example, inputs = None, example
        examples = () if example is None else (example,)
        analysis = analysis or _analysed(model, *examples, inputs=inputs, kwargs=kwargs, values=values)
        runs = prober(model, example, inputs, kwargs, values, seed)
    varying = {name: value for name, value in analysis.graph.outputs.items() if value.varies}
    if output is None or output in varying:
        chosen = {
            name: next(t for t in analysis.outputs if t.number == value.number)
            for name, value in varying.items()
            if output in (None, name)
        }
        search = runs(())
    else:
        tensor = _tensor(analysis, output)
        chosen = {tensor.name if is_file else output: tensor}
        search = runs((output,))
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


def _analysed(model: Any, *example: Any, **options: Any) -> Analysis:
    from pytest_rf.analyzing import analyze

    return analyze(model, *example, **options)


def _file(
    model: Any, example: Any, inputs: Any, values: Any, seed: int
) -> tuple[Any, Any, Any, Callable[[Mapping[str, Any]], Search]]:
    """Return shapes and constants of an .onnx file's inputs, and what runs it."""
    from pytest_rf.frontends.onnx import read
    from pytest_rf.probing.files import Evaluator, arrays_in, shapes_of

    proto, name = (model, model.graph.name) if hasattr(model, "graph") else (read(model), str(model))
    if not all(isinstance(given, (Mapping, NoneType)) for given in (example, inputs)):
        raise ModelError(f"{name}: name the inputs, as in {{'image': (1, 3, 224, 224)}}")
    arrays = {**arrays_in(example or {}), **dict(values or {})}
    shapes = {**shapes_of(example or {}), **dict(inputs or {})} or None
    return None, shapes, values, lambda found: Evaluator(proto, name, found, arrays, seed)


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
