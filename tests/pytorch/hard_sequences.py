"""Small nets over sequences that are hard to follow: recurrence, attention, loops, branches, spectra."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


class Recurrent(nn.Module):
    def __init__(self, **options) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 3, 3, stride=2)
        self.lstm = nn.LSTM(3, 2, batch_first=True, **options)

    def forward(self, x):
        y, (h, c) = self.lstm(self.conv(x).transpose(1, 2))
        return {"steps": y, "hidden": h, "cell": c}


class Windows(nn.Module):
    """A Swin block with shifted windows."""

    def __init__(self, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.qkv = nn.Linear(2, 6)

    def forward(self, x):
        n, h, w, c = x.shape
        x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = x.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        q, k, v = self.qkv(x).chunk(3, -1)
        x = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        x = x.view(n, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        return torch.roll(x, (self.shift, self.shift), (1, 2))


class Shift(nn.Module):
    """Temporal shift by slice assignment (TSM)."""

    def forward(self, x):
        out = torch.zeros_like(x)
        out[:, :-1, :1] = x[:, 1:, :1]
        out[:, 1:, 1:2] = x[:, :-1, 1:2]
        out[:, :, 2:] = x[:, :, 2:]
        return out


class Stream(nn.Module):
    """A causal convolution with a buffer of the past."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("past", torch.zeros(1, 2, 4))
        self.conv = nn.Conv1d(2, 2, 5)

    def forward(self, x):
        line = torch.cat([self.past, x], 2)
        self.past.copy_(line[:, :, -4:])
        return self.conv(line), self.past.clone()


class Causal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(2, 2, 2, dilation=2**i) for i in range(3))

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = x + torch.tanh(layer(F.pad(x, (2**i, 0))))
        return x


class Filtered(nn.Module):
    """A filter in the frequency domain mixes the whole axis."""

    def __init__(self) -> None:
        super().__init__()
        self.response = nn.Parameter(torch.randn(9))

    def forward(self, x):
        return torch.fft.irfft(torch.fft.rfft(x) * self.response, n=x.shape[-1])


class Spectrum(nn.Module):
    def forward(self, x):
        window = torch.hann_window(8, dtype=x.dtype, periodic=False) + 0.1
        return torch.stft(x, 8, 4, window=window, return_complex=True).abs()


class Attention(nn.Module):
    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.causal = causal

    def forward(self, x):
        mask = (
            nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype) if self.causal else None
        )
        return self.layer(x, src_mask=mask, is_causal=self.causal)


class Scanned(nn.Module):
    def forward(self, x):
        from torch._higher_order_ops.scan import scan

        def step(carry, item):
            total = carry + item
            return total, total * 2

        return scan(step, torch.zeros_like(x[0]), x, dim=0)[1]


class Branched(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = nn.Conv1d(1, 1, 3, padding=1), nn.Conv1d(1, 1, 7, padding=3)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: self.narrow(x), lambda x: self.wide(x), (x,))


class Sliding(nn.Module):
    """flex_attention with a sliding window."""

    def forward(self, x):
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        mask = create_block_mask(lambda b, h, q, k: (q - k).abs() <= 2, None, None, 12, 12, device="cpu")
        return flex_attention(x, x, x, block_mask=mask)


class Masked(nn.Module):
    """Attention that a buffer of -inf makes causal."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(2, 6)
        self.register_buffer("mask", torch.full((5, 5), float("-inf")).triu(1))

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        return (q @ k.mT + self.mask).softmax(-1) @ v
