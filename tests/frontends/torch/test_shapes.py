"""Our own shape functions against what the operators really make, for tensors that lie in memory in any way."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from pytest_rf.frontends.torch import shapes  # noqa: E402

aten = torch.ops.aten
Draw = Callable[[random.Random], tuple[list[Any], dict[str, Any]]]


def scrambled(draw: random.Random, shape: list[int]) -> torch.Tensor:
    """Return a tensor of a shape that is permuted, cut out, spread out or repeated in memory."""
    rank = len(shape)
    order = draw.sample(range(rank), rank) if draw.random() < 0.5 else list(range(rank))
    steps = [draw.choice([1, 1, 1, 2]) for _ in shape]
    repeats = [draw.random() < 0.05 for _ in shape]
    made = torch.rand([1 if repeats[axis] else shape[axis] * steps[axis] for axis in order])
    x = made.permute([order.index(axis) for axis in range(rank)])
    x = x[tuple(slice(None) if repeats[axis] else slice(0, None, steps[axis]) for axis in range(rank))]
    x = x.expand(shape)
    if rank == 4 and draw.random() < 0.2:
        x = x.contiguous(memory_format=torch.channels_last)
    return x


def extents(draw: random.Random, least: int = 1, most: int = 5) -> list[int]:
    return [draw.choice([1, 2, 3, 4, 6]) for _ in range(draw.randint(least, most))]


def anything(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    return [scrambled(draw, extents(draw))], {}


def with_arguments(*others: Any, **named: Any) -> Draw:
    return lambda draw: ([scrambled(draw, extents(draw)), *others], named)


def two(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    shape = extents(draw)
    x = scrambled(draw, shape)
    other = [n if draw.random() < 0.8 else 1 for n in shape[draw.choice([0, 0, 1]) :]]
    y = draw.choice([lambda: scrambled(draw, other), lambda: x, lambda: 2.0, lambda: 3])()
    return [x, y], {}


def images(rank: int, *others: Callable[[random.Random], Any]) -> Draw:
    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        shape = extents(draw, 2, 2) + [draw.choice([4, 5, 6]) for _ in range(rank)]
        return [scrambled(draw, shape), *(other(draw) for other in others)], {}

    return make


def convolution(rank: int, paddings: tuple[Any, ...]) -> Draw:
    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        groups = draw.choice([1, 1, 2])
        channels = groups * draw.choice([1, 2])
        x = scrambled(draw, [draw.choice([1, 2]), channels, *(draw.choice([5, 6]) for _ in range(rank))])
        weight = torch.rand([groups * draw.choice([1, 3]), channels // groups, *[draw.choice([1, 3])] * rank])
        padding = draw.choice(paddings)
        stride = 1 if padding == "same" else draw.choice([1, 2])
        return [x, weight, None, [stride] * rank, padding, [draw.choice([1, 2])] * rank, groups], {}

    return make


def transposed(rank: int) -> Draw:
    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        groups = draw.choice([1, 1, 2])
        channels = groups * draw.choice([1, 2])
        x = scrambled(draw, [draw.choice([1, 2]), channels, *(draw.choice([3, 4]) for _ in range(rank))])
        weight = torch.rand([channels, draw.choice([1, 3]), *[draw.choice([1, 3])] * rank])
        stride, dilation = draw.choice([1, 2]), draw.choice([1, 2])
        more = draw.randrange(max(stride, dilation))
        return [x, weight, None, [stride] * rank, [draw.choice([0, 1])] * rank, [more] * rank, groups], {
            "dilation": [dilation] * rank
        }

    return make


def pooled(rank: int, dilated: bool) -> Draw:
    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        shape = extents(draw, *draw.choice([(1, 1), (2, 2), (2, 2)])) + [
            draw.choice([5, 6, 7]) for _ in range(rank)
        ]
        taps = draw.choice([2, 3])
        stride = draw.choice([[], [1] * rank, [2] * rank, [3] * rank])
        dilations = [[draw.choice([1, 2])] * rank] if dilated else []
        padding = [draw.choice([0, 1])] * rank
        return [scrambled(draw, shape), [taps] * rank, stride, padding, *dilations, draw.random() < 0.5], {}

    return make


def padded(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, extents(draw))
    pads = [draw.choice([0, 0, 1, 2]) for _ in range(2 * draw.randint(1, x.dim()))]
    return [x, pads], {}


def reshaped(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    shape = extents(draw)
    flat = [factor for n in shape for factor in ([2, 3] if n == 6 else [2, 2] if n == 4 else [n])]
    new: list[int] = []
    for factor in flat:
        if new and draw.random() < 0.5:
            new[-1] *= factor
        else:
            new.append(factor)
    if draw.random() < 0.2:
        new[draw.randrange(len(new))] = -1
    return [scrambled(draw, shape), new], {}


def copied(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    form = draw.choice([None, torch.preserve_format, torch.contiguous_format])
    return [scrambled(draw, extents(draw))], {} if form is None else {"memory_format": form}


def joined(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    shape = extents(draw)
    axis = draw.randrange(-len(shape), len(shape))
    parts = []
    for _ in range(draw.randint(1, 3)):
        shape[axis] = draw.randint(1, 3)
        parts.append(scrambled(draw, shape) if draw.random() < 0.3 else torch.rand(shape))
    return [parts, axis], {}


def averaged(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    shape = extents(draw)
    axes = draw.sample(range(-len(shape), 0), draw.randint(1, len(shape)))
    return [scrambled(draw, shape), axes, draw.random() < 0.5], {}


def reduced(*first: Any, one: bool = False, more: Any = ()) -> Draw:
    """Return what draws an operand with axes to reduce; ``one``: a single axis; ``more`` stands behind them."""

    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        (x, axes, keep), _ = averaged(draw)
        return [x, *first, axes[0] if one else axes, *more, keep], {}

    return make


def corrected(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    (x, axes, keep), _ = averaged(draw)
    return [x, axes], {"correction": draw.choice([0, 1]), "keepdim": keep}


def stacked(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    shape = extents(draw)
    parts = [scrambled(draw, shape) for _ in range(draw.randint(1, 3))]
    return [parts, draw.randrange(-len(shape) - 1, len(shape) + 1)], {}


def halved(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, [2 * n for n in extents(draw)])
    return [x, draw.randrange(-x.dim(), x.dim())], {}


def sampled(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    rank = draw.choice([2, 3])
    x = scrambled(draw, [2, 3, *(draw.choice([4, 5]) for _ in range(rank))])
    return [x, scrambled(draw, [2, *(draw.choice([1, 3]) for _ in range(rank)), rank]), 0, 0, False], {}


def columns(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    (x,), _ = images(2)(draw)
    return [x, [draw.choice([1, 2]), 3], [1, draw.choice([1, 2])], [1, 1], [draw.choice([1, 2]), 1]], {}


def added(batch: list[int]) -> Draw:
    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        n, m, k = (draw.choice([1, 2, 3]) for _ in range(3))
        parts = ([n, k], [n, m], [m, k])
        return [scrambled(draw, [*batch, *part]) for part in parts], {}

    return make


def sloped(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, extents(draw, 2))
    return [x, torch.rand(draw.choice([1, x.shape[1]]))], {}


def products(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    batch = extents(draw, 1, 2)
    n, m, k = (draw.choice([1, 2, 3]) for _ in range(3))
    other = [draw.choice([1, extent]) for extent in batch]
    return [scrambled(draw, [*batch, n, m]), scrambled(draw, [*other, m, k])], {}


def layer(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, extents(draw, 2))
    return [x, torch.rand(3, x.shape[-1]), None], {}


def normalised(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, extents(draw))
    return [x, [x.shape[-1]]], {}


def batch_normalised(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, extents(draw, 2))
    n = x.shape[1]
    return [x, None, None, torch.zeros(n), torch.ones(n), False, 0.1, 1e-5, False], {}


def grouped(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, [2, 4, *extents(draw, 1, 3)])
    return [x, 2, None, None, 1e-5, False], {}


def masked(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    x = scrambled(draw, extents(draw))
    mask = draw.choice([x > 0.5, torch.ones(x.shape[1:], dtype=torch.bool)])
    return [x, mask, 0.0], {}


def attention(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
    batch = extents(draw, 2, 2)
    n, m = draw.choice([1, 3]), draw.choice([1, 4])
    return [scrambled(draw, [*batch, n, 2]), *(scrambled(draw, [*batch, m, 2]) for _ in range(2))], {}


def resized(rank: int, *rest: Any) -> Draw:
    def make(draw: random.Random) -> tuple[list[Any], dict[str, Any]]:
        (x,), _ = images(rank)(draw)
        if draw.random() < 0.5:
            return [x, [draw.choice([2, 7, 12]) for _ in range(rank)], *rest, None], {}
        return [x, None, *rest, [draw.choice([0.5, 1.7, 2.0]) for _ in range(rank)]], {}

    return make


SAMPLES: dict[str, Draw] = {
    **{f"conv{n}d.default": convolution(n, ([0] * n, [2] * n)) for n in (1, 2, 3)},
    **{f"conv{n}d.padding": convolution(n, ("same", "valid")) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d.{'default' if n == 1 else 'input'}": transposed(n) for n in (1, 2, 3)},
    **{f"max_pool{n}d.default": pooled(n, dilated=True) for n in (1, 2, 3)},
    **{f"avg_pool{n}d.default": pooled(n, dilated=False) for n in (1, 2, 3)},
    "pad.default": padded,
    **dict.fromkeys(["add.Tensor", "sub.Tensor", "mul.Tensor", "div.Tensor"], two),
    **dict.fromkeys(["add_.Tensor", "sub_.Tensor", "mul_.Tensor", "div_.Tensor"], two),
    "clamp.default": with_arguments(0.2, 0.4),
    "clamp_.default": with_arguments(0.2),
    "clamp_min.default": with_arguments(0.2),
    "pow.Tensor_Scalar": with_arguments(3),
    "softmax.int": with_arguments(-1),
    "dropout.default": with_arguments(0.5, False),
    "roll.default": with_arguments([1], [0]),
    "masked_fill.Scalar": masked,
    "clone.default": copied,
    "contiguous.default": copied,
    "reshape.default": reshaped,
    "cat.default": joined,
    "mean.dim": averaged,
    "logsumexp.default": averaged,
    **dict.fromkeys(
        [f"{name}.dim" for name in ("var", "std", "var_mean", "std_mean")], reduced(more=(False,))
    ),
    **dict.fromkeys([f"{name}.correction" for name in ("var", "std", "var_mean", "std_mean")], corrected),
    "linalg_vector_norm.default": reduced(2),
    **dict.fromkeys(["any.dim", "all.dim"], reduced(one=True)),
    **dict.fromkeys(["cumsum.default", "cumprod.default"], with_arguments(-1)),
    "stack.default": stacked,
    "glu.default": halved,
    "grid_sampler.default": sampled,
    "im2col.default": columns,
    "addmm.default": added([]),
    "baddbmm.default": added([2]),
    "prelu.default": sloped,
    "_prelu_kernel.default": lambda draw: (
        [x := scrambled(draw, extents(draw)), torch.rand([1] * x.dim())],
        {},
    ),
    **{
        f"adaptive_avg_pool{n}d.default": images(n, lambda d, n=n: [d.choice([1, 2, 5])] * n)
        for n in (1, 2, 3)
    },
    **{f"upsample_nearest{n}d.vec": resized(n) for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d.vec": resized(n) for n in (1, 2, 3)},
    "_upsample_bilinear2d_aa.vec": resized(2, False),
    "_upsample_bicubic2d_aa.vec": resized(2, False),
    "upsample_linear1d.vec": resized(1, False),
    "upsample_bilinear2d.vec": resized(2, True),
    "upsample_bicubic2d.vec": resized(2, False),
    "upsample_trilinear3d.vec": resized(3, False),
    "instance_norm.default": lambda draw: (
        [scrambled(draw, [2, 3, 4, 2]), None, None, None, None, True, 0.1, 1e-5, False],
        {},
    ),
    "group_norm.default": grouped,
    "batch_norm.default": batch_normalised,
    "layer_norm.default": normalised,
    "linear.default": layer,
    "matmul.default": products,
    "scaled_dot_product_attention.default": attention,
}
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
"""Their outputs' shapes are plain, and held against those of the modules in other tests."""


