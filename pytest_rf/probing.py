"""Probes a PyTorch module: what changes a unit, found by changing the input, against the analysis.

The probe runs a copy of the module in double precision. It finds a *lower* bound of what is read (a
saturated activation can hide an influence), so a probe that finds less than the analysis is no
contradiction, one that finds more is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.tensors import Tensor
from pytest_rf.errors import ModelError

MAGNITUDES = (1.0, 300.0, 300.0)
"""Sizes of the changes that are tried: small ones stay in a unit's sensitive range, large ones reach far."""

Interval = tuple[int, int]


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
            f"{self.output}{list(self.unit)} <- {self.input} axis {self.axis}: "
            f"analysed {list(self.analysed)}, measured {list(self.measured)}: {verdict}"
        )


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


def verify(
    module: Any,
    example: Any = None,
    inputs: Any = None,
    unit: Sequence[int] | None = None,
    *,
    output: str | None = None,
    axes: Sequence[int] | None = None,
    context: bool = True,
    seed: int = 0,
    analysis: Analysis | None = None,
) -> Verification:
    """Measure which input positions change one unit, and compare with the analysis.

    Args:
        module: an ``nn.Module``; it is not changed.
        example: the arguments of the call, as for ``analyze``.
        inputs: or their shapes.
        unit: index of the unit within the output, the centre by default. A shorter one is its position
            along the output's last axes, for all samples and channels at once.
        output: the output's name, or a module's path; all outputs by default.
        axes: numbers of the input axes to look at; the spatial ones by default.
        context: hold the measure against bounds with context, which a probe cannot tell from the rest.
        seed: of the random inputs.
        analysis: the analysis, if there is one already.

    Raises:
        ModelError: the module does not run in double precision.
    """
    from pytest_rf.frontends.torch.structure import arguments, by_shape
    from pytest_rf.loading import analyze

    if analysis is None:
        given = {} if inputs is None else {"inputs": inputs}
        analysis = analyze(module, *(() if example is None else (example,)), **given)
    call = by_shape(module, inputs) if inputs is not None else arguments(module, example)
    outputs = {name: value for name, value in analysis.graph.outputs.items() if value.varies}
    if output is not None and output not in outputs:
        prober = Prober(module, call, seed, [output])
        return Verification(
            tuple(probe_output(analysis, prober, output, analysis[output], unit, axes, context))
        )
    prober = Prober(module, call, seed)
    probes: list[Probe] = []
    for name, value in outputs.items():
        if output is None or name == output:
            tensor = next(t for t in analysis.outputs if t.number == value.number)
            probes += probe_output(analysis, prober, name, tensor, unit, axes, context)
    return Verification(tuple(probes))


