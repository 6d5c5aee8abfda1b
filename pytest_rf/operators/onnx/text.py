"""Strings and images in ONNX: what they read is known, how large they are often is not."""

from __future__ import annotations

from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.value import Undetermined, Value


def same(call: NodeCall) -> Value:
    """RegexFullMatch, StringConcat: each element, broadcast."""
    return pointwise(call.b, *call.given)


def open_ended(call: NodeCall) -> Value:
    """ImageDecoder: data decides the shape."""
    raise Undetermined(f"data decides the shape of what {call.op} gives")


def normaliser(call: NodeCall) -> Value:
    """StringNormalizer: each word by itself, as long as none is left out."""
    return open_ended(call) if call.attr("stopwords") else call.x


def split(call: NodeCall) -> tuple[Value, ...]:
    """StringSplit: data decides how many parts there are at most; their number is one for each element."""
    reason = "data decides the shape of what StringSplit gives"
    parts = call.b.unknown([call.x], reason) if call.x.varies else call.b.constant(None)
    return (parts, call.x)[: call.outputs]


RULES: Rules = {
    **dict.fromkeys(["RegexFullMatch", "StringConcat"], same),
    "ImageDecoder": open_ended,
    "StringNormalizer": normaliser,
    "StringSplit": split,
}
