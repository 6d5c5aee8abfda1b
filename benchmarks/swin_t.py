"""Swin-T in plain PyTorch: the geometry of Liu et al., "Swin Transformer" (2021), table 7, with random weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

WINDOW = 7


class WindowAttention(nn.Module):
    """Attention within windows that are moved by ``shift``; tokens from both ends of the image stay apart."""

    def __init__(self, width: int, heads: int, shift: int) -> None:
        super().__init__()
        self.heads, self.shift = heads, shift
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, heads))
        at = torch.cartesian_prod(torch.arange(WINDOW), torch.arange(WINDOW))
        apart = at[:, None] - at[None] + WINDOW - 1
        self.register_buffer("index", apart[..., 0] * (2 * WINDOW - 1) + apart[..., 1], persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Attend; x and the result have the shape (samples, height, width, channels)."""
        count, height, width, channels = x.shape
        down, right = -height % WINDOW, -width % WINDOW
        x = F.pad(x, (0, 0, 0, right, 0, down))
        rows, columns = (height + down) // WINDOW, (width + right) // WINDOW
        shift = self.shift if rows > 1 else 0  # one window sees everything anyway
        if shift:
            x = x.roll((-shift, -shift), (1, 2))
        windows = x.view(count, rows, WINDOW, columns, WINDOW, channels).transpose(2, 3)
        windows = windows.reshape(count * rows * columns, WINDOW**2, channels)
        qkv = self.qkv(windows).view(-1, WINDOW**2, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        scores = query * (channels // self.heads) ** -0.5 @ key.transpose(-2, -1)
        scores = scores + self.bias[self.index].permute(2, 0, 1)
        if shift:
            apart = self.apart(rows, columns, shift).to(x.device)
            scores = scores.view(count, rows * columns, self.heads, WINDOW**2, WINDOW**2) + apart[:, None]
            scores = scores.view(-1, self.heads, WINDOW**2, WINDOW**2)
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(-1, WINDOW**2, channels)
        mixed = self.project(mixed).view(count, rows, columns, WINDOW, WINDOW, channels).transpose(2, 3)
        mixed = mixed.reshape(count, rows * WINDOW, columns * WINDOW, channels)
        if shift:
            mixed = mixed.roll((shift, shift), (1, 2))
        return mixed[:, :height, :width]

    @staticmethod
    def apart(rows: int, columns: int, shift: int) -> torch.Tensor:
        """Return -100 for pairs of tokens of a window that are no neighbours in the image, 0 for others."""
        region = torch.zeros(rows * WINDOW, columns * WINDOW)
        for number, start in enumerate((WINDOW, shift)):
            region[-start:] += 3 * number + 3
            region[:, -start:] += number + 1
        region = region.view(rows, WINDOW, columns, WINDOW).transpose(1, 2).reshape(-1, WINDOW**2)
        return (region[:, None] != region[:, :, None]) * -100.0


class Block(nn.Module):
    """Attention and two dense layers, both around a residual connection."""

    def __init__(self, width: int, heads: int, shift: int) -> None:
        super().__init__()
        self.before, self.attention = nn.LayerNorm(width), WindowAttention(width, heads, shift)
        self.dense = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with what both parts add."""
        x = x + self.attention(self.before(x))
        return x + self.dense(x)


class Merging(nn.Module):
    """Four neighbours become one token of twice the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.reduce = nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Halve both extents."""
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduce(self.norm(torch.cat(corners, -1)))


class SwinT(nn.Module):
    """The classifier of 1000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 96, 4, 4)
        self.norm = nn.LayerNorm(96)
        stages: list[nn.Module] = []
        for stage, depth in enumerate((2, 2, 6, 2)):
            width, heads = 96 << stage, 3 << stage
            if stage:
                stages.append(Merging(width // 2))
            stages += [Block(width, heads, WINDOW // 2 * (block % 2)) for block in range(depth)]
        self.stages = nn.Sequential(*stages)
        self.last, self.head = nn.LayerNorm(768), nn.Linear(768, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (samples, classes) of (samples, 3, height, width)."""
        x = self.norm(self.patches(x).permute(0, 2, 3, 1))
        x = self.last(self.stages(x)).permute(0, 3, 1, 2)
        return self.head(x.mean((2, 3)))
