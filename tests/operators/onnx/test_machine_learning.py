from __future__ import annotations

import pytest

from .written import analysed

TREE = """nodes_featureids = [4, 0, 2, 0, 0], nodes_values = [0.1, 0.0, 0.3, 0.0, 0.0],
    nodes_modes = ["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"], nodes_nodeids = [0, 1, 2, 3, 4],
    nodes_treeids = [0, 0, 0, 0, 0], nodes_truenodeids = [1, 0, 3, 0, 0], nodes_falsenodeids = [2, 0, 4, 0, 0]"""
MODELS = {
    "regressor": f"y = ai.onnx.ml.TreeEnsembleRegressor<n_targets = 1, {TREE}>(x)",
    "classifier": f"label, y = ai.onnx.ml.TreeEnsembleClassifier<classlabels_int64s = [0, 1], {TREE}>(x)",
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_tree_reads_the_features_that_it_asks_about(model: str) -> None:
    a = analysed(f"g (float[2,6] x) => (y) {{ {model} }}", domains=', "ai.onnx.ml" : 3')
    low, high = a["y"].bounds(1)
    assert (low.min(), high.max()) == (2, 4)
