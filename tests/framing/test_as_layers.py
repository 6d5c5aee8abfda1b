"""Figures in samples are those of the same net behind the front-end as a layer, whose input is the signal."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from framing import framed_nets  # noqa: E402
from pytest_rf.framing import Framing, Stage  # noqa: E402

FIGURES = (
    *("rf", "rf_range", "rf_min", "stride", "start", "center", "offset", "multiple"),
    *("lookahead", "lookback", "unused"),
)
EXTENT = 36


def both(framing: Framing, net: Any, **more: Any) -> tuple[Any, Any]:
    """Return the final field of a net in samples, and that of the net behind its front-end."""
    framed = pytest_rf.analyze(
        net, torch.zeros(1, 1, EXTENT), frontend={"t": str(framing)}, axes={"input": {"t": 2}}, **more
    )
    whole = torch.nn.Sequential(framed_nets.as_layers(framing), net)
    layered = pytest_rf.analyze(
        whole, torch.zeros(1, 1, framing.extent(EXTENT)), axes={"input": {"t": 2}}, **more
    )
    return framed.final[0]["t"].in_samples, layered.final[0]["t"]


@pytest.mark.parametrize("seed", range(30))
def test_random_nets(seed: int) -> None:
    rng = random.Random(seed)
    framing, net = framed_nets.frontend(rng), framed_nets.net(rng)
    framed, layered = both(framing, net)
    assert framed.extent == layered.extent
    for name in FIGURES:
        assert getattr(framed, name) == getattr(layered, name), (name, str(framing), net)
    assert framed.erf == pytest.approx(layered.erf)
    assert framed.erf_range == pytest.approx(layered.erf_range)
    assert framed.without_context.lookahead == layered.lookahead


@pytest.mark.parametrize("framing", [Framing((Stage(400, 160),)), Framing((Stage(8, 3), Stage(4, 2)))])
def test_the_smallest_signal(framing: Framing) -> None:
    net = torch.nn.Conv1d(1, 1, 5)
    framed, layered = both(framing, net)
    assert framed.min_input == layered.min_input == framing.extent(5)
    padded = Framing((framing.stages[0]._replace(before=1), *framing.stages[1:]))
    assert both(padded, net)[0].min_input is None


def test_what_stands_for_several_positions() -> None:
    first = torch.nn.Sequential(framed_nets.Pad(4, 0), torch.nn.Conv1d(1, 1, 5))

    class Grouped(torch.nn.Module):
        """A first frame alone, and then groups of four."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = first(x)
            return torch.cat([x[..., :1], x[..., 1:].unfold(-1, 4, 4).mean(-1)], -1)

    framed = pytest_rf.analyze(
        Grouped(),
        torch.zeros(1, 1, 33),
        frontend={"t": "frames(10, 5)"},
        stands_for={"t": "4i"},
        axes={"x": {"t": 2}},
    ).final[0]["t"]
    assert (framed.lookahead, framed.lookback) == (0, 4)
    assert framed.in_samples.lookahead == 5  # what the last window reads behind its hop
    assert framed.in_samples.lookback == 20
