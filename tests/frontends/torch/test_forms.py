"""Forms in which models use operators: writes through views, higher-order operators, what goes around torch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.calls import Case, judge  # noqa: E402
from oracle.modules import Net  # noqa: E402
from torch import nn  # noqa: E402
from torch._higher_order_ops.associative_scan import associative_scan  # noqa: E402
from torch._higher_order_ops.map import map as map_over  # noqa: E402
from torch._higher_order_ops.scan import scan  # noqa: E402
from torch._higher_order_ops.while_loop import while_loop  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

import pytest_rf  # noqa: E402

DOUBLE = torch.float64

early = pytest.mark.skipif(
    not hasattr(TorchDispatchMode, "supports_higher_order_operators"),
    reason="torch 2.6 itself does not run it",
)


def after(change):
    """Return a function that changes a copy of its input in place."""

    def run(x):
        y = x.clone()
        change(y, x)
        return y * 1

    return run


def reshaped(y, x) -> None:
    y.t_()
    y[0].mul_(x[1, 1])


def by_views(y, x) -> None:
    y.view(-1)[3:7].copy_(x.flatten()[:4])
    y.unfold(1, 2, 2)[..., 0].zero_()
    y.diagonal().mul_(2)


def complex_parts(x):
    z = torch.complex(x[:, 2:], x[:, :2])
    torch.view_as_real(z)[..., 0].copy_(x[:, :2])
    return z.real


def other_data(y, x) -> None:
    y.data = y.data.flip(1)


def other_storage(y, x) -> None:
    y.set_(x.flip(1).contiguous())


def lists(x):
    rows = [x[0].clone(), x[1].roll(1)]
    torch._foreach_add_(rows, 1.0)
    torch._foreach_mul_(rows, [x[1], x[0]])
    return rows


def turned(x):
    return while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y.roll(1, 1) + y), (torch.tensor(0), x))[1]


FORMS = {
    "t_": (after(reshaped), (3, 4)),
    "views": (after(by_views), (3, 4)),
    "complex": (complex_parts, (3, 4)),
    "data": (after(other_data), (3, 4)),
    "set_": (after(other_storage), (3, 4)),
    "mask": (after(lambda y, x: y.__setitem__(y > 0.5, 0.0)), (2, 4)),
    "constant mask": (
        after(lambda y, x: y.__setitem__((slice(None), torch.tensor([True, False, True, False])), x[:, :2])),
        (2, 4),
    ),
    "as_strided of a transpose": (lambda x: x.t().as_strided((4, 2), (1, 4)), (2, 4)),
    "foreach": (lists, (2, 4)),
    "foreach norm": (lambda x: torch._foreach_norm([x[0], x[1]]), (2, 4)),
    "scan": (lambda x: scan(lambda c, y: (c + y, c * 2), torch.zeros(3, dtype=DOUBLE), x, dim=0), (4, 3)),
    "map": (lambda x: map_over(lambda y: y.cumsum(0), x), (4, 3)),
    "associative_scan": (
        lambda x: associative_scan(lambda a, b: a + b, x, dim=0, combine_mode="generic"),
        (4, 3),
    ),
    "while_loop": (turned, (2, 5)),
    "vmap": (lambda x: torch.vmap(lambda y: y.roll(1, 0) * y)(x), (2, 5)),
    "jvp": (lambda x: torch.func.jvp(lambda y: y.roll(1, 1) * y, (x,), (torch.ones_like(x),))[1], (2, 4)),
    "bag": (
        lambda x: F.embedding_bag(torch.tensor([0, 2, 1, 1]), x, torch.tensor([0, 3]), mode="sum"),
        (3, 4),
    ),
    "pdist": (F.pdist, (4, 3)),
    "grid": (
        lambda x: F.grid_sample(
            x,
            F.affine_grid(
                torch.tensor([[[1.0, 0, 0.2], [0, 1, 0]]], dtype=DOUBLE), (1, 1, 3, 4), align_corners=False
            ),
            align_corners=False,
        ),
        (1, 1, 3, 4),
    ),
    "unpool of constants": (
        lambda x: F.max_unpool1d(x, torch.tensor([[[1, 2, 5]]]), 2),
        (1, 1, 3),
    ),
    "computed kernel and bias": (lambda x: F.conv1d(x, x[:, :1, :3], x[0, :1, 0], padding=1), (1, 1, 6)),
    "numbers of several results": (lambda x: torch.frexp(x.flip(1))[0], (2, 4)),
    "duplicates": (
        lambda x: torch.zeros(3, dtype=DOUBLE).index_put((torch.tensor([0, 0, 2]),), x[0], accumulate=True),
        (2, 3),
    ),
    "normal": (lambda x: torch.normal(x, 1.0), (2, 3)),
}


WIDER = {"complex": "the parts of a complex number are not told apart"}


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=early) if name == "associative_scan" else name for name in FORMS]
)
def test_a_form_is_exact(name: str) -> None:
    function, shape = FORMS[name]
    x = torch.rand(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(2))
    verdict = judge(Case(name, name, Net(function), (x,)))
    assert verdict.status == ("inexact" if name in WIDER else "exact"), verdict


AROUND = {
    "numpy": lambda x: torch.from_numpy(np.flip(x.numpy(), 1).copy()) + 1,
    "tolist": lambda x: torch.tensor(x.tolist()),
    "dlpack": lambda x: torch.from_dlpack(np.from_dlpack(x)),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=early) if name == "dlpack" else name for name in AROUND]
)
def test_what_was_computed_outside_of_torch_is_unknown(name: str) -> None:
    tensor = pytest_rf.analyze(Net(AROUND[name]), torch.rand(2, 4)).outputs[0]
    assert tensor.status == "unknown"
    assert tensor.reason.startswith("computed outside of torch")
    assert "numpy" not in vars(torch.Tensor)


def test_a_loop_of_which_data_decides_the_turns_is_unknown() -> None:
    module = Net(lambda x: while_loop(lambda y: y.sum() < 10, lambda y: (y + y.roll(1, 1),), (x,))[0])
    assert pytest_rf.analyze(module, torch.rand(2, 4)).outputs[0].status == "unknown"


@early
def test_the_gradient_of_an_energy_is_exported() -> None:
    def force(x):
        with torch.enable_grad():
            place = x.clone().requires_grad_(True)
            energy = (place**2 * place.roll(1, 1)).sum()
            return torch.autograd.grad(energy, place)[0]

    analysis = pytest_rf.analyze(Net(force), torch.rand(2, 5))
    assert (analysis.capture, analysis.outputs[0].status) == ("export", "exact")
    lo, hi = analysis.outputs[0].bounds(1)
    assert (lo[0, 2], hi[0, 2]) == (1, 3)


def test_nested_tensors_are_refused() -> None:
    def nested(x):
        return torch.nested.nested_tensor([x[0, :2], x[1, :3]], layout=torch.jagged) * 2

    with pytest.raises(pytest_rf.ModelError):
        pytest_rf.analyze(Net(nested), torch.rand(2, 3, 2))


def test_autocast() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(2, 2, 3)
            self.rnn = nn.LSTM(2, 3, batch_first=True)

        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.rnn(self.conv(x).transpose(1, 2))[0]

    assert pytest_rf.analyze(Mixed(), torch.rand(1, 2, 9)).outputs[0].status == "exact"


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_a_lazy_module_stays_lazy() -> None:
    module = nn.Sequential(nn.LazyConv1d(2, 3), nn.LazyBatchNorm1d(), nn.ReLU()).eval()
    assert pytest_rf.analyze(module, torch.rand(1, 2, 9)).outputs[0]["t"].rf == 3
    assert isinstance(module[0], nn.LazyConv1d)
    assert isinstance(module[1], nn.LazyBatchNorm1d)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_script_is_named_and_read_as_its_module() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(2, 2, 3, padding=1)

        def forward(self, signal: torch.Tensor, turns: int = 2) -> torch.Tensor:
            for _ in range(turns):
                signal = self.conv(signal)
            return signal

    analysis = pytest_rf.analyze(torch.jit.script(Loop()), torch.rand(1, 2, 9))
    assert list(analysis.inputs) == ["signal"]
    assert analysis.outputs[0]["t"].rf == 5
