"""ai.onnx.ml: feature pipelines and models over (samples, features)."""

from __future__ import annotations

from math import prod

import numpy as np

from pytest_rf.operators import contractions, generators, views
from pytest_rf.operators.gathers import gather
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.ordering import by_row
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import normalise
from pytest_rf.value import Undetermined, Value


def same(call: NodeCall) -> Value:
    """Binarizer, Imputer, LabelEncoder, Scaler...: each element reads its own."""
    return pointwise(call.b, call.x)


def normaliser(call: NodeCall) -> Value:
    """Normalizer: rows divided by their norm."""
    return normalise(call.b, call.x, [call.x.rank - 1])


def _rows(call: NodeCall) -> Value:
    """Return the input as (samples, features)."""
    x = call.x
    if x.rank == 2:
        return x
    return call.b.reshape(x, [1, x.extents[0]] if x.rank == 1 else [x.extents[0], prod(x.extents[1:])])


def _used(call: NodeCall, x: Value) -> Value:
    """Return the features that trees ask about; a leaf asks nothing, whatever it names."""
    names = call.attr("nodes_featureids") or []
    modes = (call.attr("nodes_modes") if call.op != "TreeEnsemble" else None) or ["BRANCH_LEQ"] * len(names)
    used = sorted({name for name, mode in zip(names, modes, strict=False) if mode not in ("LEAF", b"LEAF")})
    if not used or used[0] < 0 or used[-1] >= x.extents[1]:
        return x
    return gather(call.b, x, 1, np.asarray(used))


def regressor(call: NodeCall) -> Value:
    """LinearRegressor, SVMRegressor, TreeEnsemble...: each target reads all features of its sample."""
    name = {"TreeEnsemble": "n_targets", "TreeEnsembleRegressor": "n_targets"}.get(call.op, "targets")
    x, targets = _rows(call), call.limited("targets", max(call.integer(name, 1), 1))
    return contractions.linear(call.b, _used(call, x), targets)


def classifier(call: NodeCall) -> tuple[Value, ...]:
    """LinearClassifier, SVMClassifier, TreeEnsembleClassifier: labels and scores read all features."""
    x = _rows(call)
    labels: list[object] = []
    for name in ("classlabels_ints", "classlabels_int64s", "classlabels_strings"):
        labels = labels or list(call.attr(name) or [])
    x = _used(call, x)
    chosen = by_row(call.b, x, x.extents[:1])
    classes = len(labels)
    if call.op == "SVMClassifier" and not call.attr("prob_a"):
        # Without probabilities there is a score for each pair of classes.
        classes = (
            max(classes * (classes - 1) // 2, 1) if len(call.attr("vectors_per_class") or []) > 2 else classes
        )
    if not classes:
        return chosen, call.b.unknown([x], f"{call.op} does not say how many classes it has")
    return (chosen, contractions.linear(call.b, x, classes))[: call.outputs]


def one_hot(call: NodeCall) -> Value:
    """OneHotEncoder: a new axis of categories behind."""
    x = call.x
    count = len(call.attr("cats_int64s") or call.attr("cats_strings") or [])
    if not count:
        call.fail("has no categories")
    return generators.one_hot(call.b, x, x.rank, count)


def vectoriser(call: NodeCall) -> Value:
    """FeatureVectorizer: the inputs side by side."""
    sizes = call.integers("inputdimensions", [])
    parts = []
    for place, x in enumerate(call.given):
        rows = x if x.rank == 2 else call.b.reshape(x, [1, prod(x.extents)])
        if place < len(sizes):
            width = rows.extents[1]
            rows = views.pads(call.b, rows, {1: (0, sizes[place] - width)})
        parts.append(rows)
    if not parts or len({part.extents[0] for part in parts}) > 1:
        call.fail("its inputs have different numbers of rows")
    return call.b.join(parts, 1)


def extractor(call: NodeCall) -> Value:
    """ArrayFeatureExtractor: columns at constant or computed indices."""
    x, picked = call.x, call.operand(1)
    if x.rank == 1:
        x = call.b.reshape(x, [1, *x.extents])
    last = x.rank - 1
    if picked.data is None:
        return gather(call.b, x, last, call.b.reshape(picked, [prod(picked.extents)]))
    places = picked.data.astype(np.int64).reshape(-1)
    if places.size and not (places.min() >= 0 and places.max() < x.extents[last]):
        call.fail(f"an index is outside of the last axis of extent {x.extents[last]}")
    return gather(call.b, x, last, places)


def mapping(call: NodeCall) -> Value:
    """CastMap, DictVectorizer, ZipMap: maps are no tensors."""
    raise Undetermined(f"{call.op} works on maps, which hold what only a run can tell")


RULES: Rules = {
    **{
        f"ai.onnx.ml::{name}": same
        for name in ("Binarizer", "CategoryMapper", "Imputer", "LabelEncoder", "Scaler")
    },
    "ai.onnx.ml::Normalizer": normaliser,
    **{
        f"ai.onnx.ml::{name}": regressor
        for name in ("LinearRegressor", "SVMRegressor", "TreeEnsemble", "TreeEnsembleRegressor")
    },
    **{
        f"ai.onnx.ml::{name}": classifier
        for name in ("LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier")
    },
    "ai.onnx.ml::OneHotEncoder": one_hot,
    "ai.onnx.ml::FeatureVectorizer": vectoriser,
    "ai.onnx.ml::ArrayFeatureExtractor": extractor,
    **{f"ai.onnx.ml::{name}": mapping for name in ("CastMap", "DictVectorizer", "ZipMap")},
}
