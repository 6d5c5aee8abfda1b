"""Outputs of a module are its outputs, whatever else has the name that their key gives them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Named(nn.Module):
    """A layer, an input and outputs that share their names."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Conv1d(2, 2, 3)
        self.logits = nn.Conv1d(2, 2, 5)

    def forward(self, x):
        y = self.logits(self.output(x))
        return {"x": y.relu(), "logits": y.unfold(2, 3, 1).mean(-1), "output": y + 1, "same": x}


class Plain(Named):
    def forward(self, x):
        return self.logits(self.output(x))


def test_an_output_is_no_input_and_no_layer_of_the_same_name() -> None:
    analysis = pytest_rf.analyze(Named(), inputs={"x": (1, 2, 20)})
    assert [t.name for t in analysis.outputs] == ["x", "logits", "output", "same"]
    assert [t["t"].rf for t in analysis.outputs] == [7, 9, 7, 1]
    assert [t["t"].rf for t in analysis.final] == [7, 9, 7, 1]
    assert analysis.outputs[-1].op == "Input"
    # Layers come first, then outputs, then inputs.
    assert [analysis[name]["t"].rf for name in ("output", "logits", "x", "same")] == [3, 7, 7, 1]


def test_a_lone_output_is_no_layer_called_output() -> None:
    analysis = pytest_rf.analyze(Plain(), inputs={"x": (1, 2, 20)})
    assert analysis.outputs[0]["t"].rf == 7
    assert not analysis.check("output rf == 7")
    assert not analysis.check("final rf == 7")
