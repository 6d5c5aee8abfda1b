"""Packed sequences: each sample has its own length, in recurrent layers of every kind."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle.calls import Case, judge  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.utils.rnn import (  # noqa: E402
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
)

import pytest_rf  # noqa: E402


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], lengths: object, **options) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.rnn = kind(2, 3, **options).double()
        self.lengths = lengths

    def forward(self, x, lengths=None):
        first = self.rnn.batch_first
        own = self.lengths if lengths is None else lengths
        packed = pack_padded_sequence(x, own, batch_first=first, enforce_sorted=False)
        steps, last = self.rnn(packed)
        return (*pad_packed_sequence(steps, batch_first=first, total_length=6), last)


class FromParts(nn.Module):
    def forward(self, x):
        parts = [x[:4, 0], x[:2, 1]]
        return pad_packed_sequence(pack_sequence(parts))[0] + pad_sequence(parts)


def steps(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize(
    "options", [{}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "batch_first": True}]
)
def test_a_step_reads_its_own_sample_as_far_as_it_goes(kind, options) -> None:
    x = steps(2, 5, 2) if options.get("batch_first") else steps(5, 2, 2)
    module = Recurrent(kind, torch.tensor([3, 5]), **options)
    verdict = judge(Case("packed", "packed", module, (x,)))
    assert verdict.status == "exact", verdict
    assert pytest_rf.analyze(module, x).capture == "dispatch/meta"


def test_lengths_that_are_an_input_are_an_upper_bound() -> None:
    module = Recurrent(nn.LSTM, None)
    given = (steps(5, 2, 2), torch.tensor([3, 5]))
    assert judge(Case("packed", "packed", module, given)).status == "upper"
    fixed = pytest_rf.analyze(module, given[0], values={"lengths": given[1]})
    assert [t.status for t in fixed.outputs] == ["exact"] * len(fixed.outputs)


def test_sequences_of_parts() -> None:
    assert judge(Case("parts", "packed", FromParts(), (steps(5, 2, 2),))).status == "exact"
