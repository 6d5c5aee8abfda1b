"""A module analysed as it is, and as the ONNX file that it is exported to: the same bounds."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import onnx  # noqa: E402

import pytest_rf  # noqa: E402
from pytorch.hard_nets import LOOSE, TIGHT, ZEROED  # noqa: E402

NETS = {**TIGHT, **LOOSE, **ZEROED}
DIFFERENT = {
    ("batch norm", "dynamo"): "exported in evaluation mode",
    ("batch norm", "script"): "exported in evaluation mode",
    ("strided", "script"): "the exporter loses writes through views",
    ("causal attention", "dynamo"): "the exporter makes a mask of numbers of is_causal",
}


def exported(module: torch.nn.Module, example: object, dynamo: bool) -> onnx.ModelProto:
    args = example if isinstance(example, tuple) else (example,)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        if dynamo:
            return torch.onnx.export(module, args, dynamo=True, verbose=False).model_proto
        file = io.BytesIO()
        torch.onnx.export(module, args, file, dynamo=False)
        return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize("exporter", ["dynamo", "script"])
@pytest.mark.parametrize("name", NETS)
def test_the_same_bounds_from_both_sides(name: str, exporter: str) -> None:
    if (name, exporter) in DIFFERENT:
        pytest.skip(DIFFERENT[name, exporter])
    torch.manual_seed(0)
    make, example = NETS[name]
    module = make()
    own = pytest_rf.analyze(module, example)
    try:
        model = exported(module, example, exporter == "dynamo")
    except Exception as error:
        pytest.skip(f"not exported: {str(error)[:80]}")
    other = pytest_rf.analyze(model)
    ours, theirs = (
        [t for t, value in zip(one.outputs, one.graph.outputs.values(), strict=True) if value.varies]
        for one in (own, other)
    )
    theirs = theirs[: len(ours)]  # buffers that are written follow the outputs
    assert [t.shape for t in ours] == [t.shape for t in theirs]
    for one, two in zip(ours, theirs, strict=True):
        assert two.status != "unknown", two.reason
        for mine, source in zip(own.inputs.values(), other.inputs.values(), strict=True):
            for axis in range(len(mine.shape)):
                for ends in zip(
                    one.bounds(axis, mine.name, context=True),
                    two.bounds(axis, source.name, context=True),
                    strict=True,
                ):
                    read = one.bounds(axis, mine.name, context=True)
                    nothing = read[0] > read[1]
                    wrong = np.argwhere((ends[0] != ends[1]) & ~nothing)
                    assert not len(wrong), (
                        f"axis {axis} at {wrong[0]}: {ends[0][tuple(wrong[0])]} and {ends[1][tuple(wrong[0])]}"
                    )


class Residual(torch.nn.Module):
    """An activation between two convolutions, beside a skip."""

    def __init__(self, activation: torch.nn.Module) -> None:
        super().__init__()
        self.first, self.activation = torch.nn.Conv1d(4, 4, 5, padding=2), activation
        self.second = torch.nn.Conv1d(4, 4, 5, padding=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(self.activation(self.first(x)))


@pytest.mark.parametrize("exporter", ["dynamo", "script"])
@pytest.mark.parametrize("activation", ["SiLU", "GELU", "Mish", "Hardswish", "Softsign"])
def test_the_same_effective_field_from_both_sides(activation: str, exporter: str) -> None:
    """Exporters write activations out for which torch has one operator."""
    module, example = Residual(getattr(torch.nn, activation)()).eval(), torch.rand(1, 4, 64)
    own = pytest_rf.analyze(module, example).final[0]["t"]
    other = pytest_rf.analyze(exported(module, example, exporter == "dynamo")).final[0]["t"]
    assert own.erf == other.erf == pytest.approx(5)
