"""Analyses of PyTorch modules go through pickle without the module, and are read where there is no torch."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402

READ = """
import pickle, sys
sys.modules["torch"] = None
found, tensor = pickle.load(open(sys.argv[1], "rb"))
print(found.capture, found["0"]["h"].rf, tensor["h"].rf, found.check("final rf >= 6")[0].measured[0].high)
"""


class Unpicklable(nn.Sequential):
    """Its class lies in a module that the reader cannot import."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=1))
        self.hook = lambda: None


def test_the_module_is_not_needed(tmp_path: Path) -> None:
    analysis = pytest_rf.analyze(Unpicklable(), torch.zeros(1, 1, 16, 16))
    file = tmp_path / "analysis.pickle"
    file.write_bytes(pickle.dumps((analysis, analysis.final[0])))
    read = subprocess.run(
        [sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=False
    )
    assert read.stdout.split() == ["dispatch/meta", "3", "5", "5"], read.stderr


@pytest.mark.parametrize(
    "net",
    [
        nn.MultiheadAttention(4, 2, batch_first=True),
        nn.Sequential(nn.Conv1d(4, 4, 3), nn.Upsample(scale_factor=2.0), nn.Conv1d(4, 4, 3)),
        nn.LSTM(4, 4, batch_first=True),
    ],
    ids=lambda net: type(net).__name__,
)
def test_figures_are_the_same(net: nn.Module) -> None:
    x = torch.zeros(1, 4, 4)
    analysis = pytest_rf.analyze(net, *([x] * 3 if isinstance(net, nn.MultiheadAttention) else [x]))
    assert pickle.loads(pickle.dumps(analysis)).to_dict() == analysis.to_dict()