def names() -> list[str]:
    every = [f"{func._schema.name.partition('::')[2]}.{func._overloadname}" for func in shapes.SHAPES]
    return [name for name in every if name.split(".")[0] not in RECURRENT]


def lies(x: torch.Tensor) -> tuple[Any, ...]:
    """Return all that a shape function has to tell; strides of extent 1 mean nothing."""
    strides = [stride for stride, extent in zip(x.stride(), x.shape, strict=True) if extent > 1]
    return tuple(x.shape), x.dtype, strides


def on_meta(tree: Any) -> Any:
    if isinstance(tree, torch.Tensor):
        return torch.empty_strided(tree.shape, tree.stride(), dtype=tree.dtype, device="meta")
    return [on_meta(item) for item in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("name", names())
def test_shapes_and_strides_are_those_of_the_operator(name: str) -> None:
    packet, overload = name.split(".")
    func = getattr(getattr(aten, packet), overload)
    draw = random.Random(name)
    known = 0
    for _ in range(200):
        args, kwargs = SAMPLES.get(name, anything)(draw)
        blank = on_meta(args)
        given = shapes.SHAPES[func](*blank, **kwargs)
        repeated = packet.endswith("_") and 0 in args[0].stride()  # torch refuses to write into it
        if given is None or repeated:
            continue
        with torch.no_grad():
            made = func(*args, **kwargs)
        known += 1
        first, origin = (
            (blank[0], args[0]) if isinstance(args[0], torch.Tensor) else (blank[0][0], args[0][0])
        )
        pairs = zip(given, made, strict=True) if isinstance(given, tuple) else [(given, made)]
        for ours, theirs in pairs:
            assert lies(ours) == lies(theirs), [lies(x) for x in args if isinstance(x, torch.Tensor)]
            shared = ours.untyped_storage()._cdata == first.untyped_storage()._cdata
            assert shared == (theirs.untyped_storage()._cdata == origin.untyped_storage()._cdata)
    assert known > 15
