"""Attention as operators of their own: heads, masks, windows, caches, rotated positions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import Draw, Graph, Value, family

COUNTS = (1, 2, 3)


def tokens(draw: Draw, graph: Graph, x: Value, heads: int, width: int) -> tuple[str, Names]:
    """Return text that makes ``q``, ``k`` and ``v`` of rank 3 from a tensor by layers, and their weights."""
    names: Names = {"x": x, "wq": graph.weight(x.shape[2], heads * width)}
    shared = draw(st.sampled_from([1, heads]))
    names |= {"wk": graph.weight(x.shape[2], shared * width), "wv": graph.weight(x.shape[2], shared * width)}
    return "q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv) ", names


@family("attention_node", since=23, until=27)
def attention_node(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Causal or windowed, masked by constants or by data, with a cache or keys of which only some count."""
    if not (x := graph.of_rank(x, 3)):
        return []
    heads, width = draw(st.sampled_from(COUNTS)), draw(st.integers(1, 3))
    text, names = tokens(draw, graph, x, heads, width)
    shared = graph.shape(str(names["wk"]))[1] // width
    batch, length, _features = x.shape
    attrs = f"q_num_heads = {heads}, kv_num_heads = {shared}, is_causal = {draw(st.integers(0, 1))}"
    if draw(st.booleans()):
        attrs += f", softcap = 2.0, scale = {draw(st.sampled_from(['0.5', '1.5']))}"
    past = draw(st.sampled_from([0, 0, 2]))
    mask = draw(st.sampled_from(["", "", "m", "t", "d"]))
    if mask == "m":
        allowed = graph.choice(length, length + past, below=3) > 0
        allowed[:, 0] = True
        names["m"] = graph.constant(allowed, np.bool_)
    elif mask == "t":
        names["t"] = graph.weight(length, length + past)
    elif mask == "d":
        names["wd"] = graph.weight(x.shape[2], length + past)
        text += "d0 = MatMul(x, wd) one = Constant<value_ints = [1]>() d = Unsqueeze(d0, one) "
    given, outputs = f"q, k, v, {mask}", "y"
    if past:
        names["pk"], names["pv"] = (graph.weight(batch, shared, past, width) for _ in range(2))
        given, outputs = given + ", pk, pv", "y, nk, nv"
        if draw(st.booleans()):
            outputs += ", qk"
            attrs += f", qk_matmul_output_mode = {draw(st.integers(0, 3))}"
    elif graph.opset >= 24 and draw(st.booleans()):
        names["n"] = graph.ints([draw(st.integers(1, length)) for _ in range(batch)])
        given += ", , , n"
    seen = outputs.replace(",", "") if draw(st.booleans()) else "y"
    return graph.script(text + f"{outputs} = Attention<{attrs}>({given})", seen, **names)


