"""The chain of units that an explanation names is a chain: each is read by the next, in the engine and in real runs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from models import model
from onnx import helper
from oracle.engines.files import OnnxRuntime
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis.unit_explaining import SIDES, UnitChain

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

RANDOM = settings(
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

#: Operators that pass on a change of any element that they read, if it is large enough.
PLAIN = [
    "conv", "conv_transpose", "pool", "resize", "pad", "slice", "concat", "merge", "split", "transpose",
    "reshape", "window_partition", "depth_and_space", "matmul", "gather", "norm", "cumulative", "recurrence",
]  # fmt: skip

CHANGES = (1.0, -1.0, 1e3, -1e3)


def chains(tensor: pytest_rf.Tensor, unit: tuple[int, ...], source: str) -> list[tuple[str, str, UnitChain]]:
    return [
        (metric, along.axis, chain)
        for metric in SIDES
        for along in tensor.explain(metric, unit, input=source).axes
        for chain in along.chains
    ]


def units(data: st.DataObject, tensor: pytest_rf.Tensor, source: str) -> tuple[int, ...]:
    """Draw a unit: the tensor says in its refusals how many places one has, and where they end."""
    for rank in range(len(tensor.shape) + 1):
        try:
            tensor.region((0,) * rank, source)
        except IndexError:
            continue
        unit: tuple[int, ...] = ()
        for place in range(rank):
            longest = max(n for n in range(max(tensor.shape)) if _fits(tensor, source, rank, place, n))
            unit += (data.draw(st.sampled_from(sorted({0, longest // 2, longest}))),)
        return unit
    raise AssertionError(f"{tensor.name} has no units")


def _fits(tensor: pytest_rf.Tensor, source: str, rank: int, place: int, number: int) -> bool:
    try:
        tensor.region(tuple(number if n == place else 0 for n in range(rank)), source)
    except IndexError:
        return False
    return True


def held(analysis: pytest_rf.Analysis, tensor: pytest_rf.Tensor, unit: tuple[int, ...], source: str) -> int:
    """Hold the chains of a unit against what the engine says of its region; return how many there are."""
    found = chains(tensor, unit, source)
    counted = {context: tensor.region(unit, source, context) for context in (False, True)}
    for metric, axis, chain in found:
        number = analysis.inputs[source].axes[axis]
        assert chain.whole
        assert chain.links[0].layer is None
        assert chain.links[0].element[number] == chain.position
        low, high = counted[metric != "rf"][axis]
        assert low <= chain.position <= high
        if metric == "rf":
            assert chain.position == (low if chain.side == "first" else high)
        for link in chain.links:
            assert chain.position == link.reads[0 if chain.side == "first" else 1]
        known = [link.adds for link in chain.links if link.adds is not None]
        assert chain.figure is None or sum(known) == chain.figure
    return len(found)


@settings(RANDOM, max_examples=60)
@given(graph=graphs(inputs=2, nodes=(3, 10)), data=st.data())
def test_chains_end_where_the_engine_says_that_fields_end(graph: Graph, data: st.DataObject) -> None:
    analysis = pytest_rf.analyze(graph.analysed())
    for tensor in analysis:
        for source in tensor.inputs if tensor.status == "exact" and 0 not in tensor.shape else ():
            if analysis.inputs[source].axes:
                held(analysis, tensor, units(data, tensor, source), source)


class Changed:
    """A model in which any of its tensors can be changed at one element."""

    def __init__(self, file: onnx.ModelProto, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, shape
        changed = onnx.ModelProto()
        changed.CopyFrom(file)
        graph = changed.graph
        made = f"{name}_made"
        for node in graph.node:
            node.output[:] = [made if one == name else one for one in node.output]
        for one in graph.input:
            one.name = made if one.name == name else one.name
        place = next((n + 1 for n, node in enumerate(graph.node) if made in node.output), 0)
        graph.node.insert(place, helper.make_node("Add", [made, "change"], [name]))
        graph.input.append(helper.make_tensor_value_info("change", onnx.TensorProto.FLOAT, shape))
        seen = {one.name for one in graph.output}
        names = [one for node in graph.node for one in node.output if one and one not in seen]
        graph.output.extend(helper.make_empty_tensor_value_info(one) for one in names)
        self.engine = OnnxRuntime(changed)
        self.made = made

    def moves(
        self, inputs: dict[str, np.ndarray], at: tuple[int, ...], seen: str, there: tuple[int, ...]
    ) -> bool:
        """Whether a change of one element shows at one of another tensor."""
        fed = {self.made if name == self.name else name: array for name, array in inputs.items()}
        before = self.engine.run({**fed, "change": np.zeros(self.shape, np.float32)})[seen]
        for much in CHANGES:
            change = np.zeros(self.shape, np.float32)
            change[at] = much
            after = self.engine.run({**fed, "change": change})[seen]
            if after[there] != before[there]:
                return True
        return False


@settings(RANDOM, max_examples=25)
@given(graph=graphs(families=PLAIN, inputs=1, nodes=(3, 7)), data=st.data())
def test_each_unit_moves_the_next_in_a_real_run(graph: Graph, data: st.DataObject) -> None:
    analysis = pytest_rf.analyze(graph.analysed())
    file = graph.flat()
    tensor = list(analysis)[-1]
    if tensor.status != "exact" or 0 in tensor.shape or not analysis.inputs["x0"].axes:
        return
    shapes = {one.name: one.shape for one in analysis}
    for _, _, chain in chains(tensor, units(data, tensor, "x0"), "x0")[:2]:
        for before, after in zip(chain.links, chain.links[1:], strict=False):
            name = "x0" if before.layer is None else before.layer.name
            shape = analysis.inputs["x0"].shape if before.layer is None else shapes[name]
            changed = Changed(file, name, shape)
            assert after.layer is not None
            assert changed.moves(graph.inputs, before.element, after.layer.name, after.element), (
                f"{name} {before.element} does not move {after.layer.name} {after.element}"
            )


class Tcn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(3, 3, 3, dilation=d) for d in (1, 2, 4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv in self.convs:
            d = conv.dilation[0]
            x = x + conv(nn.functional.pad(x, (2 * d, 0)))
        return x


def unet() -> nn.Module:
    inner = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, padding=1), nn.Upsample(scale_factor=2))
    return nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), Skip(inner), nn.Conv2d(4, 1, 3, padding=1))


class Skip(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.inner(x)], 1)


class Windows(nn.Module):
    """Attention within windows of 4, of which the second is shifted: a roll, a reshape, a transpose."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (1, 2, 16)
        for shift in (0, 2):
            moved = torch.roll(x, -shift, 2).reshape(1, 2, 4, 4)
            x = torch.roll(self.mix(moved).reshape(1, 2, 16), shift, 2)
        return x


