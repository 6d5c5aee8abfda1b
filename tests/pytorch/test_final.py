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


class Cut(nn.Module):
    """Patches or frames are cut by a reshape and embedded by a Linear."""

    def __init__(self, cut, features: int) -> None:
        super().__init__()
        self.cut, self.embed = cut, nn.Linear(features, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.embed(self.cut(x))


def patches(x):
    n, c, h, w = x.shape
    return x.view(n, c, h // 2, 2, w // 4, 4).permute(0, 2, 4, 1, 3, 5).reshape(n, h * w // 8, 8 * c)


CUT = {
    "patches": (patches, (2, 3, 8, 8), {"h": 2, "w": 3}, 1, {"h": (2, 2), "w": (4, 4)}),
    "frames of sound": (lambda x: x.unflatten(1, (-1, 4)), (2, 12), {"t": 1}, None, {"t": (4, 4)}),
    "frames of one channel": (lambda x: x.view(2, 3, 4), (2, 1, 12), {"t": 2}, None, {"t": (4, 4)}),
    "space to depth": (
        lambda x: nn.functional.pixel_unshuffle(x, 2).movedim(1, 3),
        (2, 3, 4, 6),
        {"h": 2, "w": 3},
        1,
        {"h": (2, 2), "w": (2, 2)},
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_cut_into_patches_is_no_channel(name: str) -> None:
    cut, shape, axes, channel, figures = CUT[name]
    x = torch.randn(*shape)
    module = Cut(cut, cut(x).shape[-1])
    analysis = pytest_rf.analyze(module, x)
    (source,) = analysis.inputs.values()
    assert (source.axes, source.channel) == (axes, channel)
    (final,) = analysis.final
    assert final.number == analysis.outputs[0].number
    assert {axis: (final[axis].rf, final[axis].stride) for axis in axes} == figures