@family("attention_of_heads", since=23, until=27)
def attention_of_heads(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Of rank 4, between two tensors."""
    if x.rank != 4:
        return []
    fits = [z for z in others if z.rank == 4 and z.shape[:2] == x.shape[:2] and z.shape[3] == x.shape[3]]
    names: Names = {"x": x, "z": draw(st.sampled_from(fits)), "w": graph.weight(x.shape[3], 2)}
    causal = draw(st.integers(0, 1))
    return graph.script(f"v = MatMul(z, w) y = Attention<is_causal = {causal}>(x, z, v)", **names)


@family("rotary", since=23, until=27)
def rotary(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Features turned in pairs, all or some of them, by the angles of constant or given positions."""
    if not (x := graph.of_rank(x, 4)):
        return []
    text, width = "", x.shape[3]
    names: Names = {"x": x}
    if width % 2:
        names["w"], width, text = graph.weight(width, 4), 4, "p = MatMul(x, w) "
    part = draw(st.sampled_from([0, 2])) if width > 2 else 0
    half = (part or width) // 2
    batch, length = x.shape[0], x.shape[2]
    attrs = f"rotary_embedding_dim = {part}, interleaved = {draw(st.integers(0, 1))}"
    if part:
        attrs += f", num_heads = {x.shape[1]}"
    given = f"{'p' if text else 'x'}, cos, sin"
    lead = (batch, length)
    if draw(st.booleans()):
        names["at"], lead = graph.ints(graph.choice(batch, length, below=6)), (6,)
        given += ", at"
        if draw(st.booleans()):
            names["last"], names["five"] = graph.ints([1, 3]), graph.constant(5.0)
            text += "m = ReduceMax<keepdims = 0>(x, last) f = Abs(m) l = Min(f, five) i = Cast<to = 7>(l) "
            given = given.replace("at", "i")
    names["cos"], names["sin"] = graph.weight(*lead, half), graph.weight(*lead, half)
    return graph.script(text + f"y = RotaryEmbedding<{attrs}>({given})", **names)


@family("state_attention", since=27, until=27)
def state_attention(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A state that every step adds to, or a causal convolution with one."""
    if not (x := graph.of_rank(x, 3)):
        return []
    if draw(st.booleans()):
        taps = draw(st.integers(1, 3))
        names: Names = {"x": x, "w": graph.weight(x.shape[1], 1, taps), "b": graph.weight(x.shape[1])}
        names["p"] = graph.weight(x.shape[0], x.shape[1], taps - 1) if taps > 1 else ""
        given = "x, w, b, p" if taps > 1 and draw(st.booleans()) else "x, w, b"
        return graph.script(f"y, s = CausalConvWithState({given})", **names)
    heads, width = draw(st.sampled_from((1, 2))), draw(st.integers(1, 2))
    text, names = tokens(draw, graph, x, heads, width)
    shared = graph.shape(str(names["wk"]))[1] // width
    attrs = f'q_num_heads = {heads}, kv_num_heads = {shared}, update_rule = "linear"'
    return graph.script(
        text + f"y, s = LinearAttention<{attrs}>(q, k, v)", draw(st.sampled_from(["y", "y s"])), **names
    )


@family("attention_by_microsoft")
def attention_by_microsoft(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """The fused forms: one layer for all three, or queries, keys and values apart."""
    if not (x := graph.of_rank(x, 3)):
        return []
    heads, width = draw(st.sampled_from(COUNTS)), draw(st.integers(1, 3))
    batch, length, features = x.shape
    size = heads * width
    names: Names = {"x": x, "w": graph.weight(features, 3 * size), "b": graph.weight(3 * size)}
    attrs = f"num_heads = {heads}, unidirectional = {draw(st.integers(0, 1))}"
    if draw(st.booleans()):
        names["bias"] = graph.weight(batch, heads, length, length)
        given = draw(st.sampled_from(["x, w, b", "x, w, b, , , bias"]))
        return graph.script(f"y = com.microsoft.Attention<{attrs}>({given})", **names)
    names |= {one: graph.weight(features, size) for one in ("wq", "wk", "wv")}
    text = "q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv) "
    given = draw(st.sampled_from(["q, k, v", "q, k, v, b"]))
    return graph.script(text + f"y = com.microsoft.MultiHeadAttention<{attrs}>({given})", **names)


@family("grouped_queries")
def grouped_queries(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Heads that share keys and values; causal, with a window."""
    if not (x := graph.of_rank(x, 3)):
        return []
    heads, width = draw(st.sampled_from((2, 4))), 8
    shared = draw(st.sampled_from([1, 2]))
    batch, length, features = x.shape
    names: Names = {
        "x": x,
        "wq": graph.weight(features, heads * width),
        "wk": graph.weight(features, shared * width),
    }
    names |= {
        "wv": graph.weight(features, shared * width),
        "n": graph.constant([length - 1] * batch, np.int32),
    }
    names["total"] = graph.constant([length], np.int32)
    attrs = f"num_heads = {heads}, kv_num_heads = {shared}"
    if draw(st.booleans()):
        attrs += f", local_window_size = {draw(st.integers(1, 4))}"
        graph.choices.add("engines count the query's own key as one of the window, or do not")
    text = "q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv) "
    text += f"y, nk, nv = com.microsoft.GroupQueryAttention<{attrs}>(q, k, v, , , n, total) "
    return graph.script(text, **names)
