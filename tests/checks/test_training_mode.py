"""The rules that are on in code mode: norms in training mode, samples that leak into each other."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import checks  # noqa: E402
from pytest_rf.checks.subject import Subject  # noqa: E402
from pytest_rf.requirements import Settings  # noqa: E402


def codes(module: nn.Module, *shape: int) -> list[str]:
    analysis = pytest_rf.analyze(module, torch.zeros(*shape))
    rules = [rule for rule in checks.RULES if rule.default and rule.check is not None and not rule.always]
    return [found.code for rule in rules for found in rule.findings(Subject(analysis, Settings()))]


def net(norm: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.Conv2d(4, 4, 3))


@pytest.mark.parametrize("batch", [1, 2])
def test_a_norm_in_training_mode_is_one_finding(batch: int) -> None:
    assert codes(net(nn.BatchNorm2d(4)).train(), batch, 3, 12, 12) == ["RF405"]
    both = nn.Sequential(net(nn.BatchNorm2d(4)), nn.Conv2d(4, 3, 1), net(nn.BatchNorm2d(4))).train()
    assert codes(both, batch, 3, 12, 12) == ["RF405"]
    assert codes(net(nn.BatchNorm2d(4)).eval(), batch, 3, 12, 12) == []


def test_a_frozen_norm_in_a_training_module_is_silent() -> None:
    module = net(nn.BatchNorm2d(4)).train()
    module[1].eval()
    assert codes(module, 2, 3, 12, 12) == []


def test_dropout_and_instance_norms_are_silent() -> None:
    assert codes(net(nn.Dropout(0.5)).train(), 2, 3, 12, 12) == []
    assert codes(net(nn.InstanceNorm2d(4)).train(), 2, 3, 12, 12) == []


class Standardised(nn.Conv2d):
    """A convolution whose weights are normalised by the statistics of the weights."""

    def forward(self, x):
        flat = self.weight.reshape(1, self.out_channels, -1)
        weight = nn.functional.batch_norm(flat, None, None, training=True).reshape_as(self.weight)
        return nn.functional.conv2d(x, weight)


def test_norms_on_weights_are_silent() -> None:
    assert codes(Standardised(3, 4, 3).train(), 2, 3, 12, 12) == []


def test_a_norm_without_running_statistics_leaks() -> None:
    norm = nn.BatchNorm2d(4, track_running_stats=False)
    assert codes(net(norm).eval(), 2, 3, 12, 12) == ["RF404"]


def test_an_lstm_that_runs_along_the_samples_leaks() -> None:
    class Recurrent(nn.Module):
        def __init__(self, first: bool) -> None:
            super().__init__()
            self.lstm = nn.LSTM(4, 4, batch_first=first)

        def forward(self, x):
            return self.lstm(x)[0]

    assert codes(Recurrent(False).eval(), 2, 7, 4) == ["RF404"]
    assert codes(Recurrent(True).eval(), 2, 7, 4) == []
