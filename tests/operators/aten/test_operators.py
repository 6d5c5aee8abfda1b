"""Operators in many forms, each held against what changes its output."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import check  # noqa: E402
from torch import nn  # noqa: E402


def filled_in_a_loop(x):
    o = x.new_zeros(2, 5)
    for i in range(1, 5):
        o[:, i] = o[:, i - 1] * 0.5 + x[:, i]
    return o


def written_by_chunks(x):
    o = torch.empty_like(x)
    a, b = o.chunk(2, 1)
    a.copy_(x[:, 2:])
    b[:] = x[:, :2].flip(2)
    return o


W = torch.randn(3, 4, dtype=torch.float64)
OPERATORS = {
    "tensordot": (lambda x: torch.tensordot(x, W.to(x.dtype).T, dims=([-1], [0])), (2, 5, 4)),
    "prelu of each channel": (lambda x: F.prelu(x, W[0].to(x.dtype)), (2, 4, 3)),
    "prelu computed": (lambda x: F.prelu(-x, x[0, :, 0]), (2, 4, 3)),
    "cov": (lambda x: torch.cov(x), (3, 5)),
    "diff": (lambda x: x.diff(dim=1), (2, 6)),
    "median": (lambda x: x.median(), (3, 4)),
    "median dim": (lambda x: x.median(1)[0], (3, 4)),
    "kth": (lambda x: x.kthvalue(2, dim=0)[0], (3, 4)),
    "cummax": (lambda x: x.cummax(1)[0], (2, 5)),
    "logcumsumexp": (lambda x: x.logcumsumexp(0), (4, 2)),
    "rfft n": (lambda x: torch.fft.rfft(x, n=4).abs(), (2, 7)),
    "irfft n": (lambda x: torch.fft.irfft(x, n=6), (2, 7)),
    "fft2": (lambda x: torch.fft.fft2(x).abs(), (2, 3, 4)),
    "fft2 cut": (lambda x: torch.fft.fft2(x, s=(3, -1)).abs(), (2, 4, 5)),
    "fftn cut": (lambda x: torch.fft.fftn(x, s=(2,), dim=(1,)).abs(), (2, 4, 3)),
    "irfft2 cut": (lambda x: torch.fft.irfft2(torch.complex(x, x), s=(2, 2)), (2, 3, 4)),
    "gradient": (lambda x: torch.gradient(x, spacing=(x.new_tensor([0, 1, 3, 4, 7]),), dim=1)[0], (2, 5)),
    "fftshift": (lambda x: torch.fft.fftshift(x), (3, 4)),
    "hfft": (
        lambda x: torch.fft.hfft(
            x.to(torch.complex128 if x.dtype == torch.float64 else torch.complex64), n=4
        ),
        (2, 5),
    ),
    "rot90": (lambda x: torch.rot90(x, 1, (1, 2)), (1, 3, 4)),
    "movedim": (lambda x: x.movedim(0, 2).unflatten(0, (2, 2)), (2, 4, 3)),
    "repeat_int": (lambda x: x.repeat_interleave(2, 1), (2, 3)),
    "repeat_int t": (lambda x: x.repeat_interleave(torch.tensor([1, 0, 2]), dim=1), (2, 3)),
    "tile": (lambda x: x.tile(2, 3), (2, 3)),
    "take_along": (lambda x: torch.take_along_dim(x, torch.tensor([[2, 0, 1]]), 1), (2, 3)),
    "index_add": (lambda x: torch.zeros_like(x).index_add(1, torch.tensor([0, 0, 2]), x), (2, 3)),
    "index_copy": (lambda x: torch.ones_like(x).index_copy(0, torch.tensor([1]), x[:1]), (2, 3)),
    "scatter": (lambda x: torch.zeros_like(x).scatter(1, torch.tensor([[2, 0], [1, 1]]), x), (2, 3)),
    "scatter_add": (
        lambda x: torch.zeros_like(x).scatter_add(1, torch.tensor([[2, 0, 0], [1, 1, 1]]), x),
        (2, 3),
    ),
    "masked_scatter": (
        lambda x: torch.zeros_like(x).masked_scatter(torch.tensor([True, False, True]), x),
        (2, 3),
    ),
    "masked_select": (lambda x: x.masked_select(torch.tensor([True, False, True])), (2, 3)),
    "combinations": (lambda x: torch.combinations(x), (4,)),
    "scatter_reduce without itself": (
        lambda x: x.scatter_reduce(1, torch.tensor([[2, 0, 0], [1, 1, 1]]), x, "amax", include_self=False),
        (2, 3),
    ),
    "index_reduce without itself": (
        lambda x: x.index_reduce(1, torch.tensor([2, 0, 2]), x[:, :3], "amin", include_self=False),
        (2, 4),
    ),
    "where": (lambda x: torch.where(torch.tensor([True, False, True]), x, x.flip(1)), (2, 3)),
    "tril": (lambda x: x.tril(1), (2, 3, 4)),
    "diagonal": (lambda x: x.diagonal(1, 0, 2), (3, 2, 4)),
    "diag_embed": (lambda x: x.diag_embed(), (2, 3)),
    "einsum": (lambda x: torch.einsum("bij,bkj->bik", x, x), (2, 3, 4)),
    "einsum diag": (lambda x: torch.einsum("bii->bi", x), (2, 3, 3)),
    "cdist": (lambda x: torch.cdist(x, x[:, :2]), (2, 3, 4)),
    "cosine": (lambda x: F.cosine_similarity(x, x.flip(0), dim=1), (2, 3, 4)),
    "glu": (lambda x: F.glu(x, 1), (2, 4)),
    "lrn": (lambda x: F.local_response_norm(x, 3), (1, 5, 3)),
    "pixel_unshuffle": (lambda x: F.pixel_unshuffle(x, 2), (1, 2, 4, 6)),
    "circular": (lambda x: F.pad(x, (2, 1), mode="circular"), (1, 2, 5)),
    "circular behind a crop": (lambda x: F.pad(x, (-1, 2), mode="circular"), (1, 2, 5)),
    "replicate": (lambda x: F.pad(x, (2, 1, 0, 3), mode="replicate"), (1, 2, 4, 5)),
    "reflect3": (lambda x: F.pad(x, (1, 2, 1, 0, 2, 1), mode="reflect"), (1, 1, 4, 3, 4)),
    "negative pad": (lambda x: F.pad(x, (-1, 2)), (1, 2, 5)),
    "lppool": (lambda x: F.lp_pool1d(x + 2, 2, 3, 2), (1, 2, 8)),
    "avg ceil": (lambda x: F.avg_pool1d(x, 3, 2, 1, ceil_mode=True), (1, 2, 8)),
    "maxpool dil": (lambda x: F.max_pool1d(x, 2, 1, 0, 3), (1, 1, 8)),
    "convT out pad": (
        lambda x: F.conv_transpose1d(
            x, torch.ones(2, 1, 3, dtype=x.dtype), stride=3, padding=1, output_padding=2, dilation=2
        ),
        (1, 2, 4),
    ),
    "convT groups": (
        lambda x: F.conv_transpose2d(x, torch.ones(2, 2, 3, 2, dtype=x.dtype), stride=2, groups=2),
        (1, 2, 3, 3),
    ),
    "conv same even": (
        lambda x: F.conv1d(x, torch.ones(1, 2, 4, dtype=x.dtype), padding="same", dilation=2),
        (1, 2, 9),
    ),
    "conv_tbc": (
        lambda x: torch.conv_tbc(x, torch.ones(3, 2, 4, dtype=x.dtype), x.new_zeros(4), 1),
        (6, 2, 2),
    ),
    "conv unbatched": (lambda x: F.conv1d(x, torch.ones(1, 2, 3, dtype=x.dtype)), (2, 9)),
    "bilinear layer": (lambda x: F.bilinear(x, x.flip(0), torch.ones(3, 4, 4, dtype=x.dtype)), (2, 4)),
    "inv": (lambda x: torch.linalg.inv(x + 3 * torch.eye(3, dtype=x.dtype)), (2, 3, 3)),
    "cumprod reversed": (lambda x: x.flip(1).cumprod(1).flip(1), (2, 5)),
    "unfold3": (lambda x: x.unfold(1, 2, 1).unfold(2, 3, 2), (1, 4, 7)),
    "as_strided": (lambda x: x.as_strided((3, 2), (2, 5), 1), (3, 5)),
    "setitem loop": (lambda x: filled_in_a_loop(x), (2, 5)),
    "complex": (lambda x: torch.view_as_real(torch.view_as_complex(x.contiguous()) * 1j), (3, 2)),
    "nearest3": (lambda x: F.interpolate(x, scale_factor=(2, 1.5, 1)), (1, 1, 2, 4, 3)),
    "trilinear": (
        lambda x: F.interpolate(x, (3, 4, 5), mode="trilinear", align_corners=True),
        (1, 1, 2, 4, 3),
    ),
    "linear1": (lambda x: F.interpolate(x, scale_factor=2.5, mode="linear"), (1, 1, 7)),
    "bicubic aa": (lambda x: F.interpolate(x, (3, 4), mode="bicubic", antialias=True), (1, 1, 9, 8)),
    "down nearest": (lambda x: F.interpolate(x, scale_factor=0.6), (1, 1, 11)),
    "sdpa gqa": (
        lambda x: F.scaled_dot_product_attention(x, x[:, :2], x[:, :2], enable_gqa=True),
        (1, 4, 3, 2),
    ),
    "sdpa mask": (
        lambda x: F.scaled_dot_product_attention(
            x, x, x, attn_mask=torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 1]]).bool()
        ),
        (2, 2, 3, 2),
    ),
    "sdpa causal3": (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), (2, 3, 2)),
    "logsoftmax": (lambda x: x.log_softmax(1), (2, 3, 4)),
    "var": (lambda x: x.var((0, 2)), (2, 3, 4)),
    "norm": (lambda x: F.normalize(x, dim=1), (2, 3, 4)),
    "rms": (lambda x: F.rms_norm(x, (4,)), (2, 3, 4)),
    "gru": (lambda x: nn.GRU(3, 2, num_layers=2).to(x.dtype)(x)[1], (4, 2, 3)),
    "cell": (lambda x: nn.LSTMCell(3, 2).to(x.dtype)(x)[1], (2, 3)),
    "stft nocenter": (
        lambda x: torch.stft(
            x, 6, 2, center=False, window=torch.ones(4, dtype=x.dtype), win_length=4, return_complex=True
        ).abs(),
        (1, 14),
    ),
    "istft": (
        lambda x: torch.istft(
            torch.complex(x, x * 0.5),
            8,
            2,
            window=torch.hann_window(8, periodic=False, dtype=x.dtype) + 0.1,
            center=True,
        ),
        (1, 5, 7),
    ),
    "outer": (lambda x: torch.outer(x, x), (4,)),
    "kron": (lambda x: torch.kron(x, torch.ones(2, 2, dtype=x.dtype)), (2, 3)),
    "bmm add": (lambda x: torch.baddbmm(x[:, :, :3], x, x.transpose(1, 2)), (2, 3, 4)),
    "chunk write": (lambda x: written_by_chunks(x), (1, 4, 3)),
    "meshsum": (lambda x: x[..., None] + x[:, None], (2, 3)),
}

# A distance of a row to itself is 0, a product of complex numbers can swap their parts.
WIDER = {"cdist", "complex"}


class Net(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        torch.manual_seed(1)  # for weights that the function makes
        return self.function(x)


@pytest.mark.filterwarnings("ignore:index_reduce")  # it is in beta
@pytest.mark.parametrize("name", OPERATORS)
def test_operator(name: str) -> None:
    function, shape = OPERATORS[name]
    example = torch.rand(*shape, generator=torch.Generator().manual_seed(3))
    check(Net(function), example, tight=name not in WIDER)
