from __future__ import annotations

from pathlib import Path

import pytest

# Runs of pytest in this process forget what they import; numpy cannot be imported twice.
import pytest_rf.frontends.onnx
import pytest_rf.loading
import pytest_rf.report
import pytest_rf.testing.collection  # noqa: F401

pytest.register_assert_rewrite("doors")


@pytest.fixture
def alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which pytest runs with no other plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_rf.plugin")
    return pytester.path
