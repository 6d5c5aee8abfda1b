"""A real analysis whose figures are set by hand, for what no operator brings about yet."""

from __future__ import annotations

from typing import Any

from models import model

import pytest_rf
from pytest_rf import Analysis
from pytest_rf.analysis.metrics import AxisField


def analysis(batch: int = 2, **figures: Any) -> Analysis:
    """Return an analysis of one tensor that has these figures along the time axis and the batch axis."""
    found = pytest_rf.analyze(
        model(f"""
        net (float[{batch},3,100] x) => (float[{batch},4,100] y)
        <float[4,3,1] w>
        {{ y = Conv<kernel_shape=[1]>(x, w) }}
    """)
    )
    set_by_hand = type(
        "SetByHand",
        (AxisField,),
        {name: staticmethod(figure) if callable(figure) else figure for name, figure in figures.items()},
    )
    (tensor,) = found.final
    source = found.inputs["x"]
    fields = {axis: set_by_hand(found.runs, tensor.value, source, axis) for axis in (0, 1, 2)}
    tensor.field = lambda input=None: fields  # type: ignore[method-assign,assignment,return-value]
    return found
