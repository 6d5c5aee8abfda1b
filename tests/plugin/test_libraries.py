"""Tests as well-known libraries write theirs pass and fail as they should with nothing but a marker added."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# Runs in this process forget what they import, and some of torch cannot be imported twice.
from library_tests import LIBRARIES, SIZE  # noqa: E402

import pytest_rf.frontends.torch  # noqa: E402, F401

Pytester = pytest.Pytester

WAYS = {"in process": [], "in a subprocess": [], "in workers": ["-pxdist", "-n2"]}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library(pytester: Pytester, monkeypatch: pytest.MonkeyPatch, library: str, way: str) -> None:
    if way == "in workers":
        pytest.importorskip("xdist")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    text, marked, plain, skipped = LIBRARIES[library]
    pytester.makepyfile(
        test_holds=text.replace("{size}", str(SIZE)), test_fails=text.replace("{size}", str(SIZE + 1))
    )
    pytester.makeini("[pytest]\nmarkers =\n    base: everyday models\n    timeout: seconds\n")
    run = pytester.runpytest if way == "in process" else pytester.runpytest_subprocess
    arguments = ("--strict-markers", "-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning", *WAYS[way])
    result = run(*arguments)
    result.assert_outcomes(passed=marked + 2 * plain, failed=marked, skipped=2 * skipped)
    result.stdout.fnmatch_lines([f"RF001 final rf is {SIZE} *required == {SIZE + 1}*"] * marked)
    result.stdout.no_fnmatch_line("*ERROR*")
