"""What the pages show as said or written by the tool is what it says and writes."""

from __future__ import annotations

import math
import operator
import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import onnx
import pytest
import stage
from blocks import ROOT, of, only
from console import PROGRAMS, chains, run
from models import model

import pytest_rf
from pytest_rf import cli

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def check(*arguments: str) -> int:
    return cli.run(["check", "--no-cache", *arguments])


def test_extents_that_were_chosen_are_told(folder: Path, capsys: Captured) -> None:
    text = "net (float[1,3,H,W] image) => (float[1,3,H,W] y) <float[3,3,3,3] w> { y = Conv(image, w) }"
    onnx.save(model(text), folder / "open.onnx")
    requirements = ["final rf >= 3", "final stride == 1", "final is bounded", "final rf.h == 3"]
    check("open.onnx", *(word for one in requirements for word in ("--require", one)))
    assert capsys.readouterr().out.partition("\n\n")[0] + "\n" == only("docs/calls.md", "")


def test_a_tiling_that_is_not_seamless_is_told_as_the_page_says(folder: Path, capsys: Captured) -> None:
    (said, _) = (block.code for block in of("docs/tiles.md", "text"))
    (folder / "rf.toml").write_text(
        '[[model]]\nsource = "models/unet.onnx"\n\n[[model.tiling]]\ntile = { h = 512, w = 512 }\n'
        "overlap = { h = 32, w = 32 }\n",
        encoding="utf-8",
    )
    assert check() == 1
    out = capsys.readouterr().out.partition("\n\n")[0] + "\n"
    assert out == said


def test_a_description_that_differs_is_told_as_the_page_says(folder: Path, capsys: Captured) -> None:
    pytest.importorskip("yaml")
    (_, said) = (block.code for block in of("docs/tiles.md", "text"))
    assert cli.run(["tile", "unet.onnx", "--format", "bioimageio"]) == 0
    head = "type: model\nformat_version: 0.5.4\nname: unet\nweights:\n  onnx: {source: unet.onnx, opset_version: 17}\n"
    written = capsys.readouterr().out.replace("halo: 20", "halo: 16", 1)
    (folder / "bioimageio.yaml").write_text(f"{head}{written}", encoding="utf-8")
    assert check("bioimageio.yaml") == 1
    out = capsys.readouterr().out.partition("\n\n")[0] + "\n"
    assert out == said


def test_the_hook_says_what_the_page_says(folder: Path, capsys: Captured) -> None:
    (folder / "rf.toml").write_text(
        '[[model]]\nsource = "models/unet.onnx"\nrequire = ["final rf >= 36"]\n\n[[model]]\nname = "net"\n'
        'source = "nets:build"\nrequire = ["final rf >= 36"]\n',
        encoding="utf-8",
    )
    assert check("--hook", "models/unet.onnx", "rf.toml") == 0
    # The first lines are the runner's own; tests/hooks/try.sh shows the hook under the real ones.
    assert capsys.readouterr().out == only("docs/pre-commit.md", "text").partition("\n\n")[2]


def test_properties_are_those_of_the_page(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        'import pytest\n\n@pytest.mark.rf("final rf >= 36", model="unet.onnx")\ndef test_net(): ...\n'
    )
    found = run([*PROGRAMS["pytest"], "test_it.py", "--junitxml", "junit.xml"], folder)
    assert "1 passed" in found.stdout
    (case,) = ElementTree.parse("junit.xml").iter("testcase")
    shown = ElementTree.fromstring(only("docs/pytest.md", "xml"))
    case.set("time", shown.get("time", ""))

    def elements(root: ElementTree.Element) -> list[tuple[str, dict[str, str]]]:
        return [(one.tag, one.attrib) for one in root.iter()]

    assert elements(case) == elements(shown)


def test_the_table_of_a_scan_is_what_pandas_shows(folder: Path, capsys: Captured) -> None:
    pytest.importorskip("pandas")
    before, *_ = chains((ROOT / "docs/scan.md").read_text(encoding="utf-8"))
    (line,) = [line for line in before[0].splitlines() if line.startswith("$ ")]
    assert cli.run(shlex.split(line)[2:]) == 0
    shown, further = (block.code for block in of("docs/scan.md", "python"))
    names: dict[str, object] = {}
    capsys.readouterr()
    exec(shown, names)
    assert capsys.readouterr().out == only("docs/scan.md", "text")
    exec(further, names)


