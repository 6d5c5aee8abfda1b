"""Who is to blame for look-ahead: nets whose layers are known to look ahead or not, and runs of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf.analysis.blame import looking_ahead, unbounded  # noqa: E402
from pytest_rf.analysis.tensors import owners  # noqa: E402

WIDTH, EXTENT = 4, 40


class Convolution(nn.Module):
    """A convolution that keeps the extent and reads so many positions ahead."""

    def __init__(self, ahead: int, kernel: int = 3, crops: bool = False) -> None:
        super().__init__()
        self.ahead = ahead
        behind = max(kernel - 1 - ahead, 0)
        self.sides = (behind, ahead)
        self.crops = crops
        reach = kernel - 1 if crops else 0
        self.conv = nn.Conv1d(WIDTH, WIDTH, behind + ahead + 1 if not crops else kernel, padding=reach)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.crops:  # padded on both sides, and what is too much at the end taken off
            return self.conv(x)[..., : x.shape[-1]]
        return self.conv(nn.functional.pad(x, self.sides))


class Attention(nn.Module):
    ahead = float("inf")

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.transpose(1, 2)
        return self.attention(y, y, y, need_weights=False)[0].transpose(1, 2)


class Gate(nn.Module):
    ahead = float("inf")

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.conv(x.mean(-1, keepdim=True)).sigmoid()


class Recurrent(nn.Module):
    def __init__(self, both: bool) -> None:
        super().__init__()
        self.ahead = float("inf") if both else 0
        self.lstm = nn.LSTM(WIDTH, WIDTH // (1 + both), batch_first=True, bidirectional=both)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x.transpose(1, 2))[0].transpose(1, 2)


class Norm(nn.GroupNorm):
    ahead = float("inf")

    def __init__(self) -> None:
        super().__init__(2, WIDTH)


class Residual(nn.Module):
    """Branches that are added, one of them the input itself."""

    ahead = 0

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for branch in self.branches:
            x = x + branch(x)
        return x


class Parallel(Residual):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([branch(x) for branch in self.branches]).sum(0)


class Net(nn.Sequential):
    """A net whose input is called x."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)


def layer(rng: random.Random, depth: int = 0) -> nn.Module:
    kind = rng.randrange(12)
    if kind < 2 and depth < 2:
        return (Residual, Parallel)[kind](*[layer(rng, depth + 1) for _ in range(rng.randint(1, 3))])
    if kind < 4:
        return Convolution(rng.randint(1, 3))
    if kind == 4:
        return Convolution(0, crops=True)
    if kind < 8:
        return Convolution(0)
    rare = (Attention, Gate, Norm, lambda: Recurrent(rng.random() < 0.5))
    return rare[kind - 8]()


def analysed(net: nn.Module) -> Any:
    return pytest_rf.analyze(net, torch.zeros(2, WIDTH, EXTENT), axes={"x": {"t": 2, "batch": 0}})


def modules(analysis: Any, causes: list[Any]) -> list[str]:
    known = owners(analysis.runs)
    return [known[one.number].module for one in causes]


@pytest.mark.parametrize("seed", range(60))
def test_all_that_look_ahead_are_named_and_no_other(seed: int) -> None:
    rng = random.Random(seed)
    net = Net(*[layer(rng) for _ in range(rng.randint(1, 5))])
    analysis = analysed(net)
    own = {name: one.ahead for name, one in net.named_modules() if getattr(one, "ahead", 0)}
    final = analysis.final[0]["t"]
    causes = looking_ahead(final)
    named = modules(analysis, causes)
    assert {next(name for name in own if f"{one}.".startswith(f"{name}.")) for one in named} == {*own}
    assert len(named) == len(own)
    for cause, module in zip(causes, named, strict=True):
        ahead = next(one for name, one in own.items() if f"{module}.".startswith(f"{name}."))
        assert (cause.adds == ahead) if ahead == float("inf") else (0 < cause.adds <= ahead)
        assert cause.number <= final.value.number
    assert bool(causes) is not final.causal
    endless = [name for name, one in net.named_modules() if getattr(one, "ahead", 0) == float("inf")]
    endless += [name for name, one in net.named_modules() if isinstance(one, Recurrent) and not one.ahead]
    assert len(unbounded(final)) == len(endless)


