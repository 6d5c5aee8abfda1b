"""A copy of an ONNX model that netron, and whatever else shows ``metadata_props`` of nodes, shows with its figures."""

from __future__ import annotations

from pathlib import Path

from pytest_rf.analysis import Tensor, cells
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.annotating import annotated
from pytest_rf.reporters.files import OutputError, place
from pytest_rf.view import ModelView, View


def copy(view: View, file: str) -> bytes:
    """Return the copy of a model with the figures of a view.

    Args:
        view: the tensors and the figures.
        file: where it is to be written.

    Raises:
        ModelError: the model is no file in ONNX, or the view is none of its tensors.
        OutputError: it cannot be written there, or there is a file already.
    """
    if not isinstance(view, ModelView) or view.is_tree:
        raise ModelError("--format onnx: it tells figures of every node; leave out --unit and --depth")
    source = view.analysis.path
    if view.analysis.capture != "onnx" or source is None:
        raise ModelError(
            "--format onnx: a PyTorch model has no file to copy; export it to ONNX, and show that"
        )
    target = place(file, kept=[source])
    if target.exists():
        raise OutputError(f"{file}: is there already, and no model is written over; choose another name")
    model = annotated(source, {tensor.name: _told(view, tensor) for tensor in view.tensors})
    if model.outside is not None and target.parent != Path(source).resolve().parent:
        raise OutputError(
            f"{file}: {model.outside!r} lies in a file beside the model; write the copy into the model's folder"
        )
    return model.data


def _told(view: ModelView, tensor: Tensor) -> dict[str, str]:
    """Return what a tensor's node tells: its figures as tables show them, or why they are unknown."""
    if tensor.status == "unknown":
        return {"status": f"unknown: {tensor.reason}"}
    found = {} if tensor.status == "exact" else {"status": f"upper bound: {tensor.reason}"}
    for source in tensor.inputs:
        towards = cells.fields(tensor, source)
        of = f" from {source}" if len(view.analysis.inputs) > 1 else ""
        for metric in view.metrics("table") if towards else ():
            if told := cells.figures(metric, towards):
                found[f"{metric.name}{of}"] = told
    return found
