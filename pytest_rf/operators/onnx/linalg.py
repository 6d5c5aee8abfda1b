"""Operators of ONNX on whole matrices and vectors that fit no other family."""

from __future__ import annotations

from pytest_rf.node import Role
from pytest_rf.operators import linalg, ordering, views
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.value import Value


def determinant(call: NodeCall) -> Value:
    """Det: everything of a square matrix."""
    x = call.x
    if x.rank < 2 or x.extents[-1] != x.extents[-2]:
        call.fail(f"{x.shape} holds no square matrices")
    return linalg.mixed_matrix(call.b, x.extents[:-2], x.rank - 2, [x])


def n_grams(call: NodeCall) -> Value:
    """TfIdfVectorizer: every count reads all of its row."""
    x = call.x
    count = max(call.integers("ngram_indexes"), default=-1) + 1
    if x.rank not in (1, 2) or count < 1:
        call.fail(f"{count} counts of an input of shape {x.shape}")
    return ordering.by_row(call.b, x, [*x.extents[:-1], count])


def centre(call: NodeCall) -> Value:
    """CenterCropPad: axes cropped or padded to wanted extents around their middle."""
    x = call.x
    axes = call.axes(call.integers("axes", list(range(x.rank))), x.rank)
    wanted = call.numbers(1)
    if len(wanted) != len(axes) or min(wanted, default=0) < 0:
        call.fail(f"shape {wanted} does not fit {len(axes)} axes")
    amounts = {}
    for axis, extent in zip(axes, wanted, strict=True):
        missing = extent - x.extents[axis]
        # A crop of odd size leaves the smaller part out in front, a padding puts it there.
        before = missing // 2 if missing >= 0 else -(-missing // 2)
        amounts[axis] = (before, missing - before)
    call.b.node.role = Role("pad", tuple(amounts))
    return views.pads(call.b, x, amounts)


RULES: Rules = {"Det": determinant, "TfIdfVectorizer": n_grams, "CenterCropPad": centre}
