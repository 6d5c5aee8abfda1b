"""``verify`` on modules: how a unit is named, and that a wrong analysis does not pass."""

from __future__ import annotations

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import registry  # noqa: E402

X = torch.rand(2, 3, 16, 16)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return torch.tanh(self.conv(x))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.head = nn.Linear(3, 5)

    def forward(self, x, scale=1):
        x = self.block(self.block(x)) * scale
        return {"map": x, "scores": self.head(x.mean((2, 3))), "constant": torch.ones(2)}


@pytest.mark.parametrize(
    ("output", "interval"),
    [
        ("map", (6, 10)),
        ("block", (7, 9)),
        ("block@2", (6, 10)),
        ("block.conv@2", (6, 10)),
        ("scores", (0, 15)),
    ],
)
def test_outputs_and_calls_of_modules(output: str, interval: tuple[int, int]) -> None:
    checked = pytest_rf.verify(Net(), X, output=output, axes=["h"])
    assert [(one.output, one.axis, one.measured) for one in checked.probes] == [(output, 2, interval)]
    assert checked.equal


@pytest.mark.parametrize(
    ("unit", "measured"),
    [
        ((0, 1, 0, 3), (0, 2)),
        ((0, 3), (0, 2)),
        ([0, 3], (0, 2)),
        (np.array([0, 3]), (0, 2)),
        ((-1, -1), (13, 15)),
    ],
)
def test_units(unit, measured) -> None:
    (probe,) = pytest_rf.verify(Net(), X, unit=unit, output="map", axes=[2]).probes
    assert probe.measured == measured


@pytest.mark.parametrize("inputs", [{"x": (2, 3, 16, 16)}, (2, 3, 16, 16)])
def test_shapes_as_the_second_argument(inputs) -> None:
    assert len(pytest_rf.verify(Net(), inputs).probes) == 4


def test_programs_and_compiled_modules() -> None:
    program = torch.export.export(Net(), (X,))
    for model in (program, torch.compile(Net(), backend="eager")):
        assert len(pytest_rf.verify(model, X).probes) == 4
    assert len(pytest_rf.verify(program).probes) == 4


def test_all_axes_where_none_is_spatial() -> None:
    checked = pytest_rf.verify(nn.Linear(3, 2), torch.rand(4, 3), kwargs={})
    assert [(one.axis, one.measured) for one in checked.probes] == [(0, (2, 2)), (1, (0, 2))]


class Stating(Block):
    pass


def test_a_false_statement_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._MODULES, Stating, pytest_rf.Stated(kernel=1))
    checked = pytest_rf.verify(Stating(), X)
    assert not checked
    assert "analysed [8, 8], measured [7, 9]: OUTSIDE" in str(checked)
    assert "OUTSIDE" in repr(checked)


def test_what_is_no_number_is_no_influence() -> None:
    class Nowhere(nn.Module):
        def forward(self, x):
            return torch.log(-1 - x.abs()).flip(3)

    checked = pytest_rf.verify(Nowhere(), X, axes=["t"])
    assert checked
    assert "measured nothing" in str(checked)


def test_random_numbers_are_drawn_alike() -> None:
    class Noisy(nn.Module):
        def forward(self, x):
            return x.flip(3) + torch.rand(1) + random.random() + np.random.rand()

    assert pytest_rf.verify(Noisy(), X).equal


def test_a_module_that_differs_every_time_cannot_be_verified() -> None:
    class Counting(nn.Module):
        count = 0

        def forward(self, x):
            Counting.count += 1
            return x.flip(3) * Counting.count

    with pytest.raises(pytest_rf.ModelError, match="other results for the same input"):
        pytest_rf.verify(Counting(), X)


class Single(nn.Module):
    def forward(self, x):
        if x.dtype == torch.float64:
            raise ValueError("too precise")
        return x.flip(2)


WRONG = {
    "unit": (
        lambda: pytest_rf.verify(Net(), X, unit=(99, 0), output="map"),
        r"\(99, 0\) lies outside of 'map'",
    ),
    "output of a unit": (lambda: pytest_rf.verify(Net(), X, unit=(3, 9)), "'scores'.*output="),
    "no numbers": (lambda: pytest_rf.verify(Net(), X, unit=("h", 0)), "whole numbers"),
    "axis": (lambda: pytest_rf.verify(Net(), X, axes=["z"]), "no axis 'z'"),
    "output": (lambda: pytest_rf.verify(Net(), X, output="blok"), "near misses: block"),
    "operator": (lambda: pytest_rf.verify(Net(), X, output="mul"), "'mul' is no module"),
    "constant": (lambda: pytest_rf.verify(Net(), X, output="constant"), "depends on no input"),
    "integers": (lambda: pytest_rf.verify(nn.Embedding(4, 2), torch.zeros(1, 4).long()), "nothing to verify"),
    "meta": (lambda: pytest_rf.verify(Net().to("meta"), X), "meta device"),
    "precision": (lambda: pytest_rf.verify(Single(), X), "double precision: ValueError: too precise"),
    "no model": (lambda: pytest_rf.verify(3, X), "int is neither"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_verified_is_an_error_and_no_pass(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(pytest_rf.ModelError, match=message):
        call()
