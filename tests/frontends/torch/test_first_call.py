"""The first analysis in a process imports neither torch's compiler nor sympy, which take a second."""

from __future__ import annotations

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

CODE = """
import sys
import torch
import torch.nn.functional as F
from torch import nn
import pytest_rf


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        stem = nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(True), nn.MaxPool2d(3, 2, 1)
        self.stem = nn.Sequential(*stem)
        self.down, self.up = nn.Conv2d(8, 16, 3, 2, 1), nn.ConvTranspose2d(16, 8, 2, 2)
        self.norm, self.dense, self.bias = nn.LayerNorm(16), nn.Linear(16, 48), nn.Parameter(torch.rand(4, 8, 2))

    def forward(self, x):
        x = F.avg_pool2d(F.pad(self.stem(x), (0, 1, 0, 1)), 2)
        y = self.down(x)
        q, k, v = self.dense(self.norm(y.flatten(2).transpose(1, 2))).chunk(3, -1)
        scores = q @ k.transpose(1, 2) + self.bias.permute(2, 0, 1)[0, 0, 0]
        y = y + (scores.softmax(-1) @ v).transpose(1, 2).reshape(y.shape)
        y = torch.cat([F.interpolate(x, y.shape[-2:], mode="bilinear"), y], 1)[:, :16]
        y = torch.where(y > 0, y.permute(0, 1, 3, 2), y.clamp(-1, 1) * y.sigmoid())
        y = F.logsigmoid(self.up(y)) + torch.diff(y // 2, dim=1).sum() + F.one_hot(y.argmax(1), 16).float().sum()
        return F.normalize(y.flip(2), dim=1).mean((2, 3)) + torch.sort(y.amax((2, 3)), 1)[0] + y.cumsum(1).std()


before = {name for name in ("torch._dynamo", "sympy") if name in sys.modules}
analysis = pytest_rf.analyze(Net().eval(), torch.rand(1, 3, 64, 64))
assert analysis.capture == "dispatch/meta", analysis.capture
print(sorted({name for name in ("torch._dynamo", "sympy") if name in sys.modules} - before))
"""


def test_common_networks_are_analysed_without_the_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
