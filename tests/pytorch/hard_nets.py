"""Small nets of everything that is hard to follow, each with an input.

``TIGHT``: the bounds are exactly what changes the outputs. ``LOOSE``: data chooses, so the bounds are wider.
``ZEROED``: they are tight once weights of 0 and masks of -inf are looked at.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from pytorch.hard_sequences import (
    Attention,
    Branched,
    Causal,
    Filtered,
    Masked,
    Recurrent,
    Scanned,
    Shift,
    Sliding,
    Spectrum,
    Stream,
    Windows,
)


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.conv(self.conv(self.conv(x)))


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 2, 3, 3))

    def forward(self, x):
        y = F.conv2d(x, self.weight, stride=2, padding=1)
        y = F.avg_pool2d(y, 3, 1, 1)
        return F.interpolate(y, scale_factor=2, mode="bilinear")


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(1, 2, 3, 2, 1), nn.Conv2d(2, 2, 3, 2, 1)
        self.up1 = nn.ConvTranspose2d(2, 2, 2, 2)
        self.up2 = nn.ConvTranspose2d(4, 1, 3, 2, 1, output_padding=1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(a)
        return self.up2(torch.cat([a, self.up1(b)], 1))


class Rolled(nn.Module):
    def forward(self, x):
        return x + x.roll((3, -2), (2, 3))


class Asymmetric(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, (3, 4), stride=(1, 2))

    def forward(self, x):
        return self.conv(F.pad(x, (3, 0, -1, 2)))


class Ceil(nn.Module):
    def forward(self, x):
        return F.max_pool2d(x, 3, 2, 1, ceil_mode=True)


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 1, 3, stride=(1, 2, 2), padding=1, dilation=(2, 1, 1))

    def forward(self, x):
        return self.conv(x)


class Gated(nn.Module):
    """Squeeze and excitation behind a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 1)

    def forward(self, x):
        y = self.conv(x)
        return y * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(y, 1)))


