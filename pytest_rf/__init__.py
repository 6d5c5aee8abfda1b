"""The linter for what a neural network can see: exact receptive fields of ONNX and PyTorch models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_rf.errors import ConfigError, ModelError, RequirementError, RFError

if TYPE_CHECKING:
    from pytest_rf.analysis import Input, Tensor
    from pytest_rf.analyzing import analyze
    from pytest_rf.asserting import assert_rf
    from pytest_rf.checkable import Analysis
    from pytest_rf.inline import snapshot
    from pytest_rf.probing import Verification, same, verify
    from pytest_rf.registry import Stated, register
    from pytest_rf.streams import Comparison
    from pytest_rf.version import __version__

__all__ = [
    "Analysis",
    "Comparison",
    "ConfigError",
    "Input",
    "ModelError",
    "RFError",
    "RequirementError",
    "Stated",
    "Tensor",
    "Verification",
    "__version__",
    "analyze",
    "assert_rf",
    "register",
    "same",
    "snapshot",
    "verify",
]

_HOMES = {
    "analyze": "pytest_rf.analyzing",
    "snapshot": "pytest_rf.inline",
    "assert_rf": "pytest_rf.asserting",
    "Analysis": "pytest_rf.checkable",
    "Input": "pytest_rf.analysis",
    "Tensor": "pytest_rf.analysis",
    "Stated": "pytest_rf.registry",
    "register": "pytest_rf.registry",
    "Comparison": "pytest_rf.streams",
    "Verification": "pytest_rf.probing",
    "same": "pytest_rf.probing",
    "verify": "pytest_rf.probing",
    "__version__": "pytest_rf.version",
}


def __getattr__(name: str) -> Any:
    """Import public names when they are first used: importing the package costs nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pytest_rf' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
