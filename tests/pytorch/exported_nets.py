"""Nets whose geometry is computed from the shapes of their inputs, as exporters write it out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


class Flattened(nn.Module):
    """A head behind ``view(b, -1)``, and a pyramid level of it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, stride=2, padding=1)

    def forward(self, x):
        y = self.conv(x)
        b, c = y.shape[:2]
        tokens = y.view(b, c, -1).transpose(1, 2)
        return tokens, tokens.reshape(b * tokens.shape[1], c), y.flatten(1)


class Decoder(nn.Module):
    """Upsampling to the size of another tensor, of the input, and of half of it."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(2, 2, 3, stride=2, padding=1)
        self.two = nn.Conv2d(2, 2, 3, stride=2, padding=1)

    def forward(self, x):
        a = self.one(x)
        b = self.two(a)
        up = F.interpolate(b, size=a.shape[-2:], mode="bilinear", align_corners=False) + a
        half = (x.shape[-2] // 2, x.shape[-1] // 2)
        return (
            F.interpolate(up, size=x.shape[-2:], mode="nearest"),
            F.interpolate(b, size=half, mode="bilinear", align_corners=True),
            F.interpolate(F.adaptive_avg_pool2d(b, 1), size=half, mode="bilinear", align_corners=False),
        )


class Pyramid(nn.Module):
    """Pyramid pooling: adaptive bins that divide the input, brought back to its size."""

    def forward(self, x):
        h, w = x.shape[-2:]
        bins = [F.adaptive_avg_pool2d(x, n) for n in (1, 2)]
        bins = [F.interpolate(b, size=(h, w), mode="bilinear", align_corners=False) for b in bins]
        return torch.cat([x, *bins], 1)


class Cropped(nn.Module):
    """A centre crop whose offset is computed, and a split in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 5)

    def forward(self, x):
        y = self.conv(x)
        start = (x.shape[-1] - y.shape[-1]) // 2
        crop = x[..., start : start + y.shape[-1]]
        half = y.shape[-1] // 2
        return y + crop, torch.cat([y[..., half:], y[..., :half]], -1)


