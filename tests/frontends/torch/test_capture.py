"""How modules are called and named, and that they are left as they were found."""

from __future__ import annotations

import copy
import random
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x))) + x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 2, 3, stride=2, padding=1)
        self.block = Block()

    def forward(self, x):
        return self.block(self.block(self.stem(x)))


@dataclass
class Pair:
    left: torch.Tensor
    right: torch.Tensor


class Structured(nn.Module):
    def forward(self, pair: Pair, others: list, *, scale: torch.Tensor, table: dict):
        total = pair.left + others[0][0] * scale
        return {"sum": total, "rest": [pair.right, (table["a"],)], "pair": Pair(total * 2, pair.right * 2)}


def image(*shape: int) -> torch.Tensor:
    return torch.zeros(*(shape or (1, 3, 16, 16)))


def test_tensors_know_their_module_and_line() -> None:
    analysis = pytest_rf.analyze(Net(), image())
    stem = analysis["stem"]
    assert (stem.name, stem.op, stem.module, stem.label) == ("stem", "aten.conv2d", "stem", "3×3 stride 2")
    assert stem.source.split("/")[-1].startswith("test_capture.py:")
    assert analysis["block.conv"]["h"].rf == 7
    assert analysis["block.conv@2"]["h"].rf == 11
    assert analysis["block"].op == "aten.add"
    assert analysis.capture == "dispatch/meta"


@pytest.mark.parametrize(
    ("args", "options"),
    [
        ((image(),), {}),
        (((image(),),), {}),
        (({"x": image()},), {}),
        ((), {"inputs": {"x": (1, 3, 16, 16)}}),
        ((), {"inputs": (1, 3, 16, 16)}),
        ((), {"inputs": {"x": ((1, 3, 16, 16), "float32")}}),
        ((), {"kwargs": {"x": image()}, "example": None}),
    ],
)
def test_inputs_in_every_form(args, options) -> None:
    options.pop("example", None)
    if "kwargs" in options:
        args = ((),)
    analysis = pytest_rf.analyze(Net(), *args, **options)
    assert list(analysis.inputs) == ["x"]
    assert analysis.inputs["x"].shape == (1, 3, 16, 16)


def test_structures_are_named_by_their_keys() -> None:
    example = (Pair(image(2, 3), image(2, 3)), [(image(2, 3),)])
    analysis = pytest_rf.analyze(Structured(), example, kwargs={"scale": image(3), "table": {"a": image(4)}})
    assert list(analysis.inputs) == ["pair.left", "pair.right", "others.0.0", "scale", "table.a"]
    assert list(analysis.graph.outputs) == ["sum", "rest.0", "rest.1.0", "pair.left", "pair.right"]


class Stateful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("past", torch.ones(1, 2, 4))
        self.history: list = []
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        self.count += 1
        self.past.copy_(x[:1, :, :4])
        self.extra = x
        self.history.append(x)
        return self.drop(self.norm(x)) * torch.rand(1) + self.past.sum()


@pytest.mark.parametrize("values_needed", [False, True])
def test_the_module_is_left_as_found(values_needed: bool) -> None:
    class Looking(Stateful):
        def forward(self, x):
            y = super().forward(x)
            return y * 2 if values_needed and x.sum().item() > -1 else y

    module = Looking().train()
    before = copy.deepcopy(module.state_dict())
    attributes = {path: dict(child.__dict__) for path, child in module.named_modules()}
    x = torch.rand(3, 2, 6)
    kept = x.clone()
    state = torch.get_rng_state()
    analysis = pytest_rf.analyze(module, x)
    assert analysis.capture == ("dispatch/real" if values_needed else "dispatch/meta")
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x, kept)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    for path, child in module.named_modules():
        assert child.__dict__.keys() == attributes[path].keys()
        assert all(child.__dict__[key] is value for key, value in attributes[path].items())
    assert module.history == []
    assert not any(
        hasattr(tensor, "_pytest_rf_handle") for tensor in module.state_dict(keep_vars=True).values()
    )


