"""What a notebook shows: tables and charts that are inert, whatever a model's names are."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Protocol

import onnx
import pytest
from models import model
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf import notebook

SVG = "{http://www.w3.org/2000/svg}"
EXAMPLES = Path(__file__).parents[2] / "examples"


#: What there is in a page, and the attributes that it may have: none of them names what comes from a model.
TAGS = {
    *("div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
    *(f"{SVG}{tag}" for tag in ("svg", "g", "path", "text")),
}
ATTRIBUTES = {
    *("style", "role", "aria-label", "width", "height", "transform", "x", "y", "d"),
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray"),
}


class Shown(Protocol):
    def _repr_html_(self) -> str: ...


def parsed(shown: Shown) -> ElementTree.Element:
    return ElementTree.fromstring(shown._repr_html_())


def charts(page: ElementTree.Element) -> list[str]:
    return [svg.attrib["aria-label"] for svg in page.iter(f"{SVG}svg")]


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
    assert heads == ["final", "axes", "input", "rf", "stride", "start", "lookahead", "halo"]
    assert rows == [["mask", "h, w", "image", "36 to 40", "1", "-18", "20", "18"]]
    assert charts(page) == ["field along h and w, grown to 40 over 15 tensors"]
    assert details.findtext("summary") == "23 tensors"
    heads, *rows = cells(details)
    assert heads == ["name", "module", "op", "shape", "input", "rf", "stride", "start"]
    assert len(rows) == 23
    assert rows[0][:6] == ["encoder.0.conv1", "encoder.0.conv1", "Conv 3×3", "1×4×96×96", "image", "3"]


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a&lt;b", "\u202egnp.exe", "a\x1b[2Jb"],
)
def test_names_are_text(name: str) -> None:
    analysis = pytest_rf.analyze(chain(name))
    page = parsed(analysis)
    for shown in (analysis, analysis[name], analysis[name].field(), analysis[name]["t"]):
        inner = parsed(shown)
        assert {element.tag for element in inner.iter()} <= TAGS
        assert {key for element in inner.iter() for key in element.attrib} <= ATTRIBUTES
        assert not any(sign in shown._repr_html_() for sign in "\u202e\x1b")
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


def test_a_tensor_says_what_it_is_and_how_it_grew() -> None:
    page = parsed(pytest_rf.analyze(EXAMPLES / "unet.onnx")["encoder.1.pool"])
    assert "".join(page[0].itertext()) == "encoder.1.pool MaxPool 2×2 stride 2, 1×8×24×24"
    assert cells(page) == [
        ["axes", "input", "rf", "stride", "start", "lookahead", "halo"],
        ["h, w", "image", "16", "4", "-6", "6", "6"],
    ]
    assert charts(page) == ["field along h and w, grown to 16 over 6 tensors"]


def test_a_field_along_an_axis_has_all_figures_that_cost_little() -> None:
    field = pytest_rf.analyze(EXAMPLES / "unet.onnx").final[0]["h"]
    figures = dict(cells(parsed(field))[1:])
    assert figures["rf"] == "36 to 40"
    assert figures["rf_min"] == str(field.rf_min)
    assert figures["causal"] == "no"
    assert not {"density", "erf", "context"} & {*figures}


def test_a_plan_says_whether_tiles_are_seamless() -> None:
    analysis = pytest_rf.analyze(EXAMPLES / "unet.onnx")
    page = parsed(analysis.tiles({"h": 64, "w": 64}, {"h": 16, "w": 40}))
    assert page.findtext("p/strong") == "not seamless"
    heads, *rows = cells(page)
    assert heads[:4] == ["axis", "tile", "step", "overlap"]
    assert [row[:6] for row in rows] == [
        ["h", "64", "48", "16", "8", "40"],
        ["w", "64", "24", "40", "20", "40"],
    ]
    assert parsed(analysis.tiles({"h": 64})).findtext("p/strong") == "seamless"


def test_the_line_of_a_chart_ends_at_the_largest_size() -> None:
    page = parsed(pytest_rf.analyze(EXAMPLES / "tcn.onnx").final[0])
    *_, line = (path.attrib["d"] for path in page.iter(f"{SVG}path") if path.attrib.get("fill") == "none")
    heights = [float(part.split()[0]) for part in line.removeprefix("M 0").split("V")]
    assert heights == sorted(heights, reverse=True)
    assert line.endswith("H 300.0")
    assert len(heights) == len({1, 3, 7, 15, 31, 63})


def test_what_is_shown_is_small() -> None:
    analysis = pytest_rf.analyze(EXAMPLES / "classifier.onnx")
    assert len(analysis._repr_html_()) < 20_000
    assert len(analysis.final[0]._repr_html_()) < 4_000


#: A causal convolution over 20 positions, and the same with a cache of what the call before was given.
OFFLINE = """
    offline (float[1,1,20] x) => (float[1,1,20] y) <float[1,1,3] w> { y = Conv<pads=[2,0]>(x, w) }
"""
STEP = """
    step (float[1,1,4] x, float[1,1,CACHE] c) => (float[1,1,4] y, float[1,1,CACHE] new)
    <float[1,1,3] w, int64[1] starts = {BEGIN}, int64[1] ends = {100}, int64[1] axes = {2}>
    {
      all = Concat<axis=2>(c, x)
      y = Conv<pads=[PAD,0]>(all, w)
      new = Slice(all, starts, ends, axes)
    }
"""


@pytest.mark.parametrize(("cache", "verdict"), [(2, "the same"), (1, "not the same")])
def test_a_comparison_says_whether_streams_are_the_same(cache: int, verdict: str) -> None:
    text = STEP.replace("CACHE", str(cache)).replace("BEGIN", str(-cache)).replace("PAD", str(2 - cache))
    step = pytest_rf.analyze(model(text), state={"c": "new"})
    found = pytest_rf.same(pytest_rf.analyze(model(OFFLINE)), step)
    page = parsed(found)
    assert page.findtext("p/strong") == verdict
    told = dict(cells(page))
    assert told.get("outputs compared", "y") == "y"
    assert ("unit" in told) == (verdict != "the same")
    assert bool(found) == (verdict == "the same")


def test_a_stream_is_shown_and_drawn_as_any_model_is() -> None:
    text = STEP.replace("CACHE", "2").replace("BEGIN", "-2").replace("PAD", "0")
    stream = pytest_rf.analyze(model(text), state={"c": "new"})
    assert charts(parsed(stream)) == ["field along t, grown to 3 over 2 tensors"]
