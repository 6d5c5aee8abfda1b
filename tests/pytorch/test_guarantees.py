"""Look-ahead, look-back, causality and independence of random nets, against what changing their input shows.

A guarantee that passes holds for the net that runs: no change of any input position may show that it does not.
A guarantee that is violated may be so in theory only, which is right: such alarms are not judged here.
The nightly run is ``pytest tests/pytorch/test_guarantees.py --hypothesis-profile=nightly``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle.engines import NoEngineError
from oracle.engines.files import load
from oracle.influence import hull

import pytest_rf

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from torch import Tensor  # noqa: E402

from pytorch.drawn_nets import batch_nets, examples, time_nets  # noqa: E402
from pytorch.random_nets import Chain, Conv, Net, Pool, Resize, Shift, Step, data  # noqa: E402
from pytorch.random_sequences import EndToEnd, FirstApart, Named, Norm, Recurrent, Scaled  # noqa: E402
from pytorch.sequences_in_onnx import NoModelError, model  # noqa: E402

CHANGES = (1.0, -3.0, 30.0)


def moved(run: Callable[[Tensor], Tensor], shape: tuple[int, ...], axis: int) -> np.ndarray:
    """Return (extent of the axis, *output shape): true where a change at that index changed the element."""
    rows: np.ndarray | None = None
    for seed, change in enumerate(CHANGES):
        base = data(*shape, seed=seed)
        plain = run(base)
        size = max(1.0, float(plain.abs().max()))
        for index in range(shape[axis]):
            other = base.clone()
            other.select(axis, index).add_(change * data(*other.select(axis, index).shape, seed=index + 7))
            after = run(other)
            noise = 1e-8 if plain.dtype is torch.float64 else 1e-5
            seen = ((after - plain).abs() > noise * size).numpy()
            if rows is None:
                rows = np.zeros((shape[axis], *seen.shape), bool)
            rows[index] |= seen
    assert rows is not None
    return rows


@dataclass(frozen=True)
class Truth:
    """What changing the input shows of a step: first and last position that changes it, per step."""

    first: np.ndarray
    last: np.ndarray

    def ahead(self, stride: Fraction) -> Fraction | None:
        """Return the look-ahead, of steps that stand for ``stride`` positions each; None if nothing is read.

        A step below one position stands for the one that it lies in.
        """
        steps = ((i, int(last)) for i, last in enumerate(self.last) if last >= 0)
        end = (lambda i: math.floor(i * stride)) if stride < 1 else (lambda i: (i + 1) * stride - 1)
        return max((Fraction(last) - end(i) for i, last in steps), default=None)

    def back(self, stride: Fraction) -> Fraction | None:
        """Return the look-back; None if nothing is read."""
        steps = ((i, int(first)) for i, first in enumerate(self.first) if self.last[i] >= 0)
        start = (lambda i: math.floor(i * stride)) if stride < 1 else (lambda i: i * stride)
        return max((Fraction(start(i)) - first for i, first in steps), default=None)

    @property
    def widest(self) -> int:
        """Return how many positions the widest step spans."""
        return int((self.last - self.first + 1)[self.last >= 0].max(initial=0))


def truth(module: Callable[[Tensor], Tensor], shape: tuple[int, ...], axis: int = 2) -> Truth:
    """Change every position along time, and see which steps of the output change."""
    rows = moved(module, shape, axis)
    steps = rows.any(axis=tuple(a + 1 for a in range(rows.ndim - 1) if a != axis))
    return Truth(*hull(steps))


def passes(analysis: pytest_rf.Analysis, requirement: str) -> bool:
    """Whether a requirement holds; what cannot be judged does not."""
    try:
        return not analysis.check(requirement)
    except pytest_rf.RequirementError:
        return False


Shape = tuple[int, int, int]


class InTorch:
    """A net as a module of PyTorch."""

    def __init__(self, net: Net, scaled: bool = False, weights: bool = False) -> None:
        self.module: torch.nn.Module = Scaled(net) if scaled else net.module()
        self._more = (torch.tensor(1.5, dtype=torch.float64),) if scaled else ()
        self._weights = weights

    def run(self, x: Tensor) -> Tensor:
        """Compute it."""
        return self.module(x, *self._more)

    def analysis(self, shape: Shape) -> pytest_rf.Analysis:
        """Analyse it."""
        return pytest_rf.analyze(self.module, data(*shape), *self._more, weights=self._weights)

    def at(self, shape: Shape) -> InTorch:
        """Return the net for another extent."""
        return self


class InOnnx:
    """A net as an ONNX model, run by ONNX Runtime in single precision."""

    def __init__(self, net: Net, shape: Shape) -> None:
        net.module()(
            data(*shape)
        )  # which raises where an engine would fall over, as on a pad that is too wide
        self.net, self.model = net, model(net, shape)
        self._name = self.model.graph.output[0].name
        self._engine = load(self.model, [self._name])

    def run(self, x: Tensor) -> Tensor:
        """Compute it."""
        return torch.from_numpy(self._engine.run({"x": x.float().numpy()})[self._name])

    def analysis(self, shape: Shape) -> pytest_rf.Analysis:
        """Analyse it."""
        return pytest_rf.analyze(self.model)

    def at(self, shape: Shape) -> InOnnx:
        """Return the net for another extent."""
        return InOnnx(self.net, shape)


Running = InTorch | InOnnx
UNFIT = (RuntimeError, ValueError, IndexError, NoEngineError, NoModelError)
"""What a net raises that does not run at an extent."""


def grows(net: Running, shape: Shape) -> bool:
    """Whether what a step reads grows with the extent; False where the net runs at one extent only."""
    *rest, extent = shape
    before = extent
    try:
        # Once may be a field that the shorter input has cut; twice is growth.
        for times in (3, 5, 9):
            wide = (*rest, times * extent)
            widest = truth(net.at(wide).run, wide).widest
            if widest < before + extent:
                return False
            before = widest
    except UNFIT:
        return False
    return True


def promised(chain: Chain, net: Running, shape: Shape) -> list[str] | None:
    """Return which guarantees about time pass that the net does not keep; None where none can be asked for."""
    try:
        if not net.run(data(*shape)).numel():
            return None
    except UNFIT:
        return None
    analysis = net.analysis(shape)
    tensor = analysis.outputs[0]
    names = {axis: name for name, axis in analysis.inputs["x"].axes.items()}
    if tensor.status == "unknown" or "x" not in tensor.inputs or 2 not in names:
        return None
    t = names[2]

    def said(text: str) -> bool:
        return passes(analysis, f"output {text}")

    seen = truth(net.run, shape) if chain.pace is None else None
    if seen is not None and (seen.first == 0).all() and (seen.last == shape[-1] - 1).all():
        return None  # what reads everything has no place that could be uneven
    if seen is not None:
        texts = [f"lookahead.{t} <= 1000", f"lookback.{t} <= 1000", f"stride.{t} <= 1000", f"is causal.{t}"]
        return [f"{text}, though steps of different rates meet" for text in texts if said(text)]
    broken = ["is bounded, and grows"] if said(f"is bounded.{t}") and grows(net, shape) else []
    stride = tensor.field("x")[2].stride
    if not stride:
        return broken + [
            f"{text}, though there is no stride" for text in [f"lookahead.{t} <= 1000"] if said(text)
        ]
    if chain.pace and abs(stride) != chain.pace:
        broken.append(f"stride is {stride}, a step stands for {chain.pace}")
    seen = truth(net.run, shape)
    for word, figure in (("lookahead", seen.ahead(stride)), ("lookback", seen.back(stride))):
        less = math.ceil(figure or 0) - 1
        if figure is not None and said(f"{word}.{t} <= {less}"):
            broken.append(f"{word} <= {less}, it is {figure} at stride {stride}")
    if (seen.ahead(stride) or 0) > 0 and said(f"is causal.{t}"):
        broken.append("is causal")
    return broken


def leaks(net: Running, shape: Shape) -> tuple[bool, bool] | None:
    """Return whether samples mix in the net that runs, and whether ``is independent`` passes.

    None where the net does not run, or nobody can say which sample an output belongs to.
    """
    try:
        result = net.run(data(*shape))
    except UNFIT:
        return None
    if not result.numel():
        return None
    outputs, analysis = len(result), net.analysis(shape)
    if outputs % shape[0] or analysis.outputs[0].status == "unknown":
        return None
    rows = moved(net.run, shape, 0)
    samples = rows.reshape(*rows.shape[:2], -1).any(axis=2)
    own = np.arange(outputs) // (outputs // shape[0])
    mixed = bool((samples & (np.arange(shape[0])[:, None] != own)).any())
    return mixed, passes(analysis, "output is independent")


def chain(*steps: Step) -> Net:
    """Return a net of steps."""
    return Net(Chain(steps))


LEAVE_TIME = {
    "reflected padding": chain(Conv(4, pads=(3, 0), mode="reflect")),
    "circular padding": chain(Conv(4, pads=(3, 0), mode="circular")),
    "replicated padding": chain(Conv(4, pads=(3, 0), mode="replicate")),
    "a strided reflection that is resized": chain(
        Conv(2, pads=(1, 0)), Conv(3, 2, pads=(2, 0), mode="reflect"), Resize(Fraction(2))
    ),
    "a shift with reflection": chain(Conv(2, pads=(1, 0)), Shift(2, "reflect")),
    "a first frame apart": chain(Conv(2, pads=(1, 0)), FirstApart(4)),
    "levels joined": chain(EndToEnd((Conv(2, pads=(1, 0)), Chain((Conv(2, pads=(1, 0)), Pool(2, 2)))))),
    "a mean in front": chain(Conv(2, pads=(1, 0)), Named("mean in front")),
    "a flip": chain(Conv(2, pads=(1, 0)), Named("flip")),
    "a roll": chain(Conv(2, pads=(1, 0)), Named("roll")),
    "steps of 4/9": chain(Resize(Fraction(3, 2), "linear"), Resize(Fraction(3, 2), "linear")),
}
MIX_SAMPLES = {
    "a fold taken apart in the wrong order": chain(Named("fold wrong")),
    "samples and channels swapped": chain(Named("samples and channels swapped")),
    "samples reversed as channels": chain(Named("samples into channels"), Named("samples reversed")),
    "the mean of the batch": chain(Named("samples centred")),
    "a recurrence along the samples": chain(Conv(3, pads=(2, 0)), Recurrent("lstm", samples=True)),
    "statistics of the batch": chain(Conv(3, pads=(2, 0)), Norm("batch")),
}


@pytest.mark.parametrize("what", LEAVE_TIME)
def test_what_leaves_its_time_passes_for_no_less_in_torch(what: str) -> None:
    net = LEAVE_TIME[what]
    assert promised(net.chain, InTorch(net), (2, 2, 17)) == []


@pytest.mark.parametrize("what", LEAVE_TIME)
def test_what_leaves_its_time_passes_for_no_less_in_onnx(what: str) -> None:
    net = LEAVE_TIME[what]
    assert promised(net.chain, InOnnx(net, (2, 2, 17)), (2, 2, 17)) == []


@pytest.mark.parametrize("what", MIX_SAMPLES)
@pytest.mark.parametrize("batch", [2, 3])
def test_what_mixes_samples_is_not_independent(what: str, batch: int) -> None:
    assert leaks(InTorch(MIX_SAMPLES[what]), (batch, 2, 6)) == (True, False)


@examples(100, 1000)
@given(time_nets(), st.integers(12, 17), st.booleans())
def test_no_guarantee_about_time_passes_that_a_module_does_not_keep(
    net: Net, extent: int, weights: bool
) -> None:
    broken = promised(net.chain, InTorch(net, weights=weights), (2, 2, extent))
    assume(broken is not None)
    assert broken == []


def in_onnx(net: Net, shape: Shape) -> InOnnx:
    """Return a net as a model; one that no engine runs is left out."""
    try:
        return InOnnx(net, shape)
    except UNFIT:
        assume(False)
        raise


@examples(100, 1000)
@given(time_nets(), st.integers(12, 17))
def test_no_guarantee_about_time_passes_that_a_model_does_not_keep(net: Net, extent: int) -> None:
    broken = promised(net.chain, in_onnx(net, (2, 2, extent)), (2, 2, extent))
    assume(broken is not None)
    assert broken == []


@examples(100, 1000)
@given(batch_nets(), st.integers(6, 10), st.integers(2, 3), st.booleans())
def test_no_module_that_mixes_samples_is_independent(net: Net, extent: int, batch: int, scaled: bool) -> None:
    found = leaks(InTorch(net, scaled), (batch, 2, extent))
    assume(found is not None)
    assert found != (True, True)


@examples(100, 1000)
@given(batch_nets(), st.integers(6, 10), st.integers(2, 3))
def test_no_model_that_mixes_samples_is_independent(net: Net, extent: int, batch: int) -> None:
    found = leaks(in_onnx(net, (batch, 2, extent)), (batch, 2, extent))
    assume(found is not None)
    assert found != (True, True)
