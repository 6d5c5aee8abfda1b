"""What nets hold while they learn: noise, draws by probabilities, steps of optimisers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import Draw, Graph, Value, family


@family("noise")
def noise(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Noise of the tensor's shape or of a stated one; only that it is a number is let through.

    Its values differ from run to run, so that they would look as if they were read.
    """
    shape = [n if draw(st.booleans()) else 1 for n in x.shape]
    text = draw(st.sampled_from([
        "RandomNormalLike<dtype = 11>(x)", "RandomUniformLike<dtype = 11>(x)",
        f"RandomNormal<dtype = 11, shape = {shape}>()", f"RandomUniform<dtype = 11, shape = {shape}>()",
    ]))  # fmt: skip
    return graph.script(f"r = {text} n = Equal(r, r) m = Cast<to = 1>(n) y = Mul(x, m)", x=x)


@family("draws", since=15)
def draws(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Draws by probabilities that leave no choice, so that every run gives the same."""
    names: Names = {"x": x, "w": graph.weight(x.shape[-1]), "thousand": graph.constant(1000.0)}
    if draw(st.booleans()):
        return graph.script("g = Greater(x, w) p = Cast<to = 1>(g) y = Bernoulli(p)", **names)
    if not (x := graph.of_rank(x, 2)):
        return []
    # Where nothing is the largest (of what is no number, say) the first is drawn, and not any of them.
    names["first"] = graph.constant(np.eye(1, x.shape[1]) * 500)
    text = f"i = Multinomial<sample_size = {draw(st.integers(1, 3))}>(l) y = Cast<to = 1>(i)"
    return graph.script(
        f"h = Hardmax<axis = 1>(x) m = Mul(h, thousand) l = Add(m, first) {text}", **names | {"x": x}
    )


@family("optimiser_steps", since=13)
def optimiser_steps(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """One step for one tensor: a gradient and its accumulators are other tensors of the same shape."""
    same = [y for y in [x, *others] if y.shape == x.shape]
    names: Names = {"x": x, "g": draw(st.sampled_from(same)), "h": draw(st.sampled_from(same))}
    names |= {"rate": graph.constant(0.1), "turn": graph.ints(2), "a": graph.weight(*x.shape)}
    mode = draw(st.sampled_from(["standard", "nesterov"]))
    text = draw(st.sampled_from([
        f'y, v = ai.onnx.preview.training.Momentum<alpha = 0.9, beta = 0.5, mode = "{mode}", '
        "norm_coefficient = 0.1>(rate, turn, x, g, h)",
        "s = Abs(h) y, v = ai.onnx.preview.training.Adagrad<decay_factor = 0.9, epsilon = 0.1, "
        "norm_coefficient = 0.1>(rate, turn, x, g, s)",
        "s = Abs(h) d, v, w = ai.onnx.preview.training.Adam<norm_coefficient = 0.1>(rate, turn, x, g, a, s) "
        "y = Cast<to = 1>(d)",
    ]))  # fmt: skip
    return graph.script(text, draw(st.sampled_from(["y", "y v"])), **names)
