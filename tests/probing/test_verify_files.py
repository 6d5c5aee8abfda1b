"""``verify`` on ONNX files, with what comes with ``onnx``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from oracle.engines.abilities import reference_resizes_quickly

import pytest_rf

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_for_sound_is_true() -> None:
    checked = pytest_rf.verify(EXAMPLES / "tcn.onnx")
    assert [(probe.analysed, probe.measured) for probe in checked.probes] == [((138, 200), (138, 200))]


def test_the_example_for_images_is_true() -> None:
    if not reference_resizes_quickly():
        pytest.skip("this onnx would take hours to resize a hundred times")
    assert pytest_rf.verify(EXAMPLES / "unet.onnx", unit=(0, 7), axes=["w"])


def test_shapes_arrays_and_any_tensor() -> None:
    model = onnx.load(EXAMPLES / "tcn.onnx")
    audio = np.zeros(pytest_rf.analyze(model).inputs["audio"].shape, np.float32)
    name = next(iter(pytest_rf.analyze(model).tensors))
    for example in ({"audio": audio}, {"audio": audio.shape}):
        assert pytest_rf.verify(model, example, output=name).equal


def test_a_wrong_analysis_is_caught() -> None:
    other = onnx.load(EXAMPLES / "tcn.onnx")
    for node in other.graph.node:
        for attribute in node.attribute:
            if attribute.name == "dilations":
                attribute.ints[:] = [1] * len(attribute.ints)
            if attribute.name == "pads":
                attribute.ints[:] = [2, 0] if len(attribute.ints) == 2 else attribute.ints
    checked = pytest_rf.verify(EXAMPLES / "tcn.onnx", analysis=pytest_rf.analyze(other))
    assert not checked
    assert "OUTSIDE" in str(checked)


def test_a_bare_shape_needs_a_name() -> None:
    with pytest.raises(pytest_rf.ModelError, match="name the inputs"):
        pytest_rf.verify(EXAMPLES / "tcn.onnx", (1, 1, 400))


def test_what_does_not_run_cannot_be_verified(tmp_path: Path) -> None:
    model = onnx.load(EXAMPLES / "tcn.onnx")
    for tensor in model.graph.initializer:
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.external_data.add(key="location", value="weights.bin")
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(pytest_rf.ModelError, match="cannot be run, so it cannot be verified"):
        pytest_rf.verify(path)
