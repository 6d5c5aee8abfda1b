"""Weight-aware mode: every report says which constants were counted as masks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from models import model
from onnx import numpy_helper

from pytest_rf import cli

TOLD = "counted as masks, as mask_below allows: -1000 in 'mask' at Add 'masking'"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with causal attention over 8 tokens, masked with -1000."""
    net = model(
        """g (float[1, 8, 4] x) => (float[1, 8, 4] y) {
          t = Transpose<perm = [0, 2, 1]>(x)
          s = MatMul(x, t)
          [masking] a = Add(s, mask)
          p = Softmax<axis = -1>(a)
          y = MatMul(p, x)
        }""",
        weights=False,
    )
    mask = np.triu(np.full((8, 8), -1000, np.float32), 1)
    net.graph.initializer.append(numpy_helper.from_array(mask, "mask"))
    onnx.save(net, tmp_path / "net.onnx")
    entry = '[[model]]\nsource = "net.onnx"\naxes = { x = { batch = 0, t = 1 } }\nweights = true\n'
    (tmp_path / "rf.toml").write_text(entry + 'require = ["output is causal.t"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = cli.run(arguments)
    return status, capsys.readouterr().out


def test_reports_say_which_constants_counted(capsys) -> None:
    status, out = run(capsys, "check", "-v")
    assert status == 0
    assert TOLD in " ".join(out.split())
    report = json.loads(run(capsys, "check", "--format", "json")[1])
    assert report["models"][0]["masks"] == TOLD
    for command in (("show", "net"), ("show", "net", "--format", "json"), ("tile", "net")):
        assert TOLD in " ".join(run(capsys, *command)[1].split())


def test_strictly_it_is_no_mask(capsys, folder: Path) -> None:
    config = (folder / "rf.toml").read_text()
    (folder / "rf.toml").write_text(config + "mask_below = -inf\n")
    status, out = run(capsys, "check", "-v")
    assert status == 1
    assert "counted as masks" not in out
    (folder / "rf.toml").write_text(config + "mask_below = 3\n")
    assert cli.run(["check"]) == 2
    assert "rf.toml:6:" in capsys.readouterr().err
    (folder / "rf.toml").write_text(config)
    assert run(capsys, "check", "--mask-below", "-1000")[0] == 0
    assert run(capsys, "check", "--mask-below", "-1001")[0] == 1
