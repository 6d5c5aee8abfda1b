"""Models written as text, for tests that say one thing about one operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import parser

import pytest_rf
from pytest_rf.analysis import Analysis


def model(text: str, opset: int = 21, domains: str = "", functions: str = "") -> onnx.ModelProto:
    """Return a model of the graph in ONNX's text format."""
    header = f'<ir_version: 10, opset_import: ["" : {opset}{domains}]>'
    return parser.parse_model(f"{header}\n{text}\n{functions}")


def analysed(text: str, opset: int = 21, domains: str = "", functions: str = "", **options: Any) -> Analysis:
    """Return the analysis of such a model."""
    return pytest_rf.analyze(model(text, opset, domains, functions), **options)


def bounds(analysis: Analysis, name: str, axis: int, input: str | None = None) -> list[Any]:
    """Return the bounds of a tensor, [low, high] at every place of its only axis that is longer than 1."""
    low, high = analysis[name].bounds(axis, input=input, context=True)
    return [list(map(int, pair)) for pair in zip(np.squeeze(low), np.squeeze(high), strict=True)]
