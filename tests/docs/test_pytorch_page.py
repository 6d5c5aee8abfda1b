"""The Python of docs/pytorch.md runs as it stands there."""

from __future__ import annotations

import re

import pytest
from blocks import ROOT, of

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import registry  # noqa: E402


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.conv2(self.conv1(x)) + x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 3, 7, stride=2, padding=3)
        self.layer1, self.layer2, self.layer3 = (nn.Sequential(Block(), Block()) for _ in range(3))
        self.block = Block()
        self.head = nn.Linear(3, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.stem(x))))
        return self.head(self.block(self.block(x)).mean((2, 3)))


def test_the_python_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(registry, "_MODULES", {})
    monkeypatch.setattr(registry, "_OPERATORS", {})
    monkeypatch.setattr(registry, "_ONNX", {})
    page = (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8")
    names = {
        "torch": torch,
        "net": Net(),
        "x": torch.rand(1, 3, 32, 32),
        "FusedBlock": type("FusedBlock", (nn.Module,), {}),
        "FastNorm": type("FastNorm", (torch.autograd.Function,), {}),
    }
    found = of("docs/pytorch.md", "python")
    for block in found:
        exec(block.code, names)
    names["test_forward"]()
    assert len(found) == 5
    (said,) = re.findall(r"print\(checked\)  # (.*)", page)
    assert said in capsys.readouterr().out
    assert "mylib.turn" in registry._OPERATORS


def test_the_marker_of_the_page_is_true() -> None:
    page = (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8")
    (arguments,) = re.findall(r"mark\.rf\((.*)\)\n", page)
    analysis = pytest_rf.analyze(Net(), torch.zeros(1, 3, 64, 64))
    first, second = re.findall(r"'(.*?)'|\"(.*?)\"", arguments)
    for text in (first[1], second[0]):
        assert not analysis.check(text.replace("224", "40"))
