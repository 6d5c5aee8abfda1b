"""What the rows say: the figures of the analysis, in columns of one type each."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import onnx
import pytest

import pytest_rf
from pytest_rf import cli
from pytest_rf.scanning import rows, tables
from tests.models import model

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def lines(file: str = "r.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


@pytest.mark.parametrize("name", ["unet", "tcn", "classifier"])
def test_figures_are_those_of_the_analysis(name: str) -> None:
    shutil.copy(ROOT / "examples" / f"{name}.onnx", f"{name}.onnx")
    assert cli.run(["scan", f"{name}.onnx", "-o", "r.jsonl"]) == 0
    analysis = pytest_rf.analyze(f"{name}.onnx")
    final = analysis.final[0]
    found = lines()
    (source,) = analysis.inputs.values()
    assert [row["axis"] for row in found] == list(source.axes)
    for row in found:
        field = final[row["axis"]]
        assert row["rf"] == field.rf
        assert row["rf_smallest"] == field.rf_range[0]
        assert row["stride"] == float(field.stride)
        assert row["lookahead"] == field.lookahead
        assert (row["halo_before"], row["halo_after"]) == field.halo
        assert row["causal"] is field.causal
        assert row["extent"] == source.shape[source.axes[row["axis"]]]
        assert row["tensor"] == final.at(row["axis"]).name
        assert (row["model"], row["status"], row["file"]) == (name, final.status, f"{name}.onnx")


def test_every_row_has_every_column() -> None:
    shutil.copy(ROOT / "examples/unet.onnx", "unet.onnx")
    Path("bad.onnx").write_bytes(b"\xff\xff")
    assert cli.run(["scan", "*.onnx", "-o", "r.jsonl"]) == 2
    for row in lines():
        assert list(row) == list(rows.COLUMNS)


def test_a_whole_axis_is_infinite_and_an_unknown_operator_has_no_figures() -> None:
    onnx.save(model("net (float[1,3,8] x) => (float[1,3,8] y, float[1,3,8] z) { y = Softmax(x)\n z = Relu(x) }"),
              "all.onnx")  # fmt: skip
    unknown = "net (float[1,3,8] x) => (float[1,3,8] y) { y = own.Strange(x) }"
    onnx.save(model(unknown, domains=', "own" : 1'), "own.onnx")
    assert cli.run(["scan", "all.onnx", "own.onnx", "-o", "r.jsonl"]) == 0
    softmax, relu, strange = lines()
    assert (softmax["output"], softmax["lookahead"], softmax["context"]) == ("y", "inf", "y")
    assert (relu["output"], relu["lookahead"], relu["context"]) == ("z", 0, "")
    assert (strange["status"], strange["rf"], strange["axis"]) == ("unknown", None, None)
    assert "Strange" in strange["reason"]
    read = tables.read(Path("r.jsonl"))
    assert math.isinf(read["all.onnx"][0].lookahead)


def test_a_model_without_positions_has_a_row() -> None:
    onnx.save(model("net (float[2] x) => (float[2] y) { y = Relu(x) }"), "flat.onnx")
    assert cli.run(["scan", "flat.onnx", "-o", "r.jsonl"]) == 0
    (row,) = lines()
    assert (row["file"], row["output"], row["status"]) == ("flat.onnx", "y", "exact")


def test_extents_that_files_leave_open_are_told_and_can_be_given() -> None:
    onnx.save(
        model("net (float[1,3,N] x) => (float[1,4,M] y) <float[4,3,5] w> { y = Conv(x, w) }"), "open.onnx"
    )
    assert cli.run(["scan", "open.onnx", "-o", "r.jsonl"]) == 0
    (chosen,) = lines()
    assert chosen["chosen"] is True
    assert cli.run(["scan", "open.onnx", "-o", "r.jsonl", "--input", "x=1,3,77"]) == 0
    (given,) = lines()
    assert (given["chosen"], given["extent"], given["rf"]) == (False, 77, 5)


def test_the_configuration_tells_how_a_model_is_called(folder: Path) -> None:
    onnx.save(
        model("net (float[1,3,N] x) => (float[1,4,M] y) <float[4,3,5] w> { y = Conv(x, w) }"), "open.onnx"
    )
    (folder / "rf.toml").write_text(
        '[[model]]\nname = "it"\nsource = "open.onnx"\ninputs = { x = [1, 3, 55] }\n'
    )
    assert cli.run(["scan", "open.onnx", "-o", "r.jsonl"]) == 0
    (row,) = lines()
    assert (row["model"], row["extent"]) == ("it", 55)


def test_parquet_and_lines_hold_the_same() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("unet", "tcn"):
        shutil.copy(ROOT / "examples" / f"{name}.onnx", f"{name}.onnx")
    Path("bad.onnx").write_bytes(b"\xff\xff")
    onnx.save(model("net (float[1,3,8] x) => (float[1,3,8] y) { y = Softmax(x) }"), "all.onnx")
    for output in ("r.jsonl", "r.parquet"):
        assert cli.run(["scan", ".", "-o", output]) == 2
    assert tables.read(Path("r.jsonl")) == tables.read(Path("r.parquet"))
    schema = parquet.read_schema("r.parquet")
    assert schema.names == list(rows.COLUMNS)
    assert str(schema.field("rf").type) == "double"
    assert str(schema.field("size").type) == "int64"
    assert str(schema.field("causal").type) == "bool"


def test_pandas_has_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    for name in ("unet", "tcn"):
        shutil.copy(ROOT / "examples" / f"{name}.onnx", f"{name}.onnx")
    Path("bad.onnx").write_bytes(b"\xff\xff")
    onnx.save(model("net (float[1,3,8] x) => (float[1,3,8] y) { y = Softmax(x) }"), "all.onnx")
    cli.run(["scan", ".", "-o", "r.jsonl"])
    table = pandas.read_json("r.jsonl", lines=True)
    assert (table.rf.dtype, table.lookahead.dtype) == ("float64", "float64")
    assert table[table.lookahead > 1e9].model.tolist() == ["all"]
    assert table[table.status == "error"].file.tolist() == ["bad.onnx"]


def test_names_of_any_bytes_get_into_both(folder: Path) -> None:
    shutil.copy(ROOT / "examples/tcn.onnx", "tcn.onnx")
    odd = "né\udcff\n.onnx"
    try:
        shutil.copy(ROOT / "examples/tcn.onnx", odd)
    except (OSError, ValueError):
        pytest.skip("this file system has no such names")
    for output in ("r.jsonl", *(["r.parquet"] if _has_arrow() else [])):
        assert cli.run(["scan", ".", "-o", output]) == 0
        assert len(tables.read(Path(output))) == 2
    assert lines()[0]["file"] == odd


def _has_arrow() -> bool:
    try:
        import pyarrow.parquet
    except ImportError:
        return False
    return bool(pyarrow.parquet)


def test_the_page_tells_every_column() -> None:
    page = (ROOT / "docs/scan.md").read_text(encoding="utf-8")
    told = [
        line.split("`")[1] for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4
    ]
    assert told == list(rows.COLUMNS)
