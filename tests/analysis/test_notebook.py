"""What a notebook shows of an analysis: tables that are inert, whatever a model's names are."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf.analysis import notebook

EXAMPLES = Path(__file__).parents[2] / "examples"


def parsed(analysis: pytest_rf.Analysis) -> ElementTree.Element:
    return ElementTree.fromstring(analysis._repr_html_())


def cells(table: ElementTree.Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def chain(*names: str, op: str = "Conv") -> onnx.ModelProto:
    nodes = [
        helper.make_node(
            op, [before, "w"][: 2 - (op != "Conv")], [after], domain="" if op == "Conv" else "own"
        )
        for before, after in zip(("x", *names), names, strict=False)
    ]
    graph = helper.make_graph(
        nodes,
        "<b>net</b>",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 600])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3], [1.0] * 3)],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets)


def test_what_is_final_comes_first_and_tensors_are_folded() -> None:
    page = parsed(pytest_rf.analyze(EXAMPLES / "unet.onnx"))
    final, details = page.find("table"), page.find("details")
    assert final is not None
    assert details is not None
    heads, *rows = cells(final)
    assert heads == ["final", "axes", "input", "rf", "stride", "start", "lookahead", "halo", "context"]
    assert rows == [["mask", axis, "image", "36 to 40", "1", "-18", "20", "18", ""] for axis in ("h", "w")]
    assert details.findtext("summary") == "23 tensors"
    heads, *rows = cells(details)
    assert heads == ["name", "module", "op", "shape", "input", "rf", "stride", "start", "context"]
    assert len(rows) == 23
    assert rows[0][:6] == ["encoder.0.conv1", "encoder.0.conv1", "Conv 3×3", "1×4×96×96", "image", "3"]


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a&lt;b", "\u202egnp.exe", "a\x1b[2Jb"],
)
def test_names_are_text(name: str) -> None:
    analysis = pytest_rf.analyze(chain(name))
    page = parsed(analysis)
    assert {element.tag for element in page.iter()} <= {
        *("div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary")
    }
    assert all(not element.attrib for element in page.iter())
    assert not any(sign in analysis._repr_html_() for sign in "\u202e\x1b")
    if name.isprintable():
        assert name in {cell for row in cells(page) for cell in row}


def test_a_large_model_shows_its_first_tensors() -> None:
    page = parsed(pytest_rf.analyze(chain(*(f"t{n}" for n in range(notebook.MOST + 5)))))
    assert (
        page.findtext("details/summary") == f"{notebook.MOST + 5} tensors, the first {notebook.MOST} of them"
    )
    (details,) = page.iter("details")
    assert len(cells(details)) == notebook.MOST + 1


def test_unknown_tensors_say_why() -> None:
    page = parsed(pytest_rf.analyze(chain("y", op="Odd")))
    for row in cells(page):
        assert row[0] in ("final", "name") or any("unknown: " in cell and "Odd" in cell for cell in row)
