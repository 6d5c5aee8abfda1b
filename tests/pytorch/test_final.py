"""Which tensor of a net is the last that has positions."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Frames(nn.Module):
    """Patches of all frames are tokens of one sequence, as in TimeSformer: no window reads the frames."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 5)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        batch = len(video)
        tokens = self.patches(video.flatten(0, 1)).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(batch, -1, -1), tokens.reshape(batch, -1, 8)], 1)
        tokens = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.head(tokens[:, 0])


class Relative(nn.Module):
    """Scores are moved by a reshape that mixes queries and keys, as in Transformer-XL and the Conformer."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(1, 8, 4, 4)
        self.value = nn.Linear(8, 8)
        self.last = nn.Identity()
        self.head = nn.Linear(8, 3)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        x = self.front(sound).transpose(1, 2)
        scores = x @ x.transpose(1, 2)
        batch, n, _ = scores.shape
        padded = torch.cat([scores.new_zeros(batch, n, 1), scores], -1)
        moved = padded.view(batch, n + 1, n)[:, 1:].reshape(batch, n, n)
        x = self.last(x + moved.softmax(-1) @ self.value(x))
        return self.head(x.mean(1))


def test_tokens_of_several_frames_have_positions() -> None:
    analysis = pytest_rf.analyze(Frames().eval(), torch.randn(2, 3, 3, 16, 16))
    (final,) = analysis.final
    assert final.shape == (2, 3 * 16 + 1, 8)
    assert final["h"].rf == final["w"].rf == float("inf")


def test_what_meets_positions_element_by_element_is_at_them() -> None:
    analysis = pytest_rf.analyze(Relative().eval(), torch.randn(2, 1, 64))
    (final,) = analysis.final
    assert final.shape == (2, 16, 8)
    assert final.number == analysis["last"].number or final["t"].rf == float("inf")
