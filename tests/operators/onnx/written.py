"""Models written as text, for tests that say one thing about one operator of the standard's newer versions."""

from __future__ import annotations

from functools import partial
from typing import Any

import models
import numpy as np

import pytest_rf
from pytest_rf.analysis import Analysis

model = partial(models.model, opset=21, ir=10, weights=False)
"""A model as the text has it: with domains and functions, and nothing that the text does not give."""


def analysed(text: str, opset: int = 21, domains: str = "", functions: str = "", **options: Any) -> Analysis:
    """Return the analysis of such a model."""
    return pytest_rf.analyze(model(text, opset=opset, domains=domains, functions=functions), **options)


def bounds(analysis: Analysis, name: str, axis: int, input: str | None = None) -> list[Any]:
    """Return the bounds of a tensor, [low, high] at every place of its only axis that is longer than 1."""
    low, high = analysis[name].bounds(axis, input=input, context=True)
    return [list(map(int, pair)) for pair in zip(np.squeeze(low), np.squeeze(high), strict=True)]
