"""ONNX models: ``reading`` parses files, ``lowering`` turns nodes into steps, ``constants`` folds."""

from pytest_rf.frontends.onnx.lowering import lower
from pytest_rf.frontends.onnx.nodes import is_known
from pytest_rf.frontends.onnx.opening import fixed, lowered, named
from pytest_rf.frontends.onnx.reading import read, skimmed

__all__ = ["fixed", "is_known", "lower", "lowered", "named", "read", "skimmed"]
