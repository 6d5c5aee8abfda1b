"""Losses of ATen."""

from __future__ import annotations

from pytest_rf.operators import losses
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import reduce
from pytest_rf.value import Value


def alignment(call: OpCall) -> Result:
    """CTC loss: each sample's own scores, as far as its lengths go and of the classes that its targets have."""
    scores = call["log_probs"]
    others = [value for value in call.values() if value is not scores]
    return [
        None if shape is None else losses.alignment(call.b, scores, shape, *others) for shape in call.shapes
    ]


def difference(call: OpCall) -> Value:
    """mse_loss and its like: elementwise, then a statistic over everything unless ``reduction`` is none."""
    y = pointwise(call.b, *call.values())
    if call.shape == y.shape and y.rank:
        return y
    return call.b.reshape(reduce(call.b, y, range(y.rank)), call.shape)


_DIFFERENCES = """
    mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits
    soft_margin_loss
"""

RULES: Rules = {
    "aten._ctc_loss": alignment,
    **{f"aten.{name}": difference for name in _DIFFERENCES.split()},
}
