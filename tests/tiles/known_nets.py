"""Nets of the field whose tilings are known."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class UNet(nn.Module):
    """A U-Net that keeps its extents: two convolutions a level, resized on the way up."""

    def __init__(self, down: int, mode: str = "nearest", pool: int = 2, norm: bool = False) -> None:
        super().__init__()
        self.mode, self.pool = mode, pool
        self.down = nn.ModuleList([self.convs(norm) for _ in range(down)])
        self.middle = self.convs(norm)
        self.up = nn.ModuleList([self.convs(norm) for _ in range(down)])

    @staticmethod
    def convs(norm: bool) -> nn.Module:
        steps: list[nn.Module] = []
        for _ in range(2):
            steps += [nn.Conv2d(2, 2, 3, padding=1), *([nn.GroupNorm(1, 2)] if norm else []), nn.Tanh()]
        return nn.Sequential(*steps)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for level in self.down:
            x = level(x)
            skips.append(x)
            x = F.avg_pool2d(x, self.pool)
        x = self.middle(x)
        for level in self.up:
            x = level(F.interpolate(x, scale_factor=self.pool, mode=self.mode) + skips.pop())
        return x


class ValidUNet(nn.Module):
    """The original U-Net: no padding, skips are cropped."""

    def __init__(self, down: int) -> None:
        super().__init__()
        self.down = nn.ModuleList([self.convs(1) for _ in range(down)])
        self.middle = self.convs(1)
        self.ups = nn.ModuleList([nn.ConvTranspose2d(1, 1, 2, 2) for _ in range(down)])
        self.up = nn.ModuleList([self.convs(2) for _ in range(down)])

    @staticmethod
    def convs(width: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(width, 1, 3), nn.Tanh(), nn.Conv2d(1, 1, 3), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for level in self.down:
            x = level(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.middle(x)
        for larger, level in zip(self.ups, self.up, strict=True):
            x, skip = larger(x), skips.pop()
            h, w = ((skip.shape[axis] - x.shape[axis]) // 2 for axis in (2, 3))
            x = level(torch.cat([skip[:, :, h : h + x.shape[2], w : w + x.shape[3]], x], 1))
        return x


class Dense(nn.Module):
    """A residual dense block of five convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [nn.Conv2d(3 + number, 1 if number < 4 else 3, 3, padding=1) for number in range(5)]
        )

    def forward(self, x: Tensor) -> Tensor:
        known, y = x, x
        for conv in self.convs:
            y = torch.tanh(conv(known))
            known = torch.cat([known, y], 1)
        return x + 0.2 * y


