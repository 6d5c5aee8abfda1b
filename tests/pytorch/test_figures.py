"""Figures of nets with several inputs, of transformers' residuals, and of axes that no window reads."""

from __future__ import annotations

from fractions import Fraction

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Net(nn.Module):
    def __init__(self, function, *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, *inputs):
        return self.function(self.layers, *inputs)


def conv(kernel: int = 3, stride: int = 1, padding: int = 0, out: int = 4) -> nn.Conv1d:
    return nn.Conv1d(4, out, kernel, stride, padding)


def figures(net: nn.Module, *lengths: int) -> list[tuple]:
    analysis = pytest_rf.analyze(net, tuple(torch.zeros(2, 4, length) for length in lengths))
    (final,) = analysis.final
    assert final.number == analysis.outputs[0].number
    assert all(final.field(name)["t"].aligned for name in analysis.inputs)
    fields = [final.field(name)["t"] for name in analysis.inputs]
    return [(f.rf, f.stride, f.start, f.lookahead, f.lookback, f.halo, f.multiple) for f in fields]


def test_inputs_that_meet_have_strides_of_their_own() -> None:
    slower = Net(lambda m, x, z: m[0](x) + m[1](z), conv(stride=2, padding=1), conv(5, padding=2))
    assert figures(slower, 32, 16) == [(3, 2, -1, 0, 1, (1, 0), 2), (5, 1, -2, 2, 2, (2, 2), 1)]


def test_a_condition_of_low_resolution() -> None:
    net = Net(
        lambda m, x, z: m[2](m[0](x) + F.interpolate(m[1](z), scale_factor=4)),
        conv(padding=1),
        conv(padding=1),
        conv(2, 2),
    )
    # Two places of z are one of the output: its stride is 1/4, then 1/2, and never more than 1.
    assert figures(net, 64, 16) == [
        (4, 2, -1, 1, 1, (1, 1), 2),
        (3, Fraction(1, 2), -1, 1, 1, (1, 1), 1),
    ]


def test_two_inputs_that_are_shuffled_together_keep_their_places() -> None:
    net = Net(
        lambda m, x, z: m[0](x + z).view(len(x), 4, 2, -1).transpose(2, 3).flatten(2),
        conv(padding=1, out=8),
    )
    assert figures(net, 32, 32) == [(3, Fraction(1, 2), -1, 1, 1, (1, 1), 1)] * 2


def test_a_branch_that_reads_everything_has_no_stride_to_compare() -> None:
    attention = nn.MultiheadAttention(4, 1, batch_first=True)
    net = Net(lambda m, x: x + m[0](x, x, x)[0], attention).eval()
    assert pytest_rf.analyze(net, torch.zeros(2, 8, 4)).final[0]["t"].aligned


def test_an_axis_that_no_window_reads_has_a_halo() -> None:
    net = Net(lambda m, x, mask: m[0](x) * mask, conv(padding=1))
    (final,) = pytest_rf.analyze(net, (torch.zeros(2, 4, 32), torch.zeros(2, 1, 32))).final
    assert (final.field("arg1")[2].halo, final.field("arg1")[2].lookahead) == ((0, 0), 0)
    moved = pytest_rf.analyze(Net(lambda m, x: x[..., 2:]), torch.zeros(2, 4, 32))
    assert [moved.outputs[0]["t"].halo, moved.outputs[0]["t"].lookahead] == [(0, 2), 2]


def windows(size: int):
    def mix(layers, x):
        tokens = x.reshape(-1, size, 4)
        return (torch.softmax(tokens @ tokens.mT, -1) @ tokens).reshape(x.shape)

    return Net(mix)


def test_windows_of_sizes_that_do_not_divide_keep_samples_and_positions_apart() -> None:
    analysis = pytest_rf.analyze(
        nn.Sequential(nn.Linear(4, 4), windows(6), windows(4)), torch.zeros(2, 240, 4)
    )
    (final,) = analysis.final
    assert final.number == analysis.outputs[0].number
    field = final["t"]
    assert (field.rf_range, field.lookahead, field.halo_for(1)) == ((6, 12), 7, (7, 7))
    assert final["batch"].independent


def patched(layers, x):
    """Patches are embedded by a Linear that makes as many features as a patch has."""
    patches = x.view(len(x), 4, -1, 8).transpose(1, 2).flatten(2)
    return layers[1](layers[0](patches)).mean(1)


def test_patches_embedded_in_as_many_features_are_positions() -> None:
    block = nn.TransformerEncoderLayer(32, 2, 16, batch_first=True)
    analysis = pytest_rf.analyze(Net(patched, nn.Linear(32, 32), block).eval(), torch.zeros(2, 4, 64))
    assert analysis["layers.0"]["t"].stride == 8
    assert (analysis.final[0].shape, analysis.final[0].module.split(".")[:2]) == ((2, 8, 32), ["layers", "1"])


def test_patches_become_positions_again() -> None:
    def there_and_back(layers, x):
        patches = x.view(len(x), 4, -1, 4).transpose(1, 2).flatten(2)
        return layers[1](layers[0](patches).unflatten(2, (4, 4)).transpose(1, 2).flatten(2))

    net = Net(there_and_back, nn.Linear(16, 16), conv(padding=1))
    ((_, stride, start, ahead, back, halo, multiple),) = figures(net, 64)
    assert (stride, start, ahead, back, halo, multiple) == (1, -4, 4, 4, (4, 4), 4)


def test_positions_of_one_input_meet_parts_of_anothers() -> None:
    def finer(layers, x, z):
        return layers[0](x).view(len(x), 4, 2, -1).transpose(2, 3).flatten(2) + layers[1](z)

    net = Net(finer, conv(padding=1, out=8), conv(padding=1))
    assert figures(net, 32, 64) == [
        (3, Fraction(1, 2), -1, 1, 1, (1, 1), 1),
        (3, 1, -1, 1, 1, (1, 1), 1),
    ]