def probe_output(
    analysis: Analysis,
    prober: Prober,
    name: str,
    tensor: Tensor,
    unit: Sequence[int] | None,
    axes: Sequence[int] | None,
    context: bool,
) -> Iterator[Probe]:
    """Probe one unit of one output along the axes of every floating input."""
    if tensor.status == "unknown" or tensor.shape is None:
        raise ModelError(f"{name}: cannot be verified, it is unknown: {tensor.reason}")
    index = tuple(extent // 2 for extent in tensor.shape) if unit is None else tuple(unit)
    select = (slice(None),) * (len(tensor.shape) - len(index)) + index
    for source in analysis.inputs.values():
        if source.name not in prober.inputs:
            continue
        for axis in source.axes.values() if axes is None else axes:
            lo, hi = tensor.bounds(axis, source.name, context)
            low, high = lo[select], hi[select]
            read = low <= high
            analysed = (int(low[read].min()), int(high[read].max())) if read.any() else (0, -1)
            measured = prober.measure(name, select, source.name, axis)
            exact = tensor.status == "exact"
            yield Probe(name, source.name, axis, index, analysed, measured, exact)


class Prober:
    """A copy of a module in double precision, and the inputs that it is run on.

    Attributes:
        inputs: name -> tensor of each floating input.
        bases: the inputs on which changes are made.
        plain: the outputs on each of them.

    Args:
        module: the module; a copy of it is run.
        call: its arguments.
        seed: of the changes.
        watched: paths of modules whose results are kept beside the outputs.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        call: Any,
        seed: int = 0,
        watched: Sequence[str] = (),
    ) -> None:
        from pytest_rf.frontends.torch.copying import copied
        from pytest_rf.frontends.torch.structure import input_names, named_tensors

        try:
            self._module = copied(module)[0].double()
        except Exception as error:  # whatever the module raises
            raise ModelError(
                f"{type(module).__name__} cannot be copied in double precision: {error}"
            ) from error
        self._call = call
        self._seen: dict[str, torch.Tensor] = {}
        for path in watched:
            self._watch(path)
        self._seed = seed
        named = dict(zip(input_names(module, call), call.args, strict=True)) | dict(call.kwargs)
        found = {name: tensor for key, value in named.items() for name, tensor in named_tensors(value, key)}
        self.inputs = {name: t for name, t in found.items() if t.is_floating_point() or t.is_complex()}
        self._generator = torch.Generator().manual_seed(seed)
        # Two backgrounds: an activation that is saturated on one need not be on the other.
        self.bases = [
            {name: tensor.double() for name, tensor in self.inputs.items()},
            {name: self._noise(tensor.shape) for name, tensor in self.inputs.items()},
        ]
        self.plain = [self.run(base) for base in self.bases]

    def _noise(self, shape: Sequence[int]) -> torch.Tensor:
        return torch.randn(*shape, generator=self._generator, dtype=torch.float64)

    def run(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Call the module with these inputs; the same random numbers are drawn every time."""
        from pytest_rf.frontends.torch.structure import input_names, map_tensors, named_tensors, output_name

        def substitute(name: str, tensor: torch.Tensor) -> torch.Tensor:
            return tensors[name].clone() if name in tensors else tensor.clone()

        names = input_names(self._module, self._call)
        args = [
            map_tensors(value, substitute, name) for name, value in zip(names, self._call.args, strict=True)
        ]
        kwargs = {name: map_tensors(value, substitute, name) for name, value in self._call.kwargs.items()}
        state = {name: tensor.clone() for name, tensor in self._module.named_buffers()}
        with torch.random.fork_rng(devices=[]), torch.no_grad(), _double():
            torch.manual_seed(self._seed)
            result = self._module(*args, **kwargs, **self._call.constants)
        for name, tensor in self._module.named_buffers():
            if name in state and tensor.shape == state[name].shape:
                tensor.copy_(state[name])
        outputs = {output_name(name, i): tensor for i, (name, tensor) in enumerate(named_tensors(result))}
        seen, self._seen = self._seen, {}
        return {**seen, **outputs}

    def _watch(self, path: str) -> None:
        """Keep what a module returns at its first call beside the outputs."""
        from pytest_rf.frontends.torch.structure import named_tensors

        def keep(module: torch.nn.Module, args: Any, result: Any) -> None:
            found = next(iter(named_tensors(result)), None)
            if found is not None and path not in self._seen:
                self._seen[path] = found[1].clone()

        self._module.get_submodule(path).register_forward_hook(keep)

    def changed(
        self,
        base: Mapping[str, torch.Tensor],
        source: str,
        axis: int,
        first: int,
        last: int,
        magnitude: float,
    ) -> dict[str, torch.Tensor]:
        """Return the outputs after a random change of an input from ``first`` to before ``last``."""
        tensor = base[source].clone()
        part = tensor.narrow(axis, first, last - first)
        part += magnitude * self._noise(part.shape)
        return self.run({**base, source: tensor})

    def changes(self, output: str, select: Any, source: str, axis: int, first: int, last: int) -> bool:
        """Whether the unit changes when the input does from ``first`` to before ``last`` along ``axis``."""
        if first >= last:
            return False
        for base, plain in zip(self.bases, self.plain, strict=True):
            before = plain[output][select]
            for magnitude in MAGNITUDES:
                after = self.changed(base, source, axis, first, last, magnitude)[output]
                if after.shape != plain[output].shape or not torch.equal(after[select], before):
                    return True
        return False

    def measure(self, output: str, select: Any, source: str, axis: int) -> Interval:
        """Return the first and the last position whose change changes the unit, by bisection."""
        extent = self.inputs[source].shape[axis]

        def changes(first: int, last: int) -> bool:
            return self.changes(output, select, source, axis, first, last)

        if not changes(0, extent):
            return (0, -1)
        first = _smallest(1, extent, lambda end: changes(0, end)) - 1
        last = extent - _smallest(1, extent, lambda count: changes(extent - count, extent))
        return (first, last)


@contextmanager
def _double() -> Iterator[None]:
    """What the module's code makes without naming a type is double too."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def _smallest(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the smallest number in the range for which a monotone condition holds; it does for ``high``."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
