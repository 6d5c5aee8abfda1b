"""``register``: what can be stated of one's own operators, modules and functions, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from oracle.modules import Net  # noqa: E402
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import registry  # noqa: E402

X = torch.rand(1, 2, 12)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_MODULES", {})
    monkeypatch.setattr(registry, "_OPERATORS", {})


@torch.library.custom_op("rftest_register::blur", mutates_args=())
def blur(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.avg_pool1d(x, 5, 1, 2)


@blur.register_fake
def _(x):
    return torch.empty_like(x)


@pytest.mark.parametrize(
    "what",
    [blur, torch.ops.rftest_register.blur, torch.ops.rftest_register.blur.default, "rftest_register::blur"],
)
def test_operators_by_name_and_as_they_are(what) -> None:
    assert pytest_rf.analyze(Net(blur), X).outputs[0].status == "unknown"
    pytest_rf.register(what, pytest_rf.Stated(kernel=5, padding=2))
    assert pytest_rf.verify(Net(blur), X).equal


class Shift(torch.autograd.Function):
    """Does what the dispatcher does not see."""

    @staticmethod
    def forward(ctx, x):
        return torch.from_numpy(x.numpy()[..., ::-1].copy())

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def test_functions() -> None:
    net = Net(lambda x: Shift.apply(x) + 1)
    assert pytest_rf.analyze(net, X).outputs[0].status == "unknown"
    pytest_rf.register(Shift, "mixing")
    analysis = pytest_rf.analyze(net, X)
    assert [tensor.op for tensor in analysis] == ["module.Shift", "aten.add"]
    assert analysis.outputs[0].status == "exact"
    assert "apply" not in vars(Shift)
    assert pytest_rf.verify(net, X)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (pytest_rf.Stated(kernel=5, padding=1), "makes 10 positions of 12, and it makes 12"),
        (pytest_rf.Stated(kernel=(5, 5), padding=2), "2 numbers for 1 spatial axes"),
    ],
)
def test_a_statement_that_does_not_fit_decides_nothing(stated, reason: str) -> None:
    pytest_rf.register(blur, stated)
    tensor = pytest_rf.analyze(Net(blur), X).outputs[0]
    assert tensor.status == "unknown"
    assert reason in tensor.reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pytest_rf.register(Net(blur), "elementwise"), r"give the class, register\(Net"),
        (lambda: pytest_rf.register(int, "elementwise"), "int is no class of modules"),
        (lambda: pytest_rf.register("a.b.c.d", "elementwise"), "is not the name of an operator"),
        (lambda: pytest_rf.register("<a.b>", "elementwise"), "is not the name of an operator"),
        (lambda: pytest_rf.register("a.b", "elementwize"), "is no rule"),
        (lambda: pytest_rf.Stated(kernel=0), "kernel 0 is wrong.*at least 1"),
        (lambda: pytest_rf.Stated(kernel=3, stride=(1, 0)), "stride"),
        (lambda: pytest_rf.Stated(kernel=3, padding=0.5), "padding 0.5 is wrong"),
        (lambda: pytest_rf.Stated(kernel=()), "kernel"),
    ],
)
def test_what_cannot_be_registered(call, message: str) -> None:
    with pytest.raises(pytest_rf.ConfigError, match=message):
        call()


def test_packages_register_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rftest_rules.py").write_text(
        "import pytest_rf\n\ndef rules():\n    pytest_rf.register('rftest_register.blur', 'elementwise')\n"
    )
    info = tmp_path / "rftest_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rftest-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pytest_rf.rules]\nmine = rftest_rules:rules\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._load_entry_points.cache_clear()
    assert pytest_rf.analyze(Net(blur), X).outputs[0][2].rf == 1
    registry._load_entry_points.cache_clear()


def test_a_broken_entry_point_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "rftest_broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rftest-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pytest_rf.rules]\nbroken = rftest_nowhere:rules\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._load_entry_points.cache_clear()
    with pytest.raises(
        pytest_rf.ConfigError, match=r"entry point broken = rftest_nowhere:rules .*ModuleNotFound"
    ):
        pytest_rf.analyze(Net(blur), X)
    registry._load_entry_points.cache_clear()
