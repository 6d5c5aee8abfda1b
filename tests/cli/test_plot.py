"""``show --plot`` and the folder of node data on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest


@pytest.fixture
def matplotlib() -> None:
    pytest.importorskip("matplotlib")


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.parametrize(("kind", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_growth_is_drawn_into_a_file_with_its_requirements(rf, folder: Path, kind: str, magic: bytes) -> None:
    result = rf("show", "net", "--plot", f"growth.{kind}")
    assert (result.status, result.out, result.err) == (0, f"Wrote growth.{kind}.\n", "")
    drawn = (folder / f"growth.{kind}").read_bytes()
    assert drawn.startswith(magic)
    if kind == "svg":
        assert b"final rf &gt;= 36" in drawn


@pytest.mark.usefixtures("matplotlib")
def test_a_unit_and_another_tensor_can_be_drawn(rf, folder: Path) -> None:
    assert rf("show", "unet.onnx", "--unit", "0,40", "--plot", "unit.svg").status == 0
    assert "unit (0, 40) of mask reads" in (folder / "unit.svg").read_text()
    assert rf("show", "unet.onnx", "--node", "encoder.1.pool", "--plot", "pool.svg").status == 0
    assert "how the field of encoder.1.pool grew" in (folder / "pool.svg").read_text()


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--plot", "growth.gif"), "a picture ends in .svg, .png or .pdf"),
        (("--plot", "growth.svg", "--sort", "rf"), "--sort has no say"),
        (("--plot", "nowhere/growth.svg"), "its folder is not there"),
        (("--plot", "unit.svg", "--unit", "900,3"), "lies outside"),
        (("--plot", "unit.svg", "--unit", "3"), "choose another with --unit or --node"),
        (("--plot", "unit.svg", "--node", "nothing"), "selects no tensor"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(rf, folder: Path, arguments: tuple[str, ...], told: str) -> None:
    result = rf("show", "unet.onnx", *arguments)
    assert (result.status, result.out) == (2, "")
    assert told in result.err
    assert result.err.count("\n") == 1
    assert not {*folder.glob("*.svg")} | {*folder.glob("*.gif")}


def test_a_missing_extra_is_one_line(rf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = rf("show", "unet.onnx", "--plot", "growth.svg")
    assert result.status == 2
    assert result.err == "error: matplotlib is not installed; install it with pip install 'pytest-rf[plot]'\n"


def test_a_folder_gets_a_file_a_figure(rf, folder: Path) -> None:
    (folder / "data").mkdir()
    result = rf("show", "unet.onnx", "--format", "model-explorer", "--columns", "rf,stride", "-o", "data")
    assert result.status == 0
    assert result.out.splitlines() == [f"Wrote {Path('data', name)}." for name in ("rf.json", "stride.json")]
    assert json.loads((folder / "data" / "stride.json").read_text())["name"] == "pytest-rf stride"
    one = rf("show", "unet.onnx", "--format", "model-explorer", "-o", "rf.json")
    assert one.status == 0
    assert (folder / "rf.json").read_text() == (folder / "data" / "rf.json").read_text()


def test_names_of_inputs_lead_out_of_no_folder(rf, folder: Path) -> None:
    import onnx
    from models import model

    proto = model("""
        net (float[1,1,40] x, float[1,1,40] z) => (float[1,1,?] y)
        <float[1,1,3] w>
        {
          a = Conv<pads=[1,1]>(x, w)
          b = Conv<pads=[1,1]>(z, w)
          y = Add(a, b)
        }
    """)
    for number, name in enumerate(("../../x", "..\\..\\x")):
        proto.graph.input[number].name = proto.graph.node[number].input[0] = name
    onnx.save(proto, folder / "two.onnx")
    (folder / "data").mkdir()
    assert rf("show", "two.onnx", "--format", "model-explorer", "-o", "data").status == 0
    found = sorted(path.name for path in (folder / "data").iterdir())
    assert found == ["rf from .._.._x.json", "rf from .._.._x_.json"]
    assert not {path.name for path in folder.iterdir()} - {
        "data",
        "rf.toml",
        "tcn.onnx",
        "two.onnx",
        "unet.onnx",
    }
