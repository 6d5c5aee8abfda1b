"""Positions that data puts elsewhere: experts that sort tokens, buffers that are filled in the order of a score."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import onnx
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf.analysis import Analysis  # noqa: E402

Rows = Callable[["torch.Tensor"], "torch.Tensor"]


def by_score(rows: torch.Tensor) -> torch.Tensor:
    return rows[rows[:, 0].argsort()]


def added_by_score(rows: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(rows).index_add_(0, rows[:, 0].argsort(), rows)


def put_by_score(rows: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(rows)
    out[rows[:, 0].argsort()] = rows
    return out


def chosen_backwards(rows: torch.Tensor) -> torch.Tensor:
    chosen = torch.where(rows[:, 0] > 0)[0]
    return torch.zeros_like(rows).index_add_(0, chosen.flip(0), rows[chosen])


def masked_backwards(rows: torch.Tensor) -> torch.Tensor:
    out, chosen = torch.zeros_like(rows), rows[:, 0] > 0
    out[chosen] = rows[chosen].flip(0)
    return out


def by_slot(rows: torch.Tensor) -> torch.Tensor:
    """Fill the slots of an expert with the tokens that it is given, and take them back."""
    given = rows[:, 0] > 0
    slot = (given.cumsum(0) - 1).clamp(min=0)
    buffer = torch.zeros_like(rows).index_add_(0, slot, rows * given[:, None])
    return buffer[slot] * given[:, None]


class Routed(nn.Module):
    """A causal convolution over time, and tokens that are routed over all positions of all samples."""

    def __init__(self, route: Rows) -> None:
        super().__init__()
        self.front, self.route = nn.Conv1d(4, 4, 3), route

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.front(nn.functional.pad(x, (2, 0))).transpose(1, 2)
        return self.route(tokens.flatten(0, 1)).view(tokens.shape)


def analysed(module: nn.Module, x: torch.Tensor, way: str) -> Analysis:
    if way == "torch":
        return pytest_rf.analyze(module, x)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), file, input_names=["x"], opset_version=18, dynamo=False)
    return pytest_rf.analyze(onnx.load_from_string(file.getvalue()), axes={"x": {"t": 2}})


def furthest(module: nn.Module, x: torch.Tensor) -> int:
    """Return by how much a changed input position was seen to lie behind the output position that it changes."""
    found = 0
    with torch.no_grad():
        before = module(x)
        for place in range(x.shape[2]):
            for size in (-20.0, 20.0):
                changed = x.clone()
                changed[:, :, place] += size
                moved = (module(changed) != before).any(2).any(0).nonzero()[:, 0].tolist()
                found = max([found, *(place - step for step in moved)])
    return found


@pytest.mark.parametrize(
    "route", [by_score, added_by_score, put_by_score, chosen_backwards, masked_backwards, by_slot]
)
@pytest.mark.parametrize("way", ["torch", "onnx"])
def test_nothing_is_told_of_positions_that_data_puts_elsewhere(way: str, route: Rows) -> None:
    torch.manual_seed(0)
    module, x = Routed(route).eval(), torch.randn(2, 4, 6)
    analysis = analysed(module, x, way)
    if route is not by_slot:
        assert furthest(module, x) > 0
    for text in ("final is causal.t", "final is bounded.t", "final rf.t <= 3", "final lookahead.t <= 0"):
        found = analysis.check(text)
        assert found, text


class Best(nn.Module):
    """A detector: features, and the best of its places."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.front, self.count = nn.Conv2d(4, 4, 3, padding=1), count

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.front(x).flatten(2)
        best = scores[:, 0].topk(self.count, dim=1).indices
        return scores.gather(2, best[:, None].expand(-1, 4, -1)).transpose(1, 2)


def test_places_of_which_fewer_are_taken_leave_the_features_final() -> None:
    analysis = pytest_rf.analyze(Best(4).eval(), torch.randn(2, 4, 9, 9))
    assert analysis.check("final rf == 3 and final halo <= 1") == []
