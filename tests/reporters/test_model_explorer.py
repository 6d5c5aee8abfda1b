"""Node data of Model Explorer, held against the form that its documentation gives (``node_data_builder.py``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import onnx
import pytest
from models import model

import pytest_rf
from pytest_rf.errors import ModelError
from pytest_rf.reporters import model_explorer
from pytest_rf.view import view

EXAMPLES = Path(__file__).parents[2] / "examples"

COLOUR = {"type": "string", "pattern": "^(#[0-9a-fA-F]{6}|[a-z]+)$"}

#: ``GraphNodeData`` with what is in it. Its interface takes any value, its Python package numbers; texts are shown as
#: they are.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["results"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "results": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["value"],
                "additionalProperties": False,
                "properties": {
                    "value": {"type": ["number", "string"]},
                    "bgColor": COLOUR,
                    "textColor": COLOUR,
                },
            },
        },
        "gradient": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["stop"],
                "additionalProperties": False,
                "properties": {
                    "stop": {"type": "number", "minimum": 0, "maximum": 1},
                    "bgColor": COLOUR,
                    "textColor": COLOUR,
                },
            },
        },
    },
}


def sets(analysis: pytest_rf.Analysis, *figures: str, **chosen: Any) -> dict[str, Any]:
    found = {
        name: json.loads(text)
        for name, text in model_explorer.files(view(analysis, chosen=figures, **chosen)).items()
    }
    for one in found.values():
        jsonschema.validate(one, SCHEMA)
        stops = [colour["stop"] for colour in one["gradient"]]
        assert (stops[0], stops[-1]) == (0, 1)
        assert stops == sorted(stops)
    return found


def test_every_node_has_its_figure_under_its_name() -> None:
    path = EXAMPLES / "unet.onnx"
    found = sets(pytest_rf.analyze(path), "rf", "stride")
    assert [*found] == ["rf", "stride"]
    names = {node.name for node in onnx.load(path).graph.node}
    assert {*found["rf"]["results"]} <= names
    assert len(found["rf"]["results"]) == 23
    assert found["rf"]["name"] == "pytest-rf rf"
    assert found["rf"]["results"]["/encoder/1/conv2/Conv"] == {"value": 14}
    assert found["stride"]["results"]["/encoder/1/pool/MaxPool"] == {"value": 4}


def test_axes_that_differ_have_a_set_each() -> None:
    flat = pytest_rf.analyze(
        model("""
            net (float[1,1,40,40] x) => (float[1,1,?,?] y)
            <float[1,1,3,1] w>
            {
              [first] a = Conv(x, w)
              [second] y = Conv<strides=[1,2]>(a, w)
            }
        """)
    )
    found = sets(flat, "rf", "lookahead")
    assert {name: [one["value"] for one in data["results"].values()] for name, data in found.items()} == {
        "rf.h": [3, 5],
        "rf.w": [1, 1],
        "lookahead.h": [2, 4],
        "lookahead.w": [0, -1],
    }


def test_inputs_have_sets_of_their_own_and_nodes_without_a_name_that_of_their_output() -> None:
    two = pytest_rf.analyze(
        model("""
            net (float[1,1,40] x, float[1,1,40] z) => (float[1,1,?] y)
            <float[1,1,3] w, float[1,1,5] v>
            {
              a = Conv<pads=[1,1]>(x, w)
              b = Conv<pads=[2,2]>(z, v)
              y = Add(a, b)
            }
        """)
    )
    found = sets(two)
    assert {name: data["results"] for name, data in found.items()} == {
        "rf from x": {"a": {"value": 3}, "y": {"value": 3}},
        "rf from z": {"b": {"value": 5}, "y": {"value": 5}},
    }


def test_what_is_infinite_is_text_with_the_darkest_colour_and_what_is_unknown_says_why() -> None:
    analysis = pytest_rf.analyze(
        model(
            """
            net (float[1,8,4] x) => (float[1,8,?] y, float[1,8,?] z) <float[8,8] w>
            {
              a = Transpose<perm=[0,2,1]>(x)
              b = MatMul(a, w)
              y = Transpose<perm=[0,2,1]>(b)
              z = own.Odd(y)
            }
            """,
            domains=', "own" : 1',
        ),
        axes={"x": {"t": 1}},
    )
    results = sets(analysis)["rf"]["results"]
    unknown = results.pop("z")
    assert unknown["value"].startswith("unknown: ")
    assert "Odd" in unknown["value"]
    assert results == {
        "a": {"value": 1},
        "b": {"value": "inf", "bgColor": "#08306b"},
        "y": {"value": "inf", "bgColor": "#08306b"},
    }


def test_fractions_are_numbers() -> None:
    analysis = pytest_rf.analyze(
        model(
            'net (float[1,1,8] x) => (float[1,2,8] y) { y = Resize<mode="nearest">(x, , s) }'.replace(
                "(x, , s)", "(x, e, s)"
            ).replace("{ y", "<float[3] s = {1., 1., 2.}, float[0] e = {}> { y")
        )
    )
    assert sets(analysis, "stride")["stride"]["results"]["y"] == {"value": 0.5}


def test_a_file_holds_one_figure() -> None:
    shown = view(pytest_rf.analyze(EXAMPLES / "unet.onnx"), chosen=("rf", "stride"))
    with pytest.raises(ModelError, match="these are rf, stride; name a folder with --output, or one figure"):
        model_explorer.show(shown)


@pytest.mark.parametrize("figure", ["aligned", "context", "causal"])
def test_what_is_no_number_is_refused(figure: str) -> None:
    with pytest.raises(ModelError, match=f"{figure} is no number"):
        sets(pytest_rf.analyze(EXAMPLES / "unet.onnx"), figure)


def test_models_of_torch_are_refused_in_one_line() -> None:
    torch = pytest.importorskip("torch")
    analysis = pytest_rf.analyze(torch.nn.Conv1d(1, 1, 3), inputs={"x": (1, 1, 9)})
    with pytest.raises(ModelError, match="export the model to ONNX"):
        sets(analysis)


@pytest.mark.parametrize("name", ['"}, {"', "</script>", "\x1b[2J", "名前"])
def test_names_are_keys_and_nothing_else(name: str) -> None:
    proto = model("net (float[1,1,9] x) => (float[1,1,?] y) <float[1,1,3] w> { y = Conv(x, w) }")
    proto.graph.node[0].name = name
    assert [*sets(pytest_rf.analyze(proto))["rf"]["results"]] == [name]
