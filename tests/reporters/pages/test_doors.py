"""The doors to the page: ``report``, ``check --report html:FILE`` and ``pytest --rf-report FILE.html``."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import onnx
import pytest

from pytest_rf import cli
from reporters.pages import nets

pytest.importorskip("jinja2")

CONFIG = """
[[model]]
name = "tcn"
source = "tcn.onnx"
spacing = { t = "1/16000 s" }
require = ["final rf >= 300", "final is causal", "final rf >= 10 ms"]

[[model.waiver]]
rule = "RF001"
at = "head"
reason = "a look-ahead of two steps is fine"
until = 2999-01-01

[[model]]
name = "two"
source = "two.onnx"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    onnx.save(nets.tcn(320, 4), tmp_path / "tcn.onnx")
    onnx.save(nets.two_inputs(32), tmp_path / "two.onnx")
    (tmp_path / "rf.toml").write_text(CONFIG)
    return tmp_path


def read(file: str) -> list[Any]:
    """Return the data of the models of a page."""
    block = Path(file).read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
    models: list[Any] = json.loads(block)["models"]
    return models


def test_report_writes_a_page_about_a_model_with_what_the_configuration_says(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["report", "tcn"]) == 0
    assert "report.html: 1 model" in capsys.readouterr().err
    (model,) = read("report.html")
    assert model["model"] == "tcn"
    assert model["inputs"][0]["spacing"] == {"t": [1 / 16000, "s"]}
    verdicts = model["sections"]["verdicts"]["verdicts"]
    assert {one["status"] for one in verdicts} == {"waived"}
    assert verdicts[0]["waived"] == "a look-ahead of two steps is fine (until 2999-01-01)"
    assert set(model["sections"]) >= {"verdicts", "look", "growth"}


def test_a_model_without_requirements_is_looked_at_all_the_same(project: Path) -> None:
    assert cli.run(["report", "two.onnx", "-o", "two.html"]) == 0
    assert read("two.html")[0]["model"] == "two"
    assert cli.run(["report", "two.onnx", "--require", "final rf >= 999", "-o", "two.html"]) == 0
    (verdict,) = read("two.html")[0]["sections"]["verdicts"]["verdicts"][:1]
    assert verdict["status"] == "violated"


def test_report_without_a_model_is_about_all_of_the_configuration(project: Path) -> None:
    assert cli.run(["report"]) == 0
    assert [one["model"] for one in read("report.html")] == ["tcn", "two"]


def test_check_writes_the_page_beside_what_it_tells(project: Path) -> None:
    (project / "broken.onnx").write_bytes(b"none")
    assert (
        cli.run(["check", "tcn.onnx", "broken.onnx", "--report", "html:rf.html", "--report", "rf.json"]) == 2
    )
    first, broken = read("rf.html")
    assert first["tensors"]
    assert "broken.onnx" in broken["sections"]["verdicts"]["problems"][0]
    assert json.loads(Path("rf.json").read_text())["models"][0]["model"] == "tcn"


def test_a_page_is_drawn_in_the_process_that_analyses(project: Path) -> None:
    assert cli.run(["report", "--isolate", "always", "-j", "2", "-o", "far.html"]) == 0
    assert cli.run(["report", "--isolate", "never", "-o", "near.html"]) == 0
    assert Path("far.html").read_bytes() == Path("near.html").read_bytes()


def test_a_picture_is_put_into_the_page(project: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0\x80"))
        + chunk(b"IEND", b"")
    )
    Path("cat.png").write_bytes(png)
    assert cli.run(["report", "two.onnx", "--image", "cat.png"]) == 0
    images = read("report.html")[0]["sections"]["look"]["images"]
    assert list(images) == ["left"]
    assert images["left"].startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["two.onnx", "--image", "rf.toml"],
            "rf.toml: is neither PNG nor JPEG; give a picture of one of these",
        ),
        (["two.onnx", "--image", "none.png"], "none.png: is no file; give a PNG or JPEG picture"),
        (["two.onnx", "-o", "tcn.onnx"], "tcn.onnx: ends as a model, a configuration or code does"),
        (["none.onnx"], "none.onnx"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    arguments: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["report", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert not Path("report.html").exists()


@pytest.mark.parametrize("arguments", [["report", "two.onnx"], ["check", "two.onnx", "--report", "rf.html"]])
def test_a_missing_extra_is_one_line_that_says_how_to_install_it(
    arguments: list[str], project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_rf.reporters.pages.extra.find_spec", lambda name: None)
    assert cli.run(arguments) == 2
    told = capsys.readouterr().err
    assert "pip install 'pytest-rf[report]'" in told
    assert len(told.splitlines()) == 1


def test_pytest_writes_the_page(project: Path, pytester: pytest.Pytester) -> None:
    for name in ("tcn.onnx", "rf.toml", "two.onnx"):
        (pytester.path / name).write_bytes((project / name).read_bytes())
    pytester.makepyfile(
        """
        def test_two(rf):
            rf.check("two.onnx", "final rf from left >= 13")
        """
    )
    pytester.runpytest_inprocess("--rf", "--rf-report", "rf.html")
    models = read(str(pytester.path / "rf.html"))
    assert {one["file"] for one in models} >= {"tcn.onnx", "test_pytest_writes_the_page.py::test_two"}
    assert all(one["tensors"] for one in models)
