"""Texts of small nets of layers, the same along every spatial axis, for rules that hold in every rank."""

from __future__ import annotations

AXES = {1: "t", 2: "hw", 3: "dhw"}


def chain(rank: int, extent: int, *layers: str, channels: int = 2) -> str:
    """Return the text of a net of layers that turn ``{x}`` into ``{y}``; kernels are weights w1, w3 ..."""
    size = ",".join([str(extent)] * rank)
    kernels = ", ".join(
        f"float[{channels},{channels},{','.join([str(k)] * rank)}] w{k}" for k in (1, 2, 3, 5, 7)
    )
    names = ["x", *(f"a{n}" for n in range(1, len(layers))), "y"]
    lines = "\n".join(f"{names[n + 1]} = {layer.replace('X', names[n])}" for n, layer in enumerate(layers))
    unknown = ",".join(["?"] * rank)
    return f"net (float[1,{channels},{size}] x) => (float[1,{channels},{unknown}] y)\n<{kernels}>\n{{\n{lines}\n}}"


def conv(rank: int, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> str:
    """Return a convolution, the same along every axis."""
    return _windows("Conv", rank, kernel, stride, pad, dilation).replace(")", f", w{kernel})")


def pool(rank: int, kernel: int, stride: int = 1, pad: int = 0, ceil: int = 0) -> str:
    """Return a max-pool."""
    return _windows("MaxPool", rank, kernel, stride, pad).replace(">", f", ceil_mode={ceil}>")


def _windows(op: str, rank: int, kernel: int, stride: int, pad: int, dilation: int = 1) -> str:
    def each(number: int, times: int = 1) -> str:
        return "[" + ",".join([str(number)] * rank * times) + "]"

    return (
        f"{op}<kernel_shape={each(kernel)}, strides={each(stride)}, pads={each(pad, 2)}, "
        f"dilations={each(dilation)}>(X)"
    )
