"""ONNX models: ``reading`` parses files, ``lowering`` turns nodes into steps, ``constants`` folds."""

from pytest_rf.frontends.onnx.lowering import lower
from pytest_rf.frontends.onnx.reading import read

__all__ = ["lower", "read"]
