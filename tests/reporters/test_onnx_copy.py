"""A copy of a model whose nodes show their figures: loads, and is the model in all else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pytest_rf
from pytest_rf import cli
from pytest_rf.frontends.onnx.annotating import annotated

EXAMPLES = Path(__file__).parents[2] / "examples"


def show(*arguments: object) -> int:
    return cli.run(["show", *map(str, arguments)])


def props(node: onnx.NodeProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in node.metadata_props}


def without(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model without what we tell."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for node in plain.graph.node:
        kept = [entry for entry in node.metadata_props if not entry.key.startswith("pytest_rf.")]
        own = [onnx.StringStringEntryProto(key=entry.key, value=entry.value) for entry in kept]
        del node.metadata_props[:]
        node.metadata_props.extend(own)
    return plain


@pytest.mark.parametrize("name", ["unet", "tcn", "classifier"])
def test_the_copy_is_the_model_with_figures(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, copy = EXAMPLES / f"{name}.onnx", tmp_path / "figures.onnx"
    assert show(source, "--format", "onnx", "-o", copy) == 0
    assert capsys.readouterr().out == f"Wrote {copy}.\n"
    written, original = onnx.load(copy), onnx.load(source)
    onnx.checker.check_model(written, full_check=True)
    assert without(written) == original
    assert without(written).SerializeToString() == original.SerializeToString()
    analysis = pytest_rf.analyze(source)
    for node in written.graph.node:
        for output in node.output:
            if output in analysis.tensors:
                first, *_ = analysis.inputs.values()
                size = analysis[output][next(iter(first.axes))].rf
                assert props(node)["pytest_rf.rf"].endswith(str(size))
    # Our own reader sees the same model.
    assert pytest_rf.analyze(copy).to_dict()["tensors"] == analysis.to_dict()["tensors"]


def test_figures_can_be_chosen_and_are_renewed(tmp_path: Path) -> None:
    first, second = tmp_path / "a.onnx", tmp_path / "b.onnx"
    assert show(EXAMPLES / "tcn.onnx", "--format", "onnx", "--columns", "lookback,rf", "-o", first) == 0
    last = props(onnx.load(first).graph.node[-1])
    assert last == {"pytest_rf.lookback": "62", "pytest_rf.rf": "63"}
    assert show(first, "--format", "onnx", "--columns", "stride", "--node", "mask", "-o", second) == 0
    told = [props(node) for node in onnx.load(second).graph.node]
    assert told[-1] == {"pytest_rf.stride": "1"}
    assert {key for one in told[:-1] for key in one} <= {"pytest_rf.lookback", "pytest_rf.rf"}


def test_other_metadata_and_several_outputs(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 9])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "ab"]
    node = helper.make_node("Split", ["x"], ["a", "b"], name="split", axis=1, num_outputs=2)
    node.metadata_props.add(key="mine", value="kept")
    graph = helper.make_graph([node], "net", [x], ends)
    source, copy = tmp_path / "net.onnx", tmp_path / "copy.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), source)
    call = ("--config", _axes(tmp_path))
    assert show("net", *call, "--format", "onnx", "--columns", "rf", "-o", copy) == 0
    assert props(onnx.load(copy).graph.node[0]) == {
        "mine": "kept",
        "pytest_rf.rf of a": "1",
        "pytest_rf.rf of b": "1",
    }


def _axes(folder: Path) -> Path:
    config = folder / "rf.toml"
    config.write_text('[[model]]\nname = "net"\nsource = "net.onnx"\naxes = { x = { t = 2 } }\n')
    return config


def external(folder: Path) -> Path:
    """Write a model whose weights lie in a file that is not there."""
    weight = numpy_helper.from_array(np.zeros((1, 1, 3), np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="gone.bin")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 9])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "net", [x], [y], [weight])
    path = folder / "net.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    )
    return path


def test_references_to_other_files_stay_and_these_are_not_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = external(tmp_path)
    assert show(source, "--format", "onnx", "-o", tmp_path / "copy.onnx") == 0
    written = onnx.load(tmp_path / "copy.onnx", load_external_data=False)
    assert written.graph.initializer == onnx.load(source, load_external_data=False).graph.initializer
    assert props(written.graph.node[0])["pytest_rf.rf"] == "3"
    (tmp_path / "elsewhere").mkdir()
    capsys.readouterr()
    assert show(source, "--format", "onnx", "-o", tmp_path / "elsewhere" / "copy.onnx") == 2
    assert "write the copy into the model's folder" in capsys.readouterr().err


@pytest.mark.parametrize("there", ["model", "other", "link"])
def test_no_model_is_written_over(there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "unet.onnx", tmp_path / "target.onnx"
    shutil.copy(EXAMPLES / "unet.onnx", source)
    if there == "model":
        target = source
    elif there == "other":
        shutil.copy(EXAMPLES / "tcn.onnx", target)
    else:
        target.symlink_to(source)
    before = target.read_bytes()
    assert show(source, "--format", "onnx", "-o", target) == 2
    assert "written over" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_a_file_must_be_named_and_a_unit_has_no_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(EXAMPLES / "unet.onnx", "--format", "onnx") == 2
    assert "name the file to write with --output" in capsys.readouterr().err
    assert show(EXAMPLES / "unet.onnx", "--format", "onnx", "--unit", "3,3", "-o", "never.onnx") == 2
    assert "leave out --unit" in capsys.readouterr().err
    assert not Path("never.onnx").exists()


def test_unknown_fields_of_the_file_stay(tmp_path: Path) -> None:
    later = b"\xfa\x3f\x03new"  # a field that ONNX does not have yet
    source = tmp_path / "net.onnx"
    source.write_bytes((EXAMPLES / "tcn.onnx").read_bytes() + later)
    assert later in annotated(source, {}).data


def test_a_model_of_torch_has_no_file_to_copy(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from pytest_rf.reporters import onnx_copy
    from pytest_rf.view import view

    analysis = pytest_rf.analyze(torch.nn.Conv1d(1, 1, 3), inputs={"x": (1, 1, 9)})
    with pytest.raises(pytest_rf.ModelError, match="export it to ONNX"):
        onnx_copy.copy(view(analysis), str(tmp_path / "copy.onnx"))