class Standardised(nn.Module):
    """Weight standardisation by a batch norm of the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 2, 3))

    def forward(self, x):
        weight = F.batch_norm(self.weight.reshape(1, 2, -1), None, None, training=True).reshape(2, 2, 3)
        return F.conv1d(x, weight)


class Sampled(nn.Module):
    def forward(self, x, grid):
        return F.grid_sample(x, grid, align_corners=False)


class Warped(nn.Module):
    """grid_sample at constant places."""

    def forward(self, x):
        theta = torch.tensor([[[-0.7, 0, 0], [0, 0.9, 0.1]]], dtype=x.dtype)
        return F.grid_sample(x, F.affine_grid(theta, [1, 1, 6, 6], align_corners=False), align_corners=False)


class Unpooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    def forward(self, x):
        return self.unpool(*self.pool(x))


class Unfolded(nn.Module):
    def forward(self, x):
        return x.unfold(2, 5, 3).mean(-1)


class Columns(nn.Module):
    def forward(self, x):
        columns = F.unfold(x, 3, padding=1, stride=2, dilation=2)
        return F.fold(columns * 2, x.shape[-2:], 3, padding=1, stride=2, dilation=2), columns


class Strided(nn.Module):
    """Writes and reads through views of every kind."""

    def forward(self, x):
        y = x.clone()
        y.as_strided((2, 3), (6, 1), 2).mul_(x[0, 0, :2, 3:6] + x[0, 0, 0, 0])
        y[..., ::2].add_(x[..., 1::2])
        y.transpose(2, 3)[:, :, 1].copy_(x[:, :, 3])
        z = y.view(-1)
        z[4:6] = x.reshape(-1)[0]
        y[0, 0, 5] += 1
        return y, z.unflatten(0, (4, 9))


class Indexed(nn.Module):
    def forward(self, x):
        rows = torch.tensor([3, 0, 2])
        mask = torch.tensor([True, False, True, True, False, False])
        y = torch.zeros_like(x)
        y[:, :, rows] = x[:, :, :3]
        y[:, 0, 4:, mask] = x[:, 0, 4:, :3]
        return (
            y,
            x[:, :, rows, rows],
            x[..., mask],
            torch.gather(x, 3, torch.arange(6).flip(0).expand(1, 1, 6, 6)),
        )


class Shuffled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, groups=2)

    def forward(self, x):
        y = F.channel_shuffle(self.conv(x), 2)
        left, right = y.chunk(2, 1)
        return F.pixel_shuffle(torch.cat([left, self.conv(y)[:, :2]], 1), 2), right


class Adaptive(nn.Module):
    def forward(self, x):
        return F.adaptive_avg_pool1d(x, 4), F.adaptive_max_pool1d(x, 5), F.adaptive_avg_pool1d(x, 1)


class Resized(nn.Module):
    def forward(self, x):
        modes = [
            ("nearest", None),
            ("nearest-exact", None),
            ("bilinear", True),
            ("bilinear", False),
            ("bicubic", False),
        ]
        made = [F.interpolate(x, (9, 4), mode=mode, align_corners=corners) for mode, corners in modes]
        made.append(F.interpolate(x, (3, 11), mode="bilinear", antialias=True))
        made.append(F.interpolate(x, scale_factor=1.7, mode="bilinear"))
        return made


class View(nn.Module):
    """The seeded bug: a view where a permutation was meant mixes the samples."""

    def forward(self, x):
        n, c, h, w = x.shape
        return x.permute(1, 0, 2, 3).reshape(n, c, h, w)


class MaskedConv(nn.Conv2d):
    """PixelCNN's: only what lies above, and to the left in the same row, counts."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__(channels, channels, kernel, padding=kernel // 2)
        mask = torch.ones(kernel, kernel)
        mask[kernel // 2, kernel // 2 :] = 0
        mask[kernel // 2 + 1 :] = 0
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)


def rand(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


TIGHT = {
    "shared": (Shared, rand(2, 2, 12)),
    "functional": (Functional, rand(1, 2, 9, 8)),
    "unet": (UNet, rand(2, 1, 16, 12)),
    "rolled": (Rolled, rand(1, 1, 8, 7)),
    "asymmetric": (Asymmetric, rand(1, 1, 8, 9)),
    "ceil": (Ceil, rand(1, 2, 8, 9)),
    "conv3d": (Volume, rand(1, 1, 5, 6, 7)),
    "lstm": (Recurrent, rand(2, 2, 13)),
    "lstm both ways": (lambda: Recurrent(bidirectional=True), rand(2, 2, 13)),
    "lstm deep": (lambda: Recurrent(bidirectional=True, num_layers=2), rand(2, 2, 13)),
    "windows": (lambda: Windows(0), rand(2, 8, 8, 2)),
    "shifted windows": (lambda: Windows(2), rand(1, 8, 8, 2)),
    "group norm": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4)), rand(2, 2, 7, 7)),
    "batch norm": (lambda: nn.BatchNorm1d(2).train(), rand(3, 2, 5)),
    "instance norm": (lambda: nn.InstanceNorm1d(2), rand(2, 2, 5)),
    "gated": (Gated, rand(2, 2, 6, 6)),
    "shift": (Shift, rand(1, 5, 3, 2)),
    "stream": (Stream, rand(1, 2, 9)),
    "weight standardisation": (Standardised, rand(1, 2, 9)),
    "causal": (Causal, rand(1, 2, 16)),
    "warped": (Warped, rand(1, 1, 6, 6)),
    "unfolded": (Unfolded, rand(1, 2, 14)),
    "filtered": (Filtered, rand(2, 1, 16)),
    "spectrum": (Spectrum, rand(2, 24)),
    "columns": (Columns, rand(1, 1, 9, 8)),
    "strided": (Strided, rand(1, 1, 6, 6)),
    "indexed": (Indexed, rand(1, 1, 6, 6)),
    "shuffled": (Shuffled, rand(1, 4, 6, 6)),
    "attention": (lambda: Attention(causal=False).eval(), rand(2, 5, 4)),
    "causal attention": (lambda: Attention(causal=True).eval(), rand(2, 5, 4)),
    "adaptive": (Adaptive, rand(1, 1, 11)),
    "resized": (Resized, rand(1, 1, 6, 7)),
    "scan": (Scanned, rand(5, 2)),
    "sliding attention": (Sliding, rand(1, 2, 12, 4)),
    "wrong view": (lambda: View(), rand(2, 4, 3, 3)),
}


LOOSE = {
    "sampled": (Sampled, (rand(1, 1, 6, 6), rand(1, 4, 4, 2) * 2 - 1)),
    "unpooled": (Unpooled, rand(1, 1, 6, 6)),
    "branched": (Branched, rand(2, 1, 16)),
}


ZEROED = {
    "pixelcnn": (lambda: nn.Sequential(MaskedConv(1, 5), MaskedConv(1, 3)), rand(1, 1, 9, 9)),
    "masked attention": (Masked, rand(2, 5, 2)),
}
