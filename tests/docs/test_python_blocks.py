"""The pages' Python runs, beside models of the names that it mentions."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import onnx
import pytest
import stage
from blocks import ROOT, of, only
from console import PROGRAMS, run
from models import model

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from pytest_rf import cli  # noqa: E402

PYTEST = PROGRAMS["pytest"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tests_of_the_readme_pass(folder: Path) -> None:
    stage.enlarge(folder)
    code, _ = (block.code for block in of("README.md", "python"))
    (folder / "test_it.py").write_text(f"{_BUILD}{code}", encoding="utf-8")
    found = run([*PYTEST, "test_it.py"], folder)
    assert "3 passed" in found.stdout, found.stdout


_BUILD = """\
import torch


class Mean(torch.nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def build_model():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 10, 3, dilation=120), Mean())


"""


def test_the_python_of_tiles_makes_the_whole() -> None:
    net = torch.nn.Conv2d(3, 3, 5, padding=2).double()
    x = torch.rand(1, 3, 700, 520, dtype=torch.double)
    names = {"torch": torch, "pytest_rf": pytest_rf, "model": net, "x": x}
    with torch.no_grad():
        exec(only("docs/tiles.md", "python"), names)
        torch.testing.assert_close(names["y"].double(), net(x), rtol=1e-5, atol=1e-5)


def test_the_python_of_cures_finds_some(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    exec(only("docs/cures.md", "python"), {})
    assert capsys.readouterr().out


def test_the_python_of_limits_reads_a_long_model(folder: Path) -> None:
    (_, held) = of("docs/limits.md", "python")
    extent = 1 << 25
    text = f"net (float[1,1,{extent}] x) => (float[1,1,{extent}] y) {{ y = Relu(x) }}"
    onnx.save(model(text), "long.onnx")
    with pytest.raises(pytest_rf.RFError, match=r"limits\.extent"):
        pytest_rf.analyze("long.onnx")
    names: dict[str, pytest_rf.Analysis] = {}
    exec(held.code, names)
    assert names["analysis"].inputs["x"].shape == (1, 1, extent)


def test_the_test_of_the_page_on_locks_is_filled_in_and_passes(folder: Path) -> None:
    pytest.importorskip("inline_snapshot")
    before = "import pytest_rf\nimport torch\nx = torch.zeros(1, 1, 9)\nnet = torch.nn.Sequential()\n"
    net = 'net.add_module("head", torch.nn.Conv1d(1, 1, 3))\n'
    file = folder / "test_it.py"
    file.write_text(f"{before}{net}{only('docs/ratchet.md', 'python')}", encoding="utf-8")
    found = run(["-m", "pytest", "-p", "no:cacheprovider", "test_it.py", "--inline-snapshot=create"], folder)
    assert "1 passed" in found.stdout, found.stdout
    assert re.search(r"== snapshot\(\W+.*rf=3", file.read_text(encoding="utf-8"))


def test_the_python_of_streams_tells_what_is_needed_and_what_is_the_same(folder: Path) -> None:

    class Offline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(80, 64, batch_first=True)

        def forward(self, x, hidden=None):
            y, hidden = self.lstm(x.mT, hidden)
            return y.mT, hidden

    step, alike = of("docs/streams.md", "python")
    names = {"pytest_rf": pytest_rf, "step": Offline()}
    exec(step.code, names)
    analysis = names["analysis"]
    assert analysis.final[0]["t"].lookahead == 0
    assert (analysis.state["hidden.0"].needed, analysis.state["hidden.0"].length) == (1, 1)
    whole = pytest_rf.analyze(names["step"], inputs={"x": (1, 80, 40)})
    exec(alike.code, {"pytest_rf": pytest_rf, "offline": whole, "step": analysis})


_MYPKG = '''\
import torch


class Net(torch.nn.Module):
    """Embeds tokens and looks at 15 of them; what else it is given it takes note of, and reads nothing of it."""

    def __init__(self, width=64):
        super().__init__()
        self.embedding = torch.nn.Embedding(100, width)
        self.norm = torch.nn.InstanceNorm1d(width)
        self.conv = torch.nn.Conv1d(width, width, 15, padding=7)

    def forward(self, ids, image=None, rate=None, grid=None, mode="slow", sizes=(8, 8)):
        assert list(sizes) == [8, 8]
        return self.conv(self.norm(self.embedding(ids).mT))


build = Net
'''


def test_every_door_takes_the_same(folder: Path) -> None:
    (folder / "mypkg").mkdir()
    (folder / "mypkg" / "models.py").write_text(_MYPKG, encoding="utf-8")
    entry, _ = (block.code for block in of("docs/calls.md", "toml"))
    (folder / "rf.toml").write_text(entry, encoding="utf-8")
    np.save("grid.npy", np.zeros((1, 2), np.float32))
    text = "net (float[1,3,H,W] image, float[1,2] grid) => (float[1,3,H,W] y) { y = Relu(image) }"
    onnx.save(model(text), "model.onnx")
    for line in only("docs/calls.md", "sh").replace("\\\n", " ").splitlines():
        program, *arguments = shlex.split(line, comments=True)
        assert (program, cli.run(arguments)) == ("pytest-rf", 0)
    before = "import pytest\nimport pytest_rf\nimport torch\nfrom mypkg.models import Net\n"
    ids = "ids = torch.zeros(1, 16, dtype=torch.int64)\n"
    (folder / "test_it.py").write_text(f"{before}{ids}{only('docs/calls.md', 'python')}", encoding="utf-8")
    found = run([*PYTEST, "test_it.py"], folder)
    assert "2 passed" in found.stdout, found.stdout
