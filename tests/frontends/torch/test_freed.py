"""What the analysis of a module takes goes with the last word about it: nothing waits for a search of garbage."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

import pytest_rf  # noqa: E402
from tests.garbage import left_by  # noqa: E402


class Streams(nn.Module):
    """Writes into views, pads in place and ends in a recurrent net."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.lstm = nn.Conv1d(3, 8, 5, padding=2), nn.LSTM(8, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y[:, :, 1:] += y[:, :, :-1].clone()
        y[:, 0] = 0
        return self.lstm(y.transpose(1, 2))[0]


class Attends(nn.Module):
    """One layer of a transformer, as torch has it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.transpose(1, 2))


class Looks(nn.Module):
    """Looks at values, so that it is called on real tensors."""

    def forward(self, x: Tensor) -> Tensor:
        return x.cumsum(2) if float(x.sum()) > 1e9 else x[:, :, ::2]


NETS: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Sequential(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4), nn.ReLU(inplace=True)),
    "streams": Streams,
    "attends": Attends,
    "looks": Looks,
}


@pytest.mark.parametrize("net", NETS)
def test_an_analysis_goes_at_once(net: str) -> None:
    module, x = NETS[net]().eval(), torch.rand(2, 3, 16) if net != "attends" else torch.rand(2, 8, 16)
    assert not left_by(lambda: pytest_rf.analyze(module, x).to_json())
    assert not left_by(lambda: pytest_rf.analyze(module, x).check("final is causal"))
