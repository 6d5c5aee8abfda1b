"""Convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family

AUTO = ("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


def several(draw: Draw, count: int, low: int, high: int) -> list[int]:
    """Draw ``count`` integers."""
    return [draw(st.integers(low, high)) for _ in range(count)]


def _spatial(x: Value) -> int:
    return x.rank - 2 if x.rank in (3, 4, 5) else 0


def _window(draw: Draw, spatial: int, pad: int | None) -> dict[str, Any]:
    kernel = several(draw, spatial, 1, 3)
    found: dict[str, Any] = {"kernel_shape": kernel, "strides": several(draw, spatial, 1, 3)}
    if draw(st.booleans()):
        found["dilations"] = several(draw, spatial, 1, 2)
    auto = draw(st.sampled_from(AUTO))
    if auto != "NOTSET":
        found["auto_pad"] = auto
    elif draw(st.booleans()):
        # a pool must not have more padding than a window less one; a convolution may lie wholly in it
        most = [k - 1 if pad is None else pad for k in kernel]
        found["pads"] = [draw(st.integers(0, m)) for m in most * 2]
    return found


def _fits(x: Value, window: dict[str, Any]) -> bool:
    """Whether the window fits into the padded axis at least once; engines differ on one that does not."""
    spatial = _spatial(x)
    pads = window.get("pads", [0] * (2 * spatial))
    dilations = window.get("dilations", [1] * spatial)
    return str(window.get("auto_pad")).startswith("SAME") or all(
        d * (k - 1) + 1 <= n + pads[i] + pads[i + spatial]
        for i, (n, k, d) in enumerate(zip(x.shape[2:], window["kernel_shape"], dilations, strict=True))
    )


@dataclass(frozen=True)
class Geometry:
    """A window that fits, as attributes in text."""

    kernel: list[int]
    text: str


def convolution_window(draw: Draw, x: Value, auto: bool = True) -> Geometry:
    """Draw a window of a convolution that fits into the tensor."""
    window = _window(draw, _spatial(x), 1)
    if not auto:
        window.pop("auto_pad", None)
    if not _fits(x, window):
        window = {"kernel_shape": [1] * _spatial(x)}
    quoted = {name: f'"{value}"' if isinstance(value, str) else value for name, value in window.items()}
    return Geometry(window["kernel_shape"], ", ".join(f"{name} = {value}" for name, value in quoted.items()))


@family("conv")
def conv(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Convolve, in groups."""
    if not _spatial(x):
        return []
    window = _window(draw, _spatial(x), 2)
    if not _fits(x, window):
        return []
    channels = x.shape[1]
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    out = groups * draw(st.integers(1, max(1, 6 // groups)))
    inputs: list[Value | str] = [x, graph.weight(out, channels // groups, *window["kernel_shape"])]
    if draw(st.booleans()):
        inputs.append(graph.weight(out))
    return graph.add("Conv", inputs, group=groups, **window)


@family("conv_transpose")
def conv_transpose(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Convolve the other way, with positions that no tap hits."""
    if not _spatial(x):
        return []
    window = _window(draw, _spatial(x), 2)
    channels = x.shape[1]
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    if "auto_pad" not in window and draw(st.booleans()):
        limits = zip(window["strides"], window.get("dilations", [1] * _spatial(x)), strict=True)
        window["output_padding"] = [draw(st.integers(0, max(s, d) - 1)) for s, d in limits]
    per_group = draw(st.integers(1, max(1, 6 // groups)))
    weight = graph.weight(channels, per_group, *window["kernel_shape"])
    return graph.add("ConvTranspose", [x, weight], group=groups, **window)


@family("pool")
def pool(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pool."""
    if not _spatial(x):
        return []
    op = draw(st.sampled_from(["MaxPool", "AveragePool", "LpPool"]))
    window = _window(draw, _spatial(x), None)
    if not _fits(x, window):
        return []
    if draw(st.booleans()):
        window["ceil_mode"] = 1
    if op == "AveragePool" and draw(st.booleans()):
        window["count_include_pad"] = 1
    return graph.add(op, [x], **window)


@family("global_pool")
def global_pool(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pool over all positions, and perhaps scale the tensor with the result (squeeze and excitation)."""
    if not _spatial(x):
        return []
    op = draw(st.sampled_from(["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"]))
    pooled = graph.add(op, [x])
    if pooled and draw(st.booleans()):
        return graph.add("Mul", [x, pooled[0]])
    return pooled