class Padded(nn.Module):
    """Padding to a multiple of 4, as tilers do, and cropping back."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 4, stride=4)
        self.up = nn.ConvTranspose2d(2, 2, 4, stride=4)

    def forward(self, x):
        h, w = x.shape[-2:]
        right, below = (4 - w % 4) % 4, (4 - h % 4) % 4
        y = self.up(self.conv(F.pad(x, (0, right, 0, below))))
        return y[..., :h, :w]


class Same(nn.Module):
    """SAME padding as TensorFlow has it, computed from the shape."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, stride=2)

    def forward(self, x):
        n = x.shape[-1]
        total = max(((n + 1) // 2 - 1) * 2 + 3 - n, 0)
        return self.conv(F.pad(x, (total // 2, total - total // 2)))


class Windows(nn.Module):
    """A Swin block with shifted windows and the mask that goes with them."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(2, 6)

    def parts(self, x):
        b, h, w, c = x.shape
        return x.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)

    def forward(self, x):
        b, h, w, c = x.shape
        rolled = torch.roll(x, (-2, -2), (1, 2))
        rows = (torch.arange(h) >= h - 4).long() + (torch.arange(h) >= h - 2).long()
        columns = (torch.arange(w) >= w - 4).long() + (torch.arange(w) >= w - 2).long()
        region = (rows[:, None] * 3 + columns)[None, :, :, None].to(x.dtype)
        region = self.parts(region)[..., 0]
        mask = (region[:, None] - region[:, :, None]).ne(0).to(x.dtype) * -100.0
        q, k, v = self.qkv(self.parts(rolled)).chunk(3, -1)
        scores = (q @ k.transpose(-2, -1)).view(b, -1, 16, 16) + mask
        y = scores.view(-1, 16, 16).softmax(-1) @ v
        y = y.view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return torch.roll(y, (2, 2), (1, 2))


class Masked(nn.Module):
    """A causal mask that is built from the number of steps."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(2, 6)

    def forward(self, x):
        n = x.shape[1]
        q, k, v = self.qkv(x).chunk(3, -1)
        places = torch.arange(n)
        mask = (places[None] > places[:, None])[None]
        scores = (q @ k.transpose(-2, -1)).masked_fill(mask, float("-inf"))
        return scores.softmax(-1) @ v + torch.arange(n, dtype=x.dtype)[:, None]


class Heads(nn.Module):
    """Attention of several heads, the convolutional way to the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3, stride=2)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        tokens = self.conv(x).transpose(1, 2)
        return tokens, self.attention(tokens, tokens, tokens, need_weights=False)[0]


class Recurrent(nn.Module):
    """Two recurrent layers behind a convolution, the second one in both directions."""

    kind: type[nn.RNNBase] = nn.LSTM

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 3, 3, stride=2)
        self.one = self.kind(3, 2, batch_first=True)
        self.two = self.kind(2, 2, bidirectional=True)

    def forward(self, x):
        steps = self.one(self.conv(x).transpose(1, 2))[0]
        return steps, self.two(steps.transpose(0, 1))[0]


class Gru(Recurrent):
    kind = nn.GRU


class Unrolled(nn.Module):
    """A Python loop over the steps, which the exporters write out."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.Linear(4, 2)

    def forward(self, x):
        state = torch.zeros_like(x[:, 0])
        states = []
        for step in range(x.shape[1]):
            state = torch.tanh(self.cell(torch.cat([x[:, step], state], -1)))
            states.append(state)
        return torch.stack(states, 1)


class Rearranged(nn.Module):
    """Patches and pixels as einops writes them: reshapes and permutations of computed extents."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv1d(8, 8, 3, padding=1)

    def forward(self, x):
        b, c, h, w = x.shape
        p = 2
        y = x.reshape(b, c, h // p, p, w // p, p).permute(0, 1, 3, 5, 2, 4).reshape(b, c * p * p, -1)
        y = self.mix(y)
        y = y.unflatten(2, (h // p, w // p)).unflatten(1, (c, p, p))
        return y.permute(0, 1, 4, 2, 5, 3).reshape(b, c, h, w)


class Positions(nn.Module):
    """A learned table, interpolated to the number of tokens and added, and a class token."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, 2, 3, 3))
        self.token = nn.Parameter(torch.randn(1, 1, 2))
        self.patch = nn.Conv2d(2, 2, 2, stride=2)

    def forward(self, x):
        y = self.patch(x)
        table = F.interpolate(self.table, size=y.shape[-2:], mode="bilinear", align_corners=False)
        tokens = (y + table).flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], 1)


class Grouped(nn.Module):
    """GroupNorm by hand, channel shuffle, and statistics over computed groups."""

    def forward(self, x):
        b, c, h, w = x.shape
        y = x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)
        z = y.reshape(b * 2, -1)
        z = (z - z.mean(1, keepdim=True)) / (z.var(1, keepdim=True) + 1e-5).sqrt()
        return y, z.view(b, c, h, w)


class Segments(nn.Module):
    """Overlapping segments as separation nets make them: unfold by computed indices, overlap-add by sum."""

    def forward(self, x):
        b, c, n = x.shape
        size = 4
        places = torch.arange(n // size)[:, None] * size + torch.arange(size)
        parts = x[:, :, places.reshape(-1)].view(b, c, -1, size)
        return parts.mean(-1), parts.flip(-1).reshape(b, c, -1)


class Frames(nn.Module):
    """Video: frames go through the batch, neighbours in time are compared behind."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, x):
        b, t = x.shape[:2]
        y = self.conv(x.flatten(0, 1)).unflatten(0, (b, t))
        return y[:, 1:] - y[:, :-1]


class Selected(nn.Module):
    """Elements chosen by masks and tables that are computed from the extent."""

    def forward(self, x):
        b, n = x.shape
        places = torch.arange(n)
        late = places > n // 2
        apart = (places[None] - places[:, None]).clamp(-2, 2) + 2
        return (
            torch.where(late, x, x.roll(2, -1)),
            x.masked_fill(late, 0.0),
            torch.tril(x.unsqueeze(1).expand(-1, n, -1).roll(1, 2)),
            x[:, apart.reshape(-1)].view(b, n, n),
            torch.gather(x, 1, places.flip(0).expand(b, n)),
            x.repeat_interleave(2, 1),
            x.cumsum(-1),
        )


class Chosen(nn.Module):
    """A branch that data chooses."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = nn.Conv1d(2, 2, 3, padding=1), nn.Conv1d(2, 2, 7, padding=3)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: self.narrow(x), lambda x: self.wide(x), (x,))


def by_shape(x: torch.Tensor) -> torch.Tensor:
    if x.shape[-1] > 9:  # noqa: SIM108 - the exporter writes an If
        y = x[..., 1:] + x[..., :-1]
    else:
        y = x[..., 1:] * 2
    return y


def doubling(x: torch.Tensor) -> torch.Tensor:
    step = 1
    while step < x.shape[-1]:
        x = x + torch.cat([x[..., step:], x[..., :step]], 2)
        step = step * 4
    return x


def stepwise(x: torch.Tensor) -> torch.Tensor:
    state = torch.zeros_like(x[:, :, 0])
    states: list[torch.Tensor] = []
    for i in range(x.shape[2]):
        state = torch.tanh(state) + x[:, :, i]
        states.append(state)
    return torch.stack(states, 2)


def by_data(x: torch.Tensor) -> torch.Tensor:
    if x.sum() > 0:  # noqa: SIM108 - the exporter writes an If
        y = x + torch.roll(x, [1], [2])
    else:
        y = x + torch.roll(x, [-1], [2])
    return y


class Scripted(nn.Module):
    """TorchScript's own control flow, which its exporter keeps: If and Loop."""

    functions = (by_shape, doubling, stepwise)

    def __init__(self) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.parts = [torch.jit.script(function) for function in self.functions]

    def forward(self, x):
        return tuple(part(x) for part in self.parts)


class ScriptedByData(Scripted):
    functions = (by_data,)


class Blocks(nn.Module):
    """Modules in modules, which ``export_modules_as_functions`` keeps as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU())
        self.second = nn.Sequential(Flattened(), Last())

    def forward(self, x):
        return self.second(self.first(x) + x)


class Last(nn.Module):
    def forward(self, x):
        return x[0].softmax(1)


@dataclass(frozen=True)
class Net:
    """A net and its inputs.

    Attributes:
        make: makes the module.
        shape: the input that it is exported with.
        other: another input that fits, for the analysis of what has dynamic axes.
        open: the axes that are dynamic.
    """

    make: type[nn.Module]
    shape: tuple[int, ...]
    other: tuple[int, ...]
    open: tuple[int, ...]


NETS = {
    "flattened": Net(Flattened, (2, 2, 8, 10), (3, 2, 11, 8), (0, 2, 3)),
    "decoder": Net(Decoder, (2, 2, 12, 10), (3, 2, 13, 19), (0, 2, 3)),
    "pyramid": Net(Pyramid, (2, 2, 8, 12), (3, 2, 8, 12), (0,)),
    "cropped": Net(Cropped, (2, 2, 14), (3, 2, 17), (0, 2)),
    "padded": Net(Padded, (2, 2, 10, 9), (3, 2, 7, 13), (0, 2, 3)),
    "same": Net(Same, (2, 2, 10), (3, 2, 13), (0, 2)),
    "windows": Net(Windows, (2, 8, 12, 2), (3, 12, 8, 2), (0, 1, 2)),
    "masked": Net(Masked, (2, 6, 2), (3, 9, 2), (0, 1)),
    "heads": Net(Heads, (2, 2, 13), (3, 2, 10), (0, 2)),
    "recurrent": Net(Recurrent, (2, 2, 13), (3, 2, 10), (0, 2)),
    "gru": Net(Gru, (2, 2, 13), (3, 2, 10), (0, 2)),
    "unrolled": Net(Unrolled, (2, 5, 2), (3, 5, 2), (0,)),
    "rearranged": Net(Rearranged, (2, 2, 6, 8), (3, 2, 8, 4), (0, 2, 3)),
    "positions": Net(Positions, (2, 2, 8, 10), (3, 2, 6, 12), (0, 2, 3)),
    "grouped": Net(Grouped, (2, 4, 6, 5), (3, 4, 3, 7), (0, 2, 3)),
    "segments": Net(Segments, (2, 2, 12), (3, 2, 20), (0, 2)),
    "frames": Net(Frames, (2, 3, 1, 5, 6), (3, 4, 1, 6, 4), (0, 1, 3, 4)),
    "selected": Net(Selected, (2, 8), (3, 11), (0, 1)),
    "chosen": Net(Chosen, (2, 2, 12), (3, 2, 9), (0, 2)),
    "scripted": Net(Scripted, (2, 2, 8), (3, 2, 11), (0, 2)),
    "scripted by data": Net(ScriptedByData, (2, 2, 8), (3, 2, 11), (0, 2)),
    "blocks": Net(Blocks, (2, 2, 8, 10), (3, 2, 11, 8), (0, 2, 3)),
}
