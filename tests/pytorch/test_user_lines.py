"""The source of a tensor is the user's line, never a library's."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from pytest_rf import paths  # noqa: E402

BLOCK = """
from torch import nn
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3)
    def forward(self, x):
        return self.conv(x)
"""
NET = """
from torch import nn
from {library} import Block
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
    def forward(self, x):
        return self.block(
            x
        )
"""
X = torch.zeros(1, 2, 20)

Import = Callable[[str, str], Any]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Import]:
    """Write a module below the working directory and import it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "project"))
    monkeypatch.syspath_prepend(str(tmp_path / "env" / "site-packages"))
    made: list[str] = []

    def write(file: str, text: str) -> Any:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        made.append(path.stem)
        importlib.invalidate_caches()
        return importlib.import_module(path.stem)

    yield write
    for name in made:
        sys.modules.pop(name, None)


def test_the_call_of_a_library_is_the_users_line(module: Import) -> None:
    module("env/site-packages/rf_library.py", BLOCK)
    net = module("project/rf_net.py", NET.format(library="rf_library")).Net()
    assert [tensor.source for tensor in pytest_rf.analyze(net, X)] == ["project/rf_net.py:9"]
    program = torch.export.export(net, (X,), strict=False)
    assert [tensor.source for tensor in pytest_rf.analyze(program)] == ["project/rf_net.py:9"]


def test_a_model_of_a_library_alone_has_no_line_of_the_user(module: Import) -> None:
    block = module("env/site-packages/rf_library.py", BLOCK).Block()
    assert [tensor.source for tensor in pytest_rf.analyze(block, X)] == [""]
    with pytest.raises(pytest_rf.RFError, match=r"rf_library\.py:8"):
        pytest_rf.analyze(block, torch.zeros(1, 5, 20))


def test_a_project_that_tests_its_own_package_sees_its_own_lines(module: Import, tmp_path: Path) -> None:
    block = module("env/site-packages/rf_installed.py", BLOCK).Block()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "rf_installed.py").write_text(BLOCK)
    assert [tensor.source for tensor in pytest_rf.analyze(block, X)] == ["src/rf_installed.py:8"]


def test_lines_are_told_from_the_root(module: Import, tmp_path: Path) -> None:
    block = module("project/rf_block.py", BLOCK).Block()
    with paths.named_from(tmp_path / "project"):
        assert [tensor.source for tensor in pytest_rf.analyze(block, X)] == ["rf_block.py:8"]
    with paths.named_from(tmp_path / "other"):
        assert [tensor.source for tensor in pytest_rf.analyze(block, X)] == ["../project/rf_block.py:8"]