def test_what_code_does_wrong_is_told_as_the_page_says(folder: Path) -> None:
    if not find_spec("torch"):
        pytest.skip("no torch")
    code, _ = (block.code for block in of("docs/limits.md", "python"))
    (folder / "nets.py").write_text(code, encoding="utf-8")
    entry, _, limits = only("docs/limits.md", "toml").partition("\n# ")
    names = re.findall(r"nets:(\w+)", limits)
    assert [entry.count("good"), names] == [1, ["wrong", "crashes", "leaves", "hangs", "hungry"]]
    entries = "\n".join([entry, *(entry.replace("good", name) for name in names)])
    settings = limits.partition("\n")[2]

    def said(seconds: int, *models: str) -> list[str]:
        written = settings.replace("seconds = 20", f"seconds = {seconds}")
        (folder / "rf.toml").write_text(entries + written, encoding="utf-8")
        found = run(["-m", "pytest_rf", "check", "--allow-code", "-j", "2", *models], folder)
        assert found.returncode == 2
        return found.stdout.replace(f"within {seconds} seconds", "within 20 seconds").splitlines()

    # What hangs is not waited for, and what imports torch has time for it, however busy the machine is.
    now = [*said(200, *{"good", *names} - {"hangs"}), *said(1, "hangs")]
    shown = only("docs/limits.md", "text").splitlines()
    counted = [line for line in (*now, *shown) if line.startswith("Checked")]
    assert {*now} - {*counted} == {*shown} - {*counted}
    assert counted[-1] == "Checked 6 models, 6 requirements: 5 errors."


def test_the_formula_of_tutorials_gives_what_the_page_says() -> None:
    text = only("docs/stride-is-not-dilation.md", "").replace("·", "*")
    page = (ROOT / "docs/stride-is-not-dilation.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (\d+), (\d+) \| \**(\d+)\** \|", page)
    assert len(rows) >= 2
    for kernel, stride, said in rows:
        assert eval(text.strip(), {"k": int(kernel), "s": int(stride)}) == int(said)


def test_stacked_layers_give_what_the_page_says() -> None:
    page = (ROOT / "docs/stride-is-not-dilation.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (3×3 stride .*) \| (\d+) \| (\d+) \| \*\*(\d+)\*\* \|$", page)
    assert len(rows) >= 2
    for layers, added, weighed, right in rows:
        strides = [int(stride) for stride in re.findall(r"3×3 stride (\d)", layers)]
        quoted = [3 + 2 * (stride - 1) - 1 for stride in strides]
        before = [math.prod(strides[:number]) for number in range(len(strides))]
        assert 1 + sum(quoted) == int(added)
        assert 1 + sum(map(operator.mul, quoted, before)) == int(weighed)
        nodes = "\n".join(
            f"x{number + 1} = Conv<strides=[{stride},{stride}], pads=[1,1,1,1]>(x{number}, w)"
            for number, stride in enumerate(strides)
        )
        ends = f"x{len(strides)}"
        net = f"net (float[1,1,64,64] x0) => (float[1,1,M,N] {ends}) <float[1,1,3,3] w> {{ {nodes} }}"
        assert pytest_rf.analyze(model(net)).final[0]["h"].rf == int(right)


def test_a_call_that_fails_is_told_as_the_page_says(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    said = only("docs/pytorch.md", "").strip()
    line = int(re.findall(r"resnet.py:(\d+)", said)[0])
    source = f"from torch import nn, zeros\n{_FAILS}"
    before = source.partition("# here")[0].count("\n")
    (folder / "models" / "resnet.py").write_text("\n" * (line - 1 - before) + source, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(
        compile((folder / "models/resnet.py").read_text(encoding="utf-8"), "models/resnet.py", "exec"), names
    )
    with pytest.raises(pytest_rf.RFError) as error:
        pytest_rf.analyze(names["Net"](), torch.zeros(1, 3, 7, 7))
    assert re.fullmatch(re.escape(said).replace(re.escape(" ... "), ".*"), str(error.value))


_FAILS = """

class Block(nn.Module):
    def forward(self, x):
        return x + zeros(1, 3, 7, 4)  # here


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer3 = nn.Sequential(Block())

    def forward(self, x):
        return self.layer3(x)
"""