class RRDB(nn.Module):
    """An upscaler by 4 with blocks of three residual dense blocks."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.body = nn.Sequential(*[Dense() for _ in range(3 * blocks)], nn.Conv2d(3, 3, 3, padding=1))
        self.last = nn.ModuleList([nn.Conv2d(3, 3, 3, padding=1) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x + self.body(x)
        for conv in self.last[:2]:
            x = torch.tanh(conv(F.interpolate(x, scale_factor=2, mode="nearest")))
        for conv in self.last[2:]:
            x = conv(x)
        return x


class SRVGG(nn.Module):
    """A compact upscaler by 4: convolutions, a pixel shuffle, the resized image added."""

    def __init__(self, convs: int) -> None:
        super().__init__()
        body = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(convs + 1)]
        self.body = nn.Sequential(*body, nn.Conv2d(3, 48, 3, padding=1), nn.PixelShuffle(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + F.interpolate(x, scale_factor=4, mode="nearest")


class Vocoder(nn.Module):
    """HiFi-GAN V1's generator: mel frames in, 256 samples out for each, with few channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2, 2, 7, padding=3)
        self.ups = nn.ModuleList(
            [
                nn.ConvTranspose1d(2, 2, k, u, padding=(k - u) // 2)
                for u, k in ((8, 16), (8, 16), (2, 4), (2, 4))
            ]
        )
        self.blocks = nn.ModuleList([nn.ModuleList([Residual(k) for k in (3, 7, 11)]) for _ in self.ups])
        self.last = nn.Conv1d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for up, blocks in zip(self.ups, self.blocks, strict=True):
            x = up(F.leaky_relu(x, 0.1))
            x = sum(block(x) for block in blocks) / 3
        return self.last(F.leaky_relu(x))


class Residual(nn.Module):
    """Three pairs of convolutions, the first of each dilated."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        same = [kernel // 2 * dilation for dilation in (1, 3, 5)]
        self.dilated = nn.ModuleList(
            [nn.Conv1d(2, 2, kernel, dilation=d, padding=p) for d, p in zip((1, 3, 5), same, strict=True)]
        )
        self.plain = nn.ModuleList([nn.Conv1d(2, 2, kernel, padding=kernel // 2) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, 0.1)), 0.1))
        return x


class Volume(nn.Module):
    """A net of three axes: pooled and upsampled in the plane, not in depth."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse, self.last = (nn.Conv3d(1, 1, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        y = self.coarse(F.avg_pool3d(self.fine(x), (1, 2, 2)))
        return self.last(x + F.interpolate(y, scale_factor=(1.0, 2.0, 2.0), mode="nearest"))


class Positions(nn.Module):
    """A learned table of absolute positions is added."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.table = nn.Parameter(torch.randn(1, 1, 256, 256))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x + self.table[:, :, : x.shape[2], : x.shape[3]])


class Coordinates(nn.Module):
    """The place of each row is a channel."""

    def __init__(self, rows: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 3, padding=1)
        self.rows = rows

    def forward(self, x: Tensor) -> Tensor:
        rows = torch.arange(x.shape[2], dtype=x.dtype)[None, None, :, None].expand_as(x)
        return self.conv(torch.cat([x, rows if self.rows else torch.ones_like(x)], 1))


class Resized(nn.Module):
    """Pooled and resized again, by a factor or to the extents that there were."""

    def __init__(self, corners: bool = False, bins: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.corners, self.bins = corners, bins

    def forward(self, x: Tensor) -> Tensor:
        y = F.adaptive_avg_pool2d(x, self.bins) if self.bins else F.avg_pool2d(x, 2)
        size = (x.shape[2], x.shape[3])
        return self.conv(x + F.interpolate(y, size=size, mode="bilinear", align_corners=self.corners))


class Several(nn.Module):
    """Two images in, a smaller and a larger one out."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 1, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1)

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        return self.down(left + right), self.up(left * right)


class Windows(nn.Module):
    """Attention within windows that are shifted by a roll, behind a mask that is made for the extents."""

    def __init__(self, width: int, window: int, shift: int, fused: bool) -> None:
        super().__init__()
        self.window, self.shift, self.fused = window, shift, fused
        self.qkv = nn.Linear(width, 3 * width)
        self.bias = nn.Parameter(torch.randn(1, window * window, window * window))

    def forward(self, x: Tensor) -> Tensor:
        n, (_, h, w, _) = self.window, x.shape
        y = torch.roll(x, (-self.shift, -self.shift), (1, 2)) if self.shift else x
        q, k, v = self.qkv(cut(y, n)).chunk(3, -1)
        mask = torch.zeros_like(self.bias)
        if self.shift:
            mask = self.mask(h, w, x.dtype).expand(len(x), -1, -1, -1).flatten(0, 1)
        if self.fused:
            added = (self.bias + mask)[:, None]
            y = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None], added)[:, 0]
        else:
            y = (q @ k.transpose(-1, -2) + self.bias + mask).softmax(-1) @ v
        y = joined(y, n, h, w)
        return torch.roll(y, (self.shift, self.shift), (1, 2)) if self.shift else y

    def mask(self, h: int, w: int, kind: torch.dtype) -> Tensor:
        """Return -100 where two positions of a window come from different ends of the image."""
        region = torch.zeros(1, h, w, 1)
        bounds = (slice(0, -self.window), slice(-self.window, -self.shift), slice(-self.shift, None))
        for number in range(9):
            region[:, bounds[number // 3], bounds[number % 3]] = number
        parts = cut(region, self.window).squeeze(-1)
        return torch.where(parts[:, None, :] != parts[:, :, None], -100.0, 0.0).to(kind)[None]


def cut(x: Tensor, n: int) -> Tensor:
    b, h, w, c = x.shape
    return x.reshape(b, h // n, n, w // n, n, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, n * n, c)


def joined(x: Tensor, n: int, h: int, w: int) -> Tensor:
    width = x.shape[-1]
    return x.reshape(-1, h // n, w // n, n, n, width).permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, width)


class SwinIR(nn.Module):
    """Convolutions around pairs of windowed attention, without and with a shift."""

    def __init__(self, pairs: int, window: int = 8, fused: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        shifts = (0, window // 2) * pairs
        self.layers = nn.ModuleList([Windows(4, window, shift, fused) for shift in shifts])
        self.last = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x).permute(0, 2, 3, 1)
        for layer in self.layers:
            y = y + layer(y)
        return x + self.last(y.permute(0, 3, 1, 2))
