from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "onnx", "numpy", "msgspec", "click", "rich")


@pytest.mark.parametrize("module", ["pytest_rf", "pytest_rf.plugin"])
def test_nothing_heavy_is_imported_at_start(module: str) -> None:
    code = f"import sys, pytest, {module}; print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {name.split(".")[0] for name in out} & set(HEAVY)
    assert {name for name in out if name.startswith("pytest_rf.")} <= {"pytest_rf.errors", "pytest_rf.plugin"}


def test_a_run_without_markers_and_options_imports_nothing_more(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others may import what they like
    pytester.makepyfile(
        f"import sys\ndef test_it(): assert not {{name.split('.')[0] for name in sys.modules}} & set({HEAVY})\n"
    )
    pytester.runpytest_subprocess("-p", "pytest_rf.plugin").assert_outcomes(passed=1)


def test_the_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass\n")
    pytester.runpytest("-p", "no:rf").assert_outcomes(passed=1)
    assert pytester.runpytest("-p", "no:rf", "--rf").ret == pytest.ExitCode.USAGE_ERROR


def test_the_marker_is_registered(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--markers")
    takes = "*requirements, model=None, which=None, required=True, **call"
    result.stdout.fnmatch_lines([f"@pytest.mark.rf({takes}): * which: * required: *"])


def test_no_cache_is_needed(project: pytest.Pytester) -> None:
    project.runpytest("--rf", "-p", "no:cacheprovider").assert_outcomes(passed=5, failed=1)
