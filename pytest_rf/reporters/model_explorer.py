"""Node data of Google's Model Explorer, which colours the nodes of a graph by a figure.

A file holds one set of data: a name, a value per node, and colours. The form is that of ``GraphNodeData`` in
``node_data_builder.py`` of https://github.com/google-ai-edge/model-explorer, which its wiki calls custom node data; it
is laid over whatever graph is open. Keys are the names of nodes as the ONNX adapter has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import msgspec

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.metric import Metric
from pytest_rf.analysis.metrics import METRICS, TABLE
from pytest_rf.analysis.report import to_json
from pytest_rf.errors import ModelError
from pytest_rf.figures import Number, shown
from pytest_rf.view import ModelView, View

#: From small to large: light to dark, so that it is read in grey and by the colour-blind.
_GRADIENT = ((0.0, "#f7fbff"), (0.25, "#c6dbef"), (0.5, "#6baed6"), (0.75, "#2171b5"), (1.0, "#08306b"))
_INFINITE, _UNKNOWN = "#08306b", "#f5c2b8"


class Colour(msgspec.Struct, frozen=True, rename={"background": "bgColor"}):
    """The colour at a place between the smallest value, 0, and the largest, 1."""

    stop: float
    background: str


class Value(msgspec.Struct, frozen=True, omit_defaults=True, rename={"background": "bgColor"}):
    """The value of a node; a text with its colour where it is infinite, or unknown."""

    value: int | float | str
    background: str = ""


class NodeData(msgspec.Struct, frozen=True):
    """One set of node data."""

    name: str
    results: dict[str, Value]
    gradient: tuple[Colour, ...] = tuple(Colour(*one) for one in _GRADIENT)


def show(view: View) -> str:
    """Return the only set of node data of a model.

    Raises:
        ModelError: there are several, or it is no ONNX model.
    """
    found = files(view)
    if len(found) > 1:
        raise ModelError(
            f"--format model-explorer: a file holds one figure along one axis, and these are {', '.join(found)}; "
            "name a folder with --output, or one figure with --columns"
        )
    return next(iter(found.values()))


def files(view: View) -> dict[str, str]:
    """Return the sets of node data of a model by their names: ``rf``, or ``rf.h`` and ``rf.w`` where axes differ.

    Raises:
        ModelError: it is no ONNX model, or a figure is not a number.
    """
    if not isinstance(view, ModelView) or view.is_tree:
        raise ModelError(
            "--format model-explorer: it shows a figure of every node; leave out --unit and --depth"
        )
    if view.analysis.capture != "onnx":
        raise ModelError(
            "--format model-explorer: only ONNX models have nodes that Model Explorer calls by the same names; "
            "export the model to ONNX, and show that"
        )
    found: dict[str, str] = {}
    for metric in _figures(view):
        for name, results in _sets(view, metric).items():
            found[name] = to_json(NodeData(f"pytest-rf {name}", results))
    if not found:
        raise ModelError("--format model-explorer: no node has such a figure; leave out --node")
    return found


def _figures(view: ModelView) -> list[Metric]:
    """Return the figures that are asked for; the field where none is."""
    chosen = [one.metric for one in view.chosen if one.metric is not None]
    asked = [metric for metric in TABLE if metric.name in view.asked]
    figures = list(dict.fromkeys([*(chosen or [METRICS["rf"]]), *asked]))
    for metric in figures:
        if metric.form not in ("figure", "largest", "smallest", "sides"):
            raise ModelError(
                f"--format model-explorer: {metric.name} is no number; choose a figure such as rf"
            )
    return figures


def _sets(view: ModelView, metric: Metric) -> Mapping[str, dict[str, Value]]:
    """Return the values of a figure by node, for each input and axis along which they differ."""
    by_axis: dict[tuple[str, str], dict[str, Number]] = {}
    for tensor in view.tensors:
        for key, figure in _read(tensor, metric):
            nodes = by_axis.setdefault(key, {})
            known = nodes.get(tensor.node)
            # Of several outputs of a node that which is further from nothing: the largest field, the least density.
            worst = min if metric.form == "smallest" else max
            nodes[tensor.node] = figure if known is None else worst(known, figure)
    several = len({source for source, _ in by_axis}) > 1
    alike: dict[str, list[dict[str, Number]]] = {}
    for (source, _), nodes in by_axis.items():
        alike.setdefault(source, []).append(nodes)
    unknown = {
        tensor.node: Value(f"unknown: {tensor.reason}", _UNKNOWN)
        for tensor in view.tensors
        if tensor.status == "unknown"
    }
    if not by_axis:
        return {metric.name: unknown} if unknown else {}
    found: dict[str, dict[str, Value]] = {}
    for (source, axis), nodes in by_axis.items():
        agree = all(nodes == other for other in alike[source])
        name = f"{metric.name}{'' if agree else f'.{axis}'}{f' from {source}' if several else ''}"
        found[name] = {node: _value(figure) for node, figure in nodes.items()} | unknown
    return found


def _read(tensor: Tensor, metric: Metric) -> Iterator[tuple[tuple[str, str], Number]]:
    """Yield the figure of a tensor along each spatial axis of each input, if there is one; of two sides the larger."""
    if tensor.status == "unknown":
        return
    for source in tensor.inputs:
        towards = tensor.field(source)
        for axis in map(str, towards):
            reading = metric.read(towards[axis])
            if reading is not None:
                figure = max(reading) if metric.form == "sides" else metric.bare(reading)
                yield (source, axis), figure


def _value(figure: Number) -> Value:
    if math.isinf(figure):
        return Value(shown(figure), _INFINITE if figure > 0 else "#ffffff")
    return Value(int(figure) if figure == int(figure) else float(figure))
