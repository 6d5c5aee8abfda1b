from __future__ import annotations

import csv
import io
import json

import jsonschema
import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf import report
from pytest_rf.errors import ModelError
from pytest_rf.reporters import FILES, SHOW, show
from pytest_rf.reporters.lines import plain
from pytest_rf.view import view
from reporters.findings import HOSTILE


def model(
    *nodes: onnx.NodeProto, outputs: tuple[str, ...] = ("y",), inputs: tuple[str, ...] = ("x",)
) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 16, 16]) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3, 5], [1.0] * 15)],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    )


def conv(x: str = "x", y: str = "y", **attributes: object) -> onnx.NodeProto:
    return helper.make_node("Conv", [x, "w"], [y], name=f"node_{y}", **attributes)


def text(analysis: pytest_rf.Analysis, format: str, **chosen: object) -> str:
    document = show(view(analysis, **chosen), format)  # type: ignore[arg-type]
    return document if isinstance(document, str) else "\n".join(plain(document))


def test_the_table_names_axes_where_they_differ() -> None:
    analysis = pytest_rf.analyze(model(conv(strides=[1, 2])))
    assert text(analysis, "table").splitlines() == [
        "net: 1 tensor",
        "input x 1×1×16×16, spatial axes: h, w",
        "",
        "final  axes  rf  stride  start  lookahead     halo",
        "y      h      3       1      0          2  0 and 2",
        "y      w      5       2      0          3  0 and 3",
        "",
        "name  op                   shape           rf    stride  start",
        "y     Conv 3×5 stride 1×2  1×1×14×6  h 3, w 5  h 1, w 2      0",
    ]


def test_unknown_operators_are_said_aloud() -> None:
    analysis = pytest_rf.analyze(model(conv("x", "a"), helper.make_node("Odd", ["a"], ["y"], domain="own")))
    table = text(analysis, "table")
    assert "unknown: " in table
    assert "Odd" in table
    rows = list(csv.DictReader(io.StringIO(text(analysis, "csv"))))
    assert [row["status"] for row in rows] == ["exact", "exact", "unknown"]
    assert rows[-1]["rf"] == ""
    last = json.loads(text(analysis, "json"))["tensors"][-1]
    assert last["fields"] == {}
    assert "Odd" in last["reason"]


def test_several_inputs_have_rows_of_their_own() -> None:
    nodes = conv("x", "a"), conv("z", "b"), helper.make_node("Add", ["a", "b"], ["y"])
    analysis = pytest_rf.analyze(model(*nodes, inputs=("x", "z")))
    finals, body = text(analysis, "table").split("\nname ")
    assert [row.split()[3] for row in body.splitlines() if row.startswith("y ")] == ["x", "z"]
    assert [row.split()[1:4] for row in finals.splitlines() if row.startswith("y ")] == [
        [axis, source, size] for source in ("x", "z") for axis, size in (("h", "3"), ("w", "5"))
    ]


@pytest.mark.parametrize("chosen", [{}, {"node": "node_*"}, {"unit": (0, 1)}, {"unit": (2, 3), "node": "y"}])
def test_json_fits_its_schema(chosen: dict[str, object]) -> None:
    analysis = pytest_rf.analyze(model(conv()))
    shown = json.loads(text(analysis, "json", **chosen))
    jsonschema.validate(shown, report.schema())
    del shown["report"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(shown, report.schema())


def test_json_is_what_the_analysis_gives() -> None:
    analysis = pytest_rf.analyze(model(conv()))
    assert json.loads(text(analysis, "json")) == analysis.to_dict()
    assert text(analysis, "json") == analysis.to_json()
    field = analysis.to_dict()["tensors"][0]["fields"]["x"]
    assert {axis: one["rf"] for axis, one in field.items()} == {"h": 3, "w": 5}


def test_figures_are_exact_in_json() -> None:
    scales = helper.make_node(
        "Constant", [], ["s"], value=helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, 2, 2])
    )
    nodes = conv("x", "a"), scales, helper.make_node("Resize", ["a", "", "s"], ["y"], mode="linear")
    data = pytest_rf.analyze(model(*nodes)).to_dict()
    assert data["tensors"][-1]["fields"]["x"]["h"]["stride"] == "1/2"
    pool = helper.make_node("GlobalAveragePool", ["x"], ["y"])
    assert (
        pytest_rf.analyze(model(conv("x", "a"), pool)).to_dict()["tensors"][-1]["fields"]["x"]["h"]["rf"]
        == "inf"
    )


def test_units_are_regions() -> None:
    analysis = pytest_rf.analyze(model(conv()))
    assert text(analysis, "table", unit=(2, 3)).splitlines() == [
        "unit (2, 3) of y (Conv, 1×1×14×12) reads",
        "  h: 2 to 4 (3 of 16)",
        "  w: 3 to 7 (5 of 16)",
        "",
        "     0             15",
        *["   0 ················", "     ················"],
        *["     ···█████········"] * 3,
        *["     ················"] * 10,
        "  15 ················",
        "  █ read, · not read; positions a sign: h 1 down, w 1 across",
    ]
    assert text(analysis, "csv", unit=(0, 0)).splitlines()[1:] == ["y,0 0,x,h,0,2", "y,0 0,x,w,0,4"]


@pytest.mark.parametrize("unit", [(14, 0), (0,), (0, 0, 0)])
def test_units_outside_are_errors(unit: tuple[int, ...]) -> None:
    analysis = pytest_rf.analyze(model(conv()))
    with pytest.raises(ModelError, match="--unit"):
        text(analysis, "table", unit=unit)


def test_a_glob_that_selects_nothing_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"selects no tensor; near misses: .*node_y"):
        view(pytest_rf.analyze(model(conv())), "node_x")


@pytest.mark.parametrize("format", SHOW)
def test_names_cannot_steer_a_terminal(format: str) -> None:
    nodes = helper.make_node("Conv", ["x", "w"], [HOSTILE], name=HOSTILE)
    analysis = pytest_rf.analyze(model(nodes, outputs=(HOSTILE,)))
    # Along h and w sizes differ, and a file of Model Explorer holds one axis.
    shown = text(analysis, format, **({"chosen": ("stride",)} if format in FILES else {}))
    assert not any(char in shown for char in "\x1b\r\u202e\u2066")
    assert "\n::" not in shown


@pytest.mark.parametrize("name", ["=1+1", "+a", "-a", "@a", "|a"])
def test_csv_holds_no_formulas(name: str) -> None:
    nodes = helper.make_node("Conv", ["x", "w"], [name], name=name)
    analysis = pytest_rf.analyze(model(nodes, outputs=(name,)))
    (row,) = [row for row in csv.DictReader(io.StringIO(text(analysis, "csv"))) if row["axis"] == "h"]
    assert row["name"] == f"'{name}"
    assert row["rf"] == "3"


def test_markdown_shows_markup_as_text() -> None:
    name = "a|b <img onerror=x> [l](u) `c` *d*"
    nodes = helper.make_node("Conv", ["x", "w"], [name])
    analysis = pytest_rf.analyze(model(nodes, outputs=(name,)))
    row = text(analysis, "markdown").splitlines()[-1]
    assert row.startswith(r"| a\|b \<img onerror=x\> \[l\]\(u\) \`c\` \*d\* | Conv 3×5 |")
