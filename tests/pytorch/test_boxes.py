"""The graphs of PyTorch modules as boxes: lists whose parts alternate, modules called again, calls side by side."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import pytest_rf
from pytest_rf.boxes.hierarchy import boxes
from pytest_rf.boxes.links import Links


class Net(nn.Module):
    """A net with a skip that leaves in front of an activation, as those that activate first have."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(2, 4, 3, padding=1)
        self.ups = nn.ModuleList(nn.Sequential(nn.Conv1d(4, 4, 1), nn.ReLU()) for _ in range(2))
        self.mixes = nn.ModuleList(nn.Conv1d(8, 4, 3, padding=1) for _ in range(2))
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for up, mix in zip(self.ups, self.mixes, strict=True):
            skip = x
            x = up(self.act(x))
            x = mix(torch.cat([x, skip], 1))
        return x


def test_the_graph_of_a_module() -> None:
    analysis = pytest_rf.analyze(Net().eval(), torch.zeros(1, 2, 16))
    links = Links(analysis.graph)
    names = {number: node.name for number, node in links.nodes.items()}
    edges = {(names.get(one, "x"), names[number]) for number, read in links.reads.items() for one in read}
    assert edges == {
        ("x", "stem"),
        ("stem", "act"),
        ("act", "ups.0.0"),
        ("ups.0.0", "ups.0.1"),
        ("ups.0.1", "cat"),
        ("stem", "cat"),  # not the activation, though that passes the value on
        ("cat", "mixes.0"),
        ("mixes.0", "act@2"),
        ("act@2", "ups.1.0"),
        ("ups.1.0", "ups.1.1"),
        ("ups.1.1", "cat_1"),
        ("mixes.0", "cat_1"),
        ("cat_1", "mixes.1"),
    }
    modules = {number: tuple(filter(None, node.module.split("."))) for number, node in links.nodes.items()}
    found = boxes(modules, links.reads)
    assert [box.label or "cat" for box in found] == [
        *("stem", "act", "ups.0", "cat", "mixes.0", "act@2", "ups.1", "cat", "mixes.1"),
    ]
    assert [len(box.boxes) for box in found] == [0, 0, 2, 0, 0, 0, 2, 0, 0]


def test_an_output_has_a_name_of_its_own() -> None:
    analysis = pytest_rf.analyze(Net().eval(), torch.zeros(1, 2, 16))
    links = Links(analysis.graph)
    assert analysis.outputs[0].name not in analysis.tensors
    assert links.maker(analysis.outputs[0].name) == links.maker("mixes.1")