@pytest.mark.parametrize("seed", range(20))
def test_the_step_that_is_told_reads_what_is_told(seed: int) -> None:
    rng = random.Random(seed)
    parts = [Convolution(rng.randint(0, 2), rng.randint(2, 4), rng.random() < 0.3) for _ in range(4)]
    for part in parts:
        part.ahead = 0 if part.crops else part.ahead
    net = Net(*parts[:2], nn.Conv1d(WIDTH, WIDTH, 4, 2, padding=1), *parts[2:]).double()
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.5, 1.5)
    analysis = pytest_rf.analyze(net, torch.zeros(1, WIDTH, EXTENT).double())
    made: dict[str, torch.Tensor] = {}
    for name, one in net.named_modules():
        one.register_forward_hook(lambda _module, _given, result, name=name: made.update({name: result}))
    x = torch.rand(1, WIDTH, EXTENT, dtype=torch.float64, requires_grad=True)
    net(x)
    causes = looking_ahead(analysis.final[0]["t"])
    assert bool(causes) is not analysis.final[0]["t"].causal
    for cause, module in zip(causes, modules(analysis, causes), strict=True):
        unit = made[module][0, 0, cause.step]
        (gradient,) = torch.autograd.grad(unit, x, retain_graph=True)
        last = int(gradient[0].abs().sum(0).nonzero().max())
        assert last == cause.reads
        assert last - cause.ends == cause.ahead > 0


def test_what_is_taken_back_is_none() -> None:
    class Late(nn.Module):
        """Two positions are read ahead, and the result is put off by as many; beside it one that looks one ahead."""

        def __init__(self) -> None:
            super().__init__()
            self.late = nn.Conv1d(WIDTH, WIDTH, 3)
            self.ahead = Convolution(1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.pad(self.late(x), (2, 0)) + self.ahead(x)

    analysis = analysed(Late())
    assert modules(analysis, looking_ahead(analysis.final[0]["t"])) == ["ahead.conv"]


def test_what_is_taken_back_in_part_counts() -> None:
    class Shift(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.pad(x, (2, -2))

    analysis = analysed(Net(Convolution(1), Shift(), Convolution(4)))
    causes = looking_ahead(analysis.final[0]["t"])
    assert [(one.ahead, one.adds) for one in causes] == [(1, 1), (3, 2)]
    assert looking_ahead(analysed(Net(Convolution(1), Shift())).final[0]["t"]) == []


def test_borders_are_to_blame_for_themselves() -> None:
    net = Net(
        nn.Conv1d(WIDTH, WIDTH, 3, padding=1, padding_mode="circular"),
        Convolution(0),
        nn.Conv1d(WIDTH, WIDTH, 3, padding=1, padding_mode="reflect"),
    )
    analysis = analysed(net)
    causes = looking_ahead(analysis.final[0]["t"])
    known = owners(analysis.runs)
    assert [(known[one.number].op, one.does, one.adds) for one in causes] == [
        ("aten.pad", "circular", EXTENT - 1),
        ("aten.conv1d", "ahead", 1),
        ("aten.pad", "ahead", 1),
    ]
    assert [one.does for one in unbounded(analysis.final[0]["t"])] == ["circular"]


def test_accepted_context_is_not_to_blame() -> None:
    net = Net(Norm(), Convolution(1))
    analysis = pytest_rf.analyze(
        net, torch.zeros(2, WIDTH, EXTENT), axes={"x": {"t": 2}}, accept_context=["op:aten.group_norm"]
    )
    assert modules(analysis, looking_ahead(analysis.final[0]["t"])) == ["1.conv"]
    (found,) = analysis.check("is causal")
    assert [one.module for one in found.blame] == ["1.conv"]
