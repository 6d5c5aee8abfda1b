"""How well each operator is followed: what the coverage page of the documentation is made from.

Every operator with a rule, or with a body in the standard, is exact unless it is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["exact", "upper bound", "unknown"]

WHOLE_AXIS = "data chooses the positions: the whole axis"
COMPUTED_INDICES = "exact with constant indices; computed ones: the whole axis"
COUNT = "data decides how many elements there are"
LENGTH = "exact where the graph tells the length; else unknown"
VALUES = "exact where the graph tells the values; else the shape is unknown"
ROUNDED = "exact where the graph tells the values, an upper bound where engines round places differently"


@dataclass(frozen=True, slots=True)
class Limit:
    """Where an operator is not exact, and why."""

    status: Status
    reason: str


def _upper(reason: str) -> Limit:
    return Limit("upper bound", reason)


def _unknown(reason: str) -> Limit:
    return Limit("unknown", reason)


LIMITS: dict[str, Limit] = {
    "Attention": _upper("exact but with nonpad_kv_seqlen that is computed: all keys"),
    "CenterCropPad": _unknown(VALUES),
    "Col2Im": Limit("exact", "kernels of more than 256 taps: an upper bound"),
    "Compress": _unknown(f"exact with a constant condition; else {COUNT}"),
    "ConcatFromSequence": _unknown(LENGTH),
    "ConstantOfShape": _unknown(VALUES),
    "DeformConv": _upper(WHOLE_AXIS),
    "Expand": _unknown(VALUES),
    "Gather": _upper(COMPUTED_INDICES),
    "GatherElements": _upper(COMPUTED_INDICES),
    "GatherND": _upper(COMPUTED_INDICES),
    "GridSample": _upper("exact with a constant grid; a computed one: the whole spatial axes"),
    "If": Limit(
        "exact",
        "both branches count where the condition is computed; unknown where their shapes differ or one does not fit "
        "the input (values of inputs settle it)",
    ),
    "ImageDecoder": _unknown("data decides the size of the image"),
    "Loop": _upper(
        "exact where the graph tells the number of turns, up to 20,000 nodes written out; else everything that "
        "the body reads, and scan outputs are unknown"
    ),
    "MaxRoiPool": _upper(WHOLE_AXIS),
    "MaxUnpool": _upper(COMPUTED_INDICES),
    "NegativeLogLikelihoodLoss": _upper("exact with constant targets; computed ones: all classes"),
    "NonMaxSuppression": _unknown(f"exact with constants; else {COUNT}"),
    "NonZero": _unknown(f"exact with a constant; else {COUNT}"),
    "OptionalGetElement": _unknown("exact where the graph tells what is there; else unknown"),
    "OptionalHasElement": _unknown("exact where the graph tells what is there; else unknown"),
    "Pad": _unknown(VALUES),
    "Range": _unknown(VALUES),
    "Reshape": _unknown(VALUES),
    "Resize": _unknown(f"{ROUNDED}; else the shape is unknown"),
    "ReverseSequence": _upper("exact with constant lengths; computed ones: the whole time axis"),
    "RoiAlign": _upper(WHOLE_AXIS),
    "Scan": _unknown(
        "exact up to 20,000 nodes written out; longer ones, and lengths per sample (opset 8): unknown"
    ),
    "Scatter": _upper(COMPUTED_INDICES),
    "ScatterElements": _upper(COMPUTED_INDICES),
    "ScatterND": _upper(COMPUTED_INDICES),
    **{f"Sequence{name}": _unknown(LENGTH) for name in ("At", "Erase", "Insert", "Length", "Map")},
    "SplitToSequence": _unknown(LENGTH),
    **{
        name: _unknown("exact without sequence_lens or with constant ones; else unknown")
        for name in ("GRU", "LSTM", "RNN")
    },
    "Slice": _unknown(VALUES),
    "SoftmaxCrossEntropyLoss": _upper("exact with constant targets; computed ones: all classes"),
    "StringNormalizer": _unknown(f"exact without stopwords; else {COUNT}"),
    "StringSplit": _unknown(f"{COUNT}; only the numbers of parts are exact"),
    "TensorScatter": _upper(COMPUTED_INDICES),
    "Tile": _unknown(VALUES),
    "TopK": _upper(WHOLE_AXIS),
    "Unique": _unknown(f"{COUNT}; only the inverse has a known shape: an upper bound"),
    "Upsample": _unknown(f"{ROUNDED}; else the shape is unknown"),
    "ai.onnx.ml::ArrayFeatureExtractor": _upper(COMPUTED_INDICES),
    "ai.onnx.ml::CastMap": _unknown("maps are no tensors"),
    "ai.onnx.ml::DictVectorizer": _unknown("maps are no tensors"),
    "ai.onnx.ml::ZipMap": _unknown("maps are no tensors"),
    "ai.onnx.preview.training::Gradient": _unknown("the graph that it differentiates is not followed"),
    "com.microsoft::Attention": _unknown(
        "exact with constant weights, else unknown; unidirectional with a mask: all keys, an upper bound"
    ),
    "com.microsoft::EmbedLayerNormalization": _unknown("exact with constant tables; else unknown"),
    "com.microsoft::GridSample": _upper("exact with a constant grid; a computed one: the whole spatial axes"),
    "com.microsoft::GroupQueryAttention": _unknown(
        "packed operands are unknown, and so is the new cache; a window: one key more as an upper bound, engines differ"
    ),
    "com.microsoft::MultiHeadAttention": _unknown(
        "exact with queries, keys and values apart, packed ones are unknown; unidirectional with a mask: all keys, "
        "an upper bound"
    ),
}
