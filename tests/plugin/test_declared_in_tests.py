"""Declared figures in markers and fixtures, and what a pack does not apply to, under pytest."""

from __future__ import annotations

import pytest

Pytester = pytest.Pytester


def test_files_are_below_the_root_folder_wherever_pytest_is_called(
    project: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.path / "figures.toml").write_text("unet = 36\n")
    project.makeini("[pytest]\n")
    project.makepyfile(
        test_it="""
import pytest

@pytest.mark.rf("final rf >= file:figures.toml#unet", model="unet.onnx")
def test_marker(): pass

def test_fixture(rf, request):
    rf.check(str(request.config.rootpath / "unet.onnx"), "final rf >= file:figures.toml#unet")

@pytest.mark.rf("final rf >= file:figures.toml#uned", model="unet.onnx")
def test_near_miss(): pass
"""
    )
    (project.path / "sub").mkdir()
    monkeypatch.chdir(project.path / "sub")
    result = project.runpytest("..")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(['*column 13: figures.toml: has no "uned", did you mean "unet"?*'])


def test_what_a_pack_does_not_apply_to_is_skipped_with_the_reason(project: Pytester) -> None:
    text = (project.path / "rf.toml").read_text()
    (project.path / "rf.toml").write_text(
        text.replace('name = "unet"', 'name = "unet"\nextend = ["pytest-rf:streaming"]')
    )
    result = project.runpytest("--rf", "-rs", "-k", "causal")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(['SKIPPED*not applicable: no input has an axis "t"*'])