@pytest.mark.parametrize(
    ("net", "shape", "unit"),
    [
        (Tcn(), (1, 3, 20), (15,)),
        (Tcn(), (1, 3, 20), (2,)),
        (unet(), (1, 1, 12, 10), (0, 5)),
        (unet(), (1, 1, 12, 10), (11, 4)),
        (Windows(), (1, 2, 16), (5,)),
        (nn.Sequential(nn.Conv1d(2, 4, 3, stride=2), nn.GroupNorm(2, 4)), (1, 2, 15), (2,)),
        (nn.Conv3d(1, 1, (3, 3, 1), padding=(2, 1, 0)), (1, 1, 4, 5, 3), (0, 4, 2)),
    ],
)
def test_chains_of_modules(net: nn.Module, shape: tuple[int, ...], unit: tuple[int, ...]) -> None:
    analysis = pytest_rf.analyze(net, torch.zeros(shape))
    (source,) = analysis.inputs
    tensor = analysis.outputs[0]
    assert held(analysis, tensor, unit, source) == 6 * len(unit)
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    y = net.double()(x)
    for _, _, chain in chains(tensor, unit, source):
        # Gradients of a real run say that the end reads the beginning.
        (slope,) = torch.autograd.grad(y[chain.links[-1].element], x, retain_graph=True)
        assert slope[chain.links[0].element] != 0


def test_what_lies_in_padding_is_counted() -> None:
    text = """
        net (float[1,1,9] x) => (float[1,1,?] y) <float[1,1,5] w>
        { a = Conv<pads=[2,2]>(x, w)  y = Conv<pads=[4,4], dilations=[2]>(a, w) }
    """
    chain = pytest_rf.analyze(model(text)).final[0].explain("lookback", (1,))["t"].chains[0]
    assert [(link.padding, link.adds) for link in chain.links] == [(0, 0), (1, 1), (2, 0)]
    assert (chain.position, chain.figure) == (0, 1)


def test_padding_is_counted_on_the_side_that_is_looked_at_behind_a_flip() -> None:
    flipped = """
        net (float[1,1,9] x) => (float[1,1,?] y)
        <float[1,1,3] w, int64[1] s = {-1}, int64[1] e = {-99}, int64[1] a = {2}>
        { r = Slice(x, s, e, a, s)  y = Conv<pads=[1,1]>(r, w) }
    """
    (along,) = pytest_rf.analyze(model(flipped)).outputs[0].explain("rf", (0,)).axes
    first, last = along.chains
    assert (along.reads, first.links[-1].padding, last.links[-1].padding) == ((7, 8), 0, 1)


def test_units_that_read_nothing_and_figures_that_units_do_not_have() -> None:
    text = """
        net (float[1,1,9] x) => (float[1,1,?] y) <int64[6] p = {0, 0, 3, 0, 0, 0}>
        { y = Pad(x, p) }
    """
    tensor = pytest_rf.analyze(model(text)).outputs[0]
    nothing = tensor.explain("rf", (1,))["t"]
    assert (nothing.reads, nothing.figure, nothing.chains) == (None, 0, ())
    with pytest.raises(KeyError, match="a unit has no 'stride'; it has rf, lookahead, lookback, halo"):
        tensor.explain("stride", (1,))
    with pytest.raises(IndexError, match="lies outside"):
        tensor.explain("rf", (99,))
