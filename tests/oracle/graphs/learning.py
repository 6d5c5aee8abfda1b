"""ai.onnx.ml: feature pipelines and models over (samples, features)."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import ONE_TREE, Draw, Graph, Value, family


def numbers(values: np.ndarray) -> list[float]:
    """Return generic numbers as attributes take them."""
    return [round(float(v) * 0.3 - 0.8, 2) for v in values.reshape(-1)]


@family("features")
def features(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Elements scaled, filled in, cut to truths, mapped; rows divided by their norm."""
    if not (x := graph.of_rank(x, 2)):
        return []
    width = x.shape[1]
    scale = [1.5 + n for n in range(width)]
    norm = draw(st.sampled_from(["MAX", "L1", "L2"]))
    text = draw(st.sampled_from([
        f"y = ai.onnx.ml.Scaler<offset = {scale}, scale = {scale}>(x)",
        "y = ai.onnx.ml.Imputer<imputed_value_floats = [0.5], replaced_value_float = 1.25>(x)",
        "y = ai.onnx.ml.Binarizer<threshold = 0.1>(x)",
        f'y = ai.onnx.ml.Normalizer<norm = "{norm}">(x)',
        "r = Round(x) i = Cast<to = 7>(r) y = ai.onnx.ml.LabelEncoder<keys_int64s = [0, 1, 2, -1], "
        "values_floats = [0.5, 1.5, 2.5, 3.5], default_float = 9.5>(i)",
        "r = Round(x) i = Cast<to = 7>(r) y = ai.onnx.ml.OneHotEncoder<cats_int64s = [-1, 0, 1], zeros = 1>(i)",
        f"v = ai.onnx.ml.FeatureVectorizer<inputdimensions = [{width}, {width}]>(x, x) y = Neg(v)",
    ]))  # fmt: skip
    return graph.script(text, x=x)


@family("columns")
def columns(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Some positions of the last axis."""
    picked = [draw(st.integers(0, x.shape[-1] - 1)) for _ in range(draw(st.integers(1, 4)))]
    names: Names = {"x": x, "i": graph.ints(picked)}
    return graph.script("y = ai.onnx.ml.ArrayFeatureExtractor(x, i)", **names)


@family("linear_models")
def linear_models(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Regression and classification by lines and by support vectors."""
    if not (x := graph.of_rank(x, 2)):
        return []
    width, targets = x.shape[1], draw(st.integers(1, 3))
    weights = numbers(graph.choice(targets * width, below=5) * 1.1)
    classes = numbers(graph.choice(3 * width, below=5) * 1.1)
    vectors = numbers(graph.choice(2 * width, below=5) * 1.1)
    three = numbers(graph.choice(3 * width, below=5) * 1.1)
    given = draw(st.sampled_from(["", "prob_a = [0.5, 0.6, 0.7], prob_b = [0.1, 0.2, 0.3], "]))
    score = draw(st.sampled_from(["NONE", "SOFTMAX", "LOGISTIC"]))
    text = draw(st.sampled_from([
        f"y = ai.onnx.ml.LinearRegressor<coefficients = {weights}, targets = {targets}>(x)",
        f"l, y = ai.onnx.ml.LinearClassifier<coefficients = {classes}, intercepts = [0.1, 0.2, 0.3], "
        f'classlabels_ints = [0, 1, 2], multi_class = 1, post_transform = "{score}">(x)',
        "l, y = ai.onnx.ml.SVMClassifier<classlabels_ints = [0, 1, 2], coefficients = [0.7, -0.4, 0.3, 0.5, -0.6, "
        f'0.2], kernel_type = "RBF", kernel_params = [0.1, 0.0, 3.0], rho = [0.1, 0.2, 0.3], {given}'
        f"support_vectors = {three}, vectors_per_class = [1, 1, 1]>(x)",
        f'y = ai.onnx.ml.SVMRegressor<coefficients = [0.7, -0.4], kernel_type = "RBF", '
        f"kernel_params = [0.1, 0.0, 3.0], n_supports = 2, rho = [0.1], support_vectors = {vectors}>(x)",
    ]))  # fmt: skip
    return graph.script(text, x=x)


@family("trees")
def trees(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A tree of two questions, about one feature or two."""
    if not (x := graph.of_rank(x, 2)):
        return []
    one, two = draw(st.integers(0, x.shape[1] - 1)), draw(st.integers(0, x.shape[1] - 1))
    if graph.opset >= ONE_TREE:
        text = (
            "y = ai.onnx.ml.TreeEnsemble<n_targets = 2, tree_roots = [0], nodes_modes = uint8[2] {0, 0}, "
            f"nodes_featureids = [{one}, {two}], nodes_splits = float[2] {{0.1, 0.3}}, "
            "nodes_truenodeids = [0, 1], nodes_trueleafs = [1, 1], nodes_falsenodeids = [1, 2], "
            "nodes_falseleafs = [0, 1], leaf_targetids = [0, 1, 0], leaf_weights = float[3] {0.1, 0.7, 0.4}>(x)"
        )
        return graph.script(text, x=x)
    op, end = draw(
        st.sampled_from([("TreeEnsembleRegressor", "target"), ("TreeEnsembleClassifier", "class")])
    )
    regresses = end == "target"
    leaves = f"{end}_ids = [0, 0, 0], {end}_nodeids = [1, 3, 4], {end}_treeids = [0, 0, 0], "
    leaves += "n_targets = 1, " if regresses else "classlabels_int64s = [0, 1, 2], "
    text = (
        f"{'' if regresses else 'l, '}y = ai.onnx.ml.{op}<{leaves} {end}_weights = [0.1, 0.7, 0.4], "
        f"nodes_featureids = [{one}, 0, {two}, 0, 0], nodes_values = [0.1, 0.0, 0.3, 0.0, 0.0], "
        'nodes_modes = ["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"], nodes_nodeids = [0, 1, 2, 3, 4], '
        "nodes_treeids = [0, 0, 0, 0, 0], nodes_truenodeids = [1, 0, 3, 0, 0], nodes_falsenodeids = [2, 0, 4, 0, 0]>(x)"
    )
    return graph.script(text, x=x)
