"""Tests of a model in a file, for docs/pytest.md: the first holds, the others show what a failure looks like."""

import pytest


@pytest.mark.rf("final rf >= 36", "final halo <= 18", model="examples/unet.onnx")
def test_holds(): ...


def test_figure(rf):
    field = rf.analyze("examples/unet.onnx").final[0]["h"]
    assert field.rf >= 64


def test_requirement(rf):
    rf.check("examples/unet.onnx", "final stride <= 1/2")


def test_error(rf):
    rf.check("examples/nix.onnx", "final rf >= 36")
