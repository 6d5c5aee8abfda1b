"""Where torch is not installed, whatever needs it says how to install it."""

from __future__ import annotations

import pytest

Pytester = pytest.Pytester

INSTALL = "torch is not installed; install it with pip install 'pytest-rf?torch?'"


@pytest.fixture
def without_torch(project: Pytester) -> Pytester:
    project.makeconftest('import sys\nsys.modules["torch"] = None\n')
    (project.path / "nets.py").write_text("import torch\n\ndef net(): return torch.nn.Identity()\n")
    (project.path / "late.py").write_text("def net():\n    import torch.nn\n    return torch.nn.Identity()\n")
    return project


@pytest.mark.parametrize("module", ["nets", "late"])
def test_a_factory_of_the_configuration(without_torch: Pytester, module: str) -> None:
    (without_torch.path / "rf.toml").write_text(
        f'[[model]]\nsource = "{module}:net"\nrequire = ["final rf >= 3", "final rf >= 4"]\n'
    )
    result = without_torch.runpytest_subprocess("--rf")
    result.assert_outcomes(failed=1, skipped=2)
    result.stdout.fnmatch_lines([f"*{module}:net: {INSTALL}"])


@pytest.mark.parametrize("module", ["nets", "late"])
def test_a_factory_of_a_marker(without_torch: Pytester, module: str) -> None:
    without_torch.makepyfile(
        test_it=f'import pytest\n@pytest.mark.rf("final rf >= 3", model="{module}:net")\ndef test_it(): pass\n'
    )
    result = without_torch.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{module}:net: {INSTALL}"])


def test_a_marker_that_listens(without_torch: Pytester) -> None:
    without_torch.makepyfile(test_it='import pytest\n@pytest.mark.rf("final rf >= 3")\ndef test_it(): pass\n')
    result = without_torch.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"marker rf of test_it.py::test_it: *{INSTALL}, or give model="])
    result.stdout.no_fnmatch_line("*listener.py*")


def test_the_fixture(without_torch: Pytester) -> None:
    without_torch.makepyfile(
        test_it="""
        def test_file(rf): rf.check("unet.onnx", "final rf >= 36")
        def test_factory(rf): rf.check("nets:net", "final rf >= 3")
        """
    )
    result = without_torch.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(['>   def test_factory(rf): rf.check("nets:net", "final rf >= 3")'])
