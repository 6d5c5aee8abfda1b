"""Strings and images in ONNX: what they read is known, how large they are often is not."""

from __future__ import annotations

from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators.onnx.call import Call, Rules
from pytest_rf.operators.pointwise import pointwise


def same(call: Call) -> Value:
    """RegexFullMatch, StringConcat: each element, broadcast."""
    return pointwise(call.b, *call.given)


def open_ended(call: Call) -> Value:
    """StringNormalizer, StringSplit, ImageDecoder, TfIdfVectorizer: data decides the shape."""
    raise Undetermined(f"data decides the shape of what {call.op} gives")


RULES: Rules = {
    **dict.fromkeys(["RegexFullMatch", "StringConcat"], same),
    **dict.fromkeys(["StringNormalizer", "StringSplit", "ImageDecoder"], open_ended),
}
