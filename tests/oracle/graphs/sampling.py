"""Values at constant places of a grid, and transforms to frequencies."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import Draw, Graph, Value, family


@family("grid", since=20)
def grid(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pixels at constant places, some of them outside."""
    if x.rank not in (4, 5):
        return []
    d = x.rank - 2
    size = [draw(st.integers(1, 4)) for _ in range(d)]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    places = rng.uniform(-1.3, 1.3, (x.shape[0], *size, d))
    if draw(st.booleans()):
        places = np.broadcast_to(places[:1], places.shape)
    modes = ["nearest", "linear", "cubic"] if d == 2 else ["nearest", "linear"]
    mode = draw(st.sampled_from(modes))
    border = draw(st.sampled_from(["zeros", "border", "reflection"]))
    corners = draw(st.integers(0, 1))
    return graph.add(
        "GridSample", [x, graph.constant(places)], mode=mode, padding_mode=border, align_corners=corners
    )


@family("affine_grid", since=20)
def affine_grid(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pixels where an affine map that is constant, but computed in the graph, puts a grid."""
    if x.rank not in (4, 5):
        return []
    d = x.rank - 2
    names: Names = {"x": x, "t": graph.weight(x.shape[0], d, d + 1)}
    corners = draw(st.integers(0, 1))
    if corners and 1 in x.shape[2:]:
        graph.choices.add("where corners of one place lie")
    text = f"s = Shape(x) g = AffineGrid<align_corners = {corners}>(t, s) "
    return graph.script(text + f"y = GridSample<align_corners = {corners}>(x, g)", **names)


@family("frequencies", since=17)
def frequencies(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """To frequencies, in parts of real or complex numbers, cut or padded; and back."""
    if x.rank < 2:
        return []
    names: Names = {"x": x, "last": graph.ints([-1]), "axis": graph.ints(draw(st.integers(0, x.rank - 1)))}
    given, attrs = "u", f"onesided = {draw(st.integers(0, 1))}, inverse = {draw(st.integers(0, 1))}"
    if draw(st.booleans()):
        names["n"] = graph.ints(draw(st.integers(2, 7)))
        given += ", n"
    elif graph.opset >= 20:
        given += ","
    if graph.opset >= 20:
        given += ", axis"
    else:
        attrs += f", axis = {draw(st.integers(0, x.rank - 1))}"
    text = f"u = Unsqueeze(x, last) y = DFT<{attrs}>({given})"
    if x.shape[-1] == 2:
        text = f"u = Identity(x) y = DFT<{attrs}>({given})"
    graph.doubts.add("some factors of a Fourier transform are 0")
    return graph.script(text, **names)


@family("frames", since=17)
def frames(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Frequencies of overlapping frames."""
    if not (x.rank == 3 and x.shape[2] in (1, 2)) and not (x := graph.of_rank(x, 2)):
        return []
    size = draw(st.integers(1, min(5, x.shape[1])))
    names: Names = {
        "x": x,
        "step": graph.ints(draw(st.integers(1, 3))),
        "n": graph.ints(size),
        "w": graph.weight(size),
    }
    given = draw(st.sampled_from(["x, step, w", "x, step, w, n", "x, step, , n"]))
    if x.rank == 2:
        names["last"] = graph.ints([-1])
        given = given.replace("x,", "u,")
    text = "u = Unsqueeze(x, last) " if x.rank == 2 else ""
    graph.doubts.add("some factors of a Fourier transform are 0")
    onesided = draw(st.integers(0, 1)) if x.rank == 2 or x.shape[2] == 1 else 0
    return graph.script(text + f"y = STFT<onesided = {onesided}>({given})", **names)


@family("constant_unpool", since=11)
def constant_unpool(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Values put to constant places of a larger tensor."""
    if x.rank not in (3, 4):
        return []
    kernel = [draw(st.integers(1, 2)) for _ in range(x.rank - 2)]
    whole = int(np.prod([n * k for n, k in zip(x.shape[2:], kernel, strict=True)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    lines = [rng.permutation(whole)[: int(np.prod(x.shape[2:]))] for _ in range(x.shape[0] * x.shape[1])]
    places = np.array(lines).reshape(x.shape)
    offset = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], *[1] * (x.rank - 2)) * whole
    return graph.add("MaxUnpool", [x, graph.ints(places + offset)], kernel_shape=kernel, strides=kernel)
