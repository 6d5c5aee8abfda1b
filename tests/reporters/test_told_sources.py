"""Source lines as people are told them, and as data keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from onnx import helper

from pytest_rf import Analysis, analyze, paths, reporters
from pytest_rf.reporters.lines import text
from pytest_rf.view import view


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("models/unet.py:42", "models/unet.py:42"),
        ("", ""),
        ("/repo/models/unet.py:42", "models/unet.py:42"),
        ("/home/someone/proj/model.py:12", "…/someone/proj/model.py:12"),
        ("/a/very/deep/tree/of/proj/models/unet.py:7", "…/proj/models/unet.py:7"),
        ("C:\\Users\\someone\\proj\\models\\unet.py:7", "…/proj/models/unet.py:7"),
        ("/model.py:3", "/model.py:3"),
        ("/srv/proj/model.py:3", "/srv/proj/model.py:3"),
    ],
)
def test_a_source_is_told_from_the_root_or_by_its_last_parts(source: str, told: str) -> None:
    with paths.named_from(Path("/repo")):
        assert paths.line(source) == told


@pytest.fixture
def foreign() -> Analysis:
    """A model that was exported on another machine, whose paths are long."""
    x = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, 32])
    y = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, 30])
    node = helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[3])
    trace = (
        'File "/home/someone/code/repositories/proj/model.py", line 12, in forward\n    return self.pool(x)'
    )
    node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=trace)
    return analyze(helper.make_model(helper.make_graph([node], "g", [x], [y])))


LONG, SHORT = "/home/someone/code/repositories/proj/model.py:12", "…/repositories/proj/model.py:12"


def test_people_are_told_the_end_of_a_path_of_another_machine(foreign: Analysis) -> None:
    assert foreign["y"].source == LONG
    (found,) = foreign.check("final rf >= 30")
    told = text(reporters.full.finding(found))
    assert SHORT in told
    assert LONG not in told
    for format in ("table", "markdown"):
        shown = text(reporters.show(view(foreign, chosen=("name", "source", "rf")), format))
        assert "proj" in shown, format
        assert "someone" not in shown, format


def test_a_note_tells_the_end_of_a_path_too(foreign: Analysis) -> None:
    (found,) = foreign.check("final is causal")
    assert SHORT in found.message
    assert LONG not in found.message


def test_data_keeps_the_path_whole(foreign: Analysis) -> None:
    (found,) = foreign.check("final rf >= 30")
    assert found.source == LONG
    shown = view(foreign, chosen=("name", "source", "rf"))
    assert LONG in text(reporters.show(shown, "csv"))
    assert json.loads(foreign.to_json())["tensors"][-1]["source"] == LONG