class Hooked(nn.Module):
    """Installs a hook at its first call, and knows by an attribute that it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3)

    def forward(self, x):
        if not getattr(self, "installed", False):
            self.conv.register_forward_hook(lambda module, args, result: result * 2)
            self.installed = True
        return self.conv(x)


class Changing(nn.Module):
    """Has something done to itself when it is called."""

    def __init__(self, change) -> None:
        super().__init__()
        self.conv, self.change = nn.Conv1d(2, 2, 3), change
        self.names, self.seen, self.table = ["a", "b"], {1}, {"a": 1, "b": 2}
        self.ordered, self.none = OrderedDict(a=1, b=2), {}

    def forward(self, x):
        self.change(self)
        return self.conv(x)


def _contents(module: nn.Module) -> list:
    """Return the attributes of a module, and what lies in containers, by identity and in order."""
    own = [(name, id(value)) for name, value in vars(module).items()]
    tables = [vars(module)[name] for name in ("_parameters", "_modules", "table", "ordered", "none")]
    inner = [[(key, id(value)) for key, value in one.items()] for one in tables]
    gradients = [parameter.requires_grad for parameter in module.parameters()]
    return [own, inner, module.names[:], set(module.seen), gradients]


def _without_conv(module: nn.Module) -> None:
    conv = module._modules.pop("conv")
    module.__dict__["conv"] = conv


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.__dict__.update(names=["a", "b"]),
        lambda net: net.names.append("c"),
        lambda net: net.names.reverse(),
        lambda net: net.seen.add(2),
        lambda net: net.table.update(a=3),
        lambda net: net.table.update(a=net.table.pop("a")),
        lambda net: net.ordered.move_to_end("a"),
        lambda net: net.none.update(a=1),
        lambda net: setattr(net, "__dict__", {**vars(net), "more": 1}),
        lambda net: net.__dict__.update(seen=net.__dict__.pop("seen")),
        lambda net: net.conv.requires_grad_(False),
        lambda net: setattr(net.conv, "weight", nn.Parameter(torch.zeros(2, 2, 3))),
        _without_conv,
    ],
)
def test_whatever_the_call_does_to_the_module_is_undone(change) -> None:
    net = Changing(change)
    before = _contents(net), list(map(id, net.conv._parameters.values()))
    pytest_rf.analyze(net, torch.zeros(1, 2, 8))
    assert (_contents(net), list(map(id, net.conv._parameters.values()))) == before


def test_hooks_that_the_call_installs_are_taken_out_again() -> None:
    module, x = Hooked(), torch.rand(1, 2, 6)
    expected = module.conv(x) * 2
    pytest_rf.analyze(module, x)
    assert not module.conv._forward_hooks
    assert torch.equal(module(x), expected)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weights_that_a_hook_computes() -> None:
    module, x = torch.nn.utils.weight_norm(nn.Conv1d(2, 2, 3)), torch.rand(1, 2, 9)
    module(x)
    assert pytest_rf.analyze(module, x).final[0]["t"].rf == 3
    assert pytest_rf.verify(module, x).equal


def test_parameters_on_meta() -> None:
    with torch.device("meta"):
        module = Net()
    assert pytest_rf.analyze(module, inputs={"x": (1, 3, 16, 16)}).final[0]["h"].rf == 11


def test_half_precision() -> None:
    assert pytest_rf.analyze(Net().half(), inputs={"x": (1, 3, 16, 16)}).final[0]["h"].rf == 11


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_programs_and_scripts_give_the_same() -> None:
    module = Net().eval()
    plain = pytest_rf.analyze(module, image()).outputs[0]
    program = torch.export.export(module, (image(),))
    script = torch.jit.trace(module, image())
    for other in (pytest_rf.analyze(program), pytest_rf.analyze(script, image())):
        for axis in (2, 3):
            for one, two in zip(plain.bounds(axis), other.outputs[0].bounds(axis), strict=True):
                assert (one == two).all()


def test_a_module_that_fails_says_where() -> None:
    with pytest.raises(pytest_rf.ModelError, match="Net failed in 'stem' \\(Conv2d\\): RuntimeError: "):
        pytest_rf.analyze(Net(), image(1, 5, 16, 16))


def test_nothing_to_call_it_with() -> None:
    with pytest.raises(pytest_rf.ModelError, match="needs example inputs or shapes"):
        pytest_rf.analyze(Net())


def test_unknown_argument() -> None:
    with pytest.raises(pytest_rf.ModelError, match="no argument named 'y'; forward takes x"):
        pytest_rf.analyze(Net(), inputs={"y": (1, 3, 8, 8)})


def test_values_are_no_inputs() -> None:
    class Scaled(nn.Module):
        def forward(self, x, size):
            return nn.functional.interpolate(x, (int(size[0]), int(size[1])))

    analysis = pytest_rf.analyze(Scaled(), image(), values={"size": [8, 4]})
    assert list(analysis.inputs) == ["x"]
    assert analysis.outputs[0].shape == (1, 3, 8, 4)
    assert analysis.capture == "dispatch/meta"


@torch.library.custom_op("rftest::blur", mutates_args=())
def blur(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.avg_pool1d(x, 5, 1, 2)


@blur.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


class Blurred(nn.Module):
    def forward(self, x):
        return blur(blur(x))


def test_an_operator_without_a_rule_is_unknown_until_one_is_registered() -> None:
    unknown = pytest_rf.analyze(Blurred(), image(1, 2, 12)).outputs[0]
    assert unknown.status == "unknown"
    assert unknown.reason == "operator rftest.blur.default has no rule"
    pytest_rf.register("rftest::blur", pytest_rf.Stated(kernel=5, padding=2))
    known = pytest_rf.analyze(Blurred(), image(1, 2, 12)).outputs[0]
    assert (known.status, known["t"].rf) == ("exact", 9)


class Opaque(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 9, padding=4)

    def forward(self, x):
        return self.conv(x) * x.flatten()[0]


def test_a_registered_module_is_opaque() -> None:
    pytest_rf.register(Opaque, pytest_rf.Stated(kernel=9, padding=4))
    analysis = pytest_rf.analyze(nn.Sequential(Opaque(), nn.Conv2d(3, 1, 3)), image())
    assert [t.op for t in analysis] == ["module.Opaque", "aten.conv2d"]
    assert analysis.final[0]["h"].rf == 11


def test_verify() -> None:
    torch.manual_seed(0)
    checked = pytest_rf.verify(Net().eval(), image(), unit=(3, 2))
    assert checked
    assert [probe.analysed for probe in checked.probes] == [(1, 11), (0, 9)]
    assert "analysed [1, 11]" in str(checked)
    inner = pytest_rf.verify(Net().eval(), image(), unit=(3, 2), output="stem")
    assert inner.equal


@pytest.mark.filterwarnings("ignore")
def test_quantised_modules() -> None:
    plain = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 2, 5)).eval()
    module = torch.ao.quantization.QuantWrapper(plain)
    torch.backends.quantized.engine = next(
        name for name in torch.backends.quantized.supported_engines if name != "none"
    )
    module.qconfig = torch.ao.quantization.get_default_qconfig(torch.backends.quantized.engine)
    prepared = torch.ao.quantization.prepare(module)
    prepared(image())
    tensor = pytest_rf.analyze(torch.ao.quantization.convert(prepared), image()).outputs[0]
    assert (tensor.status, tensor["h"].rf, tensor["h"].stride) == ("exact", 11, 2)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("ask", [pytest_rf.analyze, pytest_rf.verify])
def test_what_a_module_turns_is_turned_back(ask, fails: bool) -> None:
    class Turning(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 3)
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x):
            self.calls += 1
            self.conv.weight.data.mul_(2)
            self.conv.requires_grad_(False)
            torch.set_default_dtype(torch.float64)
            torch.use_deterministic_algorithms(True)
            random.random()
            np.random.rand()
            if fails:
                raise ValueError("no")
            return self.conv(x)

    module = Turning()
    weight = module.conv.weight.detach().clone()
    states = random.getstate(), np.random.get_state()[1].tolist()
    try:
        ask(module, torch.rand(1, 1, 9))
    except pytest_rf.ModelError:
        assert fails
    assert torch.get_default_dtype() == torch.float32
    assert not torch.are_deterministic_algorithms_enabled()
    assert module.conv.weight.requires_grad
    assert torch.equal(module.conv.weight, weight)
    assert module.calls == 0
    assert states == (random.getstate(), np.random.get_state()[1].tolist())


def test_weights_that_the_call_writes_are_read_as_it_left_them() -> None:
    class Opened(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 3, padding=1)
            self.conv.weight.data.zero_()

        def forward(self, x):
            self.conv.weight.data.fill_(1.0)
            return self.conv(x)

    module = Opened()
    assert pytest_rf.analyze(module, torch.rand(1, 1, 9), weights=True).outputs[0]["t"].rf == 3
    assert not module.conv.weight.any()


@pytest.mark.filterwarnings("ignore")
def test_quantisation_aware_training_reads_the_range_of_all_while_it_observes() -> None:
    from torch.ao.quantization import FusedMovingAvgObsFakeQuantize

    fake = FusedMovingAvgObsFakeQuantize()
    module = nn.Sequential(nn.Conv2d(3, 2, 3), fake)
    watching = pytest_rf.analyze(module, image()).outputs[0]["h"]
    assert (watching.rf, watching.context != (), watching.lookahead) == (3, True, float("inf"))
    fake.disable_observer()
    fixed = pytest_rf.analyze(module, image()).outputs[0]["h"]
    assert (fixed.rf, fixed.context, fixed.lookahead) == (3, (), 2)
