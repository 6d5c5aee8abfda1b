"""Linear layers, matrix products, attention and Fourier transforms of ATen."""

from __future__ import annotations

from pytest_rf.access import SAME, WHOLE, Read, Relation
from pytest_rf.graph import Value
from pytest_rf.operators import contractions
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import reduce
from pytest_rf.operators.views import slices


def linear(call: OpCall) -> Value:
    """Linear: contracts the last axis as features; weights may be computed."""
    x, weight = call.x, call.given("weight")[0]
    bias = call.given("bias")
    if not weight.varies and x.varies and not call.b.weights:
        y = contractions.linear(call.b, x, weight.extents[0])
        return pointwise(call.b, y, *bias)
    y = contractions.einsum(call.b, "...i,oi->...o", [x, weight])
    return pointwise(call.b, y, *bias)


def product(call: OpCall) -> Value:
    """Matmul, mm, bmm, mv, dot."""
    left, right = list(call.values())[:2]
    return call.b.reshape(contractions.matmul(call.b, left, right, factors=True), call.shape)


def product_sum(call: OpCall) -> Value:
    """Addmm, baddbmm, addbmm, addmv: a product and a summand."""
    names = {"addmm": ("mat1", "mat2"), "addmv": ("mat", "vec")}.get(call.name, ("batch1", "batch2"))
    left, right = call.given(*names)
    if call.name == "addbmm":
        y = contractions.einsum(call.b, "bij,bjk->ik", [left, right])
    else:
        y = contractions.matmul(call.b, left, right, factors=True)
    return contractions.add_to(call.b, y, call["self"], call.get("beta", 1))


def einsum(call: OpCall) -> Value:
    """Einsum."""
    return call.b.reshape(contractions.einsum(call.b, call["equation"], call["tensors"]), call.shape)


def similarity(call: OpCall) -> Value:
    """cosine_similarity: the norms and the product over one axis."""
    y = pointwise(call.b, *list(call.values())[:2])
    return reduce(call.b, y, [call.axis(rank=y.rank, default=1)], keep=False)


def fourier(call: OpCall) -> Value:
    """FFTs: along their axes everything is mixed."""
    x = call.x
    name = "dim" if "dim" in call.arguments else "dims"
    if call.arguments.get(name) is None:
        count = len(call.get("s") or []) or x.rank
        axes = list(range(x.rank - count, x.rank)) if call.name.endswith(("fftn",)) else [x.rank - 1]
    else:
        axes = call.axes(name)
    lengths = [call["n"]] if call.get("n") is not None else list(call.get("s") or [])
    for axis, length in zip(
        axes, lengths, strict=False
    ):  # an axis is cut to what its length needs, or padded
        half = axis == axes[-1] and call.name in ("fft_irfft", "fft_hfft", "fft_irfft2", "fft_irfftn")
        used = length // 2 + 1 if half else length
        if length >= 0:
            x = slices(call.b, x, {axis: (0, 1, min(used, x.extents[axis]))})
    places: list[tuple[int | None, Relation]] = [
        (axis, WHOLE) if axis in axes else (axis, SAME) for axis in range(x.rank)
    ]
    return call.b.union(call.shape, Read(x.number, tuple(places)))


def shift(call: OpCall) -> Value:
    """Fftshift, ifftshift: a roll by half."""
    from pytest_rf.operators.views import roll

    x, sign = call.x, -1 if "ifft" in call.name else 1
    return roll(call.b, x, {axis: sign * (x.extents[axis] // 2) for axis in call.axes()})


def bilinear(call: OpCall) -> Value:
    """Bilinear: both inputs' features are contracted."""
    bias = call.given("bias")
    return contractions.bilinear(call.b, call["input1"], call["input2"], call["weight"], *bias)


_FOURIER = """
    fft_fft fft_ifft fft_rfft fft_irfft fft_hfft fft_ihfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_fftn
    fft_ifftn fft_rfftn fft_irfftn _fft_c2c _fft_r2c _fft_c2r
"""
RULES: Rules = {
    "aten.linear": linear,
    **{f"aten.{name}": product for name in ("matmul", "mm", "bmm", "mv", "dot", "vdot", "inner")},
    **{f"aten.{name}": product_sum for name in ("addmm", "baddbmm", "addbmm", "addmv")},
    "aten.einsum": einsum,
    "aten.cosine_similarity": similarity,
    **{f"aten.{name}": fourier for name in _FOURIER.split()},
    "aten.fft_fftshift": shift,
    "aten.fft_ifftshift": shift,
    "aten.bilinear": bilinear,
}
