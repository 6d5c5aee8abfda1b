"""Contractions: Gemm, MatMul with weights and between tensors, Einsum."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family


@family("gemm")
def gemm(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A Linear layer as exporters write it."""
    if x.rank != 2:
        flat = graph.add("Flatten", [x], axis=draw(st.integers(0, x.rank)))
        if not flat:
            return []
        x = flat[0]
    left, right = draw(st.integers(0, 1)), draw(st.integers(0, 1))
    inner, out = x.shape[0 if left else 1], draw(st.integers(1, 4))
    inputs: list[Value | str] = [x, graph.weight(*((out, inner) if right else (inner, out)))]
    if draw(st.booleans()):
        inputs.append(graph.weight(out))
    return graph.add("Gemm", inputs, transA=left, transB=right, alpha=0.5)


@family("matmul")
def matmul(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Weights on either side, of one, two or as many axes as the tensor has."""
    if x.rank == 1 or draw(st.booleans()):
        out = draw(st.integers(1, 4))
        shape = draw(st.sampled_from([(x.shape[-1], out), (x.shape[-1],)]))
        if x.rank > 2 and draw(st.booleans()):
            shape = (x.shape[0], *[1] * (x.rank - 3), x.shape[-1], out)
        return graph.add("MatMul", [x, graph.weight(*shape)])
    shape = draw(st.sampled_from([(draw(st.integers(1, 4)), x.shape[-2]), (x.shape[-2],)]))
    return graph.add("MatMul", [graph.weight(*shape), x])


@family("attention")
def attention(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A product of the tensor with itself, normalised, and applied to the tensor."""
    if x.rank < 2:
        return []
    turned = graph.add("Transpose", [x], perm=[*range(x.rank - 2), x.rank - 1, x.rank - 2])
    scores = graph.add("MatMul", [x, *turned]) if turned else []
    if not scores or draw(st.booleans()):
        return scores
    weights = graph.add("Softmax", scores, axis=-1)
    return graph.add("MatMul", [*weights, x]) if weights else []


@family("einsum")
def einsum(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Random axes contracted with weights, kept, reordered or summed; a trace now and then."""
    letters = "abcdefg"[: x.rank]
    shared = "".join(c for c in letters if draw(st.booleans()))
    extra = draw(st.sampled_from(["", "z"]))
    kept = [c for c in letters + extra if draw(st.booleans())]
    result = "".join(draw(st.permutations(kept)))
    shape = [x.shape[letters.index(c)] for c in shared] + [3] * len(extra)
    if not shape:
        return graph.add("Einsum", [x], equation=f"{letters}->{result}")
    return graph.add("Einsum", [x, graph.weight(*shape)], equation=f"{letters},{shared}{extra}->{result}")
