from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import onnx
import pytest

from tests import models

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with no configuration above it."""
    (tmp_path / "rf.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


@pytest.fixture
def many(folder: Path) -> Callable[[int], list[str]]:
    """Writes so many models, each with a field of its own, that take long enough to be interrupted."""

    def make(number: int) -> list[str]:
        (folder / "models").mkdir()
        for place in range(number):
            layers = "".join(f"h{n + 1} = Conv(h{n}, w)\n" for n in range(60 + place))
            text = (
                f"net (float[1,4,512] h0) => (float[1,4,?] h{60 + place})\n<float[4,4,3] w>\n{{ {layers} }}"
            )
            onnx.save(models.model(text), folder / "models" / f"m{place:02}.onnx")
        return [f"models/m{place:02}.onnx" for place in range(number)]

    return make


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``pytest-rf scan`` as a process of its own, which does not outlive the test."""
    there: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        command: Sequence[str] = [sys.executable, "-m", "pytest_rf", "scan", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ.copy())
        there.append(process)
        return process

    yield begin
    for process in there:
        process.kill()
        process.communicate()
