"""Tests as well-known libraries write theirs pass and fail as they should with nothing but a marker added."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
# Runs in this process forget what they import, and some of torch cannot be imported twice: what the analysis needs,
# and what torch.jit.trace compares results with.
import torch.distributed.tensor  # noqa: F401
from library_tests import LIBRARIES, SIZE

import pytest_rf.frontends.torch  # noqa: F401

Pytester = pytest.Pytester

ARGUMENTS = ("--strict-markers", "-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning")


def write(pytester: Pytester, *libraries: str) -> tuple[int, int, int]:
    """Write the tests of libraries, each once as they hold and once as they fail; return how many of each kind."""
    for library in libraries:
        text = LIBRARIES[library][0]
        for end, size in {"holds": SIZE, "fails": SIZE + 1}.items():
            pytester.makepyfile(**{f"test_{library}_{end}": text.replace("{size}", str(size))})
    pytester.makeini("[pytest]\nmarkers =\n    base: everyday models\n    timeout: seconds\n")
    _, marked, plain, skipped = zip(*map(LIBRARIES.__getitem__, libraries), strict=True)
    return sum(marked), sum(plain), sum(skipped)


def judge(result: pytest.RunResult, marked: int, plain: int, skipped: int) -> None:
    result.assert_outcomes(passed=marked + 2 * plain, failed=marked, skipped=2 * skipped)
    result.stdout.fnmatch_lines([f"RF001 final rf is {SIZE} *required == {SIZE + 1}*"] * marked)
    result.stdout.no_fnmatch_line("*ERROR*")


@pytest.fixture(autouse=True)
def our_plugin_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library(pytester: Pytester, library: str) -> None:
    kinds = write(pytester, library)
    judge(pytester.runpytest(*ARGUMENTS), *kinds)


@pytest.mark.parametrize("way", [[], ["-pxdist", "-n2"]], ids=["in a subprocess", "in workers"])
def test_all_of_them(pytester: Pytester, way: list[str]) -> None:
    """All in one run, as each process that starts imports torch."""
    if way:
        pytest.importorskip("xdist")
    kinds = write(pytester, *LIBRARIES)
    judge(pytester.runpytest_subprocess(*ARGUMENTS, *way), *kinds)
