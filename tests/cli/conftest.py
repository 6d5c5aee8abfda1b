from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_rf import cli

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two models and a configuration that they meet."""
    for name in ("unet.onnx", "tcn.onnx"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    config = '[[model]]\nname = "net"\nsource = "unet.onnx"\nrequire = ["final rf >= 36"]\n'
    (tmp_path / "rf.toml").write_text(config)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


class Result:
    def __init__(self, status: int, captured: pytest.CaptureResult[str]) -> None:
        self.status, self.out, self.err = status, captured.out, captured.err


@pytest.fixture
def rf(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> Result:
        status = cli.run(arguments)
        return Result(status, capsys.readouterr())

    return run
