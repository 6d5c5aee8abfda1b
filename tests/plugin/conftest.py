from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

# Runs in this process forget what they import; neither numpy nor onnx nor torch can be imported twice.
import onnx  # noqa: F401
import pytest

import pytest_rf.frontends.onnx
import pytest_rf.loading
import pytest_rf.report
import pytest_rf.testing.collection
import pytest_rf.testing.marker  # noqa: F401

with suppress(ImportError):
    import torch  # noqa: F401

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with two example models and a configuration that they meet but for one requirement."""
    # Other plugins would be imported anew for every run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_rf.plugin")
    shutil.copy(EXAMPLES / "unet.onnx", pytester.path / "unet.onnx")
    shutil.copy(EXAMPLES / "tcn.onnx", pytester.path / "tcn.onnx")
    (pytester.path / "rf.toml").write_text(
        """
[[model]]
name = "unet"
source = "unet.onnx"
require = ["final rf >= 36", "final rf >= 41"]

[[model]]
name = "tcn"
source = "tcn.onnx"
spacing = { t = "1/16000 s" }
require = ["final is causal", "final rf >= 3 ms"]
"""
    )
    return pytester
